"""Study groups over REST: what a leader, a mentor and others can do, and what comes back."""

from __future__ import annotations

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import DutyState, MeetingState, Presence, SessionState
from api.domain.permissions import Role
from api.models.group_life import Attendance, Clearance
from api.models.groups import Mentor
from api.services.campus import meetings
from tests import campus_world as world
from tests import factories as make
from tests.api.conftest import SignIn
from tests.campus_world import SITE, Campus, duty_of, make_campus

API = "/api/v1"


@pytest.fixture
def campus(session: Session) -> Campus:
    return make_campus(session)


@pytest.fixture
def leader(campus: Campus, by_token: SignIn) -> FlaskClient:
    return by_token(campus.leader)


def as_mentor(session: Session, by_token: SignIn, campus: Campus, mentor: Mentor) -> FlaskClient:
    user = make.make_user(session, person_id=mentor.person_id)
    make.make_grant(session, user_id=user.id, role=Role.MENTOR, site_id=campus.site.id)
    return by_token(user)


def session_given(campus: Campus, **given: object) -> dict[str, object]:
    return {
        "season": campus.group.season_id,
        "programme": campus.programme.id,
        "site": campus.site.id,
        "room": campus.room.id,
        "weekday": 4,
        "starts": "17:00",
        "ends": "19:00",
        "seats": 20,
        **given,
    }


def test_session_is_made_once_changed_by_version_and_cancelled(
    session: Session, campus: Campus, leader: FlaskClient
) -> None:
    key = {"Idempotency-Key": "one"}
    made = leader.post(f"{API}/group-sessions", json=session_given(campus), headers=key)
    again = leader.post(f"{API}/group-sessions", json=session_given(campus), headers=key)
    assert (made.status_code, made.json) == (201, again.json)
    path = made.headers["Location"]
    assert len(leader.get(f"{path}/meetings").json["items"]) == 12
    tag = {"If-Match": leader.get(path).headers["ETag"]}
    assert leader.patch(path, json={"seats": 30}).status_code == 428
    changed = leader.patch(path, json={"seats": 30}, headers=tag)
    assert (changed.status_code, changed.json["seats"]) == (200, 30)
    assert leader.patch(path, json={"seats": 10}, headers=tag).status_code == 412
    tag = {"If-Match": changed.headers["ETag"]}
    assert leader.patch(path, json={"state": "cancelled", "seats": 3}, headers=tag).status_code == 422
    gone = leader.patch(path, json={"state": "cancelled"}, headers=tag)
    assert (gone.status_code, gone.json["state"]) == (200, SessionState.CANCELLED)


def test_taken_room_is_a_conflict_that_names_the_field(campus: Campus, leader: FlaskClient) -> None:
    refused = leader.post(f"{API}/group-sessions", json=session_given(campus, weekday=2))
    assert (refused.status_code, refused.json["code"]) == (409, "double_booking")
    assert "Rom 1" in refused.json["detail"]


def test_meeting_is_added_moved_and_cancelled(session: Session, campus: Campus, leader: FlaskClient) -> None:
    made = leader.post(f"{API}/group-sessions/{campus.group.id}/meetings", json={"day": "2027-02-16"})
    assert made.status_code == 201
    path = made.headers["Location"]
    moved = leader.patch(path, json={"starts": "18:00", "ends": "20:00"}, headers={"If-Match": made.headers["ETag"]})
    assert moved.json["starts_at"].startswith("2027-02-16T17:00")
    tag = {"If-Match": moved.headers["ETag"]}
    assert leader.patch(path, json={"state": "held"}, headers=tag).status_code == 409
    assert leader.patch(path, json={"state": "cancelled"}, headers=tag).json["state"] == MeetingState.CANCELLED


def test_roster_is_judged_and_changed(session: Session, campus: Campus, leader: FlaskClient) -> None:
    path = f"{API}/group-sessions/{campus.group.id}"
    said = leader.post(f"{path}/roster-verdict", json={"remove": [campus.mentors[0].id]}).json
    assert (said["fits"], sorted(said["broken"]), said["served"]) == (False, ["min_mentors", "ratio"], 2)
    refused = leader.post(f"{path}/roster", json={"remove": [campus.mentors[0].id]})
    assert (refused.status_code, refused.json["code"]) == (409, "breaks_rules")
    changed = leader.post(f"{path}/roster", json={"add": [campus.spare.id]})
    assert campus.spare.id in changed.json["mentors"]


def test_mentor_is_registered_and_changed(session: Session, campus: Campus, leader: FlaskClient) -> None:
    given = {"site": campus.site.id, "name": "Mentor", "email": "ny@example.org", "levels": [campus.level.code]}
    made = leader.post(f"{API}/mentors", json=given)
    assert (made.status_code, made.json["levels"]) == (201, [campus.level.code])
    assert leader.post(f"{API}/mentors", json=given).status_code == 409
    path = made.headers["Location"]
    tag = {"If-Match": made.headers["ETag"]}
    changed = leader.patch(path, json={"max_sessions": 3, "trained_on": "2026-09-01"}, headers=tag)
    assert (changed.json["max_sessions"], changed.json["trained_on"]) == (3, "2026-09-01")
    assert leader.get(f"{API}/mentors?site={campus.site.id}").json["total"] == 4
    assert leader.post(f"{path}/leave").status_code == 204
    assert leader.get(path).json["active"] is False


