"""A school orders without an account: who and when, wishes, look over, receipt, link."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import IdentifierScheme, LinkPurpose, RequestState
from api.domain.permissions import Role
from api.models.drafts import OrderDraft
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.models.places import BlockedDay, School, SchoolIdentifier
from api.models.programmes import Season
from api.models.sign_in import MailDomain
from api.models.visits import Request
from api.queries.schools import visit_programme_id
from api.services import links
from api.services.schools import order
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.counting import count_queries
from tests.api.web.reading import csrf, page, text
from tests.seasons import planned_season

TODAY = "2026-12-01T08:00:00+00:00"
STAMP = 'name="form_stamp" value="'
NAUGHTY = (
    "<script>alert(1)</script>",
    "'; DROP TABLE request; --",
    "\u202eمرحبا",
    "𝕳𝖊𝖎 👩‍🔬",
    "{{ 7*7 }}",
    "\x00\x07",
    "Ω" * 400,
)


@pytest.fixture(autouse=True)
def moved() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(TODAY, tick=False) as moved:
        yield moved


@pytest.fixture
def season(session: Session) -> Season:
    return make.make_season(session)


@pytest.fixture
def school(session: Session, season: Season) -> School:
    make.make_rule_version(session)
    make.make_topic(session, code="energy")
    return make.make_school(session, name="Fjellvik skole")


def when(**changed: str | list[str]) -> dict[str, str | list[str]]:
    filled: dict[str, str | list[str]] = {
        "search": "Fjellvik", "grades": ["9"], "meeting": "row", "class1": "9A", "pupils1": "26", "class2": "9B",
        "pupils2": "25", "days": ["2027-01-19"], "starts": "08:30",
    }  # fmt: skip
    return filled | changed


def wishes(**changed: str | list[str]) -> dict[str, str | list[str]]:
    filled: dict[str, str | list[str]] = {
        "topics": ["energy"], "name": "Adviser", "email": "adviser@example.org", "phone": "000 00 000",
        "note": "We work with floods.\nThere is a projector.",
    }  # fmt: skip
    return filled | changed


def fill(client: FlaskClient, path: str, fields: dict[str, str | list[str]]) -> tuple[int, str]:
    """What the server answers to a page: status, and where to or what it shows."""
    answer = client.post(path, data=fields | {"csrf_token": csrf(page(client, "/bestill"))})
    return answer.status_code, answer.location or answer.get_data(as_text=True)


def send(client: FlaskClient, moved: time_machine.Traveller, clicks: int = 1) -> list[str]:
    """Fills in both pages, looks over as long as a person does, and sends. The receipt's words after each click."""
    assert fill(client, "/bestill", when()) == (303, "/bestill/skole")
    assert fill(client, "/bestill/skole", wishes()) == (303, "/bestill/se-over")
    looked = page(client, "/bestill/se-over")
    moved.shift(timedelta(seconds=30))
    stamp = looked.split(STAMP)[1].split('"')[0]
    receipts = []
    for _click in range(clicks):
        answer = client.post("/bestill/se-over", data={"csrf_token": csrf(looked), "form_stamp": stamp})
        assert answer.status_code == 303, text(answer.get_data(as_text=True))
        receipts.append(text(page(client, answer.location)))
    return receipts


def the_link(session: Session, purpose: LinkPurpose) -> str:
    token = session.scalars(select(LinkToken).where(LinkToken.purpose == purpose)).one()
    return links.address_of(token)


def test_order_waits_for_the_link_and_is_open_from_then_on(
    client: FlaskClient, session: Session, school: School, moved: time_machine.Traveller
) -> None:
    [said] = send(client, moved)
    ordered = session.scalars(select(Request)).one()
    assert ordered.state is RequestState.UNCONFIRMED
    assert (ordered.school_id, ordered.submitted_at) == (school.id, clock.now())
    assert ordered.reference in said
    assert len(ordered.options[0].lessons) == 2
    assert (ordered.classes, ordered.pupils, [one["name"] for one in ordered.class_list]) == (2, 51, ["9A", "9B"])
    assert ordered.note == "We work with floods.\nThere is a projector."
    link = the_link(session, LinkPurpose.CONFIRM_REQUEST)
    shown = page(client, link)
    session.refresh(ordered)
    assert ordered.state is RequestState.UNCONFIRMED, "opening a link changes nothing"
    moved.shift(timedelta(days=1))
    answer = client.post(link, data={"csrf_token": csrf(shown)})
    session.refresh(ordered)
    assert (answer.status_code, ordered.state) == (303, RequestState.OPEN)
    assert answer.location.startswith("/bestilling/status/")
    assert ordered.submitted_at < clock.now()
    kinds = set(session.scalars(select(OutboxMessage.kind)))
    assert kinds == {"order_to_confirm", "order_received"}
    again = client.post(link, data={"csrf_token": csrf(shown)})
    assert again.status_code == 410


