"""How many open orders a role model could take, by minutes of travel: a few bounded queries, whatever the season holds.

An order counts as open while it waits for a visit and has a time to come. It suits when grade, topic, form, language
and number of lessons do, when it has not been said no to, and when one of its times lies within the ticked weekly times
on a day that is neither blocked, away nor booked. Minutes are the matcher's, 0 where the visit can be digital.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import ProgrammeKind, RefusalScope, RequestMode, RequestState, SchoolStatus, TopicUse
from api.domain.programme_rules import VisitRules, visit_rules
from api.domain.school_days import months_before
from api.models.bookings import Booking
from api.models.places import School
from api.models.programmes import Programme
from api.models.role_models import RoleModel, role_model_topic
from api.models.visits import Lesson, Refusal, Request, RequestOption, RequestTopic, Visit
from api.queries import follow_up
from api.queries.snapshot_languages import NORWEGIAN
from api.queries.snapshot_people import LIVE
from matcher.problem import Travel
from matcher.travel import EARTH_RADIUS_KM, Place, TravelTimes

STEP, MOST = 15, 120
"""Minutes of travel: of one bar, and of all of them."""
NEVER = date.min


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that suits but for travel. minutes: of travel one way, 0 when digital. waited: days since it came.

    first_in_months: the school has had no visit in the months that count. times_suit: one of its times is ticked.
    """

    request_id: str
    school: str
    minutes: int
    digital: bool
    waited: int
    first_in_months: bool
    times_suit: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """Orders of STEP more minutes of travel, the last of them upto. within: how many of the count are in reach."""

    upto: int
    count: int
    within: int


