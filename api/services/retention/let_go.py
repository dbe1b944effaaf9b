"""Ends what is live of a person who is to be forgotten, so that seats, times and places go on to others."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.clock import to_oslo
from api.domain.enums import EntryState, MembershipState, OfferState, ProfileState
from api.models.bookings import Booking
from api.models.group_life import SeatOffer
from api.models.programmes import Season
from api.models.pupils import Entry, Membership, Pupil
from api.models.role_models import RoleModel
from api.services.change import SYSTEM, move
from api.services.follow_up import turn
from api.services.follow_up.repair import role_model_leaves
from api.services.queue import leave

ERASED = {"rule": "erased"}


def end_what_is_live(session: Session, person_id: str, now: datetime) -> None:
    """Ends entries with their offers and seats, the profile with its invitations, and gives time to come back.

    Whoever erases at a person's own wish has done so before; this is for what is left over, such as rows that a
    restored backup has brought back.
    """
    entries = select(Entry).join(Pupil, Entry.pupil_id == Pupil.id).where(Pupil.person_id == person_id)
    for entry in session.scalars(entries).all():
        if session.get_one(Season, entry.season_id).ends_on >= to_oslo(now).date():
            leave.leave(session, entry, SYSTEM)
        else:
            _end_old_entry(session, entry, now)
    role_model = session.scalar(select(RoleModel).where(RoleModel.person_id == person_id))
    if role_model is not None:
        turn.take(session)  # before the profile's row, as everybody who changes visits does
    if role_model is not None and role_model.state is not ProfileState.LEFT:
        move(session, role_model, "leave", SYSTEM, detail=ERASED)
        role_model_leaves(session, role_model.id, now)
    session.execute(
        update(Booking)
        .where(Booking.person_id == person_id, Booking.released_at.is_(None), Booking.starts_at > now)
        .values(released_at=now),
        execution_options={"synchronize_session": "fetch"},
    )


def _end_old_entry(session: Session, entry: Entry, now: datetime) -> None:
    """Of a season that is over: nobody waits for the seat."""
    offers = select(SeatOffer).where(SeatOffer.entry_id == entry.id, SeatOffer.state == OfferState.OPEN)
    for offer in session.scalars(offers).all():
        move(session, offer, "withdraw", SYSTEM, values={"answered_at": now}, detail=ERASED)
    seats = select(Membership).where(Membership.entry_id == entry.id, Membership.state == MembershipState.ACTIVE)
    for seat in session.scalars(seats).all():
        last_day = max(seat.from_date, session.get_one(Season, entry.season_id).ends_on)
        move(session, seat, "end", SYSTEM, values={"to_date": last_day}, detail=ERASED)
    if entry.state is not EntryState.LEFT:
        move(session, entry, "leave", SYSTEM, detail=ERASED)
