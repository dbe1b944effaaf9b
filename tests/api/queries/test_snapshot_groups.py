"""Each rule of a season's rows reaches the problem of study groups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from api.domain import lottery
from api.domain.enums import EntryState, LockKind, ProgrammeKind, RunKind, SessionState
from api.models.group_life import Clearance, ExamBlock
from api.models.groups import GroupSession, Mentor
from api.models.plan_rows import Lock
from api.models.programmes import LevelCover, Programme, Season
from api.models.pupils import Entry, Lottery
from api.queries.snapshot import Order, take_snapshot
from matcher.problem import GroupProblem
from tests import factories as make


@dataclass
class World:
    session: Session
    season: Season
    programme: Programme

    def room(self, **given: Any) -> GroupSession:
        return make.make_group_session(self.session, season_id=self.season.id, programme_id=self.programme.id, **given)

    def problem(self, **settings: Any) -> GroupProblem:
        self.session.flush()
        self.session.expire_all()
        order = Order(
            RunKind.GROUP,
            self.season.id,
            self.programme.id,
            settings,
            self.season.starts_on,
            self.season.ends_on,
            date(2026, 11, 16),
        )
        problem = take_snapshot(self.session, order).problem
        assert isinstance(problem, GroupProblem)
        return problem


@pytest.fixture
def world(session: Session) -> World:
    programme = make.make_programme(session, kind=ProgrammeKind.STUDY_GROUP)
    return World(session, make.make_season(session), programme)


def test_session_comes_with_its_site_and_sizes(world: World) -> None:
    row = world.room(seats=30, ratio=7, target=4, min_mentors=3, min_pupils=8)
    problem = world.problem()
    [session] = problem.sessions
    assert (session.id, session.site, session.weekday) == (row.id, row.site_id, 2)
    assert (session.start, session.end) == (time(17), time(19))
    assert (session.seats, session.ratio, session.target) == (30, 7, 4)
    assert (session.min_mentors, session.min_pupils) == (3, 8)
    assert [site.id for site in problem.sites] == [row.site_id]


def test_digital_site_is_marked(world: World) -> None:
    world.room(site_id=make.make_site(world.session, digital=True).id)
    assert [site.digital for site in world.problem().sites] == [True]


def test_smaller_room_limits_the_seats(world: World) -> None:
    site = make.make_site(world.session)
    world.room(seats=40, site_id=site.id, room_id=make.make_room(world.session, site_id=site.id, seats=12).id)
    assert world.problem().sessions[0].seats == 12


def test_settings_of_the_programme_tighten_sessions_and_choose_the_rule(world: World) -> None:
    world.room(ratio=8, min_mentors=1, min_pupils=3)
    problem = world.problem(max_ratio=5, min_mentors=2, min_pupils=6, placement="queue_first", classes=4, kmh=40)
    [session] = problem.sessions
    assert (session.ratio, session.min_mentors, session.min_pupils) == (5, 2, 6)
    assert (problem.rules.placement, problem.rules.classes, problem.travel.kmh) == ("queue_first", 4, 40)


def test_cancelled_and_foreign_sessions_stay_out_with_what_points_to_them(world: World) -> None:
    here, gone, foreign = world.room(), world.room(state=SessionState.CANCELLED), make.make_group_session(world.session)
    make.make_mentor(world.session, sessions=[here, gone, foreign])
    make.make_entry(world.session, gone, here, season_id=world.season.id, programme_id=world.programme.id)
    problem = world.problem()
    assert [session.id for session in problem.sessions] == [here.id]
    assert problem.mentors[0].sessions == (here.id,)
    assert problem.pupils[0].choices == (here.id,)


def test_mentor_covers_what_their_levels_cover(world: World) -> None:
    high, low, other = (make.make_level(world.session) for _ in range(3))
    world.session.add(LevelCover(level_id=high.id, covers_id=low.id))
    room = world.room()
    make.make_mentor(world.session, levels=[high], sessions=[room], contracted=2, max_sessions=3)
    make.make_mentor(world.session, levels=[low, other], sessions=[room])
    first, second = world.problem().mentors
    assert set(first.levels) == {high.id, low.id}
    assert set(second.levels) == {low.id, other.id}
    assert (first.contracted, first.max_sessions) == (2, 3)


@pytest.mark.parametrize(
    "given",
    [{"trained_on": None}, {"trained_on": date(2026, 11, 17)}, {"is_active": False}],
    ids=["untrained", "trained tomorrow", "gone"],
)
def test_mentor_who_may_not_meet_pupils_stays_out(world: World, given: dict[str, Any]) -> None:
    make.make_mentor(world.session, sessions=[world.room()], **given)
    assert world.problem().mentors == ()


def hold(world: World, how: str, mentor: Mentor, room: GroupSession) -> None:
    """The mentor is engaged in a session of another programme."""
    if how == "locked":
        lock(world, None, mentor.id, room)
    elif how == "teaches":
        entry = make.make_entry(world.session, room)
        make.make_membership(world.session, entry_id=entry.id, session_id=room.id, mentor_id=mentor.id)
    else:
        meeting = make.make_meeting(world.session, session_id=room.id)
        released = {"released_at": meeting.starts_at} if how == "booked and released" else {}
        make.make_booking(world.session, person_id=mentor.person_id, meeting_id=meeting.id, **released)


@pytest.mark.parametrize(
    ("how", "holds"), [("locked", True), ("teaches", True), ("booked", True), ("booked and released", False)]
)
def test_what_a_mentor_holds_in_another_programme_is_not_offered_again(world: World, how: str, holds: bool) -> None:
    same_time, after, other_day = world.room(), world.room(starts=time(19), ends=time(21)), world.room(weekday=4)
    mentor = make.make_mentor(world.session, sessions=[same_time, after, other_day], contracted=1, max_sessions=2)
    other = make.make_mentor(world.session, sessions=[same_time])
    foreign = make.make_group_session(world.session, season_id=world.season.id, starts=time(18), ends=time(19))
    hold(world, how, mentor, foreign)
    found = {one.id: one for one in world.problem().mentors}
    free = {after.id, other_day.id} if holds else {same_time.id, after.id, other_day.id}
    assert set(found[mentor.id].sessions) == free
    assert (found[mentor.id].max_sessions, found[mentor.id].contracted) == ((1, 0) if holds else (2, 1))
    assert (found[other.id].sessions, found[other.id].max_sessions) == ((same_time.id,), 2)


def test_what_a_mentor_holds_in_this_programme_or_another_season_takes_nothing_away(world: World) -> None:
    here = world.room()
    mentor = make.make_mentor(world.session, sessions=[here], max_sessions=2)
    hold(world, "teaches", mentor, here)
    hold(world, "teaches", mentor, make.make_group_session(world.session))
    [found] = world.problem().mentors
    assert (found.sessions, found.max_sessions) == ((here.id,), 2)


def test_entry_comes_as_a_pupil(world: World) -> None:
    first, second = world.room(), world.room()
    mentor = make.make_mentor(world.session, sessions=[first])
    pupil = make.make_pupil(world.session, lat=59.5, lon=10.5)
    entry = make.make_entry(
        world.session,
        second,
        first,
        pupil_id=pupil.id,
        priority_class=1,
        lottery_number=17,
        max_travel_minutes=30,
        mentor_id=mentor.id,
    )
    [one] = world.problem().pupils
    assert (one.id, one.level, one.class_, one.joined) == (entry.id, entry.level_id, 1, date(2026, 9, 5))
    assert (one.lottery, one.lat, one.lon, one.max_travel_minutes) == (17, 59.5, 10.5, 30)
    assert (one.choices, one.mentor) == ((second.id, first.id), mentor.id)


def test_home_is_the_schools_place_where_it_is_left_out(world: World) -> None:
    school = make.make_school(world.session, lat=60.1, lon=11.1)
    near = make.make_pupil(world.session, school_id=school.id)
    nowhere = make.make_pupil(world.session)
    room = world.room()
    ids = {p.id: make.make_entry(world.session, room, pupil_id=p.id).id for p in (near, nowhere)}
    homes = {pupil.id: (pupil.lat, pupil.lon) for pupil in world.problem().pupils}
    assert homes == {ids[near.id]: (60.1, 11.1), ids[nowhere.id]: (None, None)}


def test_entry_that_left_stays_out(world: World) -> None:
    make.make_entry(world.session, world.room(), state=EntryState.LEFT)
    assert world.problem().pupils == ()


def test_priority_class_beyond_the_programmes_last_counts_as_the_last(world: World) -> None:
    make.make_entry(world.session, world.room(), priority_class=5)
    assert world.problem(classes=2).pupils[0].class_ == 1


def test_latecomers_follow_the_draw_in_the_order_of_its_seed(world: World) -> None:
    room = world.room()
    make.make_entry(world.session, room, lottery_number=41)
    late = [make.make_entry(world.session, room, lottery_number=None) for _ in range(4)]
    world.session.add(
        Lottery(
            season_id=world.season.id,
            programme_id=world.programme.id,
            seed="seed",
            seed_hash=lottery.seed_hash("seed"),
            committed_at=datetime(2026, 9, 1, tzinfo=UTC),
            revealed_at=datetime(2026, 9, 6, tzinfo=UTC),
        )
    )
    numbers = {pupil.id: pupil.lottery for pupil in world.problem().pupils}
    in_order = sorted(late, key=lambda entry: lottery.ticket("seed", entry.id))
    assert [numbers[entry.id] for entry in in_order] == [42, 43, 44, 45]


def test_seat_that_is_taken_is_fixed_until_it_ends(world: World) -> None:
    room = world.room()
    sits, left = (make.make_entry(world.session, room) for _ in range(2))
    make.make_membership(world.session, entry_id=sits.id, session_id=room.id, seat=1)
    make.make_membership(world.session, entry_id=left.id, session_id=room.id, seat=2, to_date=date(2027, 1, 20))
    assert [(one.pupil, one.session) for one in world.problem().fixed.pupils] == [(sits.id, room.id)]


def lock(world: World, entry: Entry | None, mentor_id: str | None, room: GroupSession) -> None:
    kind = LockKind.PUPIL if entry else LockKind.MENTOR
    world.session.add(
        Lock(
            season_id=world.season.id,
            kind=kind,
            entry_id=entry.id if entry else None,
            mentor_id=mentor_id,
            session_id=room.id,
        )
    )


def test_evening_under_way_goes_on_however_few_sit_there(world: World) -> None:
    here, there = world.room(min_pupils=6), world.room(min_pupils=6)
    for seat in (1, 2):
        entry = make.make_entry(world.session, here)
        make.make_membership(world.session, entry_id=entry.id, session_id=here.id, seat=seat)
    lock(world, make.make_entry(world.session, there), None, there)
    assert {one.id: one.min_pupils for one in world.problem().sessions} == {here.id: 2, there.id: 6}


def test_locks_of_pupils_and_mentors_are_fixed(world: World) -> None:
    room = world.room()
    entry, mentor = make.make_entry(world.session, room), make.make_mentor(world.session)
    lock(world, entry, None, room)
    lock(world, None, mentor.id, room)
    problem = world.problem()
    assert [(one.pupil, one.session) for one in problem.fixed.pupils] == [(entry.id, room.id)]
    assert [(one.mentor, one.session) for one in problem.fixed.mentors] == [(mentor.id, room.id)]
    assert [one.id for one in problem.mentors] == [mentor.id]


def test_standing_mentor_is_fixed_while_the_next_meeting_is_near(world: World) -> None:
    near, far = world.room(), world.room(weekday=4)
    mentor = make.make_mentor(world.session, sessions=[near, far])
    for room, days in ((near, 13), (far, 14)):
        starts = datetime(2026, 11, 16, 16, tzinfo=UTC) + timedelta(days=days)
        make.make_meeting(world.session, session_id=room.id, starts_at=starts, ends_at=starts + timedelta(hours=2))
        make.make_assignment(world.session, session_id=room.id, mentor_id=mentor.id, from_date=date(2026, 11, 1))
    gone = make.make_mentor(world.session, sessions=[near])
    ended = {"from_date": date(2026, 11, 1), "to_date": date(2026, 11, 2)}
    make.make_assignment(world.session, session_id=near.id, mentor_id=gone.id, **ended)
    assert [(one.mentor, one.session) for one in world.problem().fixed.mentors] == [(mentor.id, near.id)]
    assert world.problem(mentor_notice_days=0).fixed.mentors == ()


def test_roster_of_another_programme_takes_its_time(world: World) -> None:
    same_time = world.room()
    mentor = make.make_mentor(world.session, sessions=[same_time], max_sessions=2)
    other = make.make_group_session(world.session, season_id=world.season.id)
    make.make_assignment(world.session, session_id=other.id, mentor_id=mentor.id)
    assert world.problem().mentors == ()


@pytest.mark.parametrize(("weeks_away", "can_hold"), [(1, True), (2, False)])
def test_exams_that_take_half_of_the_meetings_take_the_session(world: World, weeks_away: int, can_hold: bool) -> None:
    room, free = world.room(), world.room(weekday=4)
    mentor = make.make_mentor(world.session, sessions=[room, free])
    first = datetime(2027, 1, 19, 16, tzinfo=UTC)
    for week in range(4):
        starts = first + timedelta(weeks=week)
        make.make_meeting(world.session, session_id=room.id, starts_at=starts, ends_at=starts + timedelta(hours=2))
    last = first.date() + timedelta(weeks=weeks_away) - timedelta(days=1)
    world.session.add(ExamBlock(mentor_id=mentor.id, from_date=first.date(), to_date=last))
    [found] = world.problem().mentors
    assert set(found.sessions) == ({room.id, free.id} if can_hold else {free.id})


def test_certificate_is_asked_for_by_the_statute_only(world: World) -> None:
    room = world.room()
    cleared = make.make_mentor(world.session, sessions=[room])
    make.make_mentor(world.session, sessions=[room])
    world.session.add(Clearance(mentor_id=cleared.id, issued_on=date(2026, 8, 1), seen_on=date(2026, 9, 1)))
    assert len(world.problem().mentors) == 2
    assert [one.id for one in world.problem(statute="A statute").mentors] == [cleared.id]
