"""A company from registering to what was delivered: same answer for everyone, a yes of one's own, times set aside."""

from __future__ import annotations

import html
import io
import re
from datetime import time, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import InvitationState, LinkPurpose, ProfileState, VisitState
from api.domain.orgnr import is_orgnr
from api.domain.permissions import Role
from api.models.companies import Agreement, Company
from api.models.follow_up import Invitation, PledgeSlot
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.models.people import Person
from api.models.programmes import VisitWeek
from api.models.role_models import RoleModel
from api.models.sign_in import Contact
from api.queries.companies import figures
from api.services import links
from api.services.accounts import grants
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.counting import count_queries
from tests.api.forms import fields_of
from tests.api.web.reading import csrf

NEW = {"name": "Nye Fjord", "orgnr": "123 456 785", "contact_name": "Kontakt", "contact_email": "kontakt@example.org"}


@pytest.fixture
def company(session: Session) -> Company:
    """A company with an agreement-to-be: a season to come with one visit week of a town with a school."""
    today = clock.today()
    season = make.make_season(session, starts_on=today, ends_on=today + timedelta(days=120))
    town = make.make_municipality(session, name="Byen")
    make.make_school(session, municipality_id=town.id)
    monday = today + timedelta(days=35 - today.weekday())
    make.make_visit_week(session, season_id=season.id, municipality_id=town.id, monday=monday)
    return make.make_company(session, name="Fjord", contact_id=make.make_person(session).id)


@pytest.fixture
def contact(session: Session, signed_in: SignIn, company: Company) -> FlaskClient:
    user = make.make_user(session, person_id=company.contact_id)
    make.make_grant(session, user_id=user.id, role=Role.COMPANY_CONTACT, company_id=company.id)
    return signed_in(user)


def own(company: Company) -> str:
    return f"/bedrift/{company.id}"


def post(client: FlaskClient, company: Company, act: str, **form: object) -> int:
    token = csrf(client.get(own(company)).get_data(as_text=True))
    return client.post(f"{own(company)}/{act}", data={"csrf_token": token, **form}).status_code


def week_of(session: Session) -> VisitWeek:
    return session.scalars(select(VisitWeek)).one()


def agree(session: Session, contact: FlaskClient, company: Company, *people: RoleModel) -> Agreement:
    week = week_of(session)
    chosen = {"municipalities": [week.municipality_id], "visit_weeks": [week.id]}
    ids = [one.id for one in people]
    assert post(contact, company, "avtale", pledged_people="2", role_models=ids, **chosen) == 303
    return session.scalars(select(Agreement).where(Agreement.company_id == company.id)).one()


def register(app: Flask, client: FlaskClient, **typed: str) -> int:
    token = csrf(client.get("/bedrift/ny").get_data(as_text=True))
    sent = fields_of(app, "company") | {"csrf_token": token} | NEW | typed
    return client.post("/bedrift/ny", data=sent).status_code


@pytest.mark.parametrize(
    ("number", "right"),
    [("123456785", True), ("974760673", True), ("123456786", False), ("12345678", False), ("12345678a", False)],
)
def test_check_digit_of_an_organisation_number(number: str, right: bool) -> None:
    assert is_orgnr(number) is right


def test_registering_confirming_signing_in(
    app: Flask, client: FlaskClient, session: Session, signed_in: SignIn
) -> None:
    make.make_season(session)
    assert register(app, client) == 303
    made = session.scalars(select(Company).where(Company.name == "Nye Fjord")).one()
    assert (made.orgnr, made.contact_id) == ("123456785", None)
    token = session.scalars(select(LinkToken).where(LinkToken.purpose == LinkPurpose.COMPANY)).one()
    path = links.address_of(token)
    assert client.get(path).status_code == 200
    assert session.scalars(select(Contact)).one().verified_at is None  # opening changes nothing
    assert client.post(path).status_code == 303
    assert client.post(path).status_code == 410
    session.refresh(made)
    assert made.contact_id == token.person_id
    user = make.make_user(session, person_id=token.person_id)
    grants.derive(session, str(token.person_id))
    assert signed_in(user).get("/bedrift", follow_redirects=True).status_code == 200