def test_certificate_only_where_a_statute_asks_for_it(session: Session, by_token: SignIn) -> None:
    plain, named = make_campus(session), make_campus(session, statute="Opplæringslova § 17-11", certificate_months=3)
    given = {"issued_on": "2026-09-01", "seen_on": "2026-10-01"}
    plain_path, named_path = (f"{API}/mentors/{one.spare.id}/clearances" for one in (plain, named))
    assert by_token(plain.leader).post(plain_path, json=given).status_code == 422
    browser = by_token(named.leader)
    assert browser.post(named_path, json=given | {"issued_on": "2026-06-01"}).status_code == 422
    assert browser.post(named_path, json=given | {"paper": "scan"}).status_code == 422
    assert browser.post(named_path, json=given).status_code == 204
    row = session.scalars(select(Clearance)).one()
    assert (row.mentor_id, row.seen_by_id) == (named.spare.id, named.leader.id)


def test_mentor_has_own_duties_only(session: Session, campus: Campus, by_token: SignIn) -> None:
    me, other = campus.mentors
    client = as_mentor(session, by_token, campus, me)
    assert len(client.get(f"{API}/mentors/{me.id}/duties").json["items"]) == 4
    assert client.get(f"{API}/mentors/{other.id}/duties").status_code == 404
    own, foreign = duty_of(session, me, campus.meetings[3]), duty_of(session, other, campus.meetings[3])
    away = client.post(f"{API}/duties/{own.id}/answer", json={"answer": "away"})
    assert (away.status_code, away.json["state"]) == (200, DutyState.AWAY)
    assert client.post(f"{API}/duties/{foreign.id}/answer", json={"answer": "away"}).status_code == 404
    assert client.put(f"{API}/mentors/{me.id}/availability", json={"sessions": []}).status_code == 409
    days = {"from_date": "2027-02-01", "to_date": "2027-02-05"}
    assert client.post(f"{API}/mentors/{me.id}/exam-blocks", json=days).status_code == 204
    session.expire_all()
    assert duty_of(session, me, campus.meetings[2]).state is DutyState.AWAY
    assert client.get(f"{API}/mentors").status_code == 404


def test_attendance_and_hours(session: Session, campus: Campus, by_token: SignIn) -> None:
    campus.entries[1].pupil.protected = True
    session.flush()
    path = f"{API}/meetings/{campus.meetings[0].id}/attendance"
    with time_machine.travel(world.EVENING, tick=False):
        mentor = as_mentor(session, by_token, campus, campus.mentors[0])
        marks = [{"entry": entry.id, "presence": "here"} for entry in campus.entries]
        assert mentor.post(path, json={"marks": marks}).status_code == 204
        assert mentor.post(path, json={"marks": marks}).status_code == 204
        assert mentor.post(path, json={"marks": [{**marks[0], "why": "ill"}]}).status_code == 422
        rows = mentor.get(path).json["items"]
        assert [row["own"] for row in rows] == [True, True, False]
        assert {row["name"] for row in rows} == {"Elev0", "Elev2", f"Elev {campus.entries[1].lottery_number}"}
        assert mentor.get(f"{API}/meetings/{campus.meetings[1].id}/attendance").status_code == 404
    assert {row.presence for row in session.scalars(select(Attendance))} == {Presence.HERE}
    with time_machine.travel(world.EVENING + world.WEEK, tick=False):
        meetings.hold(session, campus.meetings[0], SITE)
        leader = by_token(campus.leader)
        month = leader.get(f"{API}/sites/{campus.site.id}/hours?month=2027-01").json
        assert (month["meetings"], month["minutes"]) == (2, 240)
        assert leader.get(f"{API}/sites/{campus.site.id}/hours?month=2027-13").status_code == 422


def test_other_sites_are_not_there(session: Session, campus: Campus, by_token: SignIn) -> None:
    stranger = by_token(make_campus(session).leader)
    for path in (
        f"group-sessions/{campus.group.id}",
        f"group-sessions/{campus.group.id}/meetings",
        f"meetings/{campus.meetings[0].id}",
        f"meetings/{campus.meetings[0].id}/attendance",
        f"mentors/{campus.spare.id}",
        f"mentors/{campus.spare.id}/duties",
        f"sites/{campus.site.id}/hours?month=2027-01",
    ):
        assert stranger.get(f"{API}/{path}").status_code == 404, path
    assert stranger.get(f"{API}/group-sessions?site={campus.site.id}").json["total"] == 0
    assert stranger.post(f"{API}/group-sessions", json=session_given(campus)).status_code == 404
    assert stranger.post(f"{API}/meetings/{campus.meetings[0].id}/same-day-seats").status_code == 404
