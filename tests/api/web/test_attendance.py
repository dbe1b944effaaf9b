"""Attendance as a phone sends it: late, with the times of the taps, by a clock that may be wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api.domain.enums import Presence
from api.domain.permissions import Role
from api.models.group_life import Attendance
from api.models.pupils import Membership
from tests import campus_world as world
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.counting import count_queries
from tests.campus_world import Campus, make_campus

JSON = {"Accept": "application/json"}
FIVE = timedelta(minutes=5)


@pytest.fixture
def campus(session: Session) -> Campus:
    return make_campus(session)


def in_at(session: Session, campus: Campus, signed_in: SignIn, moment: datetime) -> FlaskClient:
    """A mentor of the first meeting, who signs in at this moment."""
    user = make.make_user(session, person_id=campus.mentors[0].person_id)
    make.make_grant(session, user_id=user.id, role=Role.MENTOR, site_id=campus.site.id)
    with time_machine.travel(moment, tick=False):
        return signed_in(user)


@pytest.fixture
def mentor(session: Session, campus: Campus, signed_in: SignIn) -> FlaskClient:
    return in_at(session, campus, signed_in, world.EVENING)


def send(client: FlaskClient, campus: Campus, now: datetime, **form: str) -> int:
    """Sends marks as the page's script does, at this moment; the status."""
    path = f"/oppmote/{campus.meetings[0].id}"
    with time_machine.travel(now, tick=False):
        token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/mentor").text)
        assert token is not None
        return client.post(path, data=form, headers={**JSON, "X-CSRFToken": token[1]}).status_code


def marks(session: Session) -> dict[str, tuple[Presence, datetime]]:
    session.expire_all()
    return {row.entry_id: (row.presence, row.marked_at) for row in session.scalars(select(Attendance))}


@pytest.mark.parametrize(("days", "kept"), [(1, True), (6, True), (8, False)])
def test_marks_without_net_come_days_later_with_their_times(
    session: Session, campus: Campus, signed_in: SignIn, days: int, kept: bool
) -> None:
    entry = campus.entries[0].id
    tapped, now = world.EVENING + FIVE, world.EVENING + timedelta(days=days)
    mentor = in_at(session, campus, signed_in, now)
    form = {f"elev-{entry}": "not_told", f"tid-{entry}": tapped.isoformat(), "klokke": now.isoformat()}
    assert send(mentor, campus, now, **form) == (200 if kept else 404)
    assert marks(session) == ({entry: (Presence.NOT_TOLD, tapped)} if kept else {})
    untimed = {f"elev-{entry}": "here", "klokke": now.isoformat()}
    assert send(mentor, campus, now, **untimed) == 404


def test_later_tap_stands_whichever_phone_sends_first(session: Session, campus: Campus, mentor: FlaskClient) -> None:
    entry, now = campus.entries[0].id, world.EVENING + FIVE * 4
    late = {f"elev-{entry}": "here", f"tid-{entry}": (now - FIVE).isoformat(), "klokke": now.isoformat()}
    early = {f"elev-{entry}": "not_told", f"tid-{entry}": (now - FIVE * 3).isoformat(), "klokke": now.isoformat()}
    assert send(mentor, campus, now, **late) == 200
    assert send(mentor, campus, now, **early) == 200
    assert marks(session) == {entry: (Presence.HERE, now - FIVE)}


@pytest.mark.parametrize("wrong", [timedelta(hours=-5), timedelta(hours=5)])
def test_clock_of_the_phone_may_be_wrong(
    session: Session, campus: Campus, mentor: FlaskClient, wrong: timedelta
) -> None:
    entry, now = campus.entries[0].id, world.EVENING + FIVE * 2
    phone = now + wrong
    form = {f"elev-{entry}": "told", f"tid-{entry}": (phone - FIVE).isoformat(), "klokke": phone.isoformat()}
    assert send(mentor, campus, now, **form) == 200
    assert marks(session)[entry] == (Presence.TOLD, now - FIVE)


def test_what_the_page_showed_when_it_was_loaded_is_no_news(
    session: Session, campus: Campus, mentor: FlaskClient
) -> None:
    """Without a script the whole list is sent: it must not undo what another marked meanwhile."""
    first, second = campus.entries[0].id, campus.entries[1].id
    assert send(mentor, campus, world.EVENING, **{f"elev-{first}": "not_told"}) == 200
    stale = {f"elev-{first}": "here", f"var-{first}": "here", f"elev-{second}": "here"}
    assert send(mentor, campus, world.EVENING + FIVE, **stale) == 200
    assert {key: state for key, (state, _at) in marks(session).items()} == {
        first: Presence.NOT_TOLD,
        second: Presence.HERE,
    }


def test_everyone_means_those_who_are_shown(session: Session, campus: Campus, mentor: FlaskClient) -> None:
    assert send(mentor, campus, world.EVENING, all="1", vis="mine") == 200
    assert set(marks(session)) == {campus.entries[0].id, campus.entries[2].id}
    assert send(mentor, campus, world.EVENING, all="1", vis="alle") == 200
    assert len(marks(session)) == 3


def test_second_time_without_a_word_is_said_and_pupils_of_one_name_are_told_apart(
    session: Session, campus: Campus, mentor: FlaskClient
) -> None:
    for entry, name in zip(campus.entries, ("Ada Nord", "Ada Sør", "Bo Vest"), strict=True):
        entry.pupil.person.name = name
    session.add(Attendance(meeting_id=campus.meetings[0].id, entry_id=campus.entries[2].id, presence=Presence.NOT_TOLD))
    session.flush()
    with time_machine.travel(world.EVENING, tick=False):
        page = mentor.get(f"/oppmote/{campus.meetings[0].id}").text
    assert "Ada N" in page
    assert "Ada S" in page
    assert "Vest" not in page
    assert "Andre gang uten beskjed" not in page
    later = world.EVENING + timedelta(hours=3)
    campus.meetings[1].starts_at, campus.meetings[1].ends_at = later, later + timedelta(hours=1)
    session.flush()
    with time_machine.travel(world.EVENING, tick=False):
        page = mentor.get(f"/oppmote/{campus.meetings[1].id}").text
    assert page.count("Andre gang uten beskjed. Ring hjem etterpå.") == 1


@pytest.mark.parametrize("value", ["", "2027", "not a time", "2027-01-19T17:00", "9" * 400, "\x00"])
def test_unreadable_times_are_now(session: Session, campus: Campus, mentor: FlaskClient, value: str) -> None:
    entry = campus.entries[0].id
    form = {f"elev-{entry}": "here", f"tid-{entry}": value, "klokke": value, "elev-nobody": "gone"}
    assert send(mentor, campus, world.EVENING, **form) == 200
    assert marks(session)[entry][1] == world.EVENING.astimezone(UTC)


def test_list_asks_as_much_of_three_pupils_as_of_one(session: Session, campus: Campus, mentor: FlaskClient) -> None:
    path = f"/oppmote/{campus.meetings[0].id}"
    totals = []
    for count in (3, 1):
        gone = [entry.id for entry in campus.entries[count:]]
        session.execute(delete(Membership).where(Membership.entry_id.in_(gone)))
        with time_machine.travel(world.EVENING, tick=False):
            mentor.get(path)
            with count_queries(session) as counted:
                assert mentor.get(path).status_code == 200
        totals.append(counted.total)
    assert totals[0] == totals[1]
