"""The mailbox of development, the way out of messages, and calendars, through the doors that people use."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy.orm import Session

from api import clock, db
from api.app import create_app
from api.config import SmtpServer
from api.domain.enums import DutyState, InvitationState, LinkPurpose, Locale, MeetingState, VisitState
from api.domain.permissions import Role
from api.models.access import User
from api.models.follow_up import Invitation
from api.models.group_life import Duty
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage, Unsubscription
from api.models.people import Person
from api.models.visits import Visit
from api.services import links, outbox
from tests import factories as make
from tests.api.conftest import SignIn, settings_for_tests
from tests.api.mail.post import KIND

SOON = datetime(2027, 2, 4, 9, tzinfo=UTC)


def written(session: Session, person: Person, **values: object) -> OutboxMessage:
    token = links.issue(session, LinkPurpose.INVITATION, "invitation", "x", expires_at=clock.now() + timedelta(days=1))
    links_of = {"answer": token} if values.get("button") else None
    made = outbox.write(session, KIND, person, values, about=("request", "x"), links=links_of)
    assert made is not None
    session.commit()
    return made


def way_out(message: OutboxMessage) -> str:
    assert message.values is not None
    _purpose, token_id = message.values["links"]["unsubscribe"]
    return f"/meldinger/{links.secret_of(token_id)}"


def test_mailbox_lists_the_newest_first_and_by_receiver(client: FlaskClient, session: Session) -> None:
    one, other = make.make_person(session), make.make_person(session)
    written(session, one, text="The first")
    written(session, other, text="The second")
    page = client.get("/dev/mail").get_data(as_text=True)
    assert page.index("The second") < page.index("The first")
    page = client.get("/dev/mail", query_string={"to": one.email}).get_data(as_text=True)
    assert "The first" in page
    assert "The second" not in page


def test_message_is_shown_as_text_with_links_and_as_html(client: FlaskClient, session: Session) -> None:
    message = written(session, make.make_person(session, locale=Locale.NN), text="<b>Hei</b>", button="answer")
    page = client.get(f"/dev/mail/{message.id}?lang=en")
    shown = page.get_data(as_text=True)
    assert "&lt;b&gt;Hei&lt;/b&gt;" in shown
    assert '<a href="https://treffpunkt.example.org/invitasjon/' in shown
    assert "eit besøk" in shown  # the letter in the receiver's language, the page in the reader's
    assert "Mailbox" in shown
    html = client.get(f"/dev/mail/{message.id}/html")
    assert "eit besøk" in html.get_data(as_text=True)
    policy = html.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]


def test_emptied_message_says_so(client: FlaskClient, session: Session) -> None:
    message = written(session, make.make_person(session), text="Secret words")
    message.values = None
    session.commit()
    for address in ("/dev/mail", f"/dev/mail/{message.id}"):
        page = client.get(f"{address}?lang=en").get_data(as_text=True)
        assert "Emptied" in page
        assert "Secret words" not in page
    assert client.get(f"/dev/mail/{message.id}/html").status_code == 404


def test_production_has_no_mailbox(session: Session, tmp_path: Path) -> None:
    before = db.use_sessions(None)
    app = create_app(settings_for_tests(tmp_path, env="production", smtp=SmtpServer("smtp", "host", 25)))
    db.use_sessions(before)
    message = written(session, make.make_person(session))
    for address in ("/dev/mail", f"/dev/mail/{message.id}", f"/dev/mail/{message.id}/html"):
        assert app.test_client().get(address).status_code == 404
    assert "/dev/mail" not in app.test_client().get("/").get_data(as_text=True)


def test_looking_at_the_way_out_changes_nothing_and_pressing_ends_the_topic(
    client: FlaskClient, session: Session
) -> None:
    person = make.make_person(session)
    address = way_out(written(session, person, topic="digest"))
    for _ in range(3):
        assert client.get(address).status_code == 200
    assert session.get(Unsubscription, (person.id, "digest")) is None
    assert client.post(address).status_code == 303
    session.expire_all()
    assert session.get(Unsubscription, (person.id, "digest")) is not None
    assert "You no longer get these messages" in client.get(f"{address}?lang=en").get_data(as_text=True)
    assert client.post(address, data={"again": "1"}).status_code == 303
    session.expire_all()
    assert session.get(Unsubscription, (person.id, "digest")) is None


def test_a_mail_program_ends_the_topic_with_one_post_without_cookies(client: FlaskClient, session: Session) -> None:
    person = make.make_person(session)
    address = way_out(written(session, person, topic="digest"))
    for _ in range(2):
        assert client.post(address, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    session.expire_all()
    assert session.get(Unsubscription, (person.id, "digest")) is not None


def test_another_links_secret_ends_nothing(client: FlaskClient, session: Session) -> None:
    token = links.issue(session, LinkPurpose.LOGIN, "person", "x", expires_at=clock.now() + timedelta(hours=1))
    session.commit()
    assert client.post(f"/meldinger/{links.secret_of(token.id)}").status_code == 404


def invited(session: Session, visit: Visit, role_model_id: str, **given: object) -> Invitation:
    values = {"state": InvitationState.ACCEPTED, "sent_at": clock.now(), "answer_by": SOON, "answered_at": clock.now()}
    row = Invitation(visit_id=visit.id, role_model_id=role_model_id, **(values | given))
    session.add(row)
    session.flush()
    return row


def address_of(client: FlaskClient, kind: str, object_id: str) -> str:
    """Presses the button on the page of calendars."""
    assert client.post("/kalender", data={"kind": kind, "id": object_id, "csrf_token": csrf(client)}).status_code == 303
    page = client.get("/kalender").get_data(as_text=True)
    found = [part.split('"')[0] for part in page.split('value="http://localhost')[1:]]
    return next(path for path in found if path.startswith("/kalender/"))


def csrf(client: FlaskClient) -> str:
    return client.get("/kalender").get_data(as_text=True).split('name="csrf-token" content="')[1].split('"')[0]


def events(client: FlaskClient, path: str) -> list[tuple[str, str]]:
    answer = client.get(path)
    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    read = Calendar.from_ical(answer.data)
    return [(str(event["SUMMARY"]), str(event["STATUS"])) for event in read.walk("VEVENT")]


@pytest.fixture
def visit(session: Session) -> Visit:
    """A confirmed visit of a role model to a school, both with names that nobody else has."""
    person = make.make_person(session, name="Canary Role Model", email="canary.rm@example.org", phone="+47 00 11")
    contact = make.make_person(session, name="Canary Contact", email="canary.c@example.org", phone="+47 00 22")
    role_model = make.make_role_model(session, person_id=person.id)
    school = make.make_school(session, name="Canary School")
    request = make.make_request(session, starts=(SOON,), contact_id=contact.id, school_id=school.id)
    made = make.make_visit(session, role_model, request=request, state=VisitState.CONFIRMED)
    invited(session, made, role_model.id)
    session.commit()
    return made


@pytest.fixture
def account(session: Session) -> User:
    return make.make_user(session)


def no_person_in(text: str) -> bool:
    return not any(word in text for word in ("Canary Role", "Canary Contact", "canary.", "+47"))


def test_school_sees_its_visits_and_what_becomes_of_them(
    session: Session, signed_in: SignIn, client: FlaskClient, visit: Visit, account: User
) -> None:
    make.make_grant(session, user_id=account.id, role=Role.SCHOOL_CONTACT, school_id=visit.request.school_id)
    session.commit()
    path = address_of(signed_in(account), "school", visit.request.school_id)
    assert events(client, path) == [("Besøk av rollemodell, 9. trinn", "CONFIRMED")]
    assert no_person_in(client.get(path).get_data(as_text=True))
    visit.state = VisitState.CANCELLED
    session.commit()
    assert events(client, path) == [("Besøk av rollemodell, 9. trinn", "CANCELLED")]


def test_an_approval_that_was_undone_shows_nowhere(
    session: Session, signed_in: SignIn, client: FlaskClient, visit: Visit, account: User
) -> None:
    for row in session.query(Invitation):
        row.sent_at = None
    visit.state = VisitState.CANCELLED
    make.make_grant(session, user_id=account.id, role=Role.SCHOOL_CONTACT, school_id=visit.request.school_id)
    session.commit()
    assert events(client, address_of(signed_in(account), "school", visit.request.school_id)) == []


def test_role_model_sees_own_visits_until_they_fall_through(
    session: Session, signed_in: SignIn, client: FlaskClient, visit: Visit
) -> None:
    role_model = visit.role_models[0].role_model
    path = address_of(signed_in(make.make_user(session, person_id=role_model.person_id)), "role_model", role_model.id)
    assert events(client, path) == [("Besøk på Canary School", "CONFIRMED")]
    assert no_person_in(client.get(path).get_data(as_text=True))
    invitation = session.query(Invitation).one()
    invitation.state = InvitationState.FELL_THROUGH
    session.commit()
    assert events(client, path) == [("Besøk på Canary School", "CANCELLED")]


def test_company_sees_each_visit_of_its_people_once_until_none_of_them_goes(
    session: Session, signed_in: SignIn, client: FlaskClient, visit: Visit, account: User
) -> None:
    company = make.make_company(session)
    first, stranger = visit.role_models[0].role_model, make.make_role_model(session)
    first.company_id = company.id
    colleague = make.make_role_model(session, company_id=company.id)
    second = invited(session, visit, colleague.id, state=InvitationState.FELL_THROUGH)
    elsewhere = make.make_visit(
        session, stranger, request=make.make_request(session, starts=(SOON,)), state=VisitState.CONFIRMED
    )
    invited(session, elsewhere, stranger.id)
    make.make_grant(session, user_id=account.id, role=Role.COMPANY_CONTACT, company_id=company.id)
    session.commit()
    path = address_of(signed_in(account), "company", company.id)
    assert events(client, path) == [("Besøk på Canary School", "CONFIRMED")]
    assert no_person_in(client.get(path).get_data(as_text=True))
    session.query(Invitation).where(Invitation.role_model_id == first.id).one().state = InvitationState.WITHDRAWN
    session.commit()
    assert events(client, path) == [("Besøk på Canary School", "CANCELLED")]
    second.state = InvitationState.ACCEPTED
    session.commit()
    assert events(client, path) == [("Besøk på Canary School", "CONFIRMED")]


def test_coordinator_sees_the_season_and_keeps_a_past_one(
    session: Session, signed_in: SignIn, client: FlaskClient, visit: Visit
) -> None:
    browser = signed_in(make.make_user(session, Role.COORDINATOR))
    path = address_of(browser, "season", visit.request.season_id)
    assert events(client, path) == [(f"Canary School ({visit.request.reference})", "CONFIRMED")]
    assert no_person_in(client.get(path).get_data(as_text=True))
    make.make_season(session, starts_on=clock.today(), ends_on=clock.today() + timedelta(days=1))
    session.commit()
    assert len(events(client, path)) == 1


def test_mentor_and_site_see_meetings_and_no_pupil(session: Session, signed_in: SignIn, client: FlaskClient) -> None:
    group = make.make_group_session(session)
    soon = [SOON + timedelta(weeks=week) for week in range(3)]
    meetings = [
        make.make_meeting(session, session_id=group.id, starts_at=at, ends_at=at + timedelta(hours=2)) for at in soon
    ]
    meetings[1].state = MeetingState.CANCELLED
    mentor = make.make_mentor(
        session, site_id=group.site_id, person_id=make.make_person(session, name="Canary Role Model").id
    )
    for meeting, state in zip(meetings, (DutyState.PLANNED, DutyState.PLANNED, DutyState.AWAY), strict=True):
        session.add(Duty(meeting_id=meeting.id, mentor_id=mentor.id, state=state))
    pupil = make.make_pupil(session, person_id=make.make_person(session, name="Canary Contact").id)
    make.make_membership(session, entry_id=make.make_entry(session, group, pupil_id=pupil.id).id, session_id=group.id)
    leader = make.make_user(session)
    make.make_grant(session, user_id=leader.id, role=Role.SITE_LEADER, site_id=group.site_id)
    session.commit()
    name = f"Studiegruppe, {group.site.name}"
    of_site = address_of(signed_in(leader), "site", group.site_id)
    own = address_of(signed_in(make.make_user(session, person_id=mentor.person_id)), "mentor", mentor.id)
    assert events(client, of_site) == [(name, "CONFIRMED"), (name, "CANCELLED"), (name, "CONFIRMED")]
    assert events(client, own) == [(name, "CONFIRMED"), (name, "CANCELLED"), (name, "CANCELLED")]
    assert no_person_in(client.get(of_site).get_data(as_text=True) + client.get(own).get_data(as_text=True))


def test_feed_ends_with_its_address_and_with_the_right_to_it(
    session: Session, signed_in: SignIn, client: FlaskClient, visit: Visit, account: User
) -> None:
    grant = make.make_grant(session, user_id=account.id, role=Role.SCHOOL_CONTACT, school_id=visit.request.school_id)
    session.commit()
    browser, school = signed_in(account), visit.request.school_id
    first = address_of(browser, "school", school)
    assert address_of(browser, "school", school) == first
    ended = browser.post("/kalender", data={"kind": "school", "id": school, "end": "1", "csrf_token": csrf(browser)})
    assert (ended.status_code, client.get(first).status_code) == (303, 404)
    second = address_of(browser, "school", school)
    assert (second == first, client.get(second).status_code) == (False, 200)
    session.delete(grant)
    session.commit()
    assert client.get(second).status_code == 404


def test_nobody_makes_a_feed_of_what_is_not_theirs(
    session: Session, signed_in: SignIn, visit: Visit, account: User
) -> None:
    browser = signed_in(account)
    for kind, object_id in (("school", visit.request.school_id), ("season", visit.request.season_id), ("pupil", "x")):
        answer = browser.post("/kalender", data={"kind": kind, "id": object_id, "csrf_token": csrf(browser)})
        assert answer.status_code == 404
    assert browser.post("/kalender", data={"kind": "school", "id": visit.request.school_id}).status_code == 400


def test_ones_account_leads_to_the_calendars(signed_in: SignIn, account: User) -> None:
    browser = signed_in(account)
    assert 'href="/kalender"' in browser.get("/konto").get_data(as_text=True)
    assert "Du har ikke noe å legge i en kalender ennå." in browser.get("/kalender").get_data(as_text=True)


def test_unchanged_feed_is_not_sent_twice(
    session: Session, signed_in: SignIn, client: FlaskClient, visit: Visit
) -> None:
    path = address_of(signed_in(make.make_user(session, Role.COORDINATOR)), "season", visit.request.season_id)
    first = client.get(path)
    assert first.headers["Cache-Control"] == "private, max-age=900"
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_expired_feed_is_not_there(session: Session, signed_in: SignIn, client: FlaskClient, visit: Visit) -> None:
    path = address_of(signed_in(make.make_user(session, Role.COORDINATOR)), "season", visit.request.season_id)
    for token in session.query(LinkToken).filter_by(purpose=LinkPurpose.FEED):
        token.expires_at = clock.now() - timedelta(seconds=1)
    session.commit()
    assert client.get(path).status_code == 404
