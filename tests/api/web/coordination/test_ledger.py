"""The agreement ledger, its next steps, a municipality's page, coverage, load, and the list of schools to ask."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import AskingState, InvitationKind, InvitationState, RequestState, VisitState
from api.domain.permissions import Role
from api.models.asking import SchoolAsking
from api.models.companies import Agreement
from api.models.follow_up import Invitation
from api.models.records import AuditEntry
from api.models.role_models import RoleModel
from api.models.sign_in import Contact
from api.models.visits import Request, Visit
from api.queries import ledger, municipality, role_model_load, school_reach, schools_to_ask
from api.queries.paging import Window
from api.queries.role_model_load import Filter
from api.services import audit
from tests import factories as make
from tests.api.counting import count_queries
from tests.api.web.conftest import AsRole
from tests.api.web.coordination.posting import post
from tests.api.web.reading import csrf, page, text
from tests.seasons import World

NAUGHTY = ("=cmd|'/c'!A1", "<script>alert(1)</script>", "' OR 1=1 --", "\u202e\u0000æøå", "a" * 5000)


def agreement_of(session: Session, world: World) -> Agreement:
    return session.scalars(select(Agreement).where(Agreement.season_id == world.season.id)).one()


def reserved(session: Session, agreement: Agreement) -> RoleModel:
    return session.scalars(select(RoleModel).where(RoleModel.company_id == agreement.company_id)).first()  # type: ignore[return-value]  # there is one


def visited(session: Session, world: World, request: Request, who: RoleModel, answer: InvitationState) -> Visit:
    """A visit of the request that took place when its role model said yes, else one that is to be."""
    held = answer is InvitationState.ACCEPTED
    visit = make.make_visit(session, who, request=request, state=VisitState.HELD if held else VisitState.PLANNED)
    request.state = RequestState.VISIT
    moment = clock.now()
    session.add(
        Invitation(
            visit_id=visit.id,
            role_model_id=who.id,
            kind=InvitationKind.NOTICE,
            state=answer,
            sent_at=moment,
            answer_by=moment + timedelta(days=2),
        )
    )
    session.flush()
    return visit


def test_ledger_counts_what_was_promised_asked_accepted_and_held(
    session: Session, world: World, planner: FlaskClient
) -> None:
    agreement = agreement_of(session, world)
    agreement.pledged_people = 3
    visited(session, world, world.served[0], reserved(session, agreement), InvitationState.ACCEPTED)
    visited(session, world, world.served[1], reserved(session, agreement), InvitationState.SENT)
    found = ledger.ledger(session, world.season)
    row = next(one for one in found.rows if one.id == agreement.id)
    assert (row.promised, row.asked, row.accepted, row.held, row.waiting, row.unasked) == (3, 2, 1, 1, 1, 1)
    elsewhere = ledger.ledger(session, world.season, make.make_municipality(session).id)
    assert elsewhere.rows == []
    said = text(page(planner, "/avtaler"))
    assert "1 lovede er ikke spurt" not in said
    assert "Én lovet er ikke spurt." in said
    assert "Ett besøk er holdt av" in said
    assert "Bedrift 1" in text(page(planner, f"/avtaler?municipality={world.oslo.id}&step=due"))


@pytest.mark.parametrize(
    ("given", "step"),
    [
        ({"pledged": 1, "asked": 1}, "on_track"),
        ({"pledged": 2, "asked": 1, "weeks_left": 1, "proposed": 1, "to_serve": 3}, "approve"),
        ({"pledged": 2, "asked": 1, "weeks_left": 1, "to_serve": 3}, "ask"),
        ({"pledged": 2, "asked": 1, "weeks_left": 1}, "more_requests"),
        ({"pledged": 2, "asked": 1}, "never_asked"),
        ({"pledged": 1, "slots": 4, "asked": 1, "weeks_left": 1}, "more_requests"),
        ({"pledged": 1, "asked": 1, "ends_soon": True}, "renew"),
    ],
)
def test_next_step_says_what_is_due(given: dict[str, int], step: str) -> None:
    row = ledger.Account(id="", company_id="", company="", towns=(), weeks=(), **given)  # type: ignore[arg-type]  # numbers
    assert row.step == step


def test_who_promised_is_asked_for_a_request_that_waits(session: Session, world: World, planner: FlaskClient) -> None:
    agreement = agreement_of(session, world)
    agreement.pledged_people = 5
    waits = make.make_request(
        session,
        season_id=world.season.id,
        programme_id=world.visit_rules.programme_id,
        school_id=world.served[0].school_id,
        starts=(clock.at_local(world.monday + timedelta(days=3), clock.to_oslo(make.MORNING).time()),),
    )
    address = f"/avtaler/{agreement.id}/spor"
    assert waits.reference in text(page(planner, address))
    done = post(planner, address, seen=address, request=waits.id)
    assert done.status_code == 303
    session.expire_all()
    visit = session.scalars(select(Visit).where(Visit.request_id == waits.id)).one()
    invited = session.scalars(select(Invitation).where(Invitation.visit_id == visit.id)).one()
    assert invited.role_model.company_id == agreement.company_id
    assert waits.state is RequestState.VISIT
    again = post(planner, address, seen=address, request=waits.id)
    assert again.status_code == 303
    assert len(session.scalars(select(Visit).where(Visit.request_id == waits.id)).all()) == 1
    assert "Bestillingen har et besøk" in text(page(planner, address))


def test_nobody_is_asked_while_the_booking_period_is_open(session: Session, world: World, planner: FlaskClient) -> None:
    agreement = agreement_of(session, world)
    window = make.make_window(
        session,
        season_id=world.season.id,
        programme_id=world.visit_rules.programme_id,
        closes_at=clock.now() + timedelta(days=2),
    )
    waits = world.unserved[0]
    waits.school.municipality_id, waits.window_id = world.oslo.id, window.id
    session.flush()
    address = f"/avtaler/{agreement.id}/spor"
    post(planner, address, seen=address, request=waits.id)
    assert "Bestillingsperioden er åpen til" in text(page(planner, address))
    assert session.scalars(select(Visit).where(Visit.request_id == waits.id)).all() == []


def test_asking_is_for_those_who_approve(session: Session, world: World, signed_in_as: AsRole) -> None:
    address = f"/avtaler/{agreement_of(session, world).id}/spor"
    assert signed_in_as(Role.ASSISTANT).get(address).status_code == 404
    assert signed_in_as(Role.ASSISTANT).get("/avtaler").status_code == 200


def test_municipality_ends_in_what_we_ask_of_it(session: Session, world: World, planner: FlaskClient) -> None:
    for _ in range(2):
        make.make_school(session, municipality_id=world.oslo.id)
    visited(session, world, world.served[0], reserved(session, agreement_of(session, world)), InvitationState.ACCEPTED)
    said = text(page(planner, f"/avtaler/{world.oslo.id}"))
    assert "Rollemodell i Oslo kommune" in said
    assert "Det vi ber kommunen om" in said
    assert "To skoler har aldri hatt besøk. De går først neste gang." in said
    assert "Fastsett besøksuker for neste sesong innen" in said
    paper = page(planner, f"/avtaler/{world.oslo.id}?utskrift=1")
    assert "Oslo skole 0" in text(paper)
    assert planner.get("/avtaler/019a0000-0000-7000-8000-000000000000").status_code == 404


def test_few_pupils_are_not_shown(session: Session, world: World, planner: FlaskClient) -> None:
    world.served[0].pupils = 4
    session.flush()
    rows = municipality.ordered(session, world.season, world.oslo.id, Window(1, 25, "name")).items
    assert [row.pupils for row in rows if row.id == world.served[0].school_id] == [None]


def test_coverage_tells_who_never_had_a_visit(session: Session, world: World, planner: FlaskClient) -> None:
    visited(session, world, world.served[0], reserved(session, agreement_of(session, world)), InvitationState.ACCEPTED)
    never = text(page(planner, "/dekning?visits=never"))
    assert "Oslo skole 0" not in never
    assert "Bergen skole 0" in never
    assert "Oslo skole 0" in text(page(planner, "/dekning?visits=recent&q=oslo"))
    assert "Bergen" in text(page(planner, "/dekning/kommuner"))


def test_load_names_people_only_to_those_who_may_see_names(
    session: Session, world: World, planner: FlaskClient, signed_in_as: AsRole
) -> None:
    assert "Rollemodell A0" in text(page(planner, "/belastning?sort=name"))
    assert "Rollemodell A0" not in text(page(signed_in_as(Role.ASSISTANT), "/belastning?sort=name&q=forsker"))
    assert b"Rollemodell A0" not in signed_in_as(Role.ASSISTANT).get("/belastning.csv").data


def test_spread_says_how_even_the_sharing_is() -> None:
    spread = role_model_load.Spread({0: 8, 1: 10, 5: 2})
    assert (spread.people, spread.engagements, spread.unused) == (20, 20, 8)
    assert (spread.busiest_share, spread.least_share) == (0.5, 0.1)
    assert role_model_load.Spread({0: 3}).busiest_share == 0


def note(client: FlaskClient, town: str, school: str, season: str, outcome: str, version: int) -> int:
    """Presses the button of a school's line as a page that showed this version of it."""
    seen = f"/kontaktliste/{town}"
    fields = {"csrf_token": csrf(page(client, seen)), "season": season, "outcome": outcome, "seen": str(version)}
    return client.post(f"{seen}/{school}/spurt", data=fields).status_code