def test_a_company_that_is_there_gives_the_same_answer_and_is_not_taken_over(
    app: Flask, client: FlaskClient, session: Session, company: Company
) -> None:
    for _again in range(2):
        assert register(app, client, name="FJORD", orgnr="") == 303
    letters = session.scalars(select(OutboxMessage)).all()
    assert [(one.kind, one.person_id) for one in letters] == [("company_is_known", company.contact_id)]
    assert session.scalar(select(func.count()).select_from(Company)) == 1
    assert session.scalars(select(Person).where(Person.email == "kontakt@example.org")).all() == []


def test_a_wrong_number_is_named_and_what_was_typed_is_kept(app: Flask, client: FlaskClient) -> None:
    token = csrf(client.get("/bedrift/ny").get_data(as_text=True))
    sent = fields_of(app, "company") | {"csrf_token": token} | NEW | {"orgnr": "123456786"}
    answer = client.post("/bedrift/ny", data=sent)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="orgnr-fault"' in page
    assert 'value="Nye Fjord"' in page


def test_somebody_put_in_is_active_by_the_own_yes_only(
    contact: FlaskClient, client: FlaskClient, session: Session, company: Company
) -> None:
    person = {"name": "Rollemodell A", "email": "a@example.org", "place": "Byen", "title": "Ingeniør"}
    assert post(contact, company, "rollemodell", **person) == 303
    made = session.scalars(select(RoleModel)).one()
    assert (made.state, made.company_id, made.confirmed_at) == (ProfileState.UNCONFIRMED, company.id, None)
    assert [one.kind for one in session.scalars(select(OutboxMessage))] == ["profile_invited"]
    token = session.scalars(select(LinkToken).where(LinkToken.purpose == LinkPurpose.PROFILE)).one()
    assert client.post(f"{links.address_of(token)}/bekreft").status_code == 303
    session.refresh(made)
    assert made.state is ProfileState.ACTIVE


def test_a_time_is_set_aside_in_a_visit_week_and_taken_back_while_unused(
    contact: FlaskClient, session: Session, company: Company
) -> None:
    person = make.make_role_model(session, company_id=company.id)
    agreement = agree(session, contact, company)
    monday = week_of(session).monday
    slot = {"role_model": person.id, "starts": "08:00", "ends": "10:00"}
    assert post(contact, company, "settav", day=(monday - timedelta(days=3)).isoformat(), **slot) == 422
    assert post(contact, company, "settav", day=monday.isoformat(), **slot) == 303
    assert post(contact, company, "settav", day=monday.isoformat(), **slot) == 422  # it is set aside already
    made = session.scalars(select(PledgeSlot)).one()
    assert person.agreements == [agreement]
    starts = clock.at_local(monday, time(8, 30))
    booking = make.make_booking(
        session, person_id=person.person_id, starts_at=starts, ends_at=starts + timedelta(minutes=45)
    )
    assert post(contact, company, "taav", slot=made.id) == 422
    booking.released_at = clock.now()
    session.flush()
    assert post(contact, company, "taav", slot=made.id) == 303
    assert session.scalars(select(PledgeSlot)).all() == []


def test_promised_and_delivered_by_week(contact: FlaskClient, session: Session, company: Company) -> None:
    person = make.make_role_model(session, company_id=company.id)
    agreement = agree(session, contact, company, person)
    monday = week_of(session).monday
    states = [
        (InvitationState.ACCEPTED, VisitState.HELD),
        (InvitationState.ACCEPTED, VisitState.CONFIRMED),
        (InvitationState.EXPIRED, VisitState.PLANNED),
        (InvitationState.QUEUED, VisitState.PLANNED),
    ]
    for answer, state in states:
        at = clock.at_local(monday, time(9))
        request = make.make_request(session, season_id=agreement.season_id, starts=(at,))
        visit = make.make_visit(session, person, request=request, state=state)
        session.add(Invitation(visit_id=visit.id, role_model_id=person.id, state=answer))
    session.flush()
    told = figures(session, agreement)
    [week] = told.weeks
    assert (told.pledged_people, told.people) == (2, 1)
    assert (week.monday, week.asked, week.accepted, week.held, week.silent) == (monday, 3, 2, 1, 1)
    assert contact.get(own(company)).status_code == 200


HEAD = "Navn;E-post;Sted;Postnummer;Fag\n"
SHEET = (
    HEAD
    + "Rollemodell B;b@example.org;Byen;;\n"
    + "Rollemodell C;c@example.org;;70;\n"
    + "Rollemodell D;d@example.org;Byen;;Interiør\n"
)


