"""Rows of a campus for those who may see or run it; what is not theirs is not there."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import DutyState
from api.domain.permissions import Action, Actor, reach
from api.errors import NotFound
from api.i18n import gettext as _
from api.models.group_life import Duty
from api.models.groups import GroupSession, Meeting, Mentor, Site
from api.queries.names import by_name

MANAGE = Action.MANAGE_GROUPS
LATE_MARKS = timedelta(days=7)  # so long a phone without net may keep them


def sites(session: Session, actor: Actor, action: Action = MANAGE) -> list[Site]:
    """The sites where the actor may do this, by name."""
    where = reach(actor, action)
    query = select(Site).where(Site.is_active).order_by(by_name(Site.name), Site.id)
    if not where.everywhere:
        query = query.where(Site.id.in_(where.scopes))
    return list(session.scalars(query))


def site(session: Session, actor: Actor, site_id: str, action: Action = MANAGE) -> Site:
    """One site. Raises NotFound."""
    found = session.get(Site, site_id) if reach(actor, action).covers(site_id) else None
    if found is None:
        raise NotFound(_("There is no such site."))
    return found


def group(session: Session, actor: Actor, session_id: str, action: Action = MANAGE) -> GroupSession:
    """One weekly session. Raises NotFound."""
    found = session.get(GroupSession, session_id)
    if found is None or not reach(actor, action).covers(found.site_id):
        raise NotFound(_("There is no such evening."))
    return found


def meeting(session: Session, actor: Actor, meeting_id: str, action: Action = MANAGE) -> tuple[Meeting, GroupSession]:
    """One meeting with its session. Raises NotFound."""
    found = session.get(Meeting, meeting_id)
    group_session = session.get(GroupSession, found.session_id) if found is not None else None
    if found is None or group_session is None or not reach(actor, action).covers(group_session.site_id):
        raise NotFound(_("There is no such meeting."))
    return found, group_session


def mentor(session: Session, actor: Actor, mentor_id: str, action: Action = MANAGE) -> Mentor:
    """One mentor of the actor's sites. Raises NotFound."""
    found = session.get(Mentor, mentor_id)
    if found is None or not reach(actor, action).covers(found.site_id):
        raise NotFound(_("There is no such mentor."))
    return found


def duty(session: Session, actor: Actor, duty_id: str, action: Action = MANAGE) -> Duty:
    """One duty at the actor's sites. Raises NotFound."""
    found = session.get(Duty, duty_id)
    if found is not None:
        meeting(session, actor, found.meeting_id, action)
        return found
    raise NotFound(_("There is no such duty."))


def own_mentor(session: Session, actor: Actor) -> Mentor:
    """The mentor whom the account belongs to. Raises NotFound."""
    found = session.scalar(select(Mentor).where(Mentor.person_id == actor.person_id)) if actor.person_id else None
    if found is None:
        raise NotFound(_("You are not registered as a mentor."))
    return found


def meeting_to_mark(
    session: Session, actor: Actor, meeting_id: str, at: datetime | None = None
) -> tuple[Meeting, GroupSession, Mentor | None]:
    """A meeting whose attendance the actor may mark: a leader any of the site; a mentor one of their own, on its day.

    at: when the mark was made, where it comes later than that; at most `LATE_MARKS` ago. The third is the mentor, None
    for a leader. Raises NotFound.
    """
    found = session.get(Meeting, meeting_id)
    group_session = session.get(GroupSession, found.session_id) if found is not None else None
    if found is not None and group_session is not None:
        if reach(actor, MANAGE).covers(group_session.site_id):
            return found, group_session, None
        mentor = session.scalar(select(Mentor).where(Mentor.person_id == actor.person_id)) if actor.person_id else None
        moment = at or clock.now()
        in_time = clock.now() - moment <= LATE_MARKS and reach(actor, Action.MARK_ATTENDANCE)
        if mentor is not None and in_time and stands_at(session, mentor, found, moment):
            return found, group_session, mentor
    raise NotFound(_("There is no such meeting."))


def stands_at(session: Session, mentor: Mentor, found: Meeting, at: datetime) -> bool:
    """Whether the mentor is on duty at the meeting, and it is held on the day of this moment."""
    if clock.to_oslo(found.starts_at).date() != clock.to_oslo(at).date():
        return False
    states: Collection[DutyState] = (DutyState.PLANNED, DutyState.PRESENT)
    return (
        session.scalar(
            select(Duty.id).where(
                Duty.meeting_id == found.id, Duty.mentor_id == mentor.id, Duty.state.in_(list(states))
            )
        )
        is not None
    )


def mentor_or_own(session: Session, actor: Actor, mentor_id: str) -> Mentor:
    """A mentor of the actor's sites, or the actor's own row. Raises NotFound."""
    found = session.get(Mentor, mentor_id)
    if found is not None and (_is_own(actor, found) or reach(actor, MANAGE).covers(found.site_id)):
        return found
    raise NotFound(_("There is no such mentor."))


def duty_or_own(session: Session, actor: Actor, duty_id: str) -> Duty:
    """A duty at the actor's sites, or of the actor. Raises NotFound."""
    found = session.get(Duty, duty_id)
    if found is None:
        raise NotFound(_("There is no such duty."))
    return found if _is_own(actor, found.mentor) else duty(session, actor, duty_id)


def _is_own(actor: Actor, mentor: Mentor) -> bool:
    return bool(actor.person_id) and mentor.person_id == actor.person_id and not actor.read_only
