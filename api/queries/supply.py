"""How many role models could come to a school on each day: what the order form shows before anything is asked.

The same pair rules as the engine's (matcher.eligibility), reckoned for many days at once over arrays, in a fixed
number of queries. Limits count the live visits there are. Somebody who has another visit that day is left out, also
where their limit would allow a second one: whether both can be reached in time is for the plan to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.deadlines import monday_of
from api.domain.enums import Mode, ProfileState, VisitState
from api.domain.programme_rules import VisitRules
from api.domain.school_days import months_before
from api.models.bookings import Booking
from api.models.companies import Company
from api.models.follow_up import PledgeSlot
from api.models.places import School
from api.models.programmes import Season, Topic
from api.models.role_models import (
    RoleModel,
    RoleModelBlocked,
    RoleModelFreeTime,
    RoleModelLanguage,
    role_model_topic,
)
from api.models.visits import Refusal, Request, Visit, VisitRoleModel
from api.queries.snapshot_languages import speaks
from api.queries.snapshot_people import reservations
from matcher.problem import Travel
from matcher.travel import TravelTimes, place

LIVE = (VisitState.PLANNED, VisitState.CONFIRMED, VisitState.HELD)
WEEK = timedelta(days=7)
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the days are asked for. grades: all that take part, none while they are not known; topics: codes, none for
    any; language: a code, None for any. starts, ends: of the first and of the last lesson, Norwegian wall clock.
    """

    school: School
    starts: time
    ends: time
    lessons: int = 1
    grades: tuple[int, ...] = ()
    topics: tuple[str, ...] = ()
    modes: tuple[Mode, ...] = (Mode.PHYSICAL,)
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Supply:
    """near: who is within their own reach, or meets digitally. able: of them, who can hold the visit that is wished for
    (topic, grades, lessons, language). free: day → of the able, who can come then. All are ids of role models.
    """

    near: frozenset[str]
    able: frozenset[str]
    free: dict[date, frozenset[str]]

    def on_any(self, days: Iterable[date]) -> int:
        """How many can come on at least one of the days."""
        return len(frozenset().union(*(self.free.get(day, frozenset()) for day in days)))


def supply(session: Session, season: Season, rules: VisitRules, wish: Wish, days: Sequence[date]) -> Supply:
    """Who could come to the school on each of the days, as the rows stand. days: of the season, in order."""
    people = session.execute(_askable(rules)).all()
    near = _within_reach(people, rules, wish)
    able = near & _able(session, people, rules, wish) & _has_room(session, people, rules, season)
    ids = [row.id for row in people]
    chosen = [row for row, is_able in zip(people, able, strict=True) if is_able]
    free = np.zeros((len(chosen), len(days)), bool)
    if chosen and days:
        free = _free(session, chosen, rules, wish, days)
        free &= ~_reserved_elsewhere(session, chosen, season, wish, days)
    return Supply(
        frozenset(one for one, is_near in zip(ids, near, strict=True) if is_near),
        frozenset(row.id for row in chosen),
        {
            day: frozenset(row.id for row, is_free in zip(chosen, free[:, column], strict=True) if is_free)
            for column, day in enumerate(days)
        },
    )


def _askable(rules: VisitRules) -> Any:
    """Role models with a trained, active and fresh profile."""
    today = clock.today()
    since = clock.at_local(months_before(today, rules.confirmed_months), time.min)
    return (
        select(
            RoleModel.id, RoleModel.person_id, RoleModel.company_id, RoleModel.lat, RoleModel.lon,
            RoleModel.max_travel_minutes, RoleModel.lowest_grade, RoleModel.highest_grade, RoleModel.physical,
            RoleModel.digital, RoleModel.max_lessons, RoleModel.max_per_week, RoleModel.max_per_term,
            RoleModel.max_per_day, RoleModel.away_until, RoleModel.paused_until,
        )
        .where(
            RoleModel.state == ProfileState.ACTIVE,
            RoleModel.trained_on <= today,
            RoleModel.confirmed_at >= since,
        )
        .order_by(RoleModel.id)
    )  # fmt: skip


def _within_reach(people: Sequence[Any], rules: VisitRules, wish: Wish) -> Flags:
    homes = [place("role_model", row.id, row.lat, row.lon) for row in people]
    school = place("school", wish.school.id, wish.school.lat, wish.school.lon)
    if not people:
        return np.zeros(0, bool)
    minutes = TravelTimes(Travel(detour=rules.detour, kmh=rules.kmh)).from_all(homes)(school)
    near = _flags(people, lambda row: row.physical) & (minutes <= _numbers(people, "max_travel_minutes"))
    found = np.zeros(len(people), bool)
    if Mode.PHYSICAL in wish.modes:
        found |= near
    if Mode.DIGITAL in wish.modes:
        found |= _flags(people, lambda row: row.digital)
    return found


