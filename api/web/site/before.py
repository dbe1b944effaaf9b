"""What the page of a campus says until its evenings run: when they begin, and what can be made ready now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import MeetingState, RunKind
from api.domain.permissions import Reach
from api.errors import NotFound
from api.models.groups import GroupSession, Meeting, Mentor, Site, mentor_session
from api.models.programmes import Season
from api.queries import queue_approval, season_now
from api.queries.campus import SessionRow
from api.queries.queue_approval import SitePart
from api.services.campus.board import Board


@dataclass(frozen=True, slots=True)
class Before:
    """first: the day of the first meeting, or of the season. plan_id, part: the newest proposal and the site's part.

    untrained, silent: mentors who are not trained, and who have not said which evenings suit.
    """

    first: date
    plan_id: str | None
    part: SitePart | None
    mentors: int
    untrained: int
    silent: int
    roomless: int


def first_day(session: Session, site: Site, season: Season | None) -> date:
    """The day of the site's next meeting in the season, else its first day, else today."""
    today = clock.today()
    if season is None:
        return today
    coming = session.scalar(
        select(func.min(Meeting.starts_at))
        .join(GroupSession, Meeting.session_id == GroupSession.id)
        .where(GroupSession.site_id == site.id, GroupSession.season_id == season.id)
        .where(Meeting.state == MeetingState.PLANNED, Meeting.ends_at > clock.now())
    )
    return clock.to_oslo(coming).date() if coming else max(today, season.starts_on)


def before(
    session: Session, site: Site, season: Season | None, rows: Sequence[SessionRow], found: Board
) -> Before | None:
    """None where evenings run, or have somebody in them, or where none is set up."""
    if season is None or season.starts_on <= clock.today() or found.until is not None:
        return None
    if not rows or any(row.mentors or row.pupils or row.offers for row in rows):
        return None
    plan = season_now.held_plan(session, season.id, RunKind.GROUP)
    active = select(func.count()).select_from(Mentor).where(Mentor.site_id == site.id, Mentor.is_active)
    said = select(mentor_session.c.mentor_id).where(mentor_session.c.session_id.in_([row.group.id for row in rows]))
    return Before(
        first=first_day(session, site, season),
        plan_id=plan.id if plan else None,
        part=_part(session, plan.id, site) if plan else None,
        mentors=session.scalar(active) or 0,
        untrained=session.scalar(active.where(Mentor.trained_on.is_(None))) or 0,
        silent=session.scalar(active.where(Mentor.id.not_in(said))) or 0,
        roomless=sum(row.group.room is None for row in rows),
    )


def _part(session: Session, plan_id: str, site: Site) -> SitePart | None:
    try:
        return queue_approval.plan_parts(session, plan_id, Reach(everywhere=False, scopes=frozenset({site.id}))).parts[
            0
        ]
    except NotFound:
        return None
