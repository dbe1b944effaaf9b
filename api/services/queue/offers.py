"""Offers of seats: to whom, until when, and what comes of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import (
    ApprovalState,
    EntryState,
    MeetingState,
    MembershipReason,
    OfferReason,
    OfferState,
    Presence,
    QueueMove,
    SessionState,
)
from api.domain.offer_deadlines import expires_at
from api.domain.programme_rules import GroupRules
from api.domain.seating import NEW, Taught, seat_with
from api.domain.swaps import Claim, obstacle
from api.models.follow_up import PlanApproval
from api.models.group_life import Attendance, FriendCode, SeatOffer
from api.models.groups import GroupSession, Meeting
from api.models.planning import Plan, Run
from api.models.programmes import ProgrammeRuleVersion, Season
from api.models.pupils import Entry, Membership
from api.queries import queue_line
from api.queries.campus_rules import rules_now
from api.services import change, outbox
from api.services.queue import events, letters, line, members

SILENCE, SILENCE_AGAIN = "silence", "silence_again"
OFFER_LETTERS = ("queue_offer", "queue_offer_reminder")


def offer_next(session: Session, held: GroupSession, now: datetime) -> SeatOffer | None:
    """Offers one free seat of a session to the next in line; None when there is no seat, or nobody for it.

    Those who sit elsewhere and stay in line for it come first, then who waits, each in queue order. Who cannot take
    the seat is passed over, with the reason kept as a queue event. now: aware. Effects, in order: other seat movers
    of the season wait, offer, contact mentors of others where that makes room, queue events, letters.
    """
    line.hold(session, held.season_id)
    session.refresh(held)
    found = pick(session, held, now)
    if found is None:
        return None
    line.set_contacts(session, found.rows, {one: mentor for one, mentor in found.contacts.items() if one != NEW})
    entry = session.get_one(Entry, found.claim.id)
    reason = OfferReason.SWAP if found.claim.seated else OfferReason.QUEUE
    rules = rules_now(session, held.programme_id)
    made = make(session, entry, held, found.seat, found.contacts[NEW], reason, now, rules)
    for other, code in found.passed:
        skipped = session.get_one(Entry, other.id)
        events.record(session, skipped, QueueMove.SKIPPED, code, held.id, offer=made.id)
    return made


@dataclass(frozen=True, slots=True)
class Pick:
    """Whose turn it is for a free seat. contacts: mentors that this sets, under NEW the pupil's own.

    rows: the seats that are taken, by entry. passed: claims in front who cannot take the seat, and why, as codes.
    """

    claim: Claim
    seat: int
    contacts: dict[str, str]
    rows: dict[str, Membership | SeatOffer]
    passed: tuple[tuple[Claim, str], ...]


def pick(session: Session, held: GroupSession, now: datetime) -> Pick | None:
    """Who is next for a free seat of a session, None when there is no seat, or nobody for it. Changes nothing."""
    if not is_offering(session, held, now):
        return None
    rules = rules_now(session, held.programme_id)
    taken = queue_line.taken_seats(session, held.id)
    seat = queue_line.free_seat(taken, queue_line.seats_of(session, held))
    mentors = queue_line.standing_mentors(session, held.id)
    if seat is None or not mentors:
        return None
    seated = {one.entry_id: Taught(one.level_id, one.row.mentor_id) for one in taken}
    ratio = queue_line.ratio_of(held, rules)
    passed: list[tuple[Claim, str]] = []
    for claim in queue_line.claims_on(session, held, rules):
        near = _mentors_of_friends(session, claim.id, seated)
        contacts = seat_with(claim.level_id, seated, mentors, ratio, prefer=near)
        why = obstacle(claim, is_taught=contacts is not None)
        if why is None and contacts is not None:
            return Pick(claim, seat, contacts, {one.entry_id: one.row for one in taken}, tuple(passed))
        passed.append((claim, why or "level"))
    return None


def fill(session: Session, held: GroupSession, now: datetime) -> list[SeatOffer]:
    """Offers every free seat of a session that somebody can take."""
    made = []
    while (offer := offer_next(session, held, now)) is not None:
        made.append(offer)
    return made


def make(
    session: Session,
    entry: Entry,
    held: GroupSession,
    seat: int,
    mentor_id: str | None,
    reason: OfferReason,
    now: datetime,
    rules: GroupRules,
    *,
    plan_id: str | None = None,
    expires: datetime | None = None,
) -> SeatOffer:
    """A new offer with its deadline, queue event and letters, the guardians' copy too.

    expires: `deadline`, where it is known already.
    """
    offer = SeatOffer(
        entry_id=entry.id,
        session_id=held.id,
        mentor_id=mentor_id,
        plan_id=plan_id,
        seat=seat,
        reason=reason,
        offered_at=now,
        expires_at=expires or deadline(session, held, now, rules),
    )
    change.begin(session, offer, "offer", change.SYSTEM)
    events.record(session, entry, QueueMove.OFFERED, reason.value, held.id, offer=offer.id)
    letters.tell_offer(session, offer, entry, "queue_offer")
    letters.tell_guardians(
        session,
        entry,
        "queue_offer_guardian",
        **letters.session_values(session, held.id),
        **letters.offer_values(entry, offer),
    )
    return offer


def deadline(session: Session, held: GroupSession, now: datetime, rules: GroupRules) -> datetime:
    """Until when an offer made now is good."""
    season = session.get_one(Season, held.season_id)
    return expires_at(now, season.starts_on, rules, queue_line.holidays_from(session, clock.to_oslo(now).date()))


def is_offering(session: Session, held: GroupSession, now: datetime) -> bool:
    """Whether seats of a session go to the queue by now: it is held, and its term has begun or its plan was sent."""
    season = session.get_one(Season, held.season_id)
    today = clock.to_oslo(now).date()
    if held.state is not SessionState.ACTIVE or today > season.ends_on:
        return False
    return today >= season.starts_on or held.site_id in _sites_sent(session, held)


def accept(session: Session, offer: SeatOffer, who: change.By, *, stay: bool = False) -> Membership:
    """Takes an offered seat. stay: keep waiting for a higher choice, before newcomers.

    Effects, in order: offer accepted, if it has not expired; the old seat, if any, ended and offered on; membership;
    entry placed; queue event; letters. Raises IllegalStep when the offer is no longer open.
    """
    entry = session.get_one(Entry, offer.entry_id)
    line.hold(session, entry.season_id)
    session.refresh(entry)
    moment = clock.now()
    stays = stay and bool(line.higher_choices(entry, offer.session_id))
    change.move(
        session,
        offer,
        "accept",
        who,
        when=SeatOffer.expires_at > moment,
        values={"answered_at": moment, "stays_in_line": stays},
    )
    old = members.active_seat(session, entry.id)
    if old is not None:
        members.end(session, old, who, members.SWAPPED)
    member = members.take(session, entry, offer, _how(offer), who)
    outbox.withdraw(session, "seat_offer", offer.id, *OFFER_LETTERS)
    move = QueueMove.ACCEPTED if old is None else QueueMove.SWAPPED
    events.record(session, entry, move, "stays_in_line" if stays else "accepted", offer.session_id, offer=offer.id)
    letters.tell_accepted(session, entry, member, "queue_accepted" if old is None else "queue_moved")
    letters.tell_guardians(
        session, entry, "queue_accepted_guardian", **letters.session_values(session, offer.session_id)
    )
    if old is not None:
        offer_next(session, session.get_one(GroupSession, old.session_id), moment)
    return member


def decline(session: Session, offer: SeatOffer, who: change.By) -> None:
    """Says no to an offered seat; the place in line for other choices stays.

    Effects, in order: offer declined, if it has not expired; the session is no wish any more; queue event; letter; the
    seat goes on. Raises IllegalStep when the offer is no longer open.
    """
    entry = session.get_one(Entry, offer.entry_id)
    line.hold(session, entry.season_id)
    session.refresh(entry)
    moment = clock.now()
    change.move(session, offer, "decline", who, when=SeatOffer.expires_at > moment, values={"answered_at": moment})
    outbox.withdraw(session, "seat_offer", offer.id, *OFFER_LETTERS)
    _give_up(session, entry, offer.session_id)
    events.record(session, entry, QueueMove.DECLINED, "declined", offer.session_id, offer=offer.id)
    letters.tell(session, entry, "queue_declined", **letters.session_values(session, offer.session_id))
    offer_next(session, session.get_one(GroupSession, offer.session_id), moment)


def expire(session: Session, offer: SeatOffer, now: datetime) -> None:
    """Silence: the seat goes on, and once the pupil goes to the end of the group; after that it counts as a no.

    Effects, in order: offer expired, if its time is over; one silence more; end of the group, or the wish dropped;
    queue events; letters; the next offer. Raises IllegalStep when somebody has answered.
    """
    entry = session.get_one(Entry, offer.entry_id)
    line.hold(session, entry.season_id)
    session.refresh(entry)
    change.move(session, offer, "expire", change.SYSTEM, when=SeatOffer.expires_at <= now)
    outbox.withdraw(session, "seat_offer", offer.id, *OFFER_LETTERS)
    entry.silences += 1
    session.flush()
    rule = SILENCE if entry.silences == 1 else SILENCE_AGAIN
    events.record(session, entry, QueueMove.EXPIRED, rule, offer.session_id, offer=offer.id)
    if rule == SILENCE:
        line.move_back(session, entry, rule)
    else:
        _give_up(session, entry, offer.session_id)
    place = letters.session_values(session, offer.session_id)
    letters.tell(session, entry, "queue_expired", rule=rule, **place)
    letters.tell_guardians(session, entry, "queue_expired_guardian", rule=rule, **place)
    offer_next(session, session.get_one(GroupSession, offer.session_id), now)


def withdraw(session: Session, offer: SeatOffer, who: change.By) -> None:
    """Takes back an open offer, because the pupil leaves or the session is not held. Effects: offer, its letters."""
    change.move(session, offer, "withdraw", who)
    outbox.withdraw(session, "seat_offer", offer.id)


def open_offer(session: Session, entry_id: str) -> SeatOffer | None:
    """The offer that waits for a pupil's answer."""
    return session.scalar(
        select(SeatOffer)
        .where(SeatOffer.entry_id == entry_id, SeatOffer.state == OfferState.OPEN)
        .execution_options(populate_existing=True)
    )


