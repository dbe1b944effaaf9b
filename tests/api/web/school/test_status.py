"""A school's page about its order: what it says, and what the school does on it."""

from collections.abc import Iterator

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import ApprovalState, InvitationKind, InvitationState, RequestState, Side, VisitState
from api.domain.permissions import Role
from api.models.follow_up import Evaluation, ExceptionItem, Invitation, PlanApproval
from api.models.plan_rows import PlanUnserved
from api.models.planning import PlanGoal
from api.models.visits import Request, Visit
from api.services import links
from api.services.follow_up import messages, steps
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.web.reading import csrf, page, text

BEFORE, AFTER = "2027-01-11T08:00:00+00:00", "2027-01-19T08:00:00+00:00"


@pytest.fixture(autouse=True)
def moved() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEFORE, tick=False) as moved:
        yield moved


@pytest.fixture
def order(session: Session) -> Request:
    programme = make.make_programme(session)
    make.make_rule_version(session, programme_id=programme.id)
    contact = make.make_person(session)
    return make.make_request(session, programme_id=programme.id, contact_id=contact.id)


@pytest.fixture
def visit(session: Session, order: Request) -> Visit:
    person = make.make_person(session, name="Hidden Name")
    role_model = make.make_role_model(session, person_id=person.id, title="hydrolog")
    made = make.make_visit(session, role_model, request=order, state=VisitState.CONFIRMED)
    order.state = RequestState.VISIT
    session.flush()
    return made


def address(session: Session, order: Request) -> str:
    return links.address_of(messages.request_link(session, order))


def send(client: FlaskClient, link: str, step: str, **fields: str) -> int:
    token = csrf(page(client, link))
    return client.post(f"{link}/{step}", data={"csrf_token": token, **fields}).status_code


def test_before_the_answer_the_page_says_when_it_comes_and_whether_that_was_kept(
    client: FlaskClient, session: Session, order: Request
) -> None:
    said = text(page(client, address(session, order)))
    assert "Vi finner en rollemodell" in said
    assert "Ikke holdt" in said


def test_an_unverified_school_sees_who_comes_without_the_name(
    client: FlaskClient, session: Session, order: Request, visit: Visit
) -> None:
    said = text(page(client, address(session, order)))
    assert "Dere får besøk" in said
    assert "hydrolog" in said
    assert "Hidden Name" not in said


def test_a_school_is_ready_and_sends_questions(
    client: FlaskClient, session: Session, order: Request, visit: Visit
) -> None:
    link = address(session, order)
    assert send(client, link, "klar") == 303
    assert send(client, link, "sporsmal", questions="What is a flood?") == 303
    session.refresh(visit)
    assert visit.school_ready_at is not None
    assert visit.questions == "What is a flood?"
    assert send(client, link, "sporsmal", questions="x" * 2001) == 422


def test_a_school_says_that_it_was_held_and_evaluates(
    client: FlaskClient, session: Session, order: Request, visit: Visit, moved: time_machine.Traveller
) -> None:
    link = address(session, order)
    assert send(client, link, "holdt") == 409
    moved.move_to(AFTER)
    assert send(client, link, "holdt") == 303
    given = dict.fromkeys(steps.QUESTIONS[Side.SCHOOL], "4")
    assert send(client, link, "evaluering", **given) == 303
    session.refresh(visit)
    assert visit.state is VisitState.HELD
    found = session.scalars(select(Evaluation)).one()
    assert found.answers == dict.fromkeys(steps.QUESTIONS[Side.SCHOOL], 4)
    assert send(client, link, "evaluering", **(given | {"again": "9"})) == 422


def test_a_school_cancels_after_being_asked_once_more(
    client: FlaskClient, session: Session, order: Request, visit: Visit
) -> None:
    link = address(session, order)
    assert "Avlyse bestillingen?" in text(page(client, f"{link}/avlys"))
    assert order.state is RequestState.VISIT
    assert send(client, link, "avlys") == 303
    session.refresh(order)
    session.refresh(visit)
    assert (order.state, visit.state) == (RequestState.CANCELLED, VisitState.CANCELLED)


def test_an_unknown_link_is_not_there(client: FlaskClient, session: Session) -> None:
    assert client.get("/bestilling/status/0123").status_code == 404


