"""Seasons and their figures, as public pages show them."""

from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from api.domain.enums import EntryState, PlanStatus, RequestState, RunKind, SessionState
from api.errors import NotFound
from api.i18n import gettext
from api.models.groups import GroupSession
from api.models.plan_rows import PlanSeat, PlanVisit
from api.models.planning import Plan
from api.models.programmes import Season
from api.models.pupils import Entry
from api.models.visits import Request
from api.queries.paging import Page, Window, page_of

USABLE = (PlanStatus.OPTIMAL, PlanStatus.FEASIBLE)


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of a season. Those of plans are of the newest usable plan of each kind, None before there is one."""

    requests: int
    schools: int
    classes: int
    visits: int | None
    sites: int
    sessions: int
    pupils: int
    seats: int | None
    waiting: int | None
    visit_plan: str | None
    group_plan: str | None


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
    visit_plan = newest_plan(session, season_id, RunKind.VISIT)
    group_plan = newest_plan(session, season_id, RunKind.GROUP)
    seats = _count(session, select(func.count()).where(PlanSeat.plan_id == group_plan)) if group_plan else None
    return Figures(
        requests=requests,
        schools=schools,
        classes=classes,
        visits=_count(session, select(func.count()).where(PlanVisit.plan_id == visit_plan)) if visit_plan else None,
        sites=sites,
        sessions=sessions,
        pupils=pupils,
        seats=seats,
        waiting=None if seats is None else max(0, pupils - seats),
        visit_plan=visit_plan,
        group_plan=group_plan,
    )


def _count(session: Session, statement: Select[int]) -> int:
    return session.scalar(statement) or 0
