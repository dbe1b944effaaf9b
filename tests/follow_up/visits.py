"""What schools and role models of the town do about visits."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from api import clock
from api.db import reading
from api.domain.enums import LinkPurpose
from api.models.people import Person
from api.models.role_models import RoleModel
from tests.follow_up.post_office import HIDDEN, PostOffice

DAY = date(2027, 1, 26)  # a Tuesday outside every visit week
ADVISER = "adviser@example.org"


def order(office: PostOffice, day: date = DAY, *, school: int = 0, address: str = ADVISER, **changed: str) -> None:
    """A school orders without signing in, and follows the link in the mail."""
    send_order(office, day, school=school, address=address, **changed)
    link = office.link(address, "order_to_confirm", LinkPurpose.CONFIRM_REQUEST)
    office.pressed(link)


def send_order(office: PostOffice, day: date, *, school: int, address: str, **changed: str) -> None:
    """Fills in the form, looks it over and sends it."""
    client = office.app.test_client()
    form = hidden(client.get("/bestill"))
    typed = form | {
        "school": office.town.schools[school], "search": "School", "grade": "9", "classes": "1",
        "day1": day.isoformat(), "starts": "09:00", "name": "Rådgiver", "email": address,
    } | changed  # fmt: skip
    looked = client.post("/bestill", data=typed | {"step": "check"})
    assert looked.status_code == 200, looked.get_data(as_text=True)
    office.travel(clock.now() + timedelta(seconds=30))
    sent = client.post("/bestill", data=typed | hidden(looked) | {"step": "send"})
    assert sent.status_code == 303, sent.get_data(as_text=True)
    office.send()


def hidden(page: Any) -> dict[str, str]:
    return dict(HIDDEN.findall(page.get_data(as_text=True)))


def phone_order(office: PostOffice, day: date, *, school: int = 0, **changed: Any) -> str:
    """A school calls, and the coordinator writes its order down. The request's reference."""
    lesson = {"start": f"{day}T09:00:00+01:00", "end": f"{day}T09:45:00+01:00"}
    given = {
        "season": office.town.season,
        "school": office.town.schools[school],
        "grade": 9,
        "mode": "either",
        "options": [{"lessons": [lesson]}],
        "contact": {"name": "Rådgiver", "email": address_of(school)},
    }
    answer = office.coordinator.post("/api/v1/requests", json=given | changed)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return str(answer.get_json()["reference"])


def address_of(school: int) -> str:
    return f"school{school}@example.org"


def role_models(office: PostOffice) -> list[str]:
    """Addresses of everybody who could come, the agreement's person first."""
    with reading() as session:
        rows = select(Person.email).join(RoleModel, RoleModel.person_id == Person.id).order_by(RoleModel.id)
        return [str(one) for one in session.scalars(rows)]


def invitation(office: PostOffice, address: str, kind: str = "invitation_asked") -> str:
    return office.link(address, kind, LinkPurpose.INVITATION)
