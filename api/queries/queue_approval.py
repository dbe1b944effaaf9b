"""What approving a group plan means at each site: evenings, offers, mentors, and approvals so far."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.enums import ApprovalState, PlanStatus, RunKind
from api.domain.permissions import Reach
from api.errors import NotFound
from api.i18n import gettext as _
from api.models.follow_up import PlanApproval
from api.models.groups import GroupSession, Site
from api.models.plan_rows import PlanMentor, PlanSeat, PlanSession
from api.models.planning import Plan
from api.models.programmes import Season
from api.queries.names import by_name


@dataclass(frozen=True, slots=True)
class SitePart:
    """A site's part of a plan. approved: an approval of this plan that covers it, None where there is none."""

    site: Site
    evenings: int
    pupils: int
    mentors: int
    approved: PlanApproval | None


@dataclass(frozen=True, slots=True)
class GroupPlanParts:
    """A group plan with the parts in the reader's reach."""

    plan: Plan
    season: Season
    parts: tuple[SitePart, ...]


def plan_parts(session: Session, plan_id: str, where: Reach) -> GroupPlanParts:
    """The parts of a group plan that somebody may approve. Raises NotFound where there is none."""
    plan = session.get(Plan, plan_id)
    usable = plan is not None and plan.kind is RunKind.GROUP
    if plan is None or not usable or plan.status not in (PlanStatus.OPTIMAL, PlanStatus.FEASIBLE):
        raise NotFound(_("There is no such plan."))
    evenings = _by_site(session, plan_id, PlanSession, func.count(PlanSession.session_id))
    pupils = _by_site(session, plan_id, PlanSeat, func.count(PlanSeat.entry_id))
    mentors = _by_site(session, plan_id, PlanMentor, func.count(func.distinct(PlanMentor.mentor_id)))
    live = session.scalars(
        select(PlanApproval).where(PlanApproval.plan_id == plan_id, PlanApproval.state != ApprovalState.UNDONE)
    ).all()
    rows = session.scalars(select(Site).where(Site.id.in_(evenings)).order_by(by_name(Site.name)))
    parts = tuple(
        SitePart(
            site=site,
            evenings=evenings[site.id],
            pupils=pupils.get(site.id, 0),
            mentors=mentors.get(site.id, 0),
            approved=next((one for one in live if site.id in one.items), None),
        )
        for site in rows
        if where.covers(site.id)
    )
    if not parts:
        raise NotFound(_("There is no such plan."))
    return GroupPlanParts(plan, session.get_one(Season, plan.season_id), parts)


def site_names(session: Session, site_ids: list[str]) -> list[str]:
    """Names of sites, in order."""
    return list(session.scalars(select(Site.name).where(Site.id.in_(site_ids)).order_by(by_name(Site.name))))


def _by_site(session: Session, plan_id: str, kind: type, count: object) -> dict[str, int]:
    rows = session.execute(
        select(GroupSession.site_id, count)  # type: ignore[call-overload]  # any column of counts
        .join(kind, kind.session_id == GroupSession.id)  # type: ignore[attr-defined]  # rows of a plan have it
        .where(kind.plan_id == plan_id)  # type: ignore[attr-defined]  # rows of a plan have it
        .group_by(GroupSession.site_id)
    )
    return dict(rows.all())
