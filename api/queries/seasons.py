"""Seasons and their figures, as public pages show them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, selectinload

from api.domain.enums import EntryState, PlanStatus, RequestState, RunKind, SessionState
from api.errors import NotFound
from api.i18n import gettext
from api.models.groups import GroupSession
from api.models.planning import Plan
from api.models.programmes import Season
from api.models.pupils import Entry
from api.models.visits import Request
from api.queries import group_plan, plans, visit_plan
from api.queries.paging import Page, Window, page_of

USABLE = (PlanStatus.OPTIMAL, PlanStatus.FEASIBLE)


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """A priority class, first of all class 0: pupils with a place, and pupils in all."""

    priority_class: int
    served: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of a season. Those of plans are of the newest usable plan of each kind, None before there is one.

    A plan made without a goal has None for what that goal counts.
    """

    requests: int
    schools: int
    classes: int
    sites: int
    sessions: int
    pupils: int
    visit_plan: str | None = None
    visit_plan_proven: bool | None = None
    visits: int | None = None
    schools_visited: int | None = None
    first_visits: int | None = None
    reserved: int | None = None
    classes_visited: int | None = None
    pupils_visited: int | None = None
    group_plan: str | None = None
    group_plan_proven: bool | None = None
    seats: int | None = None
    waiting: int | None = None
    sessions_held: int | None = None
    mentors: int | None = None
    sites_waiting: int | None = None
    passed_over: int | None = None
    priority_classes: list[ClassFigures] | None = None


def seasons(session: Session, window: Window) -> Page[Season]:
    """Seasons. Sorts: starts_on, name."""
    columns = {"starts_on": (Season.starts_on, Season.id), "name": (Season.name, Season.id)}
    return page_of(session, select(Season), window, columns)


def season(session: Session, season_id: str) -> Season:
    """One season. Raises NotFound."""
    found = session.get(Season, season_id)
    if found is None:
        raise NotFound(gettext("There is no such season."))
    return found


def newest_plan(session: Session, season_id: str, kind: RunKind) -> str | None:
    """The id of the newest plan of a kind that holds rows."""
    return session.scalar(
        select(Plan.id)
        .where(Plan.season_id == season_id, Plan.kind == kind, Plan.status.in_(USABLE))
        .order_by(Plan.created_at.desc(), Plan.id.desc())
        .limit(1)
    )


def figures(session: Session, season_id: str) -> Figures:
    """The figures of a season, in a fixed number of queries."""
    requests, schools, classes = session.execute(
        select(
            func.count(), func.count(func.distinct(Request.school_id)), func.coalesce(func.sum(Request.classes), 0)
        ).where(Request.season_id == season_id, Request.state != RequestState.CANCELLED)
    ).one()
    sites, sessions = session.execute(
        select(func.count(func.distinct(GroupSession.site_id)), func.count()).where(
            GroupSession.season_id == season_id, GroupSession.state == SessionState.ACTIVE
        )
    ).one()
    pupils = _count(session, select(func.count()).where(Entry.season_id == season_id, Entry.state != EntryState.LEFT))
    return Figures(
        requests=requests,
        schools=schools,
        classes=classes,
        sites=sites,
        sessions=sessions,
        pupils=pupils,
        **_of_visits(session, newest_plan(session, season_id, RunKind.VISIT)),
        **_of_groups(session, newest_plan(session, season_id, RunKind.GROUP), season_id, pupils),
    )


def _of_visits(session: Session, plan_id: str | None) -> dict[str, Any]:
    """The part of `Figures` that a visit plan comes to."""
    if plan_id is None:
        return {}
    plan = session.get_one(Plan, plan_id, options=[selectinload(Plan.goals)])
    visited = visit_plan.figures(session, plan_id)
    goals = {goal.name: goal.value for goal in plan.goals}
    return {
        "visit_plan": plan_id,
        "visit_plan_proven": plans.plan(session, plan_id).proven,
        "visits": visited.visits,
        "schools_visited": goals.get("schools"),
        "first_visits": goals.get("first_visits"),
        "reserved": goals.get("reserved"),
        "classes_visited": visited.classes,
        "pupils_visited": visited.pupils,
    }


def _of_groups(session: Session, plan_id: str | None, season_id: str, pupils: int) -> dict[str, Any]:
    """The part of `Figures` that a group plan comes to. pupils: who asked for a place."""
    if plan_id is None:
        return {}
    held = group_plan.figures(session, plan_id, group_plan.site_rows(session, plan_id, season_id))
    return {
        "group_plan": plan_id,
        "group_plan_proven": plans.plan(session, plan_id).proven,
        "seats": held.pupils,
        "waiting": max(0, pupils - held.pupils),
        "sessions_held": held.sessions,
        "mentors": held.mentors,
        "sites_waiting": held.sites_waiting,
        "passed_over": session.get_one(Plan, plan_id).certificate.get("passed_over"),
        "priority_classes": [ClassFigures(*one) for one in held.by_class],
    }


def _count(session: Session, statement: Select[int]) -> int:
    return session.scalar(statement) or 0
