"""The visit plan as a week: three blocks a day, and under each day the reserved time that nobody uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import Blueprint, render_template

from api import clock
from api.domain.deadlines import monday_of
from api.domain.enums import RunKind
from api.domain.permissions import Action
from api.domain.school_days import days
from api.edge.access import allowed
from api.edge.session import read_session
from api.i18n import gettext as _
from api.queries import people_and_topics, stories, visit_plan
from api.queries.visit_plan import Assigned, VisitRow
from api.web.asked import asked_day
from api.web.coordinator.visits import plan_head, sees_names
from api.web.season_page import shown_plan

pages = Blueprint("week", __name__)
BLOCKS = (time(10, 0), time(11, 30))
SHOWN_FREE = 4


@dataclass(frozen=True, slots=True)
class Day:
    """blocks: visits that begin before 10, before 11.30 and later. free: people set aside and not used; names: some."""

    day: date
    blocks: Sequence[Sequence[VisitRow]]
    free: int
    names: Sequence[Assigned]

    @property
    def visits(self) -> int:
        return sum(len(block) for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Week:
    """A week that has visits. monday: its first day; visits: how many."""

    monday: date
    visits: int

    @property
    def number(self) -> int:
        return self.monday.isocalendar().week


@pages.get("/besok/uke")
@allowed(Action.SEE_VISIT_PLANS)
def page() -> str:
    """The week of `?dag=`, else the first with visits."""
    shown = shown_plan(RunKind.VISIT)
    if shown is None:
        return render_template("coordinator/no_plan.html", title=_("Visit plan"))
    session = read_session()
    facts = stories.visit_facts(session, shown.plan.id)
    weeks = [Week(monday, visits) for monday, visits in visit_plan.weeks(session, shown.plan.id)]
    asked = asked_day("dag")
    monday = monday_of(asked) if asked else weeks[0].monday if weeks else monday_of(clock.today())
    rows = visit_plan.week_rows(session, shown.plan.id, monday)
    free = {day: free_on(facts, day) for day in days(monday, monday + timedelta(days=4))}
    listed = [one for day in free.values() for one in day[:SHOWN_FREE]] if sees_names() else []
    people = people_and_topics.role_models(session, listed)
    return render_template(
        "coordinator/week.html",
        days=[_day(day, rows, unused, people) for day, unused in free.items()],
        monday=monday,
        total=len(rows),
        before=next((week for week in reversed(weeks) if week.monday < monday), None),
        after=next((week for week in weeks if week.monday > monday), None),
        weeks=weeks,
        facts_of={row.id: facts.why(row.request_id) for row in rows},
        **plan_head(shown),
    )


def free_on(facts: stories.VisitFacts, day: date) -> list[str]:
    """Role models set aside for a municipality that day, free then, whom the plan uses for nothing that day."""
    story = facts.story
    return [
        person.id
        for person in story.problem.role_models
        if any(kept.from_ <= day <= kept.to for kept in person.reserved)
        and any(span.start.date() == day for span in person.free)
        and not any(visit.start.date() == day for visit in story.visits_by.get(person.id, ()))
    ]


def _day(day: date, rows: Sequence[VisitRow], free: Sequence[str], people: dict[str, Assigned]) -> Day:
    held = [row for row in rows if clock.to_oslo(row.starts_at).date() == day]
    blocks = [[row for row in held if _block(row.starts_at) == number] for number in range(len(BLOCKS) + 1)]
    return Day(day, blocks, len(free), [people[one] for one in free[:SHOWN_FREE] if one in people])


def _block(starts_at: datetime) -> int:
    return sum(clock.to_oslo(starts_at).time() >= edge for edge in BLOCKS)
