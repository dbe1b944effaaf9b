"""What coordinators do by hand: a message to all of a week, an order for somebody on the phone."""

from datetime import UTC, datetime

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import InvitationState, RequestState
from api.domain.permissions import Role
from api.i18n import use_mail_locale
from api.mail.registry import write_letter
from api.models.follow_up import Invitation
from api.models.outbox import OutboxMessage
from api.models.visits import Request, Visit
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.web.conftest import AsRole
from tests.api.web.coordination.posting import post
from tests.api.web.reading import page, text
from tests.seasons import World

MONDAY = "2027-01-18"
WORD = {"monday": MONDAY, "to": ["schools", "role_models"], "subject": "Snø i vente", "text": "Regn med god tid."}


def told_visit(session: Session, world: World, number: int, *, told: bool = True) -> Visit:
    role_model = make.make_role_model(session)
    request = world.served[number]
    request.contact = make.make_person(session, name=f"Lærer {number}")
    visit = make.make_visit(session, role_model, request=request)
    state = InvitationState.SENT if told else InvitationState.QUEUED
    moment = datetime(2026, 11, 20, 9, tzinfo=UTC) if told else None
    session.add(
        Invitation(visit_id=visit.id, role_model_id=role_model.id, state=state, sent_at=moment, answer_by=moment)
    )
    session.flush()
    return visit


def written(session: Session, kind: str) -> list[OutboxMessage]:
    return list(session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind)))


def test_who_gets_it_is_shown_before_it_is_sent(session: Session, world: World, planner: FlaskClient) -> None:
    told_visit(session, world, 0)
    told_visit(session, world, 1, told=False)
    shown = post(planner, "/melding", seen="/melding", step="see", **WORD)
    said = text(shown.get_data(as_text=True))
    assert "2 personer får den" in said
    assert "1 ved skoler, 1 rollemodeller." in said
    assert written(session, "week_message") == []
    assert post(planner, "/melding", seen="/melding", step="send", **WORD).status_code == 303
    assert len(written(session, "week_message")) == 2


def test_the_same_message_twice_reaches_nobody_twice(session: Session, world: World, coordinator: FlaskClient) -> None:
    told_visit(session, world, 0)
    assert coordinator.post("/api/v1/week-messages", json=WORD).json == {"messages": 2}
    assert coordinator.post("/api/v1/week-messages", json=WORD).json == {"messages": 0}
    assert len({message.person_id for message in written(session, "week_message")}) == 2


def test_message_with_a_name_or_without_text_is_refused(
    session: Session, world: World, planner: FlaskClient, coordinator: FlaskClient
) -> None:
    told_visit(session, world, 0)
    named = {**WORD, "text": "Lærer 0 kommer ikke."}
    answer = post(planner, "/melding", seen="/melding", step="send", **named)
    assert answer.status_code == 422
    assert "Utelat navn på personer" in answer.get_data(as_text=True)
    assert "Lærer 0 kommer ikke." in answer.get_data(as_text=True)
    for wrong in ({**WORD, "text": ""}, {**WORD, "text": "x" * 1501}, {**WORD, "monday": "2027-01-19"}, named):
        assert coordinator.post("/api/v1/week-messages", json=wrong).status_code == 422
    assert written(session, "week_message") == []


def test_letter_holds_the_text_and_why_it_came(session: Session, world: World, coordinator: FlaskClient) -> None:
    told_visit(session, world, 0)
    coordinator.post("/api/v1/week-messages", json=WORD)
    values = written(session, "week_message")[0].values
    closings = {}
    for locale in ("nb", "nn", "en"):
        with use_mail_locale(locale):
            letter = write_letter("week_message", values)
        assert (letter.subject, letter.lines) == ("Snø i vente", ("Regn med god tid.",))
        closings[locale] = letter.closing[0].replace("\N{NO-BREAK SPACE}", " ")
    assert closings["nb"] == "Du får denne fordi du har et besøk i uka fra mandag 18. januar."
    assert closings["nn"].startswith("Du får denne fordi du har eit besøk i veka frå")


def test_order_on_the_phone_is_open_and_confirmed_by_mail(session: Session, world: World, planner: FlaskClient) -> None:
    where = "/bestill-for?q=Oslo"
    assert "Oslo skole 0, Oslo" in text(page(planner, where))
    typed = {
        "q": "Oslo",
        "school": world.served[0].school_id,
        "grade": "9",
        "classes": "2",
        "mode": "either",
        "day1": "2027-01-20",
        "starts1": "10:15",
        "name": "Lærer 1",
        "email": "laerer1@example.org",
    }
    answer = post(planner, "/bestill-for", seen=where, **typed)
    assert answer.status_code == 303
    made = session.scalars(select(Request).where(Request.ordered_by_id.is_not(None))).one()
    assert (made.state, made.classes, made.contact.name) == (RequestState.OPEN, 2, "Lærer 1")
    [message] = written(session, "ordered_for_you")
    assert message.address == "laerer1@example.org"
    assert made.reference in text(page(planner, "/bestill-for"))
    with use_mail_locale("nb"):
        assert made.reference in write_letter("ordered_for_you", message.values).subject


def test_phone_order_names_what_is_missing_and_keeps_what_was_typed(
    session: Session, world: World, planner: FlaskClient
) -> None:
    typed = {
        "q": "Oslo",
        "school": world.served[0].school_id,
        "grade": "9",
        "classes": "1",
        "day1": "2027-01-20",
        "starts1": "10:15",
    }
    for fields, said in (
        (typed, "Si hvem som ringte"),
        ({**typed, "grade": "14"}, "Oppgi et helt tall fra 1 til 13"),
        ({**typed, "starts1": ""}, "Oppgi hver dag med et klokkeslett."),
    ):
        answer = post(planner, "/bestill-for", seen="/bestill-for", **fields)
        assert answer.status_code == 422
        assert said in answer.get_data(as_text=True)
        assert 'value="2027-01-20"' in answer.get_data(as_text=True)
    assert session.scalars(select(Request).where(Request.ordered_by_id.is_not(None))).all() == []


def test_schools_do_not_order_for_others(
    session: Session, world: World, signed_in_as: AsRole, by_token: SignIn
) -> None:
    user = make.make_user(session)
    make.make_grant(session, user_id=user.id, role=Role.SCHOOL_CONTACT, school_id=world.served[0].school_id)
    body = {
        "season": world.season.id,
        "school": world.served[0].school_id,
        "grade": 9,
        "contact": {"name": "Lærer 1", "email": "laerer1@example.org"},
        "options": [{"lessons": [{"start": "2027-01-20T10:15:00+01:00", "end": "2027-01-20T11:00:00+01:00"}]}],
    }
    assert by_token(user).post("/api/v1/requests/by-phone", json=body).status_code == 404
    helper = make.make_user(session, Role.ASSISTANT)
    assert by_token(helper).post("/api/v1/requests/by-phone", json=body).status_code == 201
    assert signed_in_as(Role.ASSISTANT).get("/melding").status_code == 404