def test_school_is_asked_once(session: Session, world: World, planner: FlaskClient) -> None:
    school = make.make_school(session, name="Ny skole", municipality_id=world.oslo.id)
    who = (world.oslo.id, school.id, world.season.id)
    address = f"/kontaktliste/{world.oslo.id}"
    assert "Ny skole" in text(page(planner, f"{address}?only=to_ask"))
    assert [note(planner, *who, "asked", 0) for _ in range(2)] == [303, 303]
    made = session.scalars(select(SchoolAsking).where(SchoolAsking.school_id == school.id)).one()
    assert (made.state, made.version) == (AskingState.ASKED, 1)
    assert "Ny skole" not in text(page(planner, f"{address}?only=to_ask"))
    note(planner, *who, "not_now", 0)
    assert "Noen andre har spurt skolen." in text(page(planner, address))
    note(planner, *who, "will_order", 1)
    session.expire_all()
    assert made.state is AskingState.WILL_ORDER
    audit.write_pending(session)
    events = session.scalars(
        select(AuditEntry.action).where(AuditEntry.object_id == made.id).order_by(AuditEntry.sequence)
    )
    assert list(events) == ["school_asking.ask", "school_asking.promise"]


@pytest.mark.parametrize("words", NAUGHTY)
def test_naughty_notes_change_nothing(session: Session, world: World, planner: FlaskClient, words: str) -> None:
    school = make.make_school(session, municipality_id=world.oslo.id)
    assert note(planner, world.oslo.id, school.id, world.season.id, words, 0) == 303
    assert note(planner, world.oslo.id, school.id, words, "asked", 0) == 404
    assert session.scalars(select(SchoolAsking)).all() == []
    for address in ("/avtaler?municipality=", "/dekning?q=", "/belastning?q=", f"/kontaktliste/{world.oslo.id}?only="):
        assert planner.get(f"{address}{quote(words)}&page={quote(words)}&sort={quote(words)}").status_code == 200


