"""The pages of a campus as its leader, its mentors and others see them."""

from __future__ import annotations

import re
from datetime import time, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.domain.enums import DutyState, MeetingState, Presence
from api.domain.ids import new_id
from api.domain.permissions import Role
from api.i18n import long_date
from api.models.follow_up import CallNote
from api.models.group_life import Attendance, MentorAssignment
from api.models.groups import GroupSession, Mentor
from api.services import links
from api.services.campus import stand_ins, telling
from api.services.follow_up import exceptions
from api.web.site import evenings
from tests import campus_world as world
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.counting import count_queries
from tests.api.web.reading import text
from tests.campus_world import SITE, Campus, duty_of, make_campus

WEEKS_BACK = timedelta(weeks=30)
NAUGHTY = ("", " ", "\x00", "<script>alert(1)</script>", "-1", "9" * 300, "\u202e٣", "' OR 1=1 --", "2027-02-30")


@pytest.fixture
def campus(session: Session) -> Campus:
    return make_campus(session)


@pytest.fixture
def leader(campus: Campus, signed_in: SignIn) -> FlaskClient:
    return signed_in(campus.leader)


def as_mentor(session: Session, signed_in: SignIn, campus: Campus, mentor: Mentor) -> FlaskClient:
    user = make.make_user(session, person_id=mentor.person_id)
    make.make_grant(session, user_id=user.id, role=Role.MENTOR, site_id=campus.site.id)
    return signed_in(user)