def look(contact: FlaskClient, company: Company, content: bytes, name: str = "folk.csv") -> tuple[int, str]:
    token = csrf(contact.get(own(company)).get_data(as_text=True))
    sheet = (io.BytesIO(content), name)
    answer = contact.post(f"{own(company)}/regneark", data={"csrf_token": token, "sheet": sheet})
    return answer.status_code, answer.get_data(as_text=True)


def hidden(page: str) -> dict[str, str]:
    """What the preview sends along."""
    found = re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found}


def emails(session: Session) -> list[str | None]:
    return sorted(one.person.email or "" for one in session.scalars(select(RoleModel)))


def test_a_sheet_is_looked_at_first_and_put_right_in_its_rows(
    contact: FlaskClient, session: Session, company: Company
) -> None:
    make.make_topic(session, name_nb="design")
    status, page = look(contact, company, SHEET.encode())
    assert status == 200
    assert "Ingenting er lagret ennå." in page
    assert "«70» har 2 siffer" in page
    assert "Vi har ikke «Interiør»" in page
    assert re.findall(r'href="#(c-[0-9]+-[a-z]+)"', page) == ["c-3-postcode", "c-4-topics"]
    assert "Legg inn 1, hopp over 2" in page
    assert emails(session) == []
    assert session.scalars(select(OutboxMessage)).all() == []
    right = {"c-3-postcode": "", "c-3-place": "Byen", "c-4-topics": "design"}
    again = contact.post(f"{own(company)}/regneark/sjekk", data=hidden(page) | right).get_data(as_text=True)
    assert "Legg inn 3" in again
    assert "#c-" not in again
    assert emails(session) == []
    assert contact.post(f"{own(company)}/regneark/leggInn", data=hidden(again)).status_code == 303
    assert emails(session) == ["b@example.org", "c@example.org", "d@example.org"]
    assert {one.kind for one in session.scalars(select(OutboxMessage))} == {"profile_invited"}
    assert {one.state for one in session.scalars(select(RoleModel))} == {ProfileState.UNCONFIRMED}


def test_only_what_is_right_comes_in_and_the_rest_is_a_sheet_of_its_own(
    contact: FlaskClient, session: Session, company: Company
) -> None:
    _status, page = look(contact, company, SHEET.encode())
    rest = contact.post(f"{own(company)}/regneark/hoppet", data=hidden(page)).get_data().decode("utf-8-sig")
    assert [line.split(";")[1] for line in rest.splitlines()[1:]] == ["c@example.org", "d@example.org"]
    for _click in range(2):
        assert contact.post(f"{own(company)}/regneark/leggInn", data=hidden(page)).status_code == 303
    assert emails(session) == ["b@example.org"]
    _status, page = look(contact, company, SHEET.encode())
    assert "Finnes fra før." in page


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"", "folk.csv"), (b"x" * 200_001, "folk.csv"), (b"Navn;E-post\n", "folk.csv"), (b"PK\x03\x04", "folk.xlsx"),
     (b"Navn;Ukjent\nA;B\n", "folk.csv"), (b"Navn;E-post\nA;a@example.org\n", "folk.exe")],
)  # fmt: skip
def test_what_is_no_sheet_is_said_beside_the_field(
    contact: FlaskClient, company: Company, content: bytes, name: str
) -> None:
    status, page = look(contact, company, content, name)
    assert status == 422
    assert 'id="sheet-fault"' in page


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_sheet_to_fill_in_can_be_taken_in_as_it_is(contact: FlaskClient, company: Company, kind: str) -> None:
    empty = contact.get(f"{own(company)}/regneark/mal.{kind}")
    status, page = look(contact, company, empty.get_data(), f"folk.{kind}")
    assert status == 200
    assert "Rollemodell 1" in page


def test_the_week_shows_what_is_in_use_and_what_is_free(
    contact: FlaskClient, session: Session, company: Company
) -> None:
    person = make.make_role_model(session, company_id=company.id)
    agree(session, contact, company)
    monday = week_of(session).monday
    sent = {"role_model": person.id, "cell": f"{monday.isoformat()} 08:30 10:15", "uke": week_of(session).id}
    assert post(contact, company, "settav", **sent) == 303
    page = contact.get(own(company)).get_data(as_text=True)
    assert "Satt av, ledig" in page
    school = make.make_school(session, name="Fjellet skole")
    at = clock.at_local(monday, time(9))
    request = make.make_request(session, school_id=school.id, starts=(at,))
    visit = make.make_visit(session, person, request=request, state=VisitState.CONFIRMED)
    make.make_booking(
        session, person_id=person.person_id, visit_id=visit.id, starts_at=at, ends_at=at + timedelta(minutes=45)
    )
    page = contact.get(own(company)).get_data(as_text=True)
    assert "Fjellet skole" in page
    assert "Gi tilbake" not in page
    assert post(contact, company, "settav", **sent | {"cell": "tull"}) == 422