def test_list_says_whom_to_reach(session: Session, world: World, planner: FlaskClient) -> None:
    school = make.make_school(session, name="Ny skole", municipality_id=world.oslo.id)
    person = make.make_person(session, name="Lærer 7", email="laerer7@example.org", phone=None)
    session.add(Contact(person_id=person.id, school_id=school.id))
    session.flush()
    assert "Lærer 7" in text(page(planner, f"/kontaktliste/{world.oslo.id}"))
    data = planner.get(f"/kontaktliste/{world.oslo.id}/skoler.csv").data.decode("utf-8-sig")
    assert "laerer7@example.org" in data


def test_lists_ask_the_same_few_questions_however_long(session: Session, world: World) -> None:
    asked = Window(1, 25, "name")

    def look() -> list[int]:
        found = []
        for read in (
            lambda: ledger.ledger(session, world.season),
            lambda: school_reach.towns(session, world.season),
            lambda: municipality.ordered(session, world.season, world.oslo.id, asked),
            lambda: school_reach.schools(session, asked, school_reach.Filter()),
            lambda: school_reach.town_coverage(session, asked),
            lambda: role_model_load.role_models(session, world.season.id, asked, Filter(), names=True, most=None),
            lambda: schools_to_ask.schools_to_ask(session, world.season, world.oslo.id, asked),
        ):
            session.expire_all()
            with count_queries(session) as counted:
                read()
            found.append(counted.total)
        return found

    def one_more() -> None:
        school = make.make_school(session, municipality_id=world.oslo.id)
        session.add(Contact(person_id=make.make_person(session).id, school_id=school.id))
        company = make.make_company(session)
        agreement = make.make_agreement(session, company_id=company.id, season_id=world.season.id)
        agreement.municipalities = [world.oslo]
        agreement.visit_weeks = list(world.season.visit_weeks)
        make.make_role_model(session, company_id=company.id).agreements = [agreement]
        make.make_request(
            session, season_id=world.season.id, school_id=make.make_school(session, municipality_id=world.oslo.id).id
        )
        session.flush()

    one_more()
    first = look()
    for _ in range(2):
        one_more()
    assert look() == first
    assert max(first) <= 14
