"""Changes by hand: the judge says what breaks, in words and for how many pupils."""

from __future__ import annotations

from datetime import date, time

import pytest
import time_machine
from sqlalchemy.orm import Session

from api.domain.enums import DutyState
from api.errors import Conflict, NotFound
from api.services.campus import roster, roster_changes
from tests import campus_world as world
from tests import factories as make
from tests.campus_world import Campus, duty_of, make_campus, told


@pytest.fixture
def campus(session: Session) -> Campus:
    return make_campus(session)


@time_machine.travel(world.BEFORE, tick=False)
def test_one_mentor_more_is_put_on_all_meetings(session: Session, campus: Campus) -> None:
    said, words = roster_changes.judged(session, campus.actor, campus.group.id, add=[campus.spare.id])
    assert (said.fits, said.mentors, said.served, words) == (True, 3, 6, [])
    roster_changes.apply(session, campus.actor, campus.group.id, add=[campus.spare.id])
    assert {duty_of(session, campus.spare, one).state for one in campus.meetings} == {DutyState.PLANNED}
    assert told(session, "mentor.roster") == 1


@time_machine.travel(world.BEFORE, tick=False)
def test_evening_without_pupils_yet_takes_its_mentors(session: Session, campus: Campus) -> None:
    new = make.make_group_session(
        session, season_id=campus.group.season_id, programme_id=campus.programme.id, site_id=campus.site.id, weekday=4
    )
    campus.spare.sessions = [new]
    session.flush()
    said, words = roster_changes.judged(session, campus.actor, new.id, add=[campus.spare.id])
    assert (said.fits, said.mentors, words) == (True, 1, [])
    said, _words = roster_changes.judged(session, campus.actor, new.id, add=[campus.mentors[0].id])
    assert [one.code for one in said.broken] == ["mentor_session"]


@time_machine.travel(world.BEFORE, tick=False)
def test_mentor_who_leaves_is_let_go_only_on_purpose(session: Session, campus: Campus) -> None:
    gone = campus.mentors[0]
    said, words = roster_changes.judged(session, campus.actor, campus.group.id, remove=[gone.id])
    assert {one.code for one in said.broken} == {"ratio", "min_mentors"}
    assert said.without_help == 1
    assert len(words) == 3
    with pytest.raises(Conflict):
        roster_changes.apply(session, campus.actor, campus.group.id, remove=[gone.id])
    roster_changes.apply(session, campus.actor, campus.group.id, remove=[gone.id], anyway=True)
    assert {duty_of(session, gone, one).state for one in campus.meetings} == {DutyState.WITHDRAWN}
    assert told(session, "mentor.taken_off") == 1


@time_machine.travel(world.BEFORE, tick=False)
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"trained_on": None}, "unknown"),
        ({"trained_on": date(2026, 9, 1), "sessions": []}, "unknown"),
        ({"max_sessions": 0, "contracted": 0}, "mentor_max"),
    ],
)
def test_what_nobody_may_decide(session: Session, campus: Campus, given: dict[str, object], code: str) -> None:
    for name, value in given.items():
        setattr(campus.spare, name, value)
    session.flush()
    said, _words = roster_changes.judged(session, campus.actor, campus.group.id, add=[campus.spare.id])
    assert [one.code for one in said.broken] == [code]
    with pytest.raises(Conflict):
        roster_changes.apply(session, campus.actor, campus.group.id, add=[campus.spare.id], anyway=True)
    assert [row.mentor_id for row in roster.assignments(session, [campus.group.id])] == sorted(
        one.id for one in campus.mentors
    )


@time_machine.travel(world.BEFORE, tick=False)
def test_two_places_at_once(session: Session, campus: Campus) -> None:
    other = make.make_group_session(
        session,
        site_id=campus.site.id,
        programme_id=campus.programme.id,
        season_id=campus.group.season_id,
        starts=time(18),
        ends=time(20),
    )
    campus.mentors[0].sessions = [campus.group, other]
    session.flush()
    said, words = roster_changes.judged(session, campus.actor, other.id, add=[campus.mentors[0].id])
    assert "mentor_overlap" in {one.code for one in said.broken}
    assert any(campus.mentors[0].person.name in word for word in words)


@time_machine.travel(world.BEFORE, tick=False)
def test_other_sites_are_not_there(session: Session, campus: Campus) -> None:
    other = make_campus(session)
    with pytest.raises(NotFound):
        roster_changes.judged(session, other.actor, campus.group.id)
    with pytest.raises(NotFound):
        roster_changes.judged(session, campus.actor, campus.group.id, add=[other.spare.id])
