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
    """Fills in the three pages and sends them."""
    client = office.app.test_client()
    form = hidden(client.get("/bestill"))
    when = form | {"school": office.town.schools[school], "grades": "9", "days": day.isoformat(), "starts": "09:00"}
    wishes = {"name": "Rådgiver", "email": address, "phone": "000 00 000", "purpose": "broaden"}
    for path, typed in (("/bestill", when | changed), ("/bestill/skole", form | wishes | changed)):
        kept = client.post(path, data=typed)
        assert kept.status_code == 303, kept.get_data(as_text=True)
    looked = client.get("/bestill/se-over")
    office.travel(clock.now() + timedelta(seconds=30))
    sent = client.post("/bestill/se-over", data=hidden(looked))
    assert sent.location == "/bestill/kvittering", sent.get_data(as_text=True)
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