@dataclass(frozen=True, slots=True)
class Reach:
    """What a role model reaches. orders: those that suit in grade, topic and form within MOST minutes, nearest first.

    minutes: how far the role model goes. km_per_minute: kilometres of road.
    """

    minutes: int
    orders: tuple[OpenOrder, ...]
    km_per_minute: float

    @property
    def suiting(self) -> list[OpenOrder]:
        """Those whose times suit, too."""
        return [one for one in self.orders if one.times_suit]

    @property
    def within(self) -> list[OpenOrder]:
        """Those that can be taken now."""
        return [one for one in self.suiting if one.minutes <= self.minutes]

    @property
    def lost_to_times(self) -> int:
        """Orders in reach that suit in all but the ticked times."""
        return sum(1 for one in self.orders if not one.times_suit and one.minutes <= self.minutes)

    @property
    def km(self) -> int:
        """About how many kilometres of road that is."""
        return round(self.minutes * self.km_per_minute)

    @property
    def next_step(self) -> int | None:
        """The next number of minutes that opens for more, None when none does."""
        beyond = [one.minutes for one in self.suiting if one.minutes > self.minutes]
        return min(MOST, math.ceil(min(beyond) / STEP) * STEP) if beyond else None

    @property
    def gained(self) -> list[OpenOrder]:
        """What the next step opens for, those that have waited longest first."""
        step = self.next_step or 0
        more = [one for one in self.suiting if self.minutes < one.minutes <= step]
        return sorted(more, key=lambda one: (-one.waited, one.school, one.request_id))

    @property
    def bars(self) -> list[Bar]:
        """The suiting orders by STEP minutes."""
        counts, near = (Counter(_bar(one) for one in orders) for orders in (self.suiting, self.within))
        return [Bar(n * STEP, counts[n], near[n]) for n in range(1, MOST // STEP + 1)]


def _bar(order: OpenOrder) -> int:
    return max(1, math.ceil(order.minutes / STEP))


def reach_of(session: Session, role_model: RoleModel, minutes: int | None = None, today: date | None = None) -> Reach:
    """The reach of a profile as it is stored. minutes: in place of the stored ones, 0 to 1440."""
    day = today or clock.today()
    asked = role_model.max_travel_minutes if minutes is None else minutes
    rules = _rules(session)
    widest = max((MOST * one.kmh / (60 * one.detour) for one in rules.values()), default=0.0)
    rows = [
        row
        for row in session.execute(_orders(role_model, day, widest))
        if all(grade <= role_model.highest_grade for grade in row.more_grades)
    ]
    fits = _times_that_suit(session, role_model, [row.id for row in rows], day)
    visited = _visited(session, {row.school_id for row in rows}, rules.values(), day)
    travel = {key: TravelTimes(Travel(detour=one.detour, kmh=one.kmh)) for key, one in rules.items()}
    home = Place("home", role_model.lat, role_model.lon)
    found = []
    for row in rows:
        digital = role_model.digital and row.mode is not RequestMode.PHYSICAL
        there = 0 if digital else travel[row.programme_id].minutes(home, Place("school", row.lat, row.lon))
        if there > MOST or row.id not in fits:
            continue
        waited = max(0, (day - clock.to_oslo(row.submitted_at).date()).days)
        fresh = row.school_id not in visited
        found.append(OpenOrder(row.id, row.name, there, digital, waited, fresh, fits[row.id]))
    nearest = sorted(found, key=lambda one: (one.minutes, one.school, one.request_id))
    return Reach(asked, tuple(nearest), next(iter(rules.values()), VisitRules()).kmh / 60)


def _rules(session: Session) -> dict[str, VisitRules]:
    programmes = session.scalars(select(Programme.id).where(Programme.kind == ProgrammeKind.SCHOOL_VISIT))
    return {one: visit_rules(follow_up.settings_of(session, one)) for one in programmes}


def _orders(role_model: RoleModel, day: date, km: float) -> Any:
    """Open orders of schools in the square around home, or digital ones, that suit in all but travel and times."""
    tomorrow = clock.at_local(day + timedelta(days=1), time.min)
    to_come = exists().where(
        RequestOption.request_id == Request.id, Lesson.option_id == RequestOption.id, Lesson.starts_at >= tomorrow
    )
    return (
        select(
            Request.id,
            Request.programme_id,
            Request.school_id,
            Request.mode,
            Request.more_grades,
            Request.submitted_at,
            School.name,
            School.lat,
            School.lon,
        )
        .join(School, Request.school_id == School.id)
        .join(Programme, Request.programme_id == Programme.id)
        .where(
            Programme.kind == ProgrammeKind.SCHOOL_VISIT,
            Request.state == RequestState.OPEN,
            School.status == SchoolStatus.ACTIVE,
            Request.grade.between(role_model.lowest_grade, role_model.highest_grade),
            to_come,
            _mode_suits(role_model, km),
            _topic_suits(role_model),
            _language_suits(role_model),
            ~_refused(role_model),
        )
    )


def _mode_suits(role_model: RoleModel, km: float) -> ColumnElement[bool]:
    degrees = math.degrees(km / EARTH_RADIUS_KM)
    east = degrees / max(0.05, math.cos(math.radians(min(89.0, abs(role_model.lat) + degrees))))
    near = and_(
        School.lat.between(role_model.lat - degrees, role_model.lat + degrees),
        School.lon.between(role_model.lon - east, role_model.lon + east),
    )
    ways = []
    if role_model.physical:
        ways.append(and_(Request.mode != RequestMode.DIGITAL, near))
    if role_model.digital:
        ways.append(Request.mode != RequestMode.PHYSICAL)
    return or_(*ways)


def _topic_suits(role_model: RoleModel) -> ColumnElement[bool]:
    """None needed, or one of the needed ones is the role model's."""
    needed = exists().where(RequestTopic.request_id == Request.id, RequestTopic.use == TopicUse.NEEDED)
    own = select(role_model_topic.c.topic_id).where(role_model_topic.c.role_model_id == role_model.id)
    return or_(~needed, needed.where(RequestTopic.topic_id.in_(own)))


def _language_suits(role_model: RoleModel) -> ColumnElement[bool]:
    spoken = {one.language for one in role_model.languages} or set(NORWEGIAN)
    if spoken & NORWEGIAN:
        spoken |= NORWEGIAN
    return or_(Request.language.is_(None), Request.language.in_(sorted(spoken)))


def _refused(role_model: RoleModel) -> ColumnElement[bool]:
    return exists().where(
        Refusal.role_model_id == role_model.id,
        or_(
            and_(Refusal.scope == RefusalScope.REQUEST, Refusal.request_id == Request.id),
            and_(Refusal.scope == RefusalScope.SCHOOL, Refusal.school_id == Request.school_id),
        ),
    )


def _times_that_suit(session: Session, role_model: RoleModel, requests: list[str], day: date) -> dict[str, bool]:
    """For each request with a time to come of at most so many lessons: whether one of those times is free."""
    free = _FreeTimes.read(session, role_model, day)
    refused = {
        (one.request_id, one.starts_at)
        for one in session.execute(
            select(Refusal.request_id, Refusal.starts_at).where(
                Refusal.role_model_id == role_model.id, Refusal.scope == RefusalScope.TIME
            )
        )
    }
    found: dict[str, bool] = {}
    rows = session.execute(
        select(
            RequestOption.request_id,
            func.min(Lesson.starts_at).label("starts"),
            func.max(Lesson.ends_at).label("ends"),
            func.count().label("lessons"),
        )
        .join(Lesson, Lesson.option_id == RequestOption.id)
        .where(RequestOption.request_id.in_(requests))
        .group_by(RequestOption.request_id, RequestOption.id)
    )
    for row in rows:
        starts = clock.to_local(row.starts)
        if starts.date() <= day or row.lessons > role_model.max_lessons:
            continue
        said_no = (row.request_id, row.starts) in refused or (None, row.starts) in refused
        suits = not said_no and free.covers(starts, clock.to_local(row.ends))
        found[row.request_id] = found.get(row.request_id, False) or suits
    return found


@dataclass(frozen=True, slots=True)
class _FreeTimes:
    """When a role model can be at a school, local time."""

    weekly: dict[int, list[tuple[time, time]]]
    blocked: list[tuple[date, date]]
    away: date
    taken: list[tuple[datetime, datetime]]

    @classmethod
    def read(cls, session: Session, role_model: RoleModel, day: date) -> _FreeTimes:
        weekly: defaultdict[int, list[tuple[time, time]]] = defaultdict(list)
        for one in sorted(role_model.free_times, key=lambda free: free.starts):
            spans = weekly[one.weekday]
            if spans and one.starts <= spans[-1][1]:
                spans[-1] = spans[-1][0], max(spans[-1][1], one.ends)
            else:
                spans.append((one.starts, one.ends))
        since = clock.at_local(day, time.min)
        bookings = session.execute(
            select(Booking.starts_at, Booking.ends_at).where(
                Booking.person_id == role_model.person_id, Booking.released_at.is_(None), Booking.ends_at > since
            )
        )
        taken = [(clock.to_local(starts), clock.to_local(ends)) for starts, ends in bookings]
        blocked = [(one.from_date, one.to_date) for one in role_model.blocked]
        return cls(dict(weekly), blocked, role_model.away_until or NEVER, taken)

    def covers(self, starts: datetime, ends: datetime) -> bool:
        day = starts.date()
        return (
            day > self.away
            and not any(first <= day <= last for first, last in self.blocked)
            and any(a <= starts.time() and ends.time() <= b for a, b in self.weekly.get(day.isoweekday(), []))
            and not any(a < ends and starts < b for a, b in self.taken)
        )


def _visited(session: Session, schools: set[str], rules: Iterable[VisitRules], day: date) -> set[str]:
    """Schools with a visit in the months that count, or one that is to come."""
    months = min((one.first_visit_months for one in rules), default=12)
    since = clock.at_local(months_before(day, months), time.min)
    return set(
        session.scalars(
            select(Request.school_id)
            .join(Visit, Visit.request_id == Request.id)
            .where(Request.school_id.in_(schools), Visit.state.in_(LIVE), Visit.starts_at >= since)
            .distinct()
        )
    )
