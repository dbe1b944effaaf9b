"""Ends what is live of a person who is to be forgotten, so that seats, times and places go on to others."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.clock import to_oslo
from api.domain.enums import EntryState, InvitationState, MembershipState, OfferState, ProfileState
from api.models.bookings import Booking
from api.models.follow_up import Invitation
from api.models.group_life import SeatOffer
from api.models.pupils import Entry, Membership, Pupil
from api.models.role_models import RoleModel
from api.models.visits import Visit
from api.services.change import SYSTEM, move

ERASED = {"rule": "erased"}


def end_what_is_live(session: Session, person_id: str, now: datetime) -> None:
    """Offers and seats of a pupil, then the entry; invitations of a role model, then the profile; time to come.

    Whoever erases at a person's own wish has told those concerned before; this is for what is left over, such as rows
    that a restored backup has brought back.
    """
    entries = select(Entry).join(Pupil, Entry.pupil_id == Pupil.id).where(Pupil.person_id == person_id)
    for entry in session.scalars(entries).all():
        _end_entry(session, entry, now)
    role_model = session.scalar(select(RoleModel).where(RoleModel.person_id == person_id))
    if role_model is not None:
        _end_profile(session, role_model, now)
    session.execute(
        update(Booking)
        .where(Booking.person_id == person_id, Booking.released_at.is_(None), Booking.starts_at > now)
        .values(released_at=now),
        execution_options={"synchronize_session": "fetch"},
    )


def _end_entry(session: Session, entry: Entry, now: datetime) -> None:
    offers = select(SeatOffer).where(SeatOffer.entry_id == entry.id, SeatOffer.state == OfferState.OPEN)
    for offer in session.scalars(offers).all():
        move(session, offer, "withdraw", SYSTEM, values={"answered_at": now}, detail=ERASED)
    seats = select(Membership).where(Membership.entry_id == entry.id, Membership.state == MembershipState.ACTIVE)
    today = to_oslo(now).date()
    for seat in session.scalars(seats).all():
        move(session, seat, "end", SYSTEM, values={"to_date": max(seat.from_date, today)}, detail=ERASED)
    if entry.state is not EntryState.LEFT:
        move(session, entry, "leave", SYSTEM, detail=ERASED)


def _end_profile(session: Session, role_model: RoleModel, now: datetime) -> None:
    live = (InvitationState.QUEUED, InvitationState.SENT, InvitationState.ACCEPTED)
    asked = (
        select(Invitation)
        .join(Visit, Invitation.visit_id == Visit.id)
        .where(Invitation.role_model_id == role_model.id, Invitation.state.in_(live), Visit.starts_at > now)
    )
    for invitation in session.scalars(asked).all():
        move(session, invitation, "withdraw", SYSTEM, detail=ERASED)
    if role_model.state is not ProfileState.LEFT:
        move(session, role_model, "leave", SYSTEM, detail=ERASED)