def test_second_click_shows_the_same_receipt_and_orders_once(
    client: FlaskClient, session: Session, school: School, moved: time_machine.Traveller
) -> None:
    first, second = send(client, moved, clicks=2)
    assert first == second
    assert session.scalar(select(func.count()).select_from(Request)) == 1


def test_draft_is_kept_comes_back_and_is_emptied_when_it_is_sent(
    client: FlaskClient, session: Session, school: School, moved: time_machine.Traveller
) -> None:
    assert fill(client, "/bestill", when(days=[]))[0] == 422
    kept = session.scalars(select(OrderDraft)).one()
    assert kept.values["class2"] == "9B"
    moved.shift(timedelta(days=13))
    shown = page(client, "/bestill")
    assert 'value="9B"' in shown
    assert "Kladd lagret kl." in text(shown)
    send(client, moved)
    session.refresh(kept)
    assert (kept.values, kept.request_id) == ({}, session.scalars(select(Request)).one().id)
    assert 'value="9B"' not in page(client, "/bestill")


def test_draft_that_is_too_old_is_not_shown(
    client: FlaskClient, session: Session, school: School, moved: time_machine.Traveller
) -> None:
    assert fill(client, "/bestill", when(days=[]))[0] == 422
    moved.shift(timedelta(days=15))
    assert 'value="9B"' not in page(client, "/bestill")


def test_script_keeps_the_draft_and_hears_the_numbers(client: FlaskClient, session: Session, school: School) -> None:
    make.make_role_model(session)
    assert fill(client, "/bestill", when(step="search")) == (303, "/bestill#grades")
    fields = when(search="", school=school.id) | {"part": "when", "csrf_token": csrf(page(client, "/bestill"))}
    said = client.post("/bestill/kladd", data=fields).get_json()
    assert said["saved"].startswith("Kladd lagret kl.")
    assert said["line"] == "1 dag valgt. 1 rollemodell kan komme minst én av dem."
    assert said["counts"]["2027-01-19"] == "1 kan komme"
    assert said["times"][1] == "09.25–10.10"


def test_order_hears_what_the_plan_leaves_before_it_is_sent(client: FlaskClient, session: Session) -> None:
    planned = planned_season(session)
    make.make_school(session, name="Nordvik skole", municipality_id=planned.oslo.id, lat=70.0)
    make.make_school(session, name="Fjellvik skole", municipality_id=planned.oslo.id)
    assert "plass til et besøk" not in text(page(client, "/bestill"))
    fields = when(part="when", meeting="one", days=[(planned.monday + timedelta(days=4)).isoformat()], starts="09:00")
    said = client.post("/bestill/kladd", data={**fields, "csrf_token": csrf(page(client, "/bestill"))}).get_json()
    assert said["chance"][0] == "Det er plass til et besøk, slik fordelingen er i dag."
    assert "vet vi ikke ennå" in said["chance"][1]
    assert fill(client, "/bestill", fields | {"search": "Nordvik", "school": ""}) == (303, "/bestill/skole")
    assert fill(client, "/bestill/skole", wishes(topics=[])) == (303, "/bestill/se-over")
    assert "Ikke med dagens rollemodeller." in text(page(client, "/bestill/se-over"))


def test_closed_days_are_text_with_their_reason_and_cannot_be_sent(
    client: FlaskClient, session: Session, season: Season, school: School
) -> None:
    session.add(
        BlockedDay(
            school_id=school.id, from_date=date(2027, 1, 19), to_date=date(2027, 1, 19), reason="planleggingsdag"
        )
    )
    week = make.make_visit_week(session, season_id=season.id, municipality_id=school.municipality_id)
    session.flush()
    fill(client, "/bestill", when(step="search", days=[]))
    shown = page(client, "/bestill")
    assert "Planleggingsdag" in shown
    assert 'value="2027-01-19"' not in shown
    assert 'value="2027-01-20"' in shown
    assert f"Besøksuke i {week.municipality.name}" in text(shown)
    status, said = fill(client, "/bestill", when())
    assert (status, 'href="#days"' in said, "Feil:" in said) == (422, True, True)


def test_open_window_is_said_with_its_day_from_the_form_to_the_receipt(
    client: FlaskClient, session: Session, season: Season, school: School, moved: time_machine.Traveller
) -> None:
    make.make_window(
        session,
        season_id=season.id,
        programme_id=visit_programme_id(session),
        opens_at=clock.now() - timedelta(days=7),
        closes_at=clock.now() + timedelta(days=10),
        answer_on=date(2026, 12, 18),
    )
    fill(client, "/bestill", when(step="search"))
    for path in ("/bestill", "/bestill/skole", "/bestill/se-over"):
        said = text(page(client, path))
        assert "kommer innen 11. desember, teller likt" in said, path
        assert "fredag 18. desember" in said, path
    [receipt] = send(client, moved)
    assert "åpen til 11. desember. Alle teller likt" in receipt
    assert session.scalars(select(Request.answer_on)).one() == date(2026, 12, 18)
    moved.shift(timedelta(days=11))
    assert "teller likt" not in text(page(client, "/bestill"))