def post(client: FlaskClient, path: str, page: str, **form: object) -> int:
    """Posts with the token of a page's form; the status."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert found is not None, page
    return client.post(path, data={"csrf_token": found.group(1), **form}).status_code


def as_on(moment: object) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)  # type: ignore[arg-type]


# Cookies last for hours of real time, so these tests do not move the clock unless the page asks for today.


def test_week_shows_the_evening_and_what_needs_somebody(session: Session, campus: Campus, leader: FlaskClient) -> None:
    with as_on(world.DAY):
        stand_ins.be_away(session, duty_of(session, campus.mentors[0], campus.meetings[0]), SITE)
    page = leader.get(f"/studiested/{campus.site.code}?uke=2027-01-19").text
    assert "Elev" not in page
    assert "1 av 2 voksne" in page
    assert "3 av 4 elever" in text(page)
    assert leader.get("/studiested").status_code == 302


def test_week_before_the_season_says_when_it_begins_and_what_to_make_ready(
    session: Session, campus: Campus, signed_in: SignIn
) -> None:
    today = clock.today()
    site = make.make_site(session, municipality_id=campus.municipality.id)
    starts, ends = today + timedelta(days=30), today + timedelta(days=200)
    season = make.make_season(session, starts_on=starts, ends_on=ends)
    group = make.make_group_session(session, season_id=season.id, programme_id=campus.programme.id, site_id=site.id)
    leader = make.make_user(session)
    make.make_grant(session, user_id=leader.id, role=Role.SITE_LEADER, site_id=site.id)
    browser, address = signed_in(leader), f"/studiested/{site.code}"
    assert long_date(starts) in browser.get(address).text
    first = clock.at_local(starts + timedelta(days=9), time(17))
    make.make_meeting(session, session_id=group.id, starts_at=first, ends_at=first + timedelta(hours=2))
    page = browser.get(address).text
    assert long_date(first) in page
    assert "Det er ikke noe forslag" in page
    assert "1 kveld" not in page
    assert "Ikke i bruk" not in page
    make.make_assignment(session, session_id=group.id, mentor_id=campus.spare.id)
    assert "Dette kan du gjøre nå" not in browser.get(address).text


def test_evening_with_too_few_pupils_says_what_can_be_done(
    session: Session, campus: Campus, leader: FlaskClient
) -> None:
    campus.group.min_pupils = 5
    session.flush()
    page = leader.get(f"/studiested/{campus.site.code}").text
    assert "For få" in page
    assert "Ingen på ventelista kan ta en plass der." in page
    assert "Se kvelden" in page


def test_other_sites_and_visitors_find_nothing(
    session: Session, campus: Campus, client: FlaskClient, signed_in: SignIn
) -> None:
    stranger = signed_in(make_campus(session).leader)
    meeting, group, mentor = campus.meetings[0].id, campus.group.id, campus.spare.id
    for path in (
        f"/studiested/{campus.site.code}",
        f"/studiested/{campus.site.code}/mentorer",
        f"/studiested/{campus.site.code}/timer",
        f"/studiested/{campus.site.code}/timer.csv",
        f"/studiested/{campus.site.code}/ny-kveld",
        f"/studiested/kvelder/{group}",
        f"/studiested/kvelder/{group}/mentorer",
        f"/studiested/samlinger/{meeting}",
        f"/studiested/mentorer/{mentor}",
        f"/oppmote/{meeting}",
    ):
        assert stranger.get(path).status_code == 404, path
        assert client.get(path).status_code == 302, path


def test_evening_is_set_up_and_a_taken_room_keeps_what_was_typed(
    session: Session, campus: Campus, leader: FlaskClient
) -> None:
    page = f"/studiested/{campus.site.code}/ny-kveld"
    form = {
        "programme": campus.programme.id,
        "season": campus.group.season_id,
        "room": campus.room.id,
        "weekday": 2,
        "starts": "17:30",
        "ends": "19:00",
        "seats": 12,
    }
    found = re.search(r'name="csrf_token" value="([^"]+)"', leader.get(page).text)
    assert found is not None
    refused = leader.post(page, data={"csrf_token": found.group(1), **form})
    assert refused.status_code == 422
    assert "Rom 1" in refused.text
    assert 'value="17:30"' in refused.text
    assert post(leader, page, page, **{**form, "weekday": 3}) == 303
    made = session.scalars(select(GroupSession).where(GroupSession.weekday == 3)).one()
    assert len(made.meetings) == 12
    assert leader.get(f"/studiested/kvelder/{made.id}").status_code == 200


def test_roster_page_judges_before_it_changes(session: Session, campus: Campus, leader: FlaskClient) -> None:
    page = f"/studiested/kvelder/{campus.group.id}/mentorer"
    asked = leader.get(page, query_string={"ut": campus.mentors[0].id}).text
    assert "for få voksne" in asked
    assert post(leader, page, f"{page}?inn={campus.spare.id}", inn=campus.spare.id) == 303
    standing = session.scalars(select(MentorAssignment.mentor_id).where(MentorAssignment.to_date.is_(None))).all()
    assert campus.spare.id in standing


def test_meeting_is_moved_cancelled_and_its_mentors_answered_for(
    session: Session, campus: Campus, leader: FlaskClient
) -> None:
    meeting = campus.meetings[2]
    page = f"/studiested/samlinger/{meeting.id}"
    duty = duty_of(session, campus.mentors[0], meeting)
    assert post(leader, f"/studiested/vakter/{duty.id}/away", page) == 303
    session.expire_all()
    assert duty.state is DutyState.AWAY
    form = {"day": "2027-02-03", "starts": "18:00", "ends": "20:00", "room": campus.room.id}
    assert post(leader, page, page, **form) == 303
    assert post(leader, page, page, **{**form, "day": "not a day"}) == 422
    assert post(leader, f"{page}/avlys", page) == 303
    session.expire_all()
    assert meeting.state is MeetingState.CANCELLED


def test_attendance_by_one_tap_each(session: Session, campus: Campus, signed_in: SignIn) -> None:
    campus.entries[2].pupil.protected = True
    session.flush()
    page = f"/oppmote/{campus.meetings[0].id}"
    with as_on(world.EVENING):
        leader = signed_in(campus.leader)
        first = f"elev-{campus.entries[0].id}"
        assert "Elev2" not in leader.get(page).text
        assert f"Elev {campus.entries[2].lottery_number}" in leader.get(page).text
        assert post(leader, page, page, **{first: "not_told"}) == 303
        assert post(leader, page, page, all="1", **{first: "not_told"}) == 303
        assert leader.get(f"{page}?utskrift=1").status_code == 200
    session.expire_all()
    marks = {row.entry_id: row.presence for row in session.scalars(select(Attendance))}
    assert marks[campus.entries[0].id] is Presence.NOT_TOLD
    assert list(marks.values()).count(Presence.HERE) == 2


def test_mentor_sees_own_meetings_and_answers(session: Session, campus: Campus, signed_in: SignIn) -> None:
    browser = as_mentor(session, signed_in, campus, campus.mentors[0])
    campus.entries[2].pupil.protected = True
    session.flush()
    page = browser.get("/mentor").text
    assert "Elev0" in page
    assert "Elev2" not in page
    assert "Etternavn" not in page
    duty = duty_of(session, campus.mentors[0], campus.meetings[3])
    assert post(browser, "/mentor/away", "/mentor", duty=duty.id) == 303
    session.expire_all()
    assert duty.state is DutyState.AWAY
    foreign = duty_of(session, campus.mentors[1], campus.meetings[3])
    assert post(browser, "/mentor/away", "/mentor", duty=foreign.id) == 404
    assert post(browser, "/mentor/eksamen", "/mentor", from_date="2027-02-01", to_date="2027-02-05") == 303
    assert browser.get(f"/oppmote/{campus.meetings[1].id}").status_code == 404
    assert browser.get(f"/studiested/{campus.site.code}").status_code == 404


def test_link_opens_the_mentors_page_without_names_of_pupils(app: Flask, session: Session, campus: Campus) -> None:
    token = telling.mentor_link(session, campus.spare, campus.group.season_id)
    path = links.address_of(token)
    browser = app.test_client()
    page = browser.get(path)
    assert page.status_code == 200
    assert "Elev0" not in page.text
    assert browser.post(f"{path}/kvelder", data={"sessions": []}).status_code == 303
    session.expire_all()
    assert campus.spare.sessions == []
    with as_on(world.DAY.replace(year=2029)):
        assert browser.get(path).status_code == 410
    assert browser.get("/mentor/lenke/unknown").status_code == 404


def test_leader_notes_a_call_and_downloads_hours(session: Session, campus: Campus, leader: FlaskClient) -> None:
    with as_on(world.DAY):
        stand_ins.be_away(session, duty_of(session, campus.mentors[0], campus.meetings[0]), SITE)
    week = f"/studiested/{campus.site.code}"
    found = re.search(r'/studiested/avvik/([^/"]+)/ring', leader.get(week).text)
    assert found is not None
    assert post(leader, found.group(0), week, outcome="no_answer") == 303
    assert len(session.scalars(select(CallNote)).all()) == 1
    sheet = leader.get(f"{week}/timer.xlsx?maned=2027-01")
    assert (sheet.status_code, sheet.data[:2]) == (200, b"PK")
    assert leader.get(f"{week}/timer.pdf").status_code == 404
    assert leader.get(f"{week}/timer?maned=2027-01").status_code == 200


def test_mentor_is_registered_changed_and_leaves(session: Session, campus: Campus, leader: FlaskClient) -> None:
    page = f"/studiested/{campus.site.code}/mentorer"
    assert f">{campus.level.name_nb}</label>" in leader.get(page).text
    form = {"name": "Mentor", "email": "mentor@example.org", "levels": campus.level.code, "contracted": 1}
    assert post(leader, page, page, **{**form, "max_sessions": 0}) == 422
    assert post(leader, page, page, **{**form, "max_sessions": 2}) == 303
    made = session.scalars(select(Mentor).order_by(Mentor.id.desc())).first()
    assert made is not None
    own = f"/studiested/mentorer/{made.id}"
    assert "Politiattest" not in leader.get(own).text
    assert post(leader, f"{own}/attest", own, issued_on="2026-01-01", seen_on="2026-01-02") == 422
    assert post(leader, own, own, **{**form, "max_sessions": 3, "trained_on": "2026-09-01"}) == 303
    assert post(leader, f"{own}/slutt", own) == 303
    session.expire_all()
    assert (made.max_sessions, made.is_active) == (3, False)


def evening_form(campus: Campus, **given: object) -> dict[str, object]:
    return {
        "programme": campus.programme.id,
        "season": campus.group.season_id,
        "room": "",
        "weekday": 4,
        "starts": "17:00",
        "ends": "19:00",
        "seats": 12,
        "new": new_id(),
        **given,
    }


def test_evening_that_is_sent_twice_is_one(session: Session, campus: Campus, leader: FlaskClient) -> None:
    page = f"/studiested/{campus.site.code}/ny-kveld"
    assert 'name="new" value="' in leader.get(page).text
    form = evening_form(campus)
    assert [post(leader, page, page, **form), post(leader, page, page, **form)] == [303, 303]
    assert len(session.scalars(select(GroupSession).where(GroupSession.weekday == 4)).all()) == 1
    theirs = make_campus(session).group.id
    assert post(leader, page, page, **{**form, "new": theirs}) == 404


def test_evening_that_is_sent_twice_at_one_moment_is_one(
    session: Session, campus: Campus, leader: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second form looks before the first one's evening stands, and meets it in the database."""
    page = f"/studiested/{campus.site.code}/ny-kveld"
    form = evening_form(campus)
    assert post(leader, page, page, **form) == 303
    session.expunge_all()
    looked, look = [], evenings._made_before

    def too_early(wanted: str | None) -> Response | None:
        looked.append(wanted)
        return look(wanted) if len(looked) > 1 else None

    monkeypatch.setattr(evenings, "_made_before", too_early)
    assert post(leader, page, page, **form) == 303
    assert looked == [form["new"], form["new"]]
    assert len(session.scalars(select(GroupSession).where(GroupSession.weekday == 4)).all()) == 1


