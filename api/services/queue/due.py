"""What happens to offers by itself: reminders, silence, and seats that stand empty."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import EntryState, LinkPurpose, OfferState, SessionState
from api.domain.offer_deadlines import expires_at, reminds_at
from api.domain.transitions import IllegalStep
from api.models.group_life import SeatOffer
from api.models.groups import GroupSession
from api.models.outbox import OutboxMessage
from api.models.programmes import Season
from api.models.pupils import Entry, EntryChoice
from api.queries import queue_line
from api.queries.campus_rules import rules_now
from api.queries.letters_left import is_heard, is_late, left_at
from api.services.deadlines_moved import begin_anew, extend_links
from api.services.queue import letters, offers

OFFERING = ("queue_offer",)


def due_expiries(session: Session, now: datetime) -> list[str]:
    """Open offers whose time is over, oldest first; none whose letter has not left, or waits for a new deadline."""
    over = list(
        session.scalars(
            select(SeatOffer)
            .where(SeatOffer.state == OfferState.OPEN, SeatOffer.expires_at <= now)
            .order_by(SeatOffer.expires_at, SeatOffer.id)
        )
    )
    return [one.id for one in _heard(session, over)]


def due_late(session: Session, now: datetime) -> list[str]:
    """Open offers whose letter left so late that the time to answer begins anew."""
    waiting = session.scalars(select(SeatOffer).where(SeatOffer.state == OfferState.OPEN).order_by(SeatOffer.id)).all()
    left = left_at(session, "seat_offer", [one.id for one in waiting], OFFERING)
    return [one.id for one in waiting if is_late(left.get(one.id), one.offered_at)]


def do_late(session: Session, offer_id: str, now: datetime) -> None:
    """The offer stands as long as if it had been made when its letter left; the links last as long."""
    offer = session.get(SeatOffer, offer_id)
    left = left_at(session, "seat_offer", [offer_id], OFFERING).get(offer_id)
    if offer is None or left is None or not is_late(left, offer.offered_at):
        return
    held = session.get_one(GroupSession, offer.session_id)
    season = session.get_one(Season, held.season_id)
    holidays = queue_line.holidays_from(session, clock.to_oslo(left).date())
    until = expires_at(left, season.starts_on, rules_now(session, held.programme_id), holidays)
    begin_anew(session, offer, {"offered_at": left, "expires_at": until}, OfferState.OPEN)
    extend_links(session, LinkPurpose.OFFER, "seat_offer", offer_id, until)


def _heard(session: Session, made: Sequence[SeatOffer]) -> list[SeatOffer]:
    """Offers whose deadline counts from when their letter left, or that none was written about."""
    left = left_at(session, "seat_offer", [one.id for one in made], OFFERING)
    return [one for one in made if is_heard(left, one.id, one.offered_at)]


def do_expiry(session: Session, offer_id: str, now: datetime) -> None:
    """Lets one offer expire, unless somebody has answered meanwhile."""
    offer = session.get(SeatOffer, offer_id)
    if offer is None or offer.state is not OfferState.OPEN or offer.expires_at > now or not _heard(session, [offer]):
        return
    try:
        with session.begin_nested():
            offers.expire(session, offer, now)
    except IllegalStep:
        return


def due_reminders(session: Session, now: datetime) -> list[str]:
    """Open offers that stand long enough to be called to mind, and whose reminder is not written yet."""
    return _to_remind(session, now)


def do_reminder(session: Session, offer_id: str, now: datetime) -> None:
    """Calls one offer to mind."""
    if _to_remind(session, now, SeatOffer.id == offer_id):
        offer = session.get_one(SeatOffer, offer_id)
        entry = session.get_one(Entry, offer.entry_id)
        letters.tell_offer(session, offer, entry, "queue_offer_reminder", dedupe=f"offer_reminder:{offer.id}")


def _to_remind(session: Session, now: datetime, *which: ColumnElement[bool]) -> list[str]:
    """`due_reminders` of all offers, or of some: one of thousands must not look at all the others."""
    told = exists().where(
        OutboxMessage.about_kind == "seat_offer",
        OutboxMessage.about_id == SeatOffer.id,
        OutboxMessage.kind == "queue_offer_reminder",
    )
    rows = session.execute(
        select(SeatOffer.id, SeatOffer.offered_at, SeatOffer.expires_at, Entry.programme_id)
        .join(Entry, SeatOffer.entry_id == Entry.id)
        .where(SeatOffer.state == OfferState.OPEN, SeatOffer.expires_at > now, ~told, *which)
        .order_by(SeatOffer.expires_at, SeatOffer.id)
    ).all()
    rules = {programme: rules_now(session, programme) for programme in {row.programme_id for row in rows}}
    ripe = []
    for row in rows:
        at = reminds_at(row.offered_at, row.expires_at, rules[row.programme_id])
        if at is not None and at <= now:
            ripe.append(row.id)
    return ripe


def due_next(session: Session, now: datetime) -> list[str]:
    """Sessions with a free seat that somebody in line can take: what a stop or a new mentor has left open."""
    today = clock.to_oslo(now).date()
    rows = session.scalars(
        select(GroupSession)
        .join(Season, GroupSession.season_id == Season.id)
        .join(EntryChoice, EntryChoice.session_id == GroupSession.id)
        .join(Entry, EntryChoice.entry_id == Entry.id)
        .where(GroupSession.state == SessionState.ACTIVE, Season.ends_on >= today)
        .where((Entry.state == EntryState.WAITING) | Entry.stays_in_line)
        .distinct()
        .order_by(GroupSession.id)
    )
    return [held.id for held in rows.all() if offers.pick(session, held, now) is not None]


def do_next(session: Session, session_id: str, now: datetime) -> None:
    """Offers the free seats of one session."""
    held = session.get(GroupSession, session_id)
    if held is not None:
        offers.fill(session, held, now)
