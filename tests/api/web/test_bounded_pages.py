"""No page asks the database more often when there is more to show: each with the rows there once and three times."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Channel, OfferReason, RequestState
from api.domain.permissions import Role
from api.models.follow_up import ExceptionItem, Invitation
from api.models.group_life import SeatOffer
from api.models.groups import GroupSession, Mentor
from api.models.outbox import OutboxMessage
from api.models.sign_in import Contact, MailDomain
from api.models.visits import Request
from api.services import users
from tests import factories as make
from tests.api.counting import count_queries
from tests.api.two_sides import Side
from tests.journeys.addresses import examples, pages

NUMBERS = count(10)


@time_machine.travel(datetime(2026, 11, 20, 9, tzinfo=UTC), tick=False)
def test_no_page_asks_more_often_when_there_is_more(app: Flask, session: Session) -> None:
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("both databases are asked the same questions")
    side = examples(session)
    shown = [(str(one["address"]), one["cookie"]) for one in pages(app, session, side)]
    _more(session, side)
    once = {(address, cookie): _questions(app, session, address, cookie) for address, cookie in shown}
    for _ in range(3):
        _more(session, side)
    grown = {
        address: (before, after)
        for (address, cookie), before in once.items()
        if (after := _questions(app, session, address, cookie)) > before
    }
    assert not grown, "\n".join(f"{address}: {before} → {after}" for address, (before, after) in grown.items())


def _questions(app: Flask, session: Session, address: str, cookie: str | None) -> int:
    """Statements for one page, with nothing of it in memory."""
    session.flush()
    session.expunge_all()
    client = app.test_client()
    if cookie:
        client.set_cookie("session", cookie)
    client.get(address)
    session.flush()
    session.expunge_all()
    with count_queries(session) as counted:
        client.get(address)
    return counted.total


def _more(session: Session, side: Side) -> None:
    """One more of everything that lists show, at our own school, company and site, and in the country."""
    _more_visits(session, side)
    _more_groups(session, side)
    for role in (Role.COORDINATOR, Role.MENTOR, Role.ADMIN):
        user = make.make_user(session)
        scope = {"site_id": side.ids["site_id"]} if role is Role.MENTOR else {}
        make.make_grant(session, user_id=user.id, role=role, **scope)
    for user_id in [side.ids["user_id"], *(user.id for user in side.users.values())]:
        users.create_token(session, user_id=user_id, name=f"token {next(NUMBERS)}")


def _more_visits(session: Session, side: Side) -> None:
    ids = side.ids
    volunteer = make.make_role_model(session, company_id=ids["company_id"])
    other = make.make_company(session)
    make.make_agreement(session, company_id=other.id, season_id=ids["season_id"])
    make.make_role_model(session, company_id=other.id)
    for school_id in (ids["school_id"], make.make_school(session, municipality_id=ids["municipality_id"]).id):
        teacher = make.make_person(session)
        session.add(Contact(person_id=teacher.id, school_id=school_id))
        session.add(MailDomain(domain=f"{teacher.id}.example.org", school_id=school_id))
        for state in (RequestState.VISIT, RequestState.OPEN):
            request = make.make_request(
                session,
                season_id=ids["season_id"],
                programme_id=_visit_programme(session, ids),
                school_id=school_id,
                contact_id=teacher.id,
                state=state,
            )
            if state is RequestState.VISIT:
                visit = make.make_visit(session, volunteer, request=request)
                session.add(Invitation(visit_id=visit.id, role_model_id=volunteer.id))
        session.add(
            OutboxMessage(
                kind="login_link",
                channel=Channel.MAIL,
                person_id=teacher.id,
                address=str(teacher.email),
                locale=teacher.locale,
                values={},
                about_kind="person",
                about_id=teacher.id,
                message_id=f"{teacher.id}@treffpunkt",
                not_before=clock.now() + timedelta(hours=1),
            )
        )
        session.flush()
    own = make.make_request(session, season_id=ids["season_id"], programme_id=_visit_programme(session, ids))
    session.add(Invitation(visit_id=make.make_visit(session, request=own).id, role_model_id=ids["role_model_id"]))
    session.flush()


def _visit_programme(session: Session, ids: dict[str, str]) -> str:
    return session.get_one(Request, ids["request_id"]).programme_id


def _more_groups(session: Session, side: Side) -> None:
    ids = side.ids
    evening = session.get_one(GroupSession, ids["session_id"])
    second = make.make_group_session(
        session, season_id=evening.season_id, programme_id=evening.programme_id, site_id=evening.site_id
    )
    mentor = make.make_mentor(session, site_id=evening.site_id)
    for one in (evening, second):
        starts = clock.now() + timedelta(days=next(NUMBERS))
        ends = starts + timedelta(hours=2)
        meeting = make.make_meeting(session, session_id=one.id, starts_at=starts, ends_at=ends)
        line = {"object_kind": "meeting", "object_id": meeting.id, "site_id": evening.site_id}
        session.add(ExceptionItem(kind="no_mentor", reason={"code": "away"}, remedy={"code": "call"}, **line))
        make.make_duty(session, meeting=meeting, mentor=mentor)
        make.make_duty(session, meeting=meeting, mentor=session.get_one(Mentor, ids["mentor_id"]))
        entry = make.make_entry(session, one)
        make.make_membership(session, entry_id=entry.id, session_id=one.id, seat=next(NUMBERS))
        waiting = make.make_entry(session, one)
        soon = clock.now() + timedelta(hours=1)
        session.add(
            SeatOffer(
                entry_id=waiting.id, session_id=one.id, seat=next(NUMBERS), reason=OfferReason.QUEUE, expires_at=soon
            )
        )
        session.flush()
