"""What an auditor needs to judge a plan without this service: problem, plan and draw, as they are stored.

They name nobody: pupils, role models and schools are ids, with places, times and what was wished for. Each that is
taken leaves an entry in the trail.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import RunKind
from api.domain.permissions import Actor
from api.errors import NotFound
from api.i18n import gettext as _
from api.models.planning import Plan, Run
from api.models.programmes import ProgrammeRuleVersion
from api.models.pupils import Lottery
from api.queries import queue_draw
from api.services import audit

PROBLEM, PLAN, DRAW = "problem", "plan", "draw"


@dataclass(frozen=True, slots=True)
class AuditFiles:
    """What is kept of a plan. names: of the files there are, in their order; none once the problem is forgotten."""

    plan: Plan
    problem_sha256: str
    names: tuple[str, ...]


def files_of(session: Session, plan_id: str) -> AuditFiles:
    """Which files a plan has. Raises NotFound for a plan that is not there."""
    row = session.execute(
        select(Plan, Run.problem_sha256, Run.document.is_not(None).label("has_document"))
        .join(Run, Plan.run_id == Run.id)
        .where(Plan.id == plan_id)
    ).one_or_none()
    if row is None:
        raise NotFound(_("There is no such plan."))
    if row.problem_sha256 is None or not row.has_document:
        return AuditFiles(row.Plan, row.Plan.problem_sha256, ())
    draw = (DRAW,) if _draw_of(session, row.Plan) is not None else ()
    return AuditFiles(row.Plan, row.problem_sha256, (PROBLEM, PLAN, *draw))


def take_file(session: Session, actor: Actor, plan_id: str, name: str) -> str:
    """The text of one of the plan's files. Effects: an entry in the trail. Raises NotFound where it is not kept."""
    found = files_of(session, plan_id)
    if name not in found.names:
        raise NotFound(_("This file is not kept."))
    column = {PROBLEM: Run.problem, PLAN: Run.document}.get(name)
    if column is not None:
        text = session.scalars(select(column).where(Run.id == found.plan.run_id)).one() or ""
    else:
        draw = _draw_of(session, found.plan)
        assert draw is not None
        text = _as_published(session, draw)
    audit.record(session, "plan.download", "plan", plan_id, actor_id=actor.user_id, detail={"file": name})
    return text


def _draw_of(session: Session, plan: Plan) -> Lottery | None:
    """The draw of the plan's queue, once it is drawn."""
    if plan.kind is not RunKind.GROUP:
        return None
    programme = (
        select(ProgrammeRuleVersion.programme_id)
        .join(Run, Run.rule_version_id == ProgrammeRuleVersion.id)
        .where(Run.id == plan.run_id)
    )
    return session.scalar(
        select(Lottery).where(
            Lottery.season_id == plan.season_id,
            Lottery.programme_id == programme.scalar_subquery(),
            Lottery.seed.is_not(None),
        )
    )


def _as_published(session: Session, row: Lottery) -> str:
    """The draw in one object, as `--lottery` reads it."""
    of = queue_draw.draw(session, row.id)
    result = queue_draw.drawn(session, of)
    told = {"seed": row.seed, "seed_hash": row.seed_hash, "first": result.first}
    return json.dumps({**told, "tickets": queue_draw.tickets(of, result)})
