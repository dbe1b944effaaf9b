"""What the season's pages begin with: the season, the plan they show, and its verdict."""

from dataclasses import dataclass

from flask import request

from api.domain.enums import RunKind
from api.domain.permissions import Action, may
from api.edge.access import current_actor
from api.edge.session import read_session
from api.models.planning import Plan
from api.models.programmes import Season
from api.queries import season_now
from api.web.words import Verdict, verdict


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan on the screen. `chosen`: the reader asked for this one rather than the newest."""

    season: Season
    plan: Plan
    verdict: Verdict
    sees_goals: bool
    chosen: bool


def shown_plan(kind: RunKind) -> Shown | None:
    """The plan that `?plan=` names, for those who may see runs, else the newest; None when there is none yet.

    Raises NotFound for a plan that is not there.
    """
    session = read_session()
    asked = request.args.get("plan", "")
    if asked and may(current_actor(), Action.SEE_RUNS):
        plan = season_now.plan_of_kind(session, asked, kind)
        return _shown(plan.season, plan, chosen=True)
    season = season_now.shown_season(session, kind)
    plan_now = season_now.held_plan(session, season.id, kind) if season else None
    return _shown(season, plan_now, chosen=False) if season and plan_now else None


def verdict_of(plan: Plan | None) -> Verdict | None:
    """The one line of a plan, None without one."""
    if plan is None:
        return None
    session = read_session()
    return verdict(
        plan.goals,
        locks=season_now.locks(session, plan),
        changed=len(plan.changed_since),
        queue_first=season_now.is_queue_first(session, plan),
        detailed=may(current_actor(), Action.SEE_GOALS),
    )


def _shown(season: Season, plan: Plan, *, chosen: bool) -> Shown:
    line = verdict_of(plan)
    assert line is not None
    return Shown(season, plan, line, may(current_actor(), Action.SEE_GOALS), chosen)