def _able(session: Session, people: Sequence[Any], rules: VisitRules, wish: Wish) -> Flags:
    """Grades, lessons, topic and language, and no standing no to the school."""
    able = np.minimum(_numbers(people, "max_lessons"), _cap(rules.max_lessons)) >= wish.lessons
    if wish.grades:
        able &= (_numbers(people, "lowest_grade") <= min(wish.grades)) & (
            _numbers(people, "highest_grade") >= max(wish.grades)
        )
    if wish.topics:
        knows = set(
            session.scalars(
                select(role_model_topic.c.role_model_id)
                .join(Topic, role_model_topic.c.topic_id == Topic.id)
                .where(Topic.code.in_(wish.topics))
            )
        )
        able &= _flags(people, lambda row: row.id in knows)
    if wish.language is not None:
        spoken: defaultdict[str, set[str]] = defaultdict(set)
        for role_model, language in session.execute(
            select(RoleModelLanguage.role_model_id, RoleModelLanguage.language)
        ):
            spoken[role_model].add(language)
        able &= _flags(people, lambda row: speaks(spoken[row.id], wish.language))
    refused = set(
        session.scalars(
            select(Refusal.role_model_id).where(
                Refusal.school_id == wish.school.id, Refusal.request_id.is_(None), Refusal.starts_at.is_(None)
            )
        )
    )
    return able & ~_flags(people, lambda row: row.id in refused)


def _has_room(session: Session, people: Sequence[Any], rules: VisitRules, season: Season) -> Flags:
    """Whose limit of the term, and whose company's quota, is not used up."""
    used: dict[str, int] = {}
    by_company: defaultdict[str | None, int] = defaultdict(int)
    for role_model, company, count in session.execute(
        select(VisitRoleModel.role_model_id, RoleModel.company_id, func.count())
        .join(Visit, VisitRoleModel.visit_id == Visit.id)
        .join(Request, Visit.request_id == Request.id)
        .join(RoleModel, VisitRoleModel.role_model_id == RoleModel.id)
        .where(Request.season_id == season.id, Visit.state.in_(LIVE))
        .group_by(VisitRoleModel.role_model_id, RoleModel.company_id)
    ):
        used[role_model] = count
        by_company[company] += count
    full = {
        company
        for company, quota in session.execute(select(Company.id, Company.quota).where(Company.quota.is_not(None)))
        if quota is not None and by_company[company] >= quota
    }
    most = np.minimum(_numbers(people, "max_per_term"), _cap(rules.max_per_term))
    spent = np.array([used.get(row.id, 0) for row in people], dtype=np.int64)
    return (spent < most) & ~_flags(people, lambda row: row.company_id in full)


def _free(session: Session, people: Sequence[Any], rules: VisitRules, wish: Wish, days: Sequence[date]) -> Flags:
    """(people, days): free from the first lesson to the last one's end, and within the limits of day and week."""
    index = {row.id: number for number, row in enumerate(people)}
    by_person = {row.person_id: number for number, row in enumerate(people)}
    column = {day: number for number, day in enumerate(days)}
    free = _weekly_and_pledged(session, index, wish, days, column)
    away = [max(row.away_until or date.min, row.paused_until or date.min).toordinal() for row in people]
    ordinals = np.array([day.toordinal() for day in days], dtype=np.int64)
    free &= ordinals[None, :] > np.array(away, dtype=np.int64)[:, None]
    for role_model, first, last in session.execute(
        select(RoleModelBlocked.role_model_id, RoleModelBlocked.from_date, RoleModelBlocked.to_date).where(
            RoleModelBlocked.to_date >= days[0], RoleModelBlocked.from_date <= days[-1]
        )
    ):
        if role_model in index:
            inside = (ordinals >= first.toordinal()) & (ordinals <= last.toordinal())
            free[index[role_model], inside] = False
    for person, starts_at, ends_at in session.execute(_booked(days)):
        day = clock.to_local(starts_at).date()
        if person in by_person and day in column:
            starts, ends = clock.at_local(day, wish.starts), clock.at_local(day, wish.ends)
            if starts_at < ends and starts < ends_at:
                free[by_person[person], column[day]] = False
    return free & _within_limits(session, people, index, rules, days, column)


