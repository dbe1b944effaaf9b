"""What a calendar shows: visits and meetings as events, without anything that names a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, joinedload

from api import clock
from api.domain.enums import DutyState, InvitationState, MeetingState, MembershipState, Mode, VisitState
from api.mail import feed_words as words
from api.mail.calendar import CalendarEvent, uid_of
from api.models.follow_up import Invitation
from api.models.group_life import Duty
from api.models.groups import GroupSession, Meeting, Room, Site
from api.models.pupils import Membership
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit

STANDING = (VisitState.CONFIRMED, VisitState.HELD)
OFF = (VisitState.CANCELLED, VisitState.FELL_THROUGH)
ON_DUTY = (DutyState.PLANNED, DutyState.PRESENT)


def of_school(session: Session, school_id: str, since: datetime) -> list[CalendarEvent]:
    """A school's visits that it has been told of."""
    visits = _visits(session, Request.school_id == school_id, since)
    return [_visit(row, words.visit_for_school(words.grade_name(row.request.grade))) for row in visits]


def of_season(session: Session, season_id: str, since: datetime) -> list[CalendarEvent]:
    """All visits of a season that people have been told of."""
    visits = _visits(session, Request.season_id == season_id, since)
    return [
        _visit(row, words.visit_in_season(row.request.school.name, row.request.reference), row.request.school.address)
        for row in visits
    ]


def of_role_model(session: Session, role_model_id: str, since: datetime) -> list[CalendarEvent]:
    """The visits that a role model has said yes to, or was told of; those that came to nothing are cancelled."""
    return _visits_of_people(session, Invitation.role_model_id == role_model_id, since)


def of_company(session: Session, company_id: str, since: datetime) -> list[CalendarEvent]:
    """The visits of a company's people, each once; one that none of them goes to any more is cancelled."""
    own = Invitation.role_model_id.in_(select(RoleModel.id).where(RoleModel.company_id == company_id))
    return _visits_of_people(session, own, since)


def _visits_of_people(session: Session, whose: ColumnElement[bool], since: datetime) -> list[CalendarEvent]:
    answered = (Invitation.state == InvitationState.ACCEPTED) | (
        Invitation.state.in_((InvitationState.FELL_THROUGH, InvitationState.WITHDRAWN))
        & Invitation.answered_at.is_not(None)
    )
    rows = session.execute(
        select(Visit, Invitation)
        .join(Invitation, Invitation.visit_id == Visit.id)
        .options(joinedload(Visit.request).joinedload(Request.school))
        .where(whose, Invitation.sent_at.is_not(None), answered)
        .where(Visit.ends_at >= since)
        .order_by(Visit.starts_at, Invitation.state == InvitationState.ACCEPTED, Invitation.id)
    )
    counts = {visit.id: (visit, invitation) for visit, invitation in rows}
    return [
        _visit(
            visit,
            words.visit_to(visit.request.school.name),
            visit.request.school.address,
            off=invitation.state is not InvitationState.ACCEPTED,
            changes=visit.version + invitation.version,
        )
        for visit, invitation in counts.values()
    ]


def of_site(session: Session, site_id: str, since: datetime) -> list[CalendarEvent]:
    """All meetings at a site."""
    rows = session.execute(_meetings(since).where(GroupSession.site_id == site_id))
    return [_meeting(meeting, site, room) for meeting, site, room in rows]


def of_mentor(session: Session, mentor_id: str, since: datetime) -> list[CalendarEvent]:
    """The meetings at which a mentor is on duty; those that the mentor is away from are cancelled."""
    wanted = (Duty.mentor_id == mentor_id) & Duty.state.in_((*ON_DUTY, DutyState.AWAY))
    rows = session.execute(_meetings(since).join(Duty, Duty.meeting_id == Meeting.id).where(wanted).add_columns(Duty))
    return [
        _meeting(meeting, site, room, off=duty.state not in ON_DUTY, changes=meeting.version + duty.version)
        for meeting, site, room, duty in rows
    ]


def of_entry(session: Session, entry_id: str, since: datetime) -> list[CalendarEvent]:
    """The meetings of a pupil's seat, from its first day on."""
    rows = session.execute(
        _meetings(since)
        .join(Membership, Membership.session_id == Meeting.session_id)
        .where(Membership.entry_id == entry_id, Membership.state == MembershipState.ACTIVE)
        .add_columns(Membership.from_date)
    )
    return [
        _meeting(meeting, site, room)
        for meeting, site, room, first_day in rows
        if clock.to_oslo(meeting.starts_at).date() >= first_day
    ]


def _visits(session: Session, where: ColumnElement[bool], since: datetime) -> Iterable[Visit]:
    """Visits that stand or are off, of which somebody has been told: an approval that was undone shows nowhere."""
    asked = exists().where(Invitation.visit_id == Visit.id)
    told = or_(asked.where(Invitation.sent_at.is_not(None)), ~asked)
    statement = (
        select(Visit)
        .join(Request, Visit.request_id == Request.id)
        .options(joinedload(Visit.request).joinedload(Request.school))
        .where(where, told, Visit.state.in_((*STANDING, *OFF)), Visit.ends_at >= since)
    )
    return session.scalars(statement.order_by(Visit.starts_at, Visit.id)).all()


def _meetings(since: datetime) -> Any:
    return (
        select(Meeting, Site, Room)
        .join(GroupSession, Meeting.session_id == GroupSession.id)
        .join(Site, GroupSession.site_id == Site.id)
        .outerjoin(Room, Meeting.room_id == Room.id)
        .where(Meeting.ends_at >= since)
        .order_by(Meeting.starts_at, Meeting.id)
    )


def _visit(
    row: Visit, summary: str, address: str = "", *, off: bool = False, changes: int | None = None
) -> CalendarEvent:
    return CalendarEvent(
        uid=uid_of("visit", row.id),
        sequence=row.version if changes is None else changes,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        summary=summary,
        location=words.digital() if row.mode is Mode.DIGITAL else address,
        cancelled=off or row.state in OFF,
    )


def _meeting(
    row: Meeting, site: Site, room: Room | None, *, off: bool = False, changes: int | None = None
) -> CalendarEvent:
    return CalendarEvent(
        uid=uid_of("meeting", row.id),
        sequence=row.version if changes is None else changes,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        summary=words.meeting(site.name),
        location=f"{site.name}, {room.name}" if room else site.name,
        cancelled=off or row.state is MeetingState.CANCELLED,
    )
