"""One session as the queue sees it: who sits there, who teaches, which seats are free, who is next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from api.domain.enums import EntryState, MembershipState, OfferState
from api.domain.programme_rules import GroupRules
from api.domain.swaps import Claim, order_for_seat
from api.models.group_life import MentorAssignment, SeatOffer
from api.models.groups import GroupSession, Room, Site, mentor_level
from api.models.places import Holiday, School
from api.models.programmes import LevelCover
from api.models.pupils import Entry, EntryChoice, Membership, Pupil
from matcher.problem import Travel
from matcher.travel import TravelTimes, place

FRESH = {"populate_existing": True}  # rows as they are now, not as they were when this session first saw them


@dataclass(frozen=True, slots=True)
class Taken:
    """A seat that is not free: somebody sits there, or it is offered to them (row: a Membership or a SeatOffer)."""

    entry_id: str
    level_id: str
    row: Membership | SeatOffer


def seats_of(session: Session, held: GroupSession) -> int:
    """The most pupils of a session: its seats, or those of its room where that has fewer."""
    room = session.get(Room, held.room_id) if held.room_id else None
    return held.seats if room is None else min(held.seats, room.seats)


def ratio_of(held: GroupSession, rules: GroupRules) -> int:
    """The most pupils of a mentor in a session."""
    return held.ratio if rules.max_ratio is None else min(held.ratio, rules.max_ratio)


def taken_seats(session: Session, session_id: str) -> list[Taken]:
    """Everyone who sits in a session or has an open offer of a seat in it, by entry."""
    members = session.execute(
        select(Membership, Entry.level_id)
        .join(Entry, Membership.entry_id == Entry.id)
        .where(Membership.session_id == session_id, Membership.state == MembershipState.ACTIVE),
        execution_options=FRESH,
    )
    offers = session.execute(
        select(SeatOffer, Entry.level_id)
        .join(Entry, SeatOffer.entry_id == Entry.id)
        .where(SeatOffer.session_id == session_id, SeatOffer.state == OfferState.OPEN),
        execution_options=FRESH,
    )
    taken = [Taken(row.entry_id, level, row) for rows in (members, offers) for row, level in rows]
    return sorted(taken, key=lambda one: one.entry_id)


def free_seat(taken: Sequence[Taken], seats: int) -> int | None:
    """The first seat that is free, None when the room is full."""
    used = {one.row.seat for one in taken}
    if len(taken) >= seats:
        return None
    return next(seat for seat in range(1, seats + len(taken) + 1) if seat not in used)


def standing_mentors(session: Session, session_id: str) -> dict[str, frozenset[str]]:
    """The mentors of a session's live roster who stay, with all levels that each covers."""
    assigned = session.scalars(
        select(MentorAssignment.mentor_id)
        .where(MentorAssignment.session_id == session_id, MentorAssignment.to_date.is_(None))
        .order_by(MentorAssignment.mentor_id)
    ).all()
    return levels_covered(session, assigned)


def levels_covered(session: Session, mentor_ids: Sequence[str]) -> dict[str, frozenset[str]]:
    """All levels that each of these mentors covers, those named by hand and what they cover besides."""
    levels: defaultdict[str, set[str]] = defaultdict(set)
    named = select(mentor_level.c.mentor_id, mentor_level.c.level_id).where(mentor_level.c.mentor_id.in_(mentor_ids))
    for mentor_id, level_id in session.execute(named):
        levels[mentor_id].add(level_id)
    covered = (
        select(mentor_level.c.mentor_id, LevelCover.covers_id)
        .join(LevelCover, LevelCover.level_id == mentor_level.c.level_id)
        .where(mentor_level.c.mentor_id.in_(mentor_ids))
    )
    for mentor_id, level_id in session.execute(covered):
        levels[mentor_id].add(level_id)
    return {mentor_id: frozenset(levels[mentor_id]) for mentor_id in mentor_ids}


def claims_on(session: Session, held: GroupSession, rules: GroupRules) -> list[Claim]:
    """Who would take a seat in the session, next first: those seated elsewhere who stay in line, then who waits."""
    mine, theirs = aliased(EntryChoice), aliased(EntryChoice)
    lat, lon = func.coalesce(Pupil.lat, School.lat), func.coalesce(Pupil.lon, School.lon)
    rows = session.execute(
        select(Entry, mine.rank, Membership.session_id, theirs.rank, SeatOffer.id, lat, lon)
        .join(mine, (mine.entry_id == Entry.id) & (mine.session_id == held.id))
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .outerjoin(School, Pupil.school_id == School.id)
        .outerjoin(Membership, (Membership.entry_id == Entry.id) & (Membership.state == MembershipState.ACTIVE))
        .outerjoin(theirs, (theirs.entry_id == Entry.id) & (theirs.session_id == Membership.session_id))
        .outerjoin(SeatOffer, (SeatOffer.entry_id == Entry.id) & (SeatOffer.state == OfferState.OPEN))
        .where(Entry.season_id == held.season_id, Entry.programme_id == held.programme_id)
        .where(
            (Entry.state == EntryState.WAITING) | ((Entry.state == EntryState.PLACED) & Entry.stays_in_line),
        ),
        execution_options=FRESH,
    )
    site = session.get_one(Site, held.site_id)
    times = TravelTimes(Travel(detour=rules.detour, kmh=rules.kmh))
    there = place("site", site.id, site.lat, site.lon)
    claims = []
    for entry, rank, seated_in, seated_rank, offer_id, north, east in rows:
        if seated_in == held.id or (seated_rank is not None and seated_rank < rank):
            continue
        known = north is not None and not site.digital
        claims.append(
            Claim(
                id=entry.id,
                level_id=entry.level_id,
                priority_class=min(entry.priority_class, rules.classes - 1),
                joined_on=entry.joined_on,
                lottery_number=entry.lottery_number,
                rank=rank,
                seated=seated_in is not None,
                has_offer=offer_id is not None,
                minutes=times.minutes(place("pupil", entry.id, north, east), there) if known else None,
                max_travel_minutes=entry.max_travel_minutes,
            )
        )
    return order_for_seat(claims)


def holidays_from(session: Session, day: date) -> set[date]:
    """Public holidays from a day on."""
    return set(session.scalars(select(Holiday.day).where(Holiday.day >= day)))
