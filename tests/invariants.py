"""What must hold after anything at all: the invariants of the promises, read from the rows.

`broken(session)` gives one line for each breach, an empty list when all is well. What only the outside knows (which
requests were acknowledged, which mails arrived) is asked for by functions of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from itertools import pairwise

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api.domain.audit import first_broken
from api.domain.enums import (
    ApprovalState,
    EntryState,
    InvitationState,
    MembershipState,
    OfferState,
    OutboxState,
    RequestState,
    VisitState,
)
from api.domain.transitions import STEPS, step, things
from api.models.bookings import Booking
from api.models.follow_up import Invitation, PlanApproval
from api.models.group_life import SeatOffer
from api.models.groups import GroupSession
from api.models.outbox import OutboxMessage
from api.models.pupils import Entry, Membership
from api.models.records import AuditEntry
from api.models.registry import metadata
from api.models.visits import Request, Visit
from api.services.retention import trail as cut_trail

LIVE_VISITS = (VisitState.PLANNED, VisitState.CONFIRMED, VisitState.HELD)
ONE_OF_TWO = {"seat_offer": {"accept", "expire"}, "invitation": {"accept", "expire"}}


def broken(session: Session) -> list[str]:
    """Every breach there is, in words."""
    checks = (bookings, seats, visits, offers, trail, states, approvals, database)
    return [line for check in checks for line in check(session)]


def bookings(session: Session) -> Iterator[str]:
    """Nobody is booked twice at one time, and a visit that is over or off holds nobody's time."""
    by_person: dict[str, list[Booking]] = defaultdict(list)
    for row in session.scalars(select(Booking).where(Booking.released_at.is_(None)).order_by(Booking.starts_at)):
        by_person[row.person_id].append(row)
    for person, rows in by_person.items():
        for one, other in pairwise(rows):
            if other.starts_at < one.ends_at:
                yield f"person {person} is booked twice at {other.starts_at}"
    dead = select(Visit.id).where(Visit.state.in_((VisitState.CANCELLED, VisitState.FELL_THROUGH)))
    for row in session.scalars(select(Booking).where(Booking.visit_id.in_(dead), Booking.released_at.is_(None))):
        yield f"visit {row.visit_id} is off and still holds person {row.person_id}"


def seats(session: Session) -> Iterator[str]:
    """No session has more pupils than seats, no seat has two, and who sits has an entry that says so."""
    rows = session.scalars(select(Membership).where(Membership.to_date.is_(None))).all()
    room = dict(session.execute(select(GroupSession.id, GroupSession.seats)).all())
    for session_id, count in Counter(row.session_id for row in rows).items():
        if count > room[session_id]:
            yield f"session {session_id} has {count} pupils on {room[session_id]} seats"
    for place, count in Counter((row.session_id, row.seat) for row in rows).items():
        if count > 1:
            yield f"seat {place} is taken {count} times"
    for row in rows:
        if row.state is not MembershipState.ACTIVE:
            yield f"membership {row.id} has ended and has no last day"
    seated = {row.entry_id for row in rows}
    placed = set(session.scalars(select(Entry.id).where(Entry.state == EntryState.PLACED)))
    yield from (f"entry {entry} sits and is not placed" for entry in sorted(seated - placed))
    yield from (f"entry {entry} is placed and does not sit" for entry in sorted(placed - seated))


def visits(session: Session) -> Iterator[str]:
    """A request has a live visit exactly when it says so, and a confirmed visit has everyone's yes."""
    live = Counter(session.scalars(select(Visit.request_id).where(Visit.state.in_(LIVE_VISITS))))
    yield from (f"request {request} has {count} live visits" for request, count in live.items() if count > 1)
    served = set(session.scalars(select(Request.id).where(Request.state == RequestState.VISIT)))
    yield from (f"request {request} has a visit and does not say so" for request in sorted(set(live) - served))
    yield from (f"request {request} says it has a visit and has none" for request in sorted(served - set(live)))
    asked = select(Invitation).join(Visit).where(Visit.state == VisitState.CONFIRMED)
    for row in session.scalars(asked.where(Invitation.state.in_((InvitationState.QUEUED, InvitationState.SENT)))):
        yield f"visit {row.visit_id} is confirmed while invitation {row.id} is open"
    over = select(Invitation).join(Visit).where(Visit.state.in_((VisitState.CANCELLED, VisitState.FELL_THROUGH)))
    for row in session.scalars(over.where(Invitation.state.in_((InvitationState.QUEUED, InvitationState.SENT)))):
        yield f"invitation {row.id} is open for a visit that is off"