def test_each_profile_says_what_it_waits_for_and_one_click_writes_once_a_day(
    contact: FlaskClient, session: Session, company: Company
) -> None:
    now = clock.now()
    ready = make.make_role_model(session, company_id=company.id, confirmed_at=now, trained_on=clock.today())
    waiting = {
        "profile_films": make.make_role_model(session, company_id=company.id, confirmed_at=now, trained_on=None),
        "profile_confirm": make.make_role_model(session, company_id=company.id, state=ProfileState.PAUSED),
        "profile_reminder": make.make_role_model(session, company_id=company.id, state=ProfileState.UNCONFIRMED),
    }
    page = contact.get(f"{own(company)}/rollemodeller").get_data(as_text=True)
    for words in ("Mangler 4 av 4 filmer", "På pause", "Venter på ja", "Klar"):
        assert words in page
    for one in (*waiting.values(), ready):
        for _click in range(2):
            assert post(contact, company, f"rollemodeller/{one.id}/purre") == 303
    assert sorted(one.kind for one in session.scalars(select(OutboxMessage))) == sorted(waiting)


def test_the_pages_ask_as_much_for_three_people_as_for_one(
    contact: FlaskClient, session: Session, company: Company
) -> None:
    first = make.make_role_model(session, company_id=company.id)
    agree(session, contact, company, first)
    counts = []
    for more in (0, 2):
        for _ in range(more):
            make.make_role_model(session, company_id=company.id)
        session.expire_all()
        with count_queries(session) as counted:
            for path in ("", "/rollemodeller", "/besok", "/avtale"):
                assert contact.get(own(company) + path).status_code == 200
        counts.append(counted.total)
    assert counts[0] == counts[1]


NAUGHTY = ("<script>alert(1)</script>", "' OR 1=1 --", "{{ 7 * 7 }}", "\u202eabc\u0000", "😀" * 60, "=1+1", "x" * 5000)


def test_forms_take_naughty_strings_and_the_double_click(
    app: Flask, client: FlaskClient, contact: FlaskClient, session: Session, company: Company
) -> None:
    for number, text in enumerate(NAUGHTY):
        person = {"name": text, "email": f"n{number}@example.org", "place": "Byen", "title": text}
        assert post(contact, company, "rollemodell", **person) == 303
        assert post(contact, company, "settav", day=text, starts=text, ends=text, role_model=text) in (404, 422)
        assert look(contact, company, f"Navn;E-post\n{text[:50]};{text[:50]}\n".encode())[0] in (200, 422)
    page = contact.get(f"{own(company)}/rollemodeller").get_data(as_text=True)
    assert "<script>alert" not in page
    for text in NAUGHTY[:5]:
        for _click in range(2):
            assert register(app, client, name=text, orgnr="", contact_email="to@example.org") in (303, 429)


def test_another_company_looks_like_one_that_is_not_there(
    contact: FlaskClient, session: Session, company: Company
) -> None:
    other = make.make_company(session)
    theirs = make.make_role_model(session, company_id=other.id)
    token = csrf(contact.get(own(company)).get_data(as_text=True))
    assert contact.get(own(other)).status_code == 404
    data = {"csrf_token": token, "role_model": theirs.id}
    assert contact.post(f"{own(other)}/settav", data=data).status_code == 404
    assert post(contact, company, f"rollemodeller/{theirs.id}/slutt") == 404
    session.refresh(theirs)
    assert theirs.state is ProfileState.ACTIVE


def test_coordination_sees_all_and_edits_the_agreement(
    session: Session, signed_in: SignIn, company: Company, contact: FlaskClient
) -> None:
    agreement = agree(session, contact, company)
    coordinator = signed_in(make.make_user(session, Role.COORDINATOR))
    assert "Fjord" in coordinator.get("/bedrift").get_data(as_text=True)
    assert post(coordinator, company, "avtale", pledged_people="5") == 303
    session.refresh(agreement)
    assert (agreement.pledged_people, agreement.visit_weeks) == (5, [])
