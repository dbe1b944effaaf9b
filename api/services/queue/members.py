"""Who sits where: the rows of a seat taken and of a seat given back."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import EntryState, MembershipReason, MembershipState
from api.models.group_life import SeatOffer
from api.models.programmes import Season
from api.models.pupils import Entry, Membership
from api.services import change

SWAPPED = "swapped"
LEFT = "left"


def active_seat(session: Session, entry_id: str) -> Membership | None:
    """Where a pupil sits now."""
    return session.scalar(
        select(Membership)
        .where(Membership.entry_id == entry_id, Membership.state == MembershipState.ACTIVE)
        .execution_options(populate_existing=True)
    )


def take(session: Session, entry: Entry, offer: SeatOffer, reason: MembershipReason, who: change.By) -> Membership:
    """Seats a pupil on an accepted offer. Effects: membership from today or the start of term, entry placed."""
    season = session.get_one(Season, entry.season_id)
    member = Membership(
        entry_id=entry.id,
        session_id=offer.session_id,
        mentor_id=offer.mentor_id,
        plan_id=offer.plan_id,
        seat=offer.seat,
        from_date=max(clock.today(), season.starts_on),
        reason=reason,
    )
    change.begin(session, member, "seat", who)
    if entry.state is EntryState.WAITING:
        change.move(session, entry, "place", who, values={"stays_in_line": offer.stays_in_line})
    else:
        entry.stays_in_line = offer.stays_in_line
        session.flush()
    return member


def end(session: Session, member: Membership, who: change.By, rule: str) -> None:
    """Ends a membership, which frees its seat; the last day is today, or the first where it had not begun."""
    change.move(
        session, member, "end", who, values={"to_date": max(member.from_date, clock.today())}, detail={"rule": rule}
    )
