"""Role models as they may be asked now, and what they are already engaged in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import LockKind, ProfileState, VisitState
from api.domain.programme_rules import VisitRules
from api.domain.school_days import days, months_before
from api.models.bookings import Booking
from api.models.companies import Agreement, agreement_municipality, agreement_visit_week
from api.models.follow_up import PledgeSlot
from api.models.places import Holiday
from api.models.plan_rows import Lock, lock_role_model
from api.models.programmes import VisitWeek
from api.models.role_models import (
    RoleModel,
    RoleModelBlocked,
    RoleModelFreeTime,
    agreement_role_model,
    role_model_topic,
)
from api.models.visits import Lesson, Request, Visit, VisitRoleModel
from matcher import problem as m

LIVE = (VisitState.PLANNED, VisitState.CONFIRMED, VisitState.HELD)
SUNDAY = timedelta(days=6)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Kept:
    """A live visit, or one that a person has locked: the request keeps this option, mode, people and day."""

    option_id: str
    mode: Literal["physical", "digital"]
    role_models: tuple[str, ...]
    day: date


@dataclass(frozen=True, slots=True)
class Engagements:
    """What stands: by request in the problem, and what the problem does not know but limits do.

    fixed_visits: whose bookings the problem looks past. elsewhere: the season's other engagements, by (role model,
    company). days: those of any season or programme, by role model and day. looked_past: the people of the
    visit that is looked past.
    """

    fixed: dict[str, Kept]
    fixed_visits: frozenset[str]
    elsewhere: Counter[tuple[str, str | None]]
    days: defaultdict[str, Counter[date]]
    looked_past: frozenset[str] = frozenset()

    @classmethod
    def read(
        cls,
        session: Session,
        season_id: str,
        requests: set[str],
        term: tuple[date, date],
        today: date,
        anew: str | None = None,
    ) -> Engagements:
        """Live visits and locks of a season, and live visits of any in the weeks of the term.

        What began before today counts in limits only. anew: the request whose visit and lock are looked past.
        """
        wanted = _of_season_or_weeks(season_id, term)
        people = _people_of_visits(session, wanted)
        fixed: dict[str, Kept] = {}
        visits: set[str] = set()
        looked_past: set[str] = set()
        elsewhere: Counter[tuple[str, str | None]] = Counter()
        on: defaultdict[str, Counter[date]] = defaultdict(Counter)
        for visit, season in session.execute(
            select(Visit, Request.season_id)
            .join(Request, Visit.request_id == Request.id)
            .where(wanted, Visit.state.in_(LIVE))
            .order_by(Visit.id)
        ):
            if visit.request_id == anew:
                visits.add(visit.id)
                looked_past |= {role_model for role_model, _ in people[visit.id]}
                continue
            members = people[visit.id]
            day = clock.to_oslo(visit.starts_at).date()
            if visit.request_id in requests and day >= today and members:
                names = tuple(sorted(role_model for role_model, _ in members))
                fixed[visit.request_id] = Kept(visit.option_id, visit.mode.value, names, day)
                visits.add(visit.id)
                continue
            if season == season_id:
                elsewhere.update(members)
            for role_model, _ in members:
                on[role_model][day] += 1
        for request_id, kept in _locked(session, season_id, today):
            if request_id in requests and request_id != anew:
                fixed.setdefault(request_id, kept)
        return cls(fixed, frozenset(visits), elsewhere, on, frozenset(looked_past))

    @staticmethod
    def visits_of_schools(session: Session, rules: VisitRules, today: date) -> dict[str, int]:
        """Visits that each school has had in the months that count."""
        since = clock.at_local(months_before(today, rules.first_visit_months), datetime.min.time())
        until = clock.at_local(today, datetime.min.time())
        rows = session.execute(
            select(Request.school_id, func.count())
            .join(Visit, Visit.request_id == Request.id)
            .where(Visit.state.in_(LIVE), Visit.starts_at >= since, Visit.starts_at < until)
            .group_by(Request.school_id)
        )
        return dict(rows.all())

    def people(self) -> set[str]:
        """Role models in what is fixed, and in what is looked past."""
        return {one for kept in self.fixed.values() for one in kept.role_models} | self.looked_past

    def fixed_days(self) -> defaultdict[str, Counter[date]]:
        """The days of what is fixed, by role model."""
        found: defaultdict[str, Counter[date]] = defaultdict(Counter)
        for kept in self.fixed.values():
            for role_model in kept.role_models:
                found[role_model][kept.day] += 1
        return found

    def of(self, role_model: str, company: str | None) -> int:
        """Engagements of a role model this season that are not in the problem."""
        return self.elsewhere[role_model, company]


def role_models(
    session: Session,
    season_id: str,
    rules: VisitRules,
    engagements: Engagements,
    term: tuple[date, date],
    today: date,
    only: Collection[str] | None = None,
) -> list[m.RoleModel]:
    """Trained role models with an active, fresh profile, all or `only` these of them.

    Whoever is in a fixed visit comes along in any case, if need be without any free time.
    """
    confirmed_since = clock.at_local(months_before(today, rules.confirmed_months), datetime.min.time())
    kept = engagements.people()
    free = _free_times(session, engagements.fixed_visits, term)
    topics = _grouped(
        session.execute(
            select(role_model_topic.c.role_model_id, role_model_topic.c.topic_id).order_by(role_model_topic.c.topic_id)
        )
    )
    reserved = reservations(session, season_id)
    fixed_days = engagements.fixed_days()
    rows = session.scalars(select(RoleModel).order_by(RoleModel.id))
    people = []
    for row in rows:
        trained = row.trained_on is not None and row.trained_on <= today
        fresh = row.confirmed_at is not None and row.confirmed_at >= confirmed_since
        ready = (
            trained
            and fresh
            and row.state is ProfileState.ACTIVE
            and (only is None or row.id in only or row.id in kept)
        )
        if ready or row.id in kept:
            limits = _capped(row.max_per_day, rules.max_per_day), _capped(row.max_per_week, rules.max_per_week)
            spans = within_limits(free(row), engagements.days[row.id], fixed_days[row.id], *limits) if ready else []
            used = engagements.of(row.id, row.company_id)
            people.append(_role_model(row, rules, spans, topics[row.id], reserved[row.id], used))
    return people


def _role_model(
    row: RoleModel,
    rules: VisitRules,
    spans: Iterable[Span],
    topics: Iterable[str],
    reserved: Iterable[m.Reservation],
    used: int,
) -> m.RoleModel:
    offered: dict[Literal["physical", "digital"], bool] = {"physical": row.physical, "digital": row.digital}
    return m.RoleModel(
        id=row.id,
        company=row.company_id,
        lat=row.lat,
        lon=row.lon,
        topics=tuple(topics),
        grades=(row.lowest_grade, row.highest_grade),
        modes=tuple(mode for mode, offers in offered.items() if offers),
        max_travel_minutes=row.max_travel_minutes,
        free=tuple(_interval(start, end) for start, end in spans),
        max_lessons=_capped(row.max_lessons, rules.max_lessons),
        max_per_day=_capped(row.max_per_day, rules.max_per_day),
        max_per_week=_capped(row.max_per_week, rules.max_per_week),
        max_per_term=max(0, _capped(row.max_per_term, rules.max_per_term) - used),
        reserved=tuple(reserved),
    )


@lru_cache(maxsize=20_000)
def _interval(start: datetime, end: datetime) -> m.Interval:
    """Many people are free at the same times; an interval never changes, so they share it."""
    return m.Interval(start=start, end=end)


def _capped(offered: int, most: int | None) -> int:
    return offered if most is None else min(offered, most)


def within_limits(
    spans: Iterable[Span], elsewhere: Counter[date], fixed: Counter[date], per_day: int, per_week: int
) -> list[Span]:
    """The spans, in order of time, in which no new visits could break a limit together with engagements elsewhere.

    The problem counts its own visits only. So a day with an engagement elsewhere is out, and a week with some keeps its
    earliest days, as many as can be filled within what is left of the week.
    """
    if not elsewhere:
        return list(spans)
    left: dict[tuple[int, int], int] = {}
    for day in elsewhere:
        left[_week(day)] = per_week
    for day, count in (elsewhere + fixed).items():
        if _week(day) in left:
            left[_week(day)] -= count
    kept: list[Span] = []
    for day, parts in groupby(spans, key=lambda span: span[0].date()):
        week, most = _week(day), max(0, per_day - fixed[day])
        if week in left:
            if elsewhere[day] or left[week] < most:
                continue
            left[week] -= most
        kept += parts
    return kept


def _week(day: date) -> tuple[int, int]:
    return day.isocalendar()[:2]


def _of_season_or_weeks(season_id: str, term: tuple[date, date]) -> ColumnElement[bool]:
    """Visits of the season, and of any season in the weeks from the term's first to its last."""
    monday = term[0] - timedelta(days=term[0].weekday())
    sunday = term[1] - timedelta(days=term[1].weekday()) + SUNDAY
    since = clock.at_local(monday, datetime.min.time())
    until = clock.at_local(sunday + timedelta(days=1), datetime.min.time())
    return or_(Request.season_id == season_id, and_(Visit.starts_at >= since, Visit.starts_at < until))