def offers(session: Session) -> Iterator[str]:
    """At most one open offer a pupil and a seat, and no open offer of a seat that is taken."""
    rows = session.scalars(select(SeatOffer).where(SeatOffer.state == OfferState.OPEN)).all()
    for entry, count in Counter(row.entry_id for row in rows).items():
        if count > 1:
            yield f"entry {entry} has {count} open offers"
    for place, count in Counter((row.session_id, row.seat) for row in rows).items():
        if count > 1:
            yield f"seat {place} is offered {count} times"
    taken = set(session.execute(select(Membership.session_id, Membership.seat).where(Membership.to_date.is_(None))))
    yield from (f"offer {row.id} is of a seat that is taken" for row in rows if (row.session_id, row.seat) in taken)


def trail(session: Session) -> Iterator[str]:
    """The chain holds; each change followed the one before, by the table of transitions; nothing happened both ways."""
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all()
    if (at := first_broken(entries, after=cut_trail.beginning(session))) is not None:
        yield f"the audit chain breaks at {at}"
    known = {(one.thing, one.event) for one in STEPS}
    stands: dict[tuple[str, str], str] = {}
    events: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in entries:
        thing, _, event = entry.action.partition(".")
        if (thing, event) not in known:
            continue
        key = (thing, entry.object_id)
        found, before, after = step(thing, event), entry.detail.get("from", ""), entry.detail.get("to")
        if after != found.target or before not in found.sources:
            yield f"{entry.action} of {entry.object_id} went from {before} to {after}"
        if key in stands and before != stands[key]:
            yield f"{entry.action} of {entry.object_id} left {before} where it stood at {stands[key]}"
        stands[key] = found.target
        events[key].add(event)
    for (thing, object_id), seen in events.items():
        if thing in ONE_OF_TWO and ONE_OF_TWO[thing] <= seen:
            yield f"{thing} {object_id} was both accepted and expired"


def states(session: Session) -> Iterator[str]:
    """A row stands where its last entry in the trail left it: no change without an entry."""
    last: dict[tuple[str, str], str] = {}
    for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)):
        if "to" in entry.detail:
            last[entry.object_kind, entry.object_id] = entry.detail["to"]
    for thing in things():
        table = metadata.tables[thing]
        for row_id, state in session.execute(select(table.c.id, table.c.state)):
            said = last.get((thing, row_id))
            if said is not None and said != str(state):
                yield f"{thing} {row_id} is {state}, and its trail ends at {said}"


def approvals(session: Session) -> Iterator[str]:
    """No plan is half applied: each approved request has had a visit from it, or is named as dropped."""
    rows = session.scalars(select(PlanApproval).where(PlanApproval.state == ApprovalState.SENT)).all()
    for row in rows:
        if row.plan.kind != "visit":
            continue
        made = set(session.scalars(select(Visit.request_id).where(Visit.plan_id == row.plan_id)))
        dropped = {item.get("request") for item in row.dropped}
        for request in row.items:
            if request not in made and request not in dropped:
                yield f"approval {row.id} left request {request} without a visit and without a word"


def database(session: Session) -> Iterator[str]:
    """The database's own checks."""
    if session.get_bind().dialect.name == "sqlite":
        if (said := session.scalar(text("PRAGMA integrity_check"))) != "ok":
            yield f"integrity check: {said}"
        for row in session.execute(text("PRAGMA foreign_key_check")):
            yield f"a row of {row[0]} points at nothing in {row[2]}"


def outbox_at_rest(session: Session) -> list[str]:
    """Breaches once everything that was due has been sent: no message waits, is being sent, or has failed."""
    left = session.scalars(select(OutboxMessage).where(OutboxMessage.state.not_in(_AT_REST)))
    return [f"message {row.id} ({row.kind}) is {row.state}: {row.error}" for row in left]


_AT_REST = (OutboxState.SENT, OutboxState.WITHDRAWN)


def arrived(session: Session, message_ids: Collection[str], sender_kills: int) -> list[str]:
    """Breaches between what was sent and what arrived. message_ids: as received, with repeats, without brackets."""
    sent = set(session.scalars(select(OutboxMessage.message_id).where(OutboxMessage.state == OutboxState.SENT)))
    received = Counter(message_ids)
    doubles = sum(received.values()) - len(received)
    lines = [f"message {missing} was sent and did not arrive" for missing in sorted(sent - set(received))]
    lines += [f"message {strange} arrived and is not sent" for strange in sorted(set(received) - sent)]
    if doubles > sender_kills:
        lines.append(f"{doubles} messages arrived twice, with {sender_kills} senders killed")
    return lines


def acknowledged(session: Session, references: Collection[str]) -> list[str]:
    """Breaches of the first promise: each reference that was given to somebody is there exactly once."""
    there = Counter(session.scalars(select(Request.reference)))
    return [
        f"request {reference} is there {there[reference]} times" for reference in references if there[reference] != 1
    ]