@pytest.mark.parametrize("field", ["starts", "seats", "first_on", "room", "weekday", "new"])
def test_form_of_an_evening_takes_any_text(campus: Campus, leader: FlaskClient, field: str) -> None:
    page = f"/studiested/{campus.site.code}/ny-kveld"
    found = re.search(r'name="csrf_token" value="([^"]+)"', leader.get(page).text)
    assert found is not None
    for given in NAUGHTY:
        answer = leader.post(page, data={"csrf_token": found.group(1), **evening_form(campus, **{field: given})})
        assert answer.status_code in (303, 422), given
        if answer.status_code == 422:
            assert "<title>Feil:" in answer.text
            assert "<script>alert" not in answer.text


def test_week_asks_as_much_of_three_evenings_as_of_one(session: Session, campus: Campus, leader: FlaskClient) -> None:
    page = f"/studiested/{campus.site.code}?uke=2027-01-19"
    leader.get(page)
    with count_queries(session) as one:
        assert leader.get(page).status_code == 200
    for weekday in (3, 4):
        more = make.make_group_session(
            session,
            season_id=campus.group.season_id,
            programme_id=campus.programme.id,
            site_id=campus.site.id,
            room_id=campus.room.id,
            weekday=weekday,
        )
        make.make_assignment(session, session_id=more.id, mentor_id=campus.spare.id)
        make.make_entry(session, more)
        make.make_meeting(
            session, session_id=more.id, starts_at=world.FIRST + timedelta(days=weekday), ends_at=world.FIRST
            + timedelta(days=weekday, hours=2),
        )  # fmt: skip
    session.flush()
    session.expire_all()
    with count_queries(session) as three:
        assert leader.get(page).status_code == 200
    assert abs(three.total - one.total) <= 2
    for path in (f"/studiested/{campus.site.code}/samlinger", f"/studiested/{campus.site.code}/lister?uke=2027-01-19"):
        assert leader.get(path).status_code == 200


