"""A plan is written for the world as it is then: what changed meanwhile is dropped and named, the rest stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select

from api import clock
from api.db import reading, transaction
from api.domain.enums import EntryState, RefusalScope, RequestState, RunState, SchoolStatus, SessionState
from api.models.companies import Company
from api.models.groups import GroupSession, Mentor, mentor_session
from api.models.places import BlockedDay
from api.models.plan_rows import PlanSession, PlanUnserved
from api.models.planning import Plan
from api.models.pupils import Entry, EntryChoice
from api.models.role_models import RoleModel, RoleModelBlocked, RoleModelFreeTime, RoleModelLanguage
from api.models.visits import Lesson, Refusal, Request, RequestOption
from api.services import write_back
from api.services.recheck import StandingVisits
from api.worker import Worker
from tests import factories as make
from tests.api.worker.worlds import (
    GroupIds,
    Ids,
    change,
    group_season,
    plan_of,
    planned,
    really,
    seats,
    state,
    unserved,
    visit_season,
)

pytestmark = pytest.mark.long_on_postgres
Change = Callable[[Ids, str, str], object]


def add(row: object) -> None:
    with transaction() as session:
        session.add(row)


def lose_free_times(_: Ids, _request: str, person: str) -> None:
    with transaction() as session:
        session.execute(delete(RoleModelFreeTime).where(RoleModelFreeTime.role_model_id == person))


def refuse(_: Ids, request: str, person: str) -> None:
    add(Refusal(role_model_id=person, scope=RefusalScope.REQUEST, request_id=request))


def block(_: Ids, _request: str, person: str) -> None:
    add(RoleModelBlocked(role_model_id=person, from_date=date(2027, 1, 1), to_date=date(2027, 2, 1)))


def close_school(_: Ids, request: str, _person: str) -> None:
    with transaction() as session:
        school = session.get_one(Request, request).school_id
        session.add(BlockedDay(school_id=school, from_date=date(2027, 1, 1), to_date=date(2027, 2, 1)))


def move_lessons(_: Ids, request: str, _person: str) -> None:
    with transaction() as session:
        option = session.scalars(select(RequestOption).where(RequestOption.request_id == request)).one()
        lesson = session.scalars(select(Lesson).where(Lesson.option_id == option.id)).one()
        lesson.ends_at += timedelta(hours=1)
        lesson.starts_at += timedelta(hours=1)


def book(_: Ids, _request: str, person: str) -> None:
    with transaction() as session:
        someone = session.get_one(RoleModel, person).person_id
        make.make_booking(
            session,
            person_id=someone,
            starts_at=make.MORNING - timedelta(hours=1),
            ends_at=make.MORNING + timedelta(hours=40),
        )


def visit_elsewhere(_: Ids, request: str, person: str) -> None:
    with transaction() as session:
        row = session.get_one(Request, request)
        other = make.make_request(
            session,
            starts=(make.MORNING + timedelta(days=7),),
            season_id=row.season_id,
            programme_id=row.programme_id,
            state=RequestState.VISIT,
        )
        make.make_visit(session, session.get_one(RoleModel, person), request=other)


def visit_by_somebody_else(_: Ids, request: str, _person: str) -> None:
    with transaction() as session:
        row = session.get_one(Request, request)
        make.make_visit(session, make.make_role_model(session), request=row)
        row.state = RequestState.VISIT


CHANGES: dict[str, tuple[str, Change]] = {
    "request cancelled": (
        "request",
        lambda _, request, __: change(Request, request, state=RequestState.CANCELLED)(),
    ),
    "request wants two": ("count", lambda _, request, __: change(Request, request, role_models=2)()),
    "request for a higher grade": ("grade", lambda _, request, __: change(Request, request, grade=3)()),
    "lessons moved": ("option", move_lessons),
    "school closed that day": ("request", close_school),
    "role model untrained": ("role_model", lambda _, __, person: change(RoleModel, person, trained_on=None)()),
    "profile too old": (
        "role_model",
        lambda _, __, person: change(RoleModel, person, confirmed_at=datetime(2020, 1, 1, tzinfo=UTC))(),
    ),
    "paused": ("free", lambda _, __, person: change(RoleModel, person, paused_until=date(2027, 3, 1))()),
    "away": ("free", lambda _, __, person: change(RoleModel, person, away_until=date(2027, 3, 1))()),
    "blocked": ("free", block),
    "weekly times gone": ("free", lose_free_times),
    "booked elsewhere": ("free", book),
    "refused": ("refused", refuse),
    "digital only": (
        "mode",
        lambda _, __, person: change(RoleModel, person, physical=False, digital=True)(),
    ),
    "moved far away": ("distance", lambda _, __, person: change(RoleModel, person, lat=69.0)()),
    "no visits this term": ("term", lambda _, __, person: change(RoleModel, person, max_per_term=0)()),
    "given another visit": ("term", visit_elsewhere),
    "visit given to somebody else": ("fixed", visit_by_somebody_else),
}


def pair_of(ids: Ids) -> tuple[str, str]:
    """The first request, and the role model whom the solver gives it (the same for the same problem)."""
    from api.queries.snapshot import order_of_run, take_snapshot
    from matcher.solve import solve

    with reading() as session:
        problem = take_snapshot(session, order_of_run(session, ids.run, clock.today())).problem
    plan = solve(problem)
    [person] = [v.role_models[0].id for v in plan.visits if v.request == ids.requests[0]]  # type: ignore[union-attr]
    return ids.requests[0], person


@pytest.mark.parametrize("name", CHANGES)
def test_pair_that_changed_is_dropped_and_named_and_the_other_stands(own_database: Engine, name: str) -> None:
    code, happen = CHANGES[name]
    ids = visit_season()
    request, person = pair_of(ids)
    assert Worker(really(lambda: happen(ids, request, person))).run_next()
    plan = plan_of(ids.run)
    assert plan is not None
    assert [(one["code"], one["request"]) for one in plan.changed_since] == [(code, request)]
    assert list(planned(ids.run)) == [ids.requests[1]]
    if name not in ("request cancelled",):
        assert unserved(ids.run) == {request: ["changed"]}
    assert state(ids.run).state is RunState.DONE


def test_cancelled_request_is_not_listed_as_unserved(own_database: Engine) -> None:
    ids = visit_season()
    happen = change(Request, ids.requests[0], state=RequestState.CANCELLED)
    assert Worker(really(happen)).run_next()
    assert unserved(ids.run) == {}


def test_quota_that_shrank_keeps_as_many_as_it_allows(own_database: Engine) -> None:
    ids = visit_season()
    with reading() as session:
        company = session.scalars(select(RoleModel.company_id).where(RoleModel.id == ids.role_models[0])).one()
    assert company is not None
    assert Worker(really(change(Company, company, quota=1))).run_next()
    plan = plan_of(ids.run)
    assert plan is not None
    assert [one["code"] for one in plan.changed_since] == ["quota"]
    assert len(planned(ids.run)) == 1


def test_changes_that_touch_no_pair_drop_nothing(own_database: Engine) -> None:
    ids = visit_season()

    def elsewhere() -> None:
        with transaction() as session:
            make.make_role_model(session)
            row = session.get_one(Request, ids.requests[0])
            make.make_request(session, season_id=row.season_id, programme_id=row.programme_id)

    assert Worker(really(elsewhere)).run_next()
    plan = plan_of(ids.run)
    assert plan is not None
    assert plan.changed_since == []
    assert sorted(planned(ids.run)) == sorted(ids.requests)


def test_pair_would_stand_without_the_recheck(own_database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_back, "standing_visits", lambda _, __, plan: StandingVisits(plan.visits, ()))
    ids = visit_season()
    request, person = pair_of(ids)
    assert Worker(really(lambda: refuse(ids, request, person))).run_next()
    assert planned(ids.run)[request] == [person]


def test_option_of_the_plan_is_found_though_earlier_ones_have_no_lessons_that_day(own_database: Engine) -> None:
    ids = visit_season(options=2)
    with transaction() as session:
        school = session.get_one(Request, ids.requests[0]).school_id
        session.add(BlockedDay(school_id=school, from_date=make.MONDAY, to_date=make.MONDAY))
    assert Worker(really()).run_next()
    with reading() as session:
        second = session.scalars(
            select(RequestOption.id).where(RequestOption.request_id == ids.requests[0], RequestOption.position == 1)
        ).one()
        found = session.scalar(
            select(write_back.PlanVisit.option_id).where(write_back.PlanVisit.request_id == ids.requests[0])
        )
    assert found == second


def test_request_without_a_date_left_is_listed_with_its_reason(own_database: Engine) -> None:
    ids = visit_season()
    close_school(ids, ids.requests[0], "")
    assert Worker(really()).run_next()
    assert unserved(ids.run) == {ids.requests[0]: ["calendar"]}


def test_those_who_lack_the_language_are_told_apart_from_those_who_said_no(own_database: Engine) -> None:
    ids = visit_season()
    change(Request, ids.requests[0], language="se")()
    assert Worker(really()).run_next()
    assert unserved(ids.run) == {ids.requests[0]: ["language"]}
    with reading() as session:
        reasons = session.scalar(select(PlanUnserved.reasons).where(PlanUnserved.request_id == ids.requests[0]))
    assert reasons == [{"code": "language", "count": 2}]


def test_no_of_one_who_has_the_language_stays_a_no(own_database: Engine) -> None:
    ids = visit_season()
    change(Request, ids.requests[0], language="se")()
    add(RoleModelLanguage(role_model_id=ids.role_models[0], language="se"))
    refuse(ids, ids.requests[0], ids.role_models[0])
    assert Worker(really()).run_next()
    assert sorted(unserved(ids.run)[ids.requests[0]]) == ["language", "refused"]


def test_request_of_a_school_that_closed_is_listed_with_its_reason(own_database: Engine) -> None:
    ids = visit_season()
    with transaction() as session:
        session.get_one(Request, ids.requests[0]).school.status = SchoolStatus.CLOSED
    assert Worker(really()).run_next()
    assert unserved(ids.run) == {ids.requests[0]: ["calendar"]}


def leave(ids: GroupIds) -> None:
    change(Entry, ids.entries[0], state=EntryState.LEFT)()


def change_choice(ids: GroupIds) -> None:
    with transaction() as session:
        session.execute(delete(EntryChoice).where(EntryChoice.entry_id == ids.entries[0]))
        session.add(EntryChoice(entry_id=ids.entries[0], rank=1, session_id=ids.sessions[1]))


def take_a_seat_elsewhere(ids: GroupIds) -> None:
    with transaction() as session:
        make.make_membership(session, entry_id=ids.entries[0], session_id=ids.sessions[1], seat=9)


def learn_something_else(ids: GroupIds) -> None:
    with transaction() as session:
        level = make.make_level(session).id
    change(Entry, ids.entries[0], level_id=level)()


GROUP_CHANGES: dict[str, tuple[list[str], int, Callable[[GroupIds], None]]] = {
    "pupil left": (["pupil"], 5, leave),
    "choice withdrawn": (["choice"], 5, change_choice),
    "another level": (["level"], 5, learn_something_else),
    "seat taken elsewhere": (["fixed", "seats"], 4, take_a_seat_elsewhere),
    "smaller room": (["seats"], 5, lambda ids: change(GroupSession, ids.sessions[0], seats=2)()),
    "session cancelled": (
        ["session"],
        3,
        lambda ids: change(GroupSession, ids.sessions[0], state=SessionState.CANCELLED)(),
    ),
}


@pytest.mark.parametrize("name", GROUP_CHANGES)
def test_seat_that_changed_is_dropped_and_named_and_the_others_stand(own_database: Engine, name: str) -> None:
    codes, left, happen = GROUP_CHANGES[name]
    ids = group_season()
    assert Worker(really(lambda: happen(ids))).run_next()
    plan = plan_of(ids.run)
    assert plan is not None
    assert sorted(one["code"] for one in plan.changed_since) == codes
    assert len(seats(ids.run)) == left
    assert not set(seats(ids.run)) & set(unserved(ids.run))


def test_group_plan_is_written_whole_when_nothing_changed(own_database: Engine) -> None:
    ids = group_season()
    assert Worker(really()).run_next()
    plan = plan_of(ids.run)
    assert plan is not None
    assert plan.changed_since == []
    assert sorted(seats(ids.run)) == sorted(ids.entries)
    assert unserved(ids.run) == {}
    both = plan.certificate["placements"]
    assert [(one["placement"], sum(one["served"])) for one in both] == [("most_served", 6), ("queue_first", 6)]


@pytest.mark.parametrize("gone", ["inactive", "cannot come"])
def test_mentor_who_is_gone_takes_their_pupils_seats_along(own_database: Engine, gone: str) -> None:
    ids = group_season()
    out: list[Any] = []

    def happen() -> None:
        for mentor in ids.mentors[:2]:
            if gone == "inactive":
                change(Mentor, mentor, is_active=False)()
            else:
                with transaction() as session:
                    session.execute(delete(mentor_session).where(mentor_session.c.mentor_id == mentor))

    assert Worker(really(happen)).run_next()
    with reading() as session:
        plan = session.scalars(select(Plan).where(Plan.run_id == ids.run)).one()
    out = [one for one in plan.changed_since if "pupil" in one]
    assert sorted(one["pupil"] for one in out) == sorted(ids.entries[:3])
    assert sorted(seats(ids.run)) == sorted(ids.entries[3:])
    assert sorted(unserved(ids.run)) == sorted(ids.entries[:3])


@pytest.mark.parametrize("least", ["min_mentors", "min_pupils"])
def test_session_under_its_least_number_is_dropped_with_its_reason(own_database: Engine, least: str) -> None:
    ids = group_season()
    change(GroupSession, ids.sessions[0], **{least: 2 if least == "min_mentors" else 3})()

    def happen() -> None:
        if least == "min_mentors":
            change(Mentor, ids.mentors[0], is_active=False)()
        else:
            change(Entry, ids.entries[0], state=EntryState.LEFT)()

    assert Worker(really(happen)).run_next()
    plan = plan_of(ids.run)
    assert plan is not None
    assert {"code": least, "session": ids.sessions[0]} in plan.changed_since
    assert sorted(seats(ids.run)) == sorted(ids.entries[3:])
    waiting = ids.entries[:3] if least == "min_mentors" else ids.entries[1:3]
    assert [unserved(ids.run)[key] for key in waiting] == [["changed"]] * len(waiting)
    with reading() as session:
        kept = session.scalars(select(PlanSession.session_id).where(PlanSession.plan_id == plan.id)).all()
    assert kept == [ids.sessions[1]]


def test_session_that_keeps_its_least_number_stands_without_the_one_who_left(own_database: Engine) -> None:
    ids = group_season()
    change(GroupSession, ids.sessions[0], min_pupils=2)()
    assert Worker(really(lambda: leave(ids))).run_next()
    plan = plan_of(ids.run)
    assert plan is not None
    assert [one["code"] for one in plan.changed_since] == ["pupil"]
    assert sorted(seats(ids.run)) == sorted(ids.entries[1:])
