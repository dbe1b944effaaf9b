"""The evenings of a campus as the queue sees them, all in a fixed number of queries; and who could stand in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from api import clock
from api.domain.enums import EntryState, MembershipState, OfferState
from api.domain.filling import Evening
from api.domain.programme_rules import GroupRules
from api.domain.seating import Taught
from api.domain.swaps import Claim, order_for_seat
from api.models.group_life import Clearance, MentorAssignment, SeatOffer
from api.models.groups import GroupSession, Mentor, Site, mentor_level
from api.models.people import Person
from api.models.places import School
from api.models.programmes import LevelCover
from api.models.pupils import Entry, EntryChoice, Membership, Pupil
from api.queries.names import by_name
from api.queries.queue_line import ratio_of
from matcher.problem import Travel
from matcher.travel import TravelTimes, place


@dataclass(frozen=True, slots=True)
class Helper:
    """A mentor of the site who is not in an evening's roster, and could be. week: evenings so far.

    levels: codes of all that the mentor covers, by id.
    """

    mentor: Mentor
    levels: frozenset[str]
    week: int

    @property
    def above_agreed(self) -> bool:
        """Whether one more evening is more than was agreed, so that the mentor has to say yes to it."""
        return self.week >= self.mentor.contracted


def evenings(
    session: Session, site: Site, groups: Sequence[GroupSession], rules: Mapping[str, GroupRules]
) -> list[Evening]:
    """These sessions of a site, in the given order. rules: by programme."""
    ids = [one.id for one in groups]
    seated = _seated(session, ids)
    roster = _rosters(session, ids)
    levels = covered(session, {mentor for mentors in roster.values() for mentor in mentors})
    claims = _claims(session, site, groups, rules)
    return [
        Evening(
            id=one.id,
            seats=min(one.seats, one.room.seats) if one.room else one.seats,
            ratio=ratio_of(one, rules[one.programme_id]),
            seated=seated[one.id],
            mentors={mentor: levels[mentor] for mentor in roster[one.id]},
            claims=tuple(order_for_seat(claims[one.id])),
        )
        for one in groups
    ]


def covered(session: Session, mentor_ids: set[str]) -> dict[str, frozenset[str]]:
    """The levels that each of these mentors covers: those named by hand, and what these cover besides."""
    levels: defaultdict[str, set[str]] = defaultdict(set)
    wanted = sorted(mentor_ids)
    named = select(mentor_level.c.mentor_id, mentor_level.c.level_id).where(mentor_level.c.mentor_id.in_(wanted))
    besides = (
        select(mentor_level.c.mentor_id, LevelCover.covers_id)
        .join(LevelCover, LevelCover.level_id == mentor_level.c.level_id)
        .where(mentor_level.c.mentor_id.in_(wanted))
    )
    for mentor_id, level_id in session.execute(named.union_all(besides)):
        levels[mentor_id].add(level_id)
    return {one: frozenset(levels[one]) for one in wanted}


def helpers(
    session: Session, site: Site, groups: Sequence[GroupSession], rules: Mapping[str, GroupRules]
) -> dict[str, list[Helper]]:
    """Who could stand in each of these sessions besides its roster, who has fewest evenings first.

    A mentor could who has said that the evening suits, is trained and cleared, stands in no other at that time, and is
    below their most evenings a week.
    """
    mentors = session.scalars(
        select(Mentor)
        .options(joinedload(Mentor.person), selectinload(Mentor.sessions), selectinload(Mentor.levels))
        .join(Person, Mentor.person_id == Person.id)
        .where(Mentor.site_id == site.id, Mentor.is_active, Mentor.trained_on <= clock.today())
        .order_by(by_name(Person.name), Mentor.id)
    ).all()
    levels = covered(session, {one.id for one in mentors})
    cleared = set(
        session.scalars(select(Clearance.mentor_id).where(Clearance.mentor_id.in_([one.id for one in mentors])))
    )
    standing: defaultdict[str, list[GroupSession]] = defaultdict(list)
    for mentor_id, group in session.execute(
        select(MentorAssignment.mentor_id, GroupSession)
        .join(GroupSession, MentorAssignment.session_id == GroupSession.id)
        .where(MentorAssignment.mentor_id.in_([one.id for one in mentors]), MentorAssignment.to_date.is_(None))
    ):
        standing[mentor_id].append(group)
    found: dict[str, list[Helper]] = {one.id: [] for one in groups}
    for mentor in mentors:
        week = [one for one in standing[mentor.id] if one.season_id in {group.season_id for group in groups}]
        if len(week) >= mentor.max_sessions:
            continue
        can = {one.id for one in mentor.sessions}
        for group in groups:
            ready = not rules[group.programme_id].statute or mentor.id in cleared
            if ready and group.id in can and not any(_meet(group, other) for other in week):
                found[group.id].append(Helper(mentor, levels[mentor.id], len(week)))
    return {key: sorted(several, key=lambda one: one.week) for key, several in found.items()}


def _meet(one: GroupSession, other: GroupSession) -> bool:
    """Whether nobody can be in both."""
    return one.weekday == other.weekday and one.starts < other.ends and other.starts < one.ends


def _rosters(session: Session, ids: Sequence[str]) -> defaultdict[str, list[str]]:
    roster: defaultdict[str, list[str]] = defaultdict(list)
    for session_id, mentor_id in session.execute(
        select(MentorAssignment.session_id, MentorAssignment.mentor_id)
        .where(MentorAssignment.session_id.in_(ids), MentorAssignment.to_date.is_(None))
        .order_by(MentorAssignment.mentor_id)
    ):
        roster[session_id].append(mentor_id)
    return roster


def _seated(session: Session, ids: Sequence[str]) -> defaultdict[str, dict[str, Taught]]:
    found: defaultdict[str, dict[str, Taught]] = defaultdict(dict)
    members = (
        select(Membership.session_id, Membership.entry_id, Entry.level_id, Membership.mentor_id)
        .join(Entry, Membership.entry_id == Entry.id)
        .where(Membership.session_id.in_(ids), Membership.state == MembershipState.ACTIVE)
    )
    offered = (
        select(SeatOffer.session_id, SeatOffer.entry_id, Entry.level_id, SeatOffer.mentor_id)
        .join(Entry, SeatOffer.entry_id == Entry.id)
        .where(SeatOffer.session_id.in_(ids), SeatOffer.state == OfferState.OPEN)
    )
    for session_id, entry_id, level_id, mentor_id in session.execute(members.union_all(offered)):
        found[session_id][entry_id] = Taught(level_id, mentor_id)
    return found


def _claims(
    session: Session, site: Site, groups: Sequence[GroupSession], rules: Mapping[str, GroupRules]
) -> defaultdict[str, list[Claim]]:
    """As `queue_line.claims_on`, for all sessions at once."""
    mine, theirs = aliased(EntryChoice), aliased(EntryChoice)
    lat, lon = func.coalesce(Pupil.lat, School.lat), func.coalesce(Pupil.lon, School.lon)
    rows = session.execute(
        select(
            mine.session_id,
            mine.rank,
            Entry.id,
            Entry.level_id,
            Entry.priority_class,
            Entry.joined_on,
            Entry.lottery_number,
            Entry.max_travel_minutes,
            Membership.session_id,
            theirs.rank,
            SeatOffer.id,
            lat,
            lon,
        )
        .join(mine, mine.entry_id == Entry.id)
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .outerjoin(School, Pupil.school_id == School.id)
        .outerjoin(Membership, (Membership.entry_id == Entry.id) & (Membership.state == MembershipState.ACTIVE))
        .outerjoin(theirs, (theirs.entry_id == Entry.id) & (theirs.session_id == Membership.session_id))
        .outerjoin(SeatOffer, (SeatOffer.entry_id == Entry.id) & (SeatOffer.state == OfferState.OPEN))
        .where(mine.session_id.in_([one.id for one in groups]))
        .where((Entry.state == EntryState.WAITING) | ((Entry.state == EntryState.PLACED) & Entry.stays_in_line))
    )
    by_id = {one.id: one for one in groups}
    there = place("site", site.id, site.lat, site.lon)
    times = {key: TravelTimes(Travel(detour=one.detour, kmh=one.kmh)) for key, one in rules.items()}
    minutes: dict[tuple[str, str], int] = {}
    claims: defaultdict[str, list[Claim]] = defaultdict(list)
    for (
        group_id,
        rank,
        entry_id,
        level,
        first,
        joined,
        number,
        most,
        seated_in,
        seated_rank,
        offer,
        north,
        east,
    ) in rows:
        programme = by_id[group_id].programme_id
        if seated_in == group_id or (seated_rank is not None and seated_rank < rank):
            continue
        known = north is not None and not site.digital and most is not None
        if known and (entry_id, programme) not in minutes:
            home = place("pupil", entry_id, north, east)
            minutes[entry_id, programme] = times[programme].minutes(home, there)
        claims[group_id].append(
            Claim(
                id=entry_id,
                level_id=level,
                priority_class=min(first, rules[programme].classes - 1),
                joined_on=joined,
                lottery_number=number,
                rank=rank,
                seated=seated_in is not None,
                has_offer=offer is not None,
                minutes=minutes.get((entry_id, programme)) if known else None,
                max_travel_minutes=most,
            )
        )
    return claims