def test_faults_are_named_and_what_was_typed_is_kept(client: FlaskClient, session: Session, school: School) -> None:
    make.make_school(session, name="Fjellvik ungdomsskole")
    status, said = fill(client, "/bestill", when(days=[], grades=[], pupils1="many"))
    assert status == 422
    assert [f'href="#{name}"' in said for name in ("search", "grades", "days", "pupils1")] == [True] * 4
    assert 'value="many"' in said
    assert said.count('type="radio" id="school-') == 2
    assert "<title>Feil:" in said
    fill(client, "/bestill", when(school=school.id))
    status, said = fill(client, "/bestill/skole", wishes(name="", email="no address", phone=""))
    assert status == 422
    assert [f'href="#{name}"' in said for name in ("name", "email", "phone")] == [True] * 3
    assert 'value="no address"' in said


def test_school_is_found_by_its_number(client: FlaskClient, session: Session, school: School) -> None:
    session.add(SchoolIdentifier(scheme=IdentifierScheme.ORGNR, value="974558386", school_id=school.id))
    session.flush()
    assert "Fjellvik skole" in page(client, "/bestill/skoler?search=974 558 386")
    assert "Ingen skole heter det" in page(client, "/bestill/skoler?search=Nirgendwo")
    assert fill(client, "/bestill", when(search="974 558 386", step="search")) == (303, "/bestill#grades")
    assert "Fjellvik skole" in text(page(client, "/bestill"))


def test_school_of_who_is_signed_in_is_filled_in(session: Session, school: School, signed_in: SignIn) -> None:
    user = make.make_user(session)
    make.make_grant(session, user_id=user.id, role=Role.SCHOOL_CONTACT, school_id=school.id)
    session.add(MailDomain(domain="example.org", school_id=school.id))
    session.flush()
    assert "Fjellvik skole" in text(page(signed_in(user), "/bestill"))


def test_grades_are_all_remembered(
    client: FlaskClient, session: Session, school: School, moved: time_machine.Traveller
) -> None:
    fill(client, "/bestill", when(grades=["10", "8"], meeting="gathered", classes="4", pupils="98"))
    said = text(page(client, "/bestill/skole"))
    assert "8. trinn og 10. trinn" in said
    assert "4 klasser" in said


@pytest.mark.parametrize("naughty", NAUGHTY)
def test_naughty_strings_are_kept_or_refused_and_never_break(
    client: FlaskClient, session: Session, school: School, naughty: str
) -> None:
    for status in (
        fill(client, "/bestill", dict.fromkeys(when(), naughty))[0],
        fill(client, "/bestill", when(class1=naughty))[0],
        fill(client, "/bestill/skole", dict.fromkeys(wishes(), naughty))[0],
        fill(client, "/bestill/skole", wishes(note=naughty, name=naughty or "n"))[0],
    ):
        assert status in (303, 422)
    assert client.get("/bestill/skoler", query_string={"search": naughty}).status_code == 200
    for path in ("/bestill", "/bestill/skole", "/bestill/se-over"):
        answer = client.get(path)
        assert answer.status_code in (200, 303)
        assert "<script>alert" not in answer.get_data(as_text=True)


def test_page_asks_as_much_for_three_role_models_as_for_one(
    client: FlaskClient, session: Session, school: School
) -> None:
    fill(client, "/bestill", when(school=school.id))
    asked = []
    for _more in range(2):
        make.make_role_model(session)
        with count_queries(session) as counted:
            page(client, "/bestill")
        asked.append(counted.total)
    assert asked[0] == asked[1] <= 35


def test_unconfirmed_order_lapses_and_its_link_ends(
    client: FlaskClient, session: Session, school: School, moved: time_machine.Traveller
) -> None:
    send(client, moved)
    ordered = session.scalars(select(Request)).one()
    assert order.due_lapses(session, clock.now() + timedelta(days=13)) == []
    later = clock.now() + timedelta(days=14)
    assert order.due_lapses(session, later) == [ordered.id]
    order.do_lapse(session, ordered.id, later)
    order.do_lapse(session, ordered.id, later)
    assert ordered.state is RequestState.CANCELLED
    assert client.get(the_link(session, LinkPurpose.CONFIRM_REQUEST)).status_code == 404


def test_one_more_order_begins_with_the_same_school_and_contact(
    client: FlaskClient, session: Session, school: School, moved: time_machine.Traveller
) -> None:
    send(client, moved)
    assert fill(client, "/bestill/kvittering", {}) == (303, "/bestill")
    shown = page(client, "/bestill")
    assert "Fjellvik skole" in text(shown)
    assert not re.search(r'name="grades"[^>]* checked', shown)