@dataclass(frozen=True, slots=True)
class SameDay:
    """Seats that stand empty at one meeting, and who was told that they may come: entries in queue order."""

    free: int
    told: tuple[Entry, ...]


def same_day(session: Session, meeting: Meeting, now: datetime) -> SameDay:
    """Tells the next in line that there is a seat tonight only: as many pupils as seats stand empty.

    A seat stands empty where nobody sits, or who sits there has told that they are not coming. Nobody is told twice of
    one meeting. now: aware. Effects: letters; places in the queue stay as they are.
    """
    held = session.get_one(GroupSession, meeting.session_id)
    line.hold(session, held.season_id)
    if meeting.state is not MeetingState.PLANNED or meeting.ends_at <= now or held.state is not SessionState.ACTIVE:
        return SameDay(0, ())
    rules = rules_now(session, held.programme_id)
    rows = session.scalars(select(Attendance).where(Attendance.meeting_id == meeting.id)).all()
    away = {row.entry_id for row in rows if row.presence is not Presence.HERE}
    taken = [one for one in queue_line.taken_seats(session, held.id) if one.entry_id not in away]
    extra = [row for row in rows if row.walk_in]
    mentors = queue_line.standing_mentors(session, held.id)
    room = min(queue_line.seats_of(session, held), queue_line.ratio_of(held, rules) * len(mentors))
    free = max(0, room - len(taken) - len(extra))
    known = {row.entry_id for row in rows}
    taught = frozenset(level for levels in mentors.values() for level in levels)
    told: list[Entry] = []
    for claim in queue_line.claims_on(session, held, rules):
        if len(told) == free:
            break
        if claim.id not in known and not claim.seated and claim.level_id in taught:
            told.append(session.get_one(Entry, claim.id))
    for entry in told:
        place = letters.session_values(session, held.id)
        letters.tell(session, entry, "queue_same_day", dedupe=f"same_day:{meeting.id}:{entry.id}", **place)
    return SameDay(free, tuple(told))