def test_a_visit_whose_approval_can_still_be_undone_is_not_told(
    client: FlaskClient, session: Session, order: Request, visit: Visit, signed_in: SignIn
) -> None:
    plan = make.make_plan(session)
    waiting = PlanApproval(plan_id=plan.id, send_at=visit.starts_at, items=[order.id], dropped=[])
    session.add(waiting)
    session.flush()
    [member] = visit.role_models
    invitation = Invitation(visit_id=visit.id, role_model_id=member.role_model_id, approval_id=waiting.id)
    invitation.kind, invitation.state = InvitationKind.NOTICE, InvitationState.ACCEPTED
    session.add(invitation)
    session.flush()
    link = address(session, order)
    said = text(page(client, link))
    assert "Vi finner en rollemodell" in said
    assert "hydrolog" not in said
    assert send(client, link, "klar") == 404
    user = make.make_user(session)
    make.make_grant(session, user_id=user.id, role=Role.SCHOOL_CONTACT, school_id=order.school_id)
    browser = signed_in(user)
    assert "Vi finner en rollemodell" in text(page(browser, "/bestillinger"))
    waiting.state, waiting.sent_at = ApprovalState.SENT, visit.starts_at
    session.flush()
    assert "hydrolog" in text(page(client, link))
    assert "Vi finner en rollemodell" not in text(page(browser, "/bestillinger"))


def test_the_next_thing_has_a_deadline_and_the_timeline_a_current_step(
    client: FlaskClient, session: Session, order: Request, visit: Visit
) -> None:
    link = address(session, order)
    said = page(client, link)
    assert "Neste for dere: si fra at dere er klare" in text(said)
    assert 'aria-current="step"' in said
    assert send(client, link, "klar") == 303
    assert "Neste for dere" not in text(page(client, link))


def test_a_school_that_hears_nothing_puts_a_line_on_the_list_once(
    client: FlaskClient, session: Session, order: Request, visit: Visit
) -> None:
    order.answered_at = visit.starts_at
    session.flush()
    link = address(session, order)
    assert "si fra til oss" in text(page(client, link))
    for _ in range(2):
        assert send(client, link, "etterlyst") == 303
    [line] = session.scalars(select(ExceptionItem).where(ExceptionItem.object_id == visit.id))
    assert line.kind == "not_called"


def test_sheet_and_calendar_belong_to_a_visit_that_is_settled(
    client: FlaskClient, session: Session, order: Request, visit: Visit
) -> None:
    link = address(session, order)
    assert "hydrolog" in text(page(client, f"{link}/ark"))
    calendar = client.get(f"{link}/kalender.ics")
    assert (calendar.status_code, calendar.mimetype) == (200, "text/calendar")
    assert visit.id in calendar.get_data(as_text=True)
    visit.state = VisitState.CANCELLED
    order.state = RequestState.OPEN
    session.flush()
    assert [client.get(f"{link}/{page_}").status_code for page_ in ("ark", "kalender.ics")] == [404, 404]


def test_a_no_shows_the_numbers_that_lead_to_zero_and_what_was_proven(
    client: FlaskClient, session: Session, order: Request
) -> None:
    make.make_role_model(session, free_times=[])
    make.make_role_model(session, lowest_grade=11)
    order.state = RequestState.DECLINED
    session.flush()
    link = address(session, order)
    said = text(page(client, link))
    assert "Vi fant ingen til 18. januar" in said
    assert "Rollemodeller innen rekkevidde 2 av dem kan det dere ba om 1 av dem er ledige dagene deres 0" in said
    assert "Kontrollert" not in said
    plan = make.make_plan(session, season_id=order.season_id)
    session.add_all(
        [
            PlanApproval(
                plan_id=plan.id, send_at=order.submitted_at, sent_at=order.submitted_at, items=[], dropped=[],
                state=ApprovalState.SENT,
            ),
            PlanUnserved(plan_id=plan.id, request_id=order.id, reasons=[]),
            PlanGoal(plan_id=plan.id, position=0, name="schools", sense="max", value=1, bound=1),
        ]
    )  # fmt: skip
    session.flush()
    assert "Kontrollert: ingen bedre" in text(page(client, link))


def test_numbers_that_do_not_lead_to_zero_are_not_shown(client: FlaskClient, session: Session, order: Request) -> None:
    make.make_role_model(session)
    order.state = RequestState.DECLINED
    session.flush()
    assert "Hvorfor nei?" not in text(page(client, address(session, order)))
