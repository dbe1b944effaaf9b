"""A group plan over REST: the reads of the pages, narrowed to the actor's sites. No pupil has a name here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from api.domain.enums import RunKind
from api.domain.permissions import Action, Actor, may, reach
from api.errors import NotFound
from api.i18n import gettext
from api.models.planning import Plan
from api.queries import group_plan, group_stories, plans, season_now, seasons
from api.queries.group_plan import SessionRow, SiteRow, WaitingRow
from api.queries.paging import Page, Window

SITE_SORTS = ("name", "pupils", "waiting", "sessions", "mentors")
QUEUE_SORTS = ("position", "level", "ahead")
_CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class HeldSession:
    """A session and what the plan makes of it. closed_because: a code, None for one that is held."""

    row: SessionRow
    closed_because: str | None


@dataclass(frozen=True, slots=True)
class PupilStory:
    """Why a pupil has no place. position: in the queue from 1, when the plan was made; ahead: of those who wait.

    choices: best first, each with its session, what became of it as a code, and the last position with a seat there.
    """

    pupil: str
    position: int
    ahead: int
    reasons: list[dict[str, Any]]
    choices: list[dict[str, Any]]
    smallest_change: dict[str, Any] | None


def site_page(session: Session, actor: Actor, plan_id: str, asked: Window) -> Page[SiteRow]:
    """Sites with those placed and those who wait, in one query more than the plan's. Sorts: SITE_SORTS.

    Everyone may read those of a season's newest plan; those of others are for those who see runs. Raises NotFound.
    """
    plan = season_now.plan_of_kind(session, plan_id, RunKind.GROUP)
    is_newest = seasons.newest_plan(session, plan.season_id, RunKind.GROUP) == plan.id
    if not (is_newest or may(actor, Action.SEE_RUNS)):
        raise NotFound(gettext("There is no such plan."))
    key = asked.sort if asked.sort in SITE_SORTS else SITE_SORTS[0]
    rows = group_plan.site_rows(session, plan.id, plan.season_id)
    rows.sort(key=lambda row: (getattr(row, key), row.id), reverse=asked.descending)
    start = (asked.number - 1) * asked.size
    return Page(rows[start : start + asked.size], len(rows), asked.number, asked.size, key, asked.descending)


def session_page(
    session: Session, actor: Actor, plan_id: str, asked: Window, *, site: str | None = None
) -> Page[HeldSession]:
    """The season's sessions at the actor's sites as the plan has them. Sorts: group_plan.SORTS. Raises NotFound."""
    head = plans.plan(session, plan_id, RunKind.GROUP)
    where = reach(actor, Action.SEE_GROUP_PLANS)
    sites = None if where.everywhere else where.scopes
    page = group_plan.session_page(session, head.id, head.season_id, asked, site or "", sites)
    closed = _closed(session, head.id, [row.id for row in page.items if not row.is_open])
    return page.map(lambda row: HeldSession(row, closed.get(row.id)))


def queue_page(
    session: Session, actor: Actor, plan_id: str, asked: Window, *, site: str | None = None
) -> Page[WaitingRow]:
    """The pupils without a place in queue order; with a site, those whose first choice is there. Sorts: QUEUE_SORTS.

    Whoever sees some sites only has to name one of them. Raises NotFound.
    """
    head = plans.plan(session, plan_id, RunKind.GROUP)
    if not reach(actor, Action.SEE_GROUP_PLANS).covers(site):
        raise NotFound(gettext("There is no such site."))
    return group_plan.waiting_page(session, head.id, head.season_id, asked, site or "")


def pupil_story(session: Session, actor: Actor, plan_id: str, entry_id: str) -> PupilStory:
    """Why a pupil whom the plan leaves out has no place. Raises NotFound, also for one of another's sites."""
    row = plans.unserved_pupil(session, actor, plan_id, entry_id)
    told = group_stories.group_story(session, plan_id).of(entry_id)
    is_changed = any(reason["code"] == _CHANGED for reason in row.reasons)
    choices = [{**choice, "code": _CHANGED} if is_changed else choice for choice in told["choices"]]
    return PupilStory(entry_id, told["position"] + 1, row.ahead or 0, row.reasons, choices, row.smallest_change)


def _closed(session: Session, plan_id: str, sessions: list[str]) -> dict[str, str | None]:
    """Why each of these sessions, which the plan does not hold, is not held; None for one the run did not know."""
    if not sessions:
        return {}
    story = group_stories.group_story(session, plan_id)
    left_out = {item.get("session") for item in session.get_one(Plan, plan_id).changed_since}
    return {one: _CHANGED if one in left_out else group_stories.closed_because(story, one) for one in sessions}