def _how(offer: SeatOffer) -> MembershipReason:
    reasons = {OfferReason.PLAN: MembershipReason.PLAN, OfferReason.SWAP: MembershipReason.MOVED}
    return reasons.get(offer.reason, MembershipReason.QUEUE)


def _give_up(session: Session, entry: Entry, session_id: str) -> None:
    """The session is no wish any more; who stayed in line for nothing else is content."""
    line.drop_choice(session, entry, session_id)
    seat = members.active_seat(session, entry.id)
    if entry.state is EntryState.PLACED and seat is not None and not line.higher_choices(entry, seat.session_id):
        entry.stays_in_line = False
    session.flush()


def _sites_sent(session: Session, held: GroupSession) -> Collection[str]:
    """Sites of approvals sent to the last site: until then a pupil of the plan may still wait for the offer."""
    rows = session.execute(
        select(PlanApproval.items, PlanApproval.sent_items)
        .join(Plan, PlanApproval.plan_id == Plan.id)
        .join(Run, Plan.run_id == Run.id)
        .join(ProgrammeRuleVersion, Run.rule_version_id == ProgrammeRuleVersion.id)
        .where(PlanApproval.state == ApprovalState.SENT, Plan.season_id == held.season_id)
        .where(ProgrammeRuleVersion.programme_id == held.programme_id)
    )
    return {site for items, sent in rows if set(items) <= set(sent) for site in items}


def _mentors_of_friends(session: Session, entry_id: str, seated: dict[str, Taught]) -> set[str]:
    """Contact mentors of those in the session who have the pupil's friend code."""
    code = session.scalar(select(FriendCode.code).where(FriendCode.entry_id == entry_id))
    if code is None:
        return set()
    friends = session.scalars(select(FriendCode.entry_id).where(FriendCode.code == code)).all()
    return {mentor for one in friends if one in seated and (mentor := seated[one].mentor) is not None}