def _people_of_visits(session: Session, wanted: ColumnElement[bool]) -> defaultdict[str, list[tuple[str, str | None]]]:
    members: defaultdict[str, list[tuple[str, str | None]]] = defaultdict(list)
    for visit_id, role_model, company in session.execute(
        select(VisitRoleModel.visit_id, RoleModel.id, RoleModel.company_id)
        .join(RoleModel, VisitRoleModel.role_model_id == RoleModel.id)
        .join(Visit, VisitRoleModel.visit_id == Visit.id)
        .join(Request, Visit.request_id == Request.id)
        .where(wanted)
    ):
        members[visit_id].append((role_model, company))
    return members


def _locked(session: Session, season_id: str, today: date) -> Iterator[tuple[str, Kept]]:
    """Locked visits that are still to come, by request."""
    members = _grouped(session.execute(select(lock_role_model.c.lock_id, lock_role_model.c.role_model_id)))
    first_lesson = select(func.min(Lesson.starts_at)).where(Lesson.option_id == Lock.option_id).scalar_subquery()
    rows = session.execute(
        select(Lock, first_lesson).where(Lock.season_id == season_id, Lock.kind == LockKind.VISIT).order_by(Lock.id)
    )
    lock: Any  # the database says that a visit's lock has request, option and mode
    for lock, starts_at in rows:
        people = tuple(sorted(members[lock.id]))
        day = None if starts_at is None else clock.to_oslo(starts_at).date()
        if people and day is not None and day >= today:
            yield lock.request_id, Kept(lock.option_id, lock.mode.value, people, day)


