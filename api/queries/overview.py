"""The season in figures, for the front page: nothing here names a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.enums import RunKind
from api.models.groups import Site
from api.models.planning import Plan
from api.models.programmes import Programme, Season
from api.queries import group_plan, season_now, visit_plan
from api.queries.group_plan import GroupFigures
from api.queries.visit_plan import VisitFigures


@dataclass(frozen=True, slots=True)
class Overview:
    """The season and what its two plans come to; None where there is no plan yet."""

    season: Season
    visit_plan: Plan | None
    visits: VisitFigures | None
    group_plan: Plan | None
    groups: GroupFigures | None


def overview(session: Session) -> Overview | None:
    """The season that is shown, in a fixed number of queries; None before there is a season."""
    season = season_now.shown_season(session)
    if season is None:
        return None
    visits = season_now.held_plan(session, season.id, RunKind.VISIT)
    groups = season_now.held_plan(session, season.id, RunKind.GROUP)
    sites = group_plan.site_rows(session, groups.id, season.id) if groups else ()
    return Overview(
        season,
        visits,
        visit_plan.figures(session, visits.id) if visits else None,
        groups,
        group_plan.figures(session, groups.id, sites) if groups else None,
    )


def campuses(session: Session) -> int:
    """How many places study groups can meet at, the digital one left out."""
    return session.scalar(select(func.count()).select_from(Site).where(Site.digital.is_(False))) or 0


def programmes(session: Session) -> Sequence[Programme]:
    """Every programme, as the notice of privacy names them."""
    return session.scalars(select(Programme).order_by(Programme.code)).all()
