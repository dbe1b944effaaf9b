"""The smallest change that would give a request a visit, without taking one from another school of the plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.programme_rules import visit_rules
from api.domain.school_days import after_school_days
from api.models.places import School
from api.models.programmes import Season
from api.models.visits import Request
from api.queries import follow_up as reads
from api.queries.snapshot_calendar import SchoolCalendar
from api.queries.stories import VisitFacts
from matcher import problem as m
from matcher.eligibility import PAIR_RULES, Engagement, distance, eligible, modes_of

NEAR_DAYS = 10
MOST_OVER = 60  # minutes; beyond it nobody would call it a small change
SHIFTS = sorted(range(-NEAR_DAYS, NEAR_DAYS + 1), key=lambda shift: (abs(shift), shift))


@dataclass(frozen=True, slots=True)
class Smallest:
    """What differs from what was asked for. code: `date` or `mode`, which can be offered; `fewer` or `distance`, which
    a person has to talk about; `none`.

    lessons: the time of it, local; role_model: who could come; minutes: that person's way, and over: beyond the
    longest; count: how many could come.
    """

    code: str
    lessons: tuple[m.Lesson, ...] = ()
    role_model: str | None = None
    minutes: int = 0
    over: int = 0
    count: int = 0


NOTHING = Smallest("none")
IsOpen = Callable[[date], bool]


def smallest_changes(session: Session, facts: VisitFacts, requests: Sequence[str]) -> dict[str, Smallest]:
    """For each request that the run knew; a fixed number of queries."""
    known = [one for one in requests if facts.knows(one)]
    open_on = _open_on(session, known)
    with facts.mutex:
        return {one: _smallest(facts, facts.story.requests[one], open_on[one]) for one in known if one in open_on}


def _smallest(facts: VisitFacts, request: m.Request, is_open: IsOpen) -> Smallest:
    if request.role_models > 1:
        spare = max(len(_spare(facts, request, option)) for option in request.options)
        return Smallest("fewer", count=spare) if spare else _farther(facts, request)
    return _other_date(facts, request, is_open) or _on_a_screen(facts, request) or _farther(facts, request)


def _other_date(facts: VisitFacts, request: m.Request, is_open: IsOpen) -> Smallest | None:
    """The nearest other school day, at the hour of the first time asked for."""
    lessons = request.options[0].lessons
    asked = {option.lessons[0].start.date() for option in request.options}
    for shift in SHIFTS:
        moved = tuple(
            replace(one, start=one.start + timedelta(days=shift), end=one.end + timedelta(days=shift))
            for one in lessons
        )
        day = moved[0].start.date()
        if day in asked or day.isoweekday() > 5 or not is_open(day):
            continue
        found = _spare(facts, request, m.Option(lessons=moved))
        if found:
            return Smallest("date", moved, found[0][1], found[0][0], count=len(found))
    return None


def _on_a_screen(facts: VisitFacts, request: m.Request) -> Smallest | None:
    """Held digitally at a time that was asked for."""
    if "digital" in modes_of(request):
        return None
    digital = replace(request, mode="digital", prefers="digital")
    for option in request.options:
        found = _spare(facts, digital, option)
        if found:
            return Smallest("mode", option.lessons, found[0][1], count=len(found))
    return None


def _farther(facts: VisitFacts, request: m.Request) -> Smallest:
    """Who could come if a somewhat longer way were all right."""
    if request.mode == "digital":
        return NOTHING
    best: Smallest | None = None
    known, minutes = facts.story.facts, facts.story.facts.minutes_to(request.school)
    for option in request.options:
        engagement = Engagement(request, option, "physical")
        others = [rule(known, engagement) for rule in PAIR_RULES if rule is not distance]
        for i in np.flatnonzero(~np.logical_or.reduce(others)):
            person = facts.story.problem.role_models[i]
            over = int(minutes[i]) - person.max_travel_minutes
            if not 0 < over < (MOST_OVER if best is None else best.over):
                continue
            if not facts.story.used_elsewhere(person, engagement):
                best = Smallest("distance", option.lessons, person.id, int(minutes[i]), over, 1)
    return best or NOTHING


def _spare(facts: VisitFacts, request: m.Request, option: m.Option) -> list[tuple[int, str]]:
    """(minutes, role model) of those who could come in some mode of the request and whom the plan leaves free then."""
    found: dict[str, int] = {}
    minutes = facts.story.facts.minutes_to(request.school)
    for mode in modes_of(request):
        engagement = Engagement(request, option, mode)
        for i in np.flatnonzero(eligible(facts.story.facts, engagement)):
            person = facts.story.problem.role_models[i]
            if not facts.story.used_elsewhere(person, engagement):
                found.setdefault(person.id, int(minutes[i]) if mode == "physical" else 0)
    return sorted((way, person) for person, way in found.items())


def _open_on(session: Session, requests: Sequence[str]) -> dict[str, IsOpen]:
    """For each request a function that says whether its school can be visited on a day."""
    rows = session.execute(
        select(Request, School.municipality_id, School.status)
        .join(School, School.id == Request.school_id)
        .where(Request.id.in_(requests))
    ).all()
    if not rows:
        return {}
    holidays, today = reads.holidays(session), clock.today()
    rules = visit_rules(reads.settings_of(session, rows[0].Request.programme_id))
    first = after_school_days(today, rules.lead_school_days, holidays)
    season = session.get_one(Season, rows[0].Request.season_id)
    calendar = SchoolCalendar.read(session, holidays, (max(first, season.starts_on), season.ends_on))

    def of(row: object) -> IsOpen:
        return lambda day: calendar.is_open(row, day, first)

    return {row.Request.id: of(row) for row in rows}


def starts_at(found: Smallest) -> datetime:
    """When the changed visit would begin, in UTC."""
    return clock.from_local(found.lessons[0].start)