def _weekly_and_pledged(
    session: Session, index: dict[str, int], wish: Wish, days: Sequence[date], column: dict[date, int]
) -> Flags:
    """Weekly times, and times pledged for one day; touching ones count as one."""
    weekly: defaultdict[tuple[str, int], list[tuple[time, time]]] = defaultdict(list)
    for role_model, weekday, starts, ends in session.execute(
        select(
            RoleModelFreeTime.role_model_id, RoleModelFreeTime.weekday, RoleModelFreeTime.starts, RoleModelFreeTime.ends
        ).where(
            RoleModelFreeTime.role_model_id.in_(index),
            RoleModelFreeTime.starts < wish.ends,
            RoleModelFreeTime.ends > wish.starts,
        )
    ):
        weekly[role_model, weekday].append((starts, ends))
    on_weekday = np.zeros((len(index), 8), bool)
    for (role_model, weekday), times in weekly.items():
        if role_model in index:
            on_weekday[index[role_model], weekday] = _covers(times, wish.starts, wish.ends)
    free: Flags = on_weekday[:, [day.isoweekday() for day in days]]
    pledged: defaultdict[tuple[str, date], list[tuple[time, time]]] = defaultdict(list)
    for role_model, day, starts, ends in session.execute(
        select(PledgeSlot.role_model_id, PledgeSlot.day, PledgeSlot.starts, PledgeSlot.ends).where(
            PledgeSlot.day.between(days[0], days[-1])
        )
    ):
        pledged[role_model, day].append((starts, ends))
    for (role_model, day), times in pledged.items():
        if role_model in index and day in column:
            both = [*times, *weekly[role_model, day.isoweekday()]]
            free[index[role_model], column[day]] = _covers(both, wish.starts, wish.ends)
    return free


def _booked(days: Sequence[date]) -> Any:
    first, after = clock.at_local(days[0], time.min), clock.at_local(days[-1] + timedelta(days=1), time.min)
    return select(Booking.person_id, Booking.starts_at, Booking.ends_at).where(
        Booking.released_at.is_(None), Booking.ends_at > first, Booking.starts_at < after
    )


def _within_limits(
    session: Session,
    people: Sequence[Any],
    index: dict[str, int],
    rules: VisitRules,
    days: Sequence[date],
    column: dict[date, int],
) -> Flags:
    """Nobody who has a visit that day, or as many as they take in that week."""
    monday, sunday = monday_of(days[0]), monday_of(days[-1]) + WEEK
    on_day = np.zeros((len(people), len(days)), bool)
    in_week: defaultdict[date, NDArray[np.int64]] = defaultdict(lambda: np.zeros(len(people), dtype=np.int64))
    rows = session.execute(
        select(VisitRoleModel.role_model_id, Visit.starts_at)
        .join(Visit, VisitRoleModel.visit_id == Visit.id)
        .where(
            Visit.state.in_(LIVE),
            Visit.starts_at >= clock.at_local(monday, time.min),
            Visit.starts_at < clock.at_local(sunday, time.min),
        )
    )
    for role_model, starts_at in rows:
        if role_model in index:
            day = clock.to_local(starts_at).date()
            in_week[monday_of(day)][index[role_model]] += 1
            if day in column:
                on_day[index[role_model], column[day]] = True
    per_week = np.minimum(_numbers(people, "max_per_week"), _cap(rules.max_per_week))
    per_day = np.minimum(_numbers(people, "max_per_day"), _cap(rules.max_per_day))
    within = ~on_day & (per_day >= 1)[:, None]
    for number, day in enumerate(days):
        within[:, number] &= in_week[monday_of(day)] < per_week
    return within


def _reserved_elsewhere(
    session: Session, people: Sequence[Any], season: Season, wish: Wish, days: Sequence[date]
) -> Flags:
    """Who is set aside on a day for municipalities that the school's is not among."""
    index = {row.id: number for number, row in enumerate(people)}
    ours = np.zeros((len(people), len(days)), bool)
    some = ours.copy()
    ordinals = np.array([day.toordinal() for day in days], dtype=np.int64)
    for role_model, kept in reservations(session, season.id).items():
        if role_model not in index:
            continue
        for one in kept:
            inside = (ordinals >= one.from_.toordinal()) & (ordinals <= one.to.toordinal())
            some[index[role_model], inside] = True
            if wish.school.municipality_id in one.municipalities:
                ours[index[role_model], inside] = True
    return some & ~ours


def _covers(times: Collection[tuple[time, time]], starts: time, ends: time) -> bool:
    """Whether the times together hold all from `starts` to `ends`."""
    reached = starts
    for begins, over in sorted(times):
        if begins <= reached < over:
            reached = over
    return reached >= ends


def _flags(people: Sequence[Any], asked: Any) -> Flags:
    return np.fromiter((bool(asked(row)) for row in people), dtype=np.bool_, count=len(people))


def _numbers(people: Sequence[Any], name: str) -> NDArray[np.int64]:
    return np.array([getattr(row, name) for row in people], dtype=np.int64)


def _cap(most: int | None) -> int:
    return 1000 if most is None else most
