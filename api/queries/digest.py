"""What the overview of a day counts: what waits for somebody, and what has happened since the last working day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from api.domain.enums import (
    EntryState,
    ExceptionState,
    InvitationState,
    OfferState,
    RequestState,
)
from api.models.follow_up import ExceptionItem, Invitation
from api.models.group_life import SeatOffer
from api.models.groups import GroupSession
from api.models.pupils import Entry, EntryChoice, Membership
from api.models.records import AuditEntry
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit

Counts = list[tuple[str, int]]
SILENT_OR_NO = (InvitationState.DECLINED, InvitationState.EXPIRED)
# What happened is read from the trail: action → code in the letter.
OF_SEATS = {"membership.seat": "seated", "membership.end": "released"}
OF_VISITS = {"visit.confirm": "confirmed", "visit.fall_through": "fell_through", "visit.hold": "held"}


def waits_for_coordination(session: Session, next_day: date) -> Counts:
    """What only the coordination can do. next_day: the working day after today."""
    late = select(Request.id).where(Request.state == RequestState.OPEN, Request.answer_on <= next_day)
    return _some(
        ("exceptions", _count(session, _open_lines(ExceptionItem.site_id.is_(None)))),
        ("promises", _count(session, late.where(Request.answered_at.is_(None)))),
    )


def waits_for_site(session: Session, site_id: str, until: datetime) -> Counts:
    """What only the leader of a site can do, and offers of the site that end before `until`."""
    offers = (
        select(SeatOffer.id)
        .join(GroupSession, SeatOffer.session_id == GroupSession.id)
        .where(GroupSession.site_id == site_id, SeatOffer.state == OfferState.OPEN, SeatOffer.expires_at < until)
    )
    return _some(
        ("exceptions", _count(session, _open_lines(ExceptionItem.site_id == site_id))),
        ("offers", _count(session, offers)),
    )


def waits_for_company(session: Session, company_id: str) -> Counts:
    """A company's people who are asked and have not answered."""
    asked = select(Invitation.id).join(RoleModel, Invitation.role_model_id == RoleModel.id)
    mine = asked.where(RoleModel.company_id == company_id, Invitation.state == InvitationState.SENT)
    return _some(("invitations", _count(session, mine)))


def happened_to_visits(session: Session, since: datetime, company_id: str | None = None) -> Counts:
    """New requests, answers and changes of visits since a moment; of one company's people where it is given."""
    answers = select(Invitation.id).where(Invitation.answered_at >= since)
    silent = select(Invitation.id).where(Invitation.state == InvitationState.EXPIRED, Invitation.answer_by >= since)
    visits = select(Visit.id)
    if company_id is not None:
        people = select(RoleModel.id).where(RoleModel.company_id == company_id)
        answers = answers.where(Invitation.role_model_id.in_(people))
        silent = silent.where(Invitation.role_model_id.in_(people))
        theirs = select(Invitation.visit_id).where(Invitation.role_model_id.in_(people))
        visits = visits.where(Visit.id.in_(theirs))
    requests = select(Request.id).where(Request.submitted_at >= since, Request.state != RequestState.UNCONFIRMED)
    no = _count(session, answers.where(Invitation.state == InvitationState.DECLINED)) + _count(session, silent)
    return _some(
        ("requests", _count(session, requests) if company_id is None else 0),
        ("accepted", _count(session, answers.where(Invitation.state == InvitationState.ACCEPTED))),
        ("declined", no),
        *_of_trail(session, since, visits),
    )


def happened_at_site(session: Session, site_id: str, since: datetime) -> Counts:
    """New on the waiting list with a first choice at the site, places taken and given back there, since a moment."""
    here = select(GroupSession.id).where(GroupSession.site_id == site_id)
    joined = (
        select(Entry.id)
        .join(EntryChoice, EntryChoice.entry_id == Entry.id)
        .where(EntryChoice.rank == 1, EntryChoice.session_id.in_(here))
        .where(Entry.created_at >= since, Entry.state != EntryState.UNCONFIRMED)
    )
    seats = select(Membership.id).where(Membership.session_id.in_(here))
    moves = {code: _count(session, _in_trail(action, since, seats)) for action, code in OF_SEATS.items()}
    return _some(("joined", _count(session, joined)), *moves.items())


def _of_trail(session: Session, since: datetime, visits: Any) -> Counts:
    return [(code, _count(session, _in_trail(action, since, visits))) for action, code in OF_VISITS.items()]


def _in_trail(action: str, since: datetime, rows: Any) -> Any:
    entries = select(AuditEntry.object_id).where(AuditEntry.action == action, AuditEntry.at >= since)
    return entries.where(AuditEntry.object_id.in_(rows)).distinct()


def _open_lines(where: ColumnElement[bool]) -> Any:
    return select(ExceptionItem.id).where(ExceptionItem.state == ExceptionState.OPEN, where)


def _count(session: Session, statement: Any) -> int:
    return session.scalar(select(func.count()).select_from(statement.subquery())) or 0


def _some(*counts: tuple[str, int]) -> Counts:
    return [(code, count) for code, count in counts if count]
