"""Seats given back, and what follows for the queue."""

from __future__ import annotations

from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import OfferState, QueueMove
from api.models.group_life import SeatOffer
from api.models.groups import GroupSession
from api.models.pupils import Entry, Membership
from api.queries import queue_line
from api.services import change
from api.services.queue import events, letters, line, members, offers

ABSENCE = "absence"
SESSION_CANCELLED = "session_cancelled"
MOVES_BACK = frozenset({ABSENCE})


def release(session: Session, member: Membership, who: change.By, rule: str) -> SeatOffer | None:
    """Takes a pupil off a seat and gives it to the next in line.

    rule: `absence` (a person releases the seat after untold absences: the pupil goes to the end of the group) or
    `session_cancelled` (keeps the place in the queue). Effects, in order: membership ended, entry waiting again, queue
    event, end of the group where the rule says so, letters, the next offer. Returns that offer, None where there is
    nobody, or the session is not held.
    """
    entry = session.get_one(Entry, member.entry_id)
    line.hold(session, entry.season_id)
    session.refresh(entry)
    members.end(session, member, who, rule)
    change.move(session, entry, "unseat", who, values={"stays_in_line": False}, detail={"rule": rule})
    events.record(session, entry, QueueMove.RELEASED, rule, member.session_id)
    if rule in MOVES_BACK:
        line.move_back(session, entry, rule)
    letters.tell_ended(session, entry, member, "queue_released", rule=rule)
    letters.tell_guardians(session, entry, "queue_released_guardian", rule=rule)
    return offers.offer_next(session, session.get_one(GroupSession, member.session_id), clock.now())


def close_session(session: Session, held: GroupSession, who: change.By) -> None:
    """Frees everyone of a session that is no longer held; they keep their place in the queue.

    Effects: open offers of it withdrawn, each seat released. Call it after the session was cancelled.
    """
    line.hold(session, held.season_id)
    for taken in queue_line.taken_seats(session, held.id):
        if isinstance(taken.row, Membership):
            release(session, taken.row, who, SESSION_CANCELLED)
        elif taken.row.state is OfferState.OPEN:
            offers.withdraw(session, taken.row, change.SYSTEM)
            entry = session.get_one(Entry, taken.entry_id)
            letters.tell(session, entry, "queue_withdrawn", **letters.session_values(session, held.id))