def reservations(session: Session, season_id: str) -> defaultdict[str, list[m.Reservation]]:
    """Each agreement person's visit weeks, Monday to Sunday, for the week's own municipality, and pledged days for all
    that the agreement names.

    A week of a municipality that the agreement does not name is kept for all that it names, too.
    """
    towns = _grouped(
        session.execute(
            select(agreement_municipality.c.agreement_id, agreement_municipality.c.municipality_id).order_by(
                agreement_municipality.c.municipality_id
            )
        )
    )
    reserved: defaultdict[str, list[m.Reservation]] = defaultdict(list)
    for role_model, agreement, town, monday in session.execute(
        select(agreement_role_model.c.role_model_id, Agreement.id, VisitWeek.municipality_id, VisitWeek.monday)
        .join(Agreement, agreement_role_model.c.agreement_id == Agreement.id)
        .join(agreement_visit_week, agreement_visit_week.c.agreement_id == Agreement.id)
        .join(VisitWeek, agreement_visit_week.c.visit_week_id == VisitWeek.id)
        .where(Agreement.season_id == season_id)
        .order_by(agreement_role_model.c.role_model_id, VisitWeek.monday, VisitWeek.municipality_id)
    ):
        named = [town] if town in towns[agreement] else towns[agreement]
        if named:
            days_of_week: dict[str, Any] = {"from_": monday, "to": monday + SUNDAY}
            reserved[role_model].append(m.Reservation(municipalities=tuple(named), **days_of_week))
    for role_model, agreement, day in session.execute(
        select(PledgeSlot.role_model_id, PledgeSlot.agreement_id, PledgeSlot.day)
        .join(Agreement, PledgeSlot.agreement_id == Agreement.id)
        .where(Agreement.season_id == season_id)
        .distinct()
        .order_by(PledgeSlot.role_model_id, PledgeSlot.day, PledgeSlot.agreement_id)
    ):
        if towns[agreement]:
            on_day: dict[str, Any] = {"from_": day, "to": day}
            reserved[role_model].append(m.Reservation(municipalities=tuple(towns[agreement]), **on_day))
    return reserved