def test_meetings_ask_as_much_of_three_rows_as_of_one(session: Session, campus: Campus, leader: FlaskClient) -> None:
    def questions() -> int:
        page = f"/studiested/{campus.site.code}/samlinger"
        leader.get(page)
        session.expire_all()
        with count_queries(session) as asked:
            assert leader.get(page).status_code == 200
        return asked.total

    for one in campus.meetings[1:]:
        one.starts_at, one.ends_at = one.starts_at - WEEKS_BACK, one.ends_at - WEEKS_BACK
    session.flush()
    few = questions()
    for one in campus.meetings[1:]:
        one.starts_at, one.ends_at = one.starts_at + WEEKS_BACK, one.ends_at + WEEKS_BACK
    session.flush()
    assert questions() == few


def test_those_who_have_become_free_are_asked_from_the_week(
    session: Session, campus: Campus, signed_in: SignIn
) -> None:
    duty = duty_of(session, campus.mentors[0], campus.meetings[0])
    with as_on(world.DAY):
        stand_ins.be_away(session, duty, SITE)
        later = make.make_mentor(session, site_id=campus.site.id, levels=[campus.level], sessions=[campus.group])
        later.person.name = "Reserve Nummer Tre"
        session.flush()
        leader = signed_in(campus.leader)
        week = f"/studiested/{campus.site.code}?uke=2027-01-19"
        page = leader.get(week).text
        assert "er borte i dag" in page
        assert "Spør Reserve Nummer Tre" in page
        ask = f"/studiested/samlinger/{campus.meetings[0].id}/spor"
        assert post(leader, ask, week, **{"from": "week"}) == 303
        assert "Spør Reserve" not in leader.get(week).text
    assert duty_of(session, later, campus.meetings[0]).state is DutyState.ASKED


def test_address_of_an_offer_that_failed_is_put_right(session: Session, campus: Campus, leader: FlaskClient) -> None:
    pupil = campus.entries[0].pupil
    pupil.person.email = "feil@example.org"
    line = exceptions.raise_line(
        session,
        "mail_failed",
        pupil.person_id,
        reason={"code": "refused", "letter": "queue_offer"},
        remedy={"code": "call_and_correct_address"},
        person_id=pupil.person_id,
        site_id=campus.site.id,
    )
    week = f"/studiested/{campus.site.code}"
    assert "Et tilbud om plass kom ikke fram" in leader.get(week).text
    path = f"/studiested/avvik/{line.id}/adresse"
    assert post(leader, path, week, address="no address") == 303
    assert post(leader, path, week, address="riktig@example.org") == 303
    session.expire_all()
    assert pupil.person.email == "riktig@example.org"
    assert "kom ikke fram" not in text(leader.get(week).text).replace("Meldinger som ikke kom fram", "")


def test_rooms_are_added_and_never_too_small_for_their_evenings(
    session: Session, campus: Campus, leader: FlaskClient
) -> None:
    page = f"/studiested/{campus.site.code}/rom"
    assert post(leader, page, page, name="R9", seats=15) == 303
    for form in ({"name": "r9", "seats": 3}, {"name": "", "seats": 3}, {"name": "R10", "seats": 0}):
        assert post(leader, page, page, **form) == 422
    assert post(leader, page, page, room=campus.room.id, name="Rom 1", seats=9) == 422
    assert post(leader, page, page, room=campus.room.id, name="Rom én", seats=10) == 303
    assert post(leader, page, page, room=make_campus(session).room.id, name="Deres", seats=10) == 404
    session.expire_all()
    assert (campus.room.name, campus.room.seats) == ("Rom én", 10)
