"""Which season the pages show, and the plan of each kind that holds in it."""

from __future__ import annotations

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, selectinload

from api import clock
from api.domain.enums import LockKind, RunKind
from api.errors import NotFound
from api.i18n import gettext
from api.models.plan_rows import Lock
from api.models.planning import Plan, Run
from api.models.programmes import ProgrammeRuleVersion, Season
from api.queries import seasons


def shown_season(session: Session, kind: RunKind | None = None) -> Season | None:
    """The season under way or next to come, one with a plan before one without, else the last one; None without any.

    kind: count plans of this kind only.
    """
    kinds = tuple(RunKind) if kind is None else (kind,)
    is_planned = exists().where(Plan.season_id == Season.id, Plan.status.in_(seasons.USABLE), Plan.kind.in_(kinds))
    ahead = (
        select(Season)
        .where(Season.ends_on >= clock.today())
        .order_by(is_planned.desc(), Season.starts_on, Season.id)
        .limit(1)
    )
    last = select(Season).order_by(Season.starts_on.desc(), Season.id).limit(1)
    return session.scalars(ahead).first() or session.scalars(last).first()


def held_plan(session: Session, season_id: str, kind: RunKind) -> Plan | None:
    """The newest judged plan of a season with its goals; None when no run has ended in one."""
    newest = seasons.newest_plan(session, season_id, kind)
    return plan_of_kind(session, newest, kind) if newest else None


def plan_of_kind(session: Session, plan_id: str, kind: RunKind) -> Plan:
    """A plan with its goals. Raises NotFound, also for one of the other kind or without a result."""
    plan = session.scalars(
        select(Plan)
        .where(Plan.id == plan_id, Plan.kind == kind, Plan.status.in_(seasons.USABLE))
        .options(selectinload(Plan.goals))
    ).first()
    if plan is None:
        raise NotFound(gettext("There is no such plan."))
    return plan


def locks(session: Session, plan: Plan) -> int:
    """How many locked things the plan had to leave as they were."""
    kinds = (LockKind.VISIT,) if plan.kind is RunKind.VISIT else (LockKind.MENTOR, LockKind.PUPIL)
    counted = select(func.count()).where(
        Lock.season_id == plan.season_id, Lock.kind.in_(kinds), Lock.created_at <= plan.created_at
    )
    return session.scalar(counted) or 0


def is_queue_first(session: Session, plan: Plan) -> bool:
    """Whether the plan's programme lets each pupil, in queue order, take the best choice still free."""
    if plan.kind is RunKind.VISIT:
        return False
    rules = select(ProgrammeRuleVersion.settings).join(Run, Run.rule_version_id == ProgrammeRuleVersion.id)
    settings = session.scalar(rules.where(Run.id == plan.run_id))
    return settings is not None and settings.get("placement") == "queue_first"
