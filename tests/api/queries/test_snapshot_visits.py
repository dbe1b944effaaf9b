"""Each rule of a season's rows reaches the problem of visits, and what changes nothing does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from api.domain.enums import LockKind, Mode, RequestState, RunKind, SchoolStatus, TopicUse, VisitState
from api.errors import ConfigurationError
from api.models.companies import agreement_municipality, agreement_visit_week
from api.models.places import BlockedDay, Holiday
from api.models.plan_rows import Lock
from api.models.programmes import Programme, Season
from api.models.role_models import (
    RoleModel,
    RoleModelBlocked,
    RoleModelFreeTime,
    RoleModelLanguage,
    agreement_role_model,
)
from api.models.visits import Refusal, Request, RequestTopic
from api.queries.snapshot import Order, Snapshot, take_snapshot
from matcher.problem import Interval, VisitProblem
from tests import factories as make

TODAY = date(2026, 11, 16)
SECOND = make.MORNING + timedelta(days=1)


@dataclass
class World:
    session: Session
    season: Season
    programme: Programme

    def request(self, **given: Any) -> Request:
        return make.make_request(self.session, season_id=self.season.id, programme_id=self.programme.id, **given)

    def take(self, **settings: Any) -> Snapshot:
        self.session.flush()
        self.session.expire_all()
        order = Order(
            RunKind.VISIT,
            self.season.id,
            self.programme.id,
            settings,
            self.season.starts_on,
            self.season.ends_on,
            TODAY,
        )
        return take_snapshot(self.session, order)

    def problem(self, **settings: Any) -> VisitProblem:
        problem = self.take(**settings).problem
        assert isinstance(problem, VisitProblem)
        return problem


@pytest.fixture
def world(session: Session) -> World:
    return World(session, make.make_season(session), make.make_programme(session))


def starts(problem: VisitProblem) -> list[datetime]:
    return [option.lessons[0].start for request in problem.requests for option in request.options]


def test_empty_season_gives_an_empty_problem(world: World) -> None:
    problem = world.problem()
    assert (problem.requests, problem.schools, problem.role_models) == ((), (), ())
    assert problem.today == TODAY


def test_request_comes_with_all_that_it_asks_for(world: World) -> None:
    topics = [make.make_topic(world.session) for _ in range(2)]
    asked = world.request(
        classes=2, role_models=2, mode="either", prefers="digital", priority=True, starts=(make.MORNING, SECOND)
    )
    asked.topics = [
        RequestTopic(topic_id=topics[0].id, use=TopicUse.NEEDED),
        RequestTopic(topic_id=topics[1].id, use=TopicUse.WISHED),
    ]
    [request] = world.problem().requests
    assert (request.id, request.school, request.grade) == (asked.id, asked.school_id, 9)
    assert (request.classes, request.role_models, request.priority) == (2, 2, True)
    assert (request.mode, request.prefers) == ("either", "digital")
    assert (request.topics, request.wishes) == ((topics[0].id,), (topics[1].id,))
    assert [o.lessons[0].start for o in request.options] == [datetime(2027, 1, 18, 8, 30), datetime(2027, 1, 19, 8, 30)]
    assert request.submitted == date(2026, 11, 2)


@pytest.mark.parametrize("state", [RequestState.CANCELLED, RequestState.DECLINED])
def test_request_past_planning_stays_out(world: World, state: RequestState) -> None:
    world.request(state=state)
    assert world.problem().requests == ()


def test_request_of_another_programme_or_season_stays_out(world: World) -> None:
    make.make_request(world.session, season_id=world.season.id)
    make.make_request(world.session, programme_id=world.programme.id)
    assert world.problem().requests == ()


def test_requests_of_a_window_count_as_submitted_when_it_closes(world: World) -> None:
    window = make.make_window(world.session, season_id=world.season.id, programme_id=world.programme.id)
    world.request(window_id=window.id)
    assert world.problem().requests[0].submitted == window.closes_at.date()


def block(world: World, request: Request, owner: str) -> None:
    municipality = request.school.municipality
    if owner == "county":
        municipality.county_id = make.make_county(world.session).id
        world.session.flush()
    ids = {"county": municipality.county_id, "municipality": municipality.id, "school": request.school_id}
    world.session.add(BlockedDay(**{f"{owner}_id": ids[owner]}, from_date=make.MONDAY, to_date=make.MONDAY))


@pytest.mark.parametrize("owner", ["county", "municipality", "school"])
def test_blocked_day_takes_the_option_away(world: World, owner: str) -> None:
    request = world.request(starts=(make.MORNING, SECOND))
    block(world, request, owner)
    assert starts(world.problem()) == [datetime(2027, 1, 19, 8, 30)]


def test_blocked_day_of_another_school_changes_nothing(world: World) -> None:
    world.request()
    world.session.add(
        BlockedDay(school_id=make.make_school(world.session).id, from_date=make.MONDAY, to_date=make.MONDAY)
    )
    assert len(starts(world.problem())) == 1


def test_holiday_takes_the_option_away(world: World) -> None:
    world.request(starts=(make.MORNING, SECOND))
    world.session.add(Holiday(day=make.MONDAY, name="fri"))
    assert starts(world.problem()) == [datetime(2027, 1, 19, 8, 30)]


def test_request_without_any_date_left_is_named(world: World) -> None:
    request = world.request()
    world.session.add(Holiday(day=make.MONDAY, name="fri"))
    taken = world.take()
    assert taken.problem.requests == ()  # type: ignore[union-attr]
    assert [(one.request, one.code, one.dates) for one in taken.left_out] == [(request.id, "calendar", 1)]


def test_option_within_the_lead_time_or_after_the_term_is_gone(world: World) -> None:
    soon = datetime(2026, 11, 24, 8, tzinfo=UTC)
    late = datetime(2027, 6, 21, 8, tzinfo=UTC)
    world.season.starts_on = date(2026, 11, 1)
    world.request(starts=(soon, make.MORNING, late))
    assert starts(world.problem(lead_school_days=5)) == [datetime(2026, 11, 24, 9), datetime(2027, 1, 18, 8, 30)]
    assert starts(world.problem(lead_school_days=6)) == [datetime(2027, 1, 18, 8, 30)]


@pytest.mark.parametrize(
    ("by_window", "first_days"),
    [(True, [date(2026, 11, 24), date(2026, 12, 7), date(2026, 12, 8)]), (False, [date(2026, 12, 8)])],
    ids=["5 school days after a window", "15 outside windows"],
)
def test_lead_time_is_shorter_for_what_came_in_by_a_window(
    world: World, by_window: bool, first_days: list[date]
) -> None:
    world.season.starts_on = date(2026, 11, 1)
    window = make.make_window(world.session, season_id=world.season.id, programme_id=world.programme.id)
    days = [datetime(2026, 11, 23, 8), datetime(2026, 11, 24, 8), datetime(2026, 12, 7, 8), datetime(2026, 12, 8, 8)]
    world.request(window_id=window.id if by_window else None, starts=tuple(day.replace(tzinfo=UTC) for day in days))
    make.make_role_model(world.session)
    problem = world.problem()
    assert [start.date() for start in starts(problem)] == first_days
    assert min(free_dates(problem)) == date(2026, 11, 24)


def test_role_model_comes_with_all_that_they_offer(world: World) -> None:
    topic = make.make_topic(world.session)
    company = make.make_company(world.session, quota=7)
    row = make.make_role_model(
        world.session,
        company_id=company.id,
        digital=True,
        lowest_grade=5,
        max_lessons=2,
        max_per_day=2,
        max_per_week=3,
        max_per_term=9,
        topics=[topic],
    )
    problem = world.problem()
    [person] = problem.role_models
    assert (person.id, person.company, person.topics) == (row.id, company.id, (topic.id,))
    assert (person.grades, person.modes, person.max_travel_minutes) == ((5, 13), ("physical", "digital"), 60)
    assert (person.max_lessons, person.max_per_day, person.max_per_week, person.max_per_term) == (2, 2, 3, 9)
    assert [(one.id, one.quota) for one in problem.companies] == [(company.id, 7)]


@pytest.mark.parametrize(
    "given",
    [
        {"trained_on": None},
        {"trained_on": date(2026, 11, 17)},
        {"confirmed_at": None},
        {"confirmed_at": datetime(2025, 11, 15, tzinfo=UTC)},
    ],
    ids=["untrained", "trained tomorrow", "never confirmed", "confirmed 12 months ago"],
)
def test_role_model_who_may_not_be_asked_stays_out(world: World, given: dict[str, Any]) -> None:
    make.make_role_model(world.session, **given)
    assert world.problem().role_models == ()


def test_role_model_trained_today_is_in(world: World) -> None:
    make.make_role_model(world.session, trained_on=TODAY)
    assert len(world.problem().role_models) == 1


def test_role_model_confirmed_just_within_the_year_is_in(world: World) -> None:
    make.make_role_model(world.session, confirmed_at=datetime(2025, 11, 16, 12, tzinfo=UTC))
    assert len(world.problem().role_models) == 1


def free_dates(problem: VisitProblem) -> list[date]:
    return [interval.start.date() for interval in problem.role_models[0].free]


def test_weekly_times_are_written_out_over_the_term(world: World) -> None:
    times = [RoleModelFreeTime(weekday=2, starts=time(9), ends=time(11))]
    make.make_role_model(world.session, free_times=times)
    world.season.ends_on = date(2027, 1, 20)
    free = world.problem().role_models[0].free
    assert free == tuple(
        Interval(start=datetime(2027, 1, day, 9), end=datetime(2027, 1, day, 11)) for day in (5, 12, 19)
    )


@pytest.mark.parametrize("given", ["away_until", "paused_until"])
def test_times_up_to_an_absence_or_pause_are_gone(world: World, given: str) -> None:
    make.make_role_model(world.session, **{given: date(2027, 1, 12)})
    assert min(free_dates(world.problem())) == date(2027, 1, 13)


def test_blocked_days_and_holidays_take_free_times_away(world: World) -> None:
    row = make.make_role_model(world.session)
    row.blocked = [RoleModelBlocked(from_date=date(2027, 1, 5), to_date=date(2027, 1, 6))]
    world.session.add(Holiday(day=date(2027, 1, 7), name="fri"))
    world.season.ends_on = date(2027, 1, 8)
    assert free_dates(world.problem()) == [date(2027, 1, 4), date(2027, 1, 8)]


def test_time_booked_elsewhere_is_cut_out(world: World) -> None:
    row = make.make_role_model(world.session)
    make.make_booking(world.session, person_id=row.person_id)
    make.make_booking(
        world.session,
        person_id=row.person_id,
        starts_at=make.MORNING + timedelta(hours=3),
        ends_at=make.MORNING + timedelta(hours=4),
        released_at=make.MORNING,
    )
    spans = [(i.start.time(), i.end.time()) for i in world.problem().role_models[0].free if i.start.day == 18]
    assert spans[:2] == [(time(8), time(8, 30)), (time(9, 15), time(16))]


def visit_elsewhere(world: World, person: RoleModel, day: date, **given: Any) -> None:
    """A live visit of another programme and season."""
    starts_at = datetime.combine(day, time(8), UTC)
    make.make_visit(
        world.session, person, request=make.make_request(world.session, starts=(starts_at,), state="visit", **given)
    )


@pytest.mark.parametrize(
    ("limits", "days_elsewhere", "free"),
    [
        ((1, 2), [], [18, 19, 20, 21, 22]),
        ((1, 2), [20], [18]),
        ((1, 2), [18, 22], []),
        ((1, 3), [18], [19, 20]),
        ((2, 5), [19], [18, 20]),
        ((2, 2), [19], []),
        ((1, 2), [17, 24], [18]),
    ],
)
def test_days_and_weeks_hold_no_more_than_the_limits_with_visits_of_other_programmes(
    world: World, limits: tuple[int, int], days_elsewhere: list[int], free: list[int]
) -> None:
    person = make.make_role_model(world.session, max_per_day=limits[0], max_per_week=limits[1])
    world.season.starts_on, world.season.ends_on = make.MONDAY, date(2027, 1, 22)
    for day in days_elsewhere:
        visit_elsewhere(world, person, date(2027, 1, day))
    problem = world.problem()
    assert [day.day for day in free_dates(problem)] == free
    assert problem.role_models[0].max_per_term == person.max_per_term


def test_visits_that_the_problem_knows_count_too_in_a_week_with_others(world: World) -> None:
    person = make.make_role_model(world.session, max_per_day=1, max_per_week=3)
    world.season.starts_on, world.season.ends_on = make.MONDAY, date(2027, 1, 22)
    make.make_visit(world.session, person, request=world.request(starts=(SECOND,), state=RequestState.VISIT))
    assert [day.day for day in free_dates(world.problem())] == [18, 19, 20, 21, 22]
    visit_elsewhere(world, person, date(2027, 1, 22))
    assert [day.day for day in free_dates(world.problem())] == [18, 19]


def test_visit_of_another_programme_in_the_season_counts_in_the_term_too(world: World) -> None:
    person = make.make_role_model(world.session, max_per_term=3)
    visit_elsewhere(world, person, make.MONDAY, season_id=world.season.id)
    problem = world.problem()
    assert problem.role_models[0].max_per_term == 2
    assert make.MONDAY not in free_dates(problem)


def agreement_person(world: World, *towns: str) -> str:
    agreement = make.make_agreement(world.session, season_id=world.season.id)
    person = make.make_role_model(world.session, company_id=agreement.company_id)
    week = make.make_visit_week(world.session, season_id=world.season.id, municipality_id=towns[0])
    for town in towns:
        values = {"agreement_id": agreement.id, "municipality_id": town}
        world.session.execute(insert(agreement_municipality).values(values))
    world.session.execute(insert(agreement_visit_week).values(agreement_id=agreement.id, visit_week_id=week.id))
    world.session.execute(insert(agreement_role_model).values(agreement_id=agreement.id, role_model_id=person.id))
    return person.id


def test_agreement_reserves_its_people_for_the_municipality_in_its_week(world: World) -> None:
    town, other = (make.make_municipality(world.session).id for _ in range(2))
    person = agreement_person(world, town, other)
    make.make_role_model(world.session)
    reserved = {one.id: one.reserved for one in world.problem().role_models}
    [reservation] = reserved.pop(person)
    assert reservation.municipalities == (town,)
    assert (reservation.from_, reservation.to) == (date(2027, 1, 18), date(2027, 1, 24))
    assert list(reserved.values()) == [()]


@pytest.mark.parametrize("scope", ["request", "school", "time"])
def test_refusal_reaches_the_problem(world: World, scope: str) -> None:
    request, person = world.request(), make.make_role_model(world.session)
    given = {"request": {"request_id": request.id}, "school": {"school_id": request.school_id}}.get(scope, {})
    if scope == "time":
        given = {"starts_at": make.MORNING}
    world.session.add(Refusal(role_model_id=person.id, scope=scope, **given))
    [refusal] = world.problem().refused
    assert refusal.role_model == person.id
    assert (refusal.request, refusal.school, refusal.start) == (
        given.get("request_id"),
        given.get("school_id"),
        datetime(2027, 1, 18, 8, 30) if scope == "time" else None,
    )


def test_refusal_of_what_is_not_asked_stays_out(world: World) -> None:
    person = make.make_role_model(world.session)
    world.session.add(Refusal(role_model_id=person.id, scope="request", request_id=world.request(state="cancelled").id))
    assert world.problem().refused == ()


def speaker(world: World, *languages: str) -> str:
    row = make.make_role_model(world.session)
    row.languages = [RoleModelLanguage(language=language) for language in languages]
    return row.id


@pytest.mark.parametrize(
    ("language", "strangers"),
    [("en", ["silent", "nb"]), ("nn", ["en", "se"]), ("se", ["silent", "nb", "en"]), (None, [])],
)
def test_role_models_without_the_language_are_refused_for_that_request_only(
    world: World, language: str | None, strangers: list[str]
) -> None:
    people = {
        "silent": speaker(world),
        "nb": speaker(world, "nb"),
        "en": speaker(world, "en"),
        "se": speaker(world, "se", "en"),
    }
    asked, _other = world.request(language=language), world.request()
    taken = world.take()
    assert isinstance(taken.problem, VisitProblem)
    assert {(one.role_model, one.request) for one in taken.problem.refused} == {
        (people[name], asked.id) for name in strangers
    }
    assert taken.by_language == ({asked.id: len(strangers)} if strangers else {})


def test_language_does_not_touch_a_visit_that_stands(world: World) -> None:
    request = world.request(language="se", state=RequestState.VISIT)
    make.make_visit(world.session, make.make_role_model(world.session), request=request)
    assert world.problem().refused == ()


def test_request_of_a_closed_school_is_named_unless_its_visit_stands(world: World) -> None:
    asked = world.request()
    asked.school.status = SchoolStatus.CLOSED
    stands = world.request(school_id=asked.school_id, state=RequestState.VISIT)
    make.make_visit(world.session, make.make_role_model(world.session), request=stands)
    taken = world.take()
    assert [one.id for one in taken.problem.requests] == [stands.id]  # type: ignore[union-attr]
    assert [(one.request, one.code, one.dates) for one in taken.left_out] == [(asked.id, "calendar", 1)]


def test_live_visit_is_fixed_with_its_option(world: World) -> None:
    person = make.make_role_model(world.session, trained_on=None)
    request = world.request(starts=(make.MORNING, SECOND), state=RequestState.VISIT)
    world.session.add(Holiday(day=make.MONDAY, name="fri"))
    visit = make.make_visit(world.session, person, request=request)
    visit.option_id = request.options[1].id
    visit.starts_at, visit.ends_at = SECOND, SECOND + make.LESSON
    problem = world.problem()
    [fixed] = problem.fixed
    assert (fixed.request, fixed.option, fixed.mode, fixed.role_models) == (request.id, 0, "physical", (person.id,))
    assert starts(problem) == [datetime(2027, 1, 19, 8, 30)]
    assert problem.role_models[0].free == ()


def test_cancelled_visit_is_not_fixed(world: World) -> None:
    person = make.make_role_model(world.session)
    make.make_visit(world.session, person, request=world.request(), state=VisitState.CANCELLED)
    assert world.problem().fixed == ()


def test_locked_visit_is_fixed(world: World) -> None:
    person = make.make_role_model(world.session)
    request = world.request(starts=(make.MORNING, SECOND))
    world.session.add(
        Lock(
            season_id=world.season.id,
            kind=LockKind.VISIT,
            request_id=request.id,
            option_id=request.options[1].id,
            mode=Mode.DIGITAL,
            role_models=[person],
        )
    )
    [fixed] = world.problem().fixed
    assert (fixed.request, fixed.option, fixed.mode, fixed.role_models) == (request.id, 1, "digital", (person.id,))


def test_visit_that_is_over_counts_in_limits_and_for_the_school(world: World) -> None:
    company = make.make_company(world.session, quota=5)
    person = make.make_role_model(world.session, company_id=company.id, max_per_term=4)
    held = world.request(starts=(datetime(2026, 11, 10, 9, tzinfo=UTC),), state=RequestState.VISIT)
    make.make_visit(world.session, person, request=held, state=VisitState.HELD)
    again = world.request(school_id=held.school_id)
    problem = world.problem()
    assert [request.id for request in problem.requests] == [again.id]
    assert [school.visits_last_12_months for school in problem.schools] == [1]
    assert problem.role_models[0].max_per_term == 3
    assert problem.companies[0].quota == 4
    assert problem.fixed == ()


def test_visit_of_more_than_a_year_ago_does_not_count(world: World) -> None:
    person = make.make_role_model(world.session)
    old = make.make_request(world.session, starts=(datetime(2025, 11, 15, 9, tzinfo=UTC),), state="visit")
    make.make_visit(world.session, person, request=old, state=VisitState.HELD)
    world.request(school_id=old.school_id)
    assert [school.visits_last_12_months for school in world.problem().schools] == [0]
    assert [school.visits_last_12_months for school in world.problem(first_visit_months=13).schools] == [1]


def test_settings_of_the_programme_reach_travel_and_limits(world: World) -> None:
    make.make_role_model(world.session, max_per_week=5, max_per_day=1)
    problem = world.problem(detour=1.5, kmh=60, max_per_week=2, max_per_day=3)
    assert (problem.travel.detour, problem.travel.kmh) == (1.5, 60)
    assert (problem.role_models[0].max_per_week, problem.role_models[0].max_per_day) == (2, 1)


@pytest.mark.parametrize("settings", [{"speed": 3}, {"detour": 0.5}, {"kmh": True}, {"max_per_day": -1}])
def test_settings_that_cannot_be_used_are_refused_by_name(world: World, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        world.problem(**settings)
    assert refused.value.field == next(iter(settings))


def test_number_of_queries_does_not_grow_with_the_rows(world: World) -> None:
    def queries() -> int:
        count = 0

        def seen(*_: Any) -> None:
            nonlocal count
            count += 1

        connection = world.session.connection()
        event.listen(connection, "before_cursor_execute", seen)
        world.session.expire_all()
        world.take()
        event.remove(connection, "before_cursor_execute", seen)
        return count

    world.request()
    make.make_role_model(world.session)
    few = queries()
    for _ in range(3):
        world.request()
        make.make_role_model(world.session)
    assert queries() == few