def _free_times(session: Session, fixed_visits: frozenset[str], term: tuple[date, date]) -> Any:
    """A function from a role model's row to its free spans in the term: weekly times, and times pledged for one day, on
    days that are not blocked, after any absence or pause, outside public holidays, without what the person is booked
    for elsewhere.
    """
    weekly = defaultdict(list)
    for free in session.scalars(
        select(RoleModelFreeTime).order_by(RoleModelFreeTime.role_model_id, RoleModelFreeTime.starts)
    ):
        weekly[free.role_model_id, free.weekday].append((free.starts, free.ends))
    pledged = defaultdict(list)
    for slot in session.scalars(select(PledgeSlot).where(PledgeSlot.day.between(*term)).order_by(PledgeSlot.starts)):
        pledged[slot.role_model_id, slot.day].append((slot.starts, slot.ends))
    holidays = set(session.scalars(select(Holiday.day)))
    blocked = {
        (row.role_model_id, day)
        for row in session.scalars(
            select(RoleModelBlocked).where(RoleModelBlocked.to_date >= term[0], RoleModelBlocked.from_date <= term[1])
        )
        for day in days(max(row.from_date, term[0]), min(row.to_date, term[1]))
    }
    taken = _booked(session, fixed_visits)
    dates = [(day, day.isoweekday()) for day in days(*term) if day not in holidays]
    always = {weekday for _, weekday in dates}

    def spans(row: RoleModel) -> list[Span]:
        who, booked = row.id, taken.get(row.person_id, ())
        away = max(row.away_until or date.min, row.paused_until or date.min)
        every_week = {weekday: _joined(weekly[who, weekday]) for weekday in always}
        found: list[Span] = []
        for day, weekday in dates:
            if day <= away or (who, day) in blocked:
                continue
            set_aside = pledged.get((who, day))
            times = _joined([*weekly[who, weekday], *set_aside]) if set_aside else every_week[weekday]
            for starts, ends in times:
                span = datetime.combine(day, starts), datetime.combine(day, ends)
                found += _without(span, booked) if booked else (span,)
        return found

    return spans


def _joined(times: list[tuple[time, time]]) -> list[tuple[time, time]]:
    """Times of one day, those that touch or overlap as one, in order."""
    joined: list[tuple[time, time]] = []
    for starts, ends in sorted(times):
        if joined and starts <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], ends)
        else:
            joined.append((starts, ends))
    return joined


def _booked(session: Session, fixed_visits: frozenset[str]) -> defaultdict[str, list[Span]]:
    """People's time that is taken by anything but the fixed visits of the problem, which count by themselves."""
    taken: defaultdict[str, list[Span]] = defaultdict(list)
    rows = session.execute(
        select(Booking.person_id, Booking.starts_at, Booking.ends_at, Booking.visit_id)
        .join(RoleModel, RoleModel.person_id == Booking.person_id)
        .where(Booking.released_at.is_(None))
        .order_by(Booking.starts_at)
    )
    for person, starts_at, ends_at, visit_id in rows:
        if visit_id is None or visit_id not in fixed_visits:
            taken[person].append((clock.to_local(starts_at), clock.to_local(ends_at)))
    return taken


def _without(span: Span, taken: Iterable[Span]) -> Iterator[Span]:
    """What is left of a span when each of `taken`, in order of their starts, is cut out."""
    start, end = span
    for other_start, other_end in taken:
        if other_start < end and start < other_end:
            if start < other_start:
                yield start, other_start
            start = max(start, other_end)
    if start < end:
        yield start, end


def _grouped(pairs: Iterable[Any]) -> defaultdict[str, list[str]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups
