"""An entry's place in the queue as its pupil sees it: number, offer, seat, last year, and whether anybody passed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, joinedload

from api import clock
from api.domain.enums import (
    EntryState,
    MeetingState,
    MembershipState,
    OfferState,
    Presence,
    QueueMove,
)
from api.domain.queue import queue_key
from api.errors import NotFound
from api.i18n import gettext as _
from api.models.group_life import Attendance, QueueEvent, SeatOffer
from api.models.groups import GroupSession, Meeting
from api.models.people import Person
from api.models.programmes import Level, Programme, Season
from api.models.pupils import Entry, EntryChoice, Lottery, Membership, Pupil
from api.queries import queue_join
from api.queries.campus_rules import rules_now

A_YEAR = timedelta(weeks=52)
SAME_TERM = timedelta(weeks=6)
MEETINGS_SHOWN = 4
PLACE = (joinedload(GroupSession.site), joinedload(GroupSession.room))


@dataclass(frozen=True, slots=True)
class MyChoice:
    """A wish with its session."""

    rank: int
    session: GroupSession


@dataclass(frozen=True, slots=True)
class Line:
    """The line for one wished session. ahead, behind: how many others wait for it. number: None before the draw."""

    choice: MyChoice
    number: int | None
    ahead: int
    behind: int


@dataclass(frozen=True, slots=True)
class MyMeeting:
    """A meeting ahead of the pupil's own session. told: has said that they are not coming."""

    meeting: Meeting
    told: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Everything that the page of the queue shows.

    number: among those who wait for at least one of the same sessions, None before the draw. ahead, behind: how many
    of them. lines: the line for each session that the pupil still waits for, best first. last_year: how many such got
    a seat from this day of the year on, None without history. higher: wishes above the offered, or held, session.
    minutes: of travel to it, None where the home is not known.
    """

    entry: Entry
    season: Season
    programme: Programme
    level: Level
    choices: tuple[MyChoice, ...]
    lines: tuple[Line, ...]
    number: int | None
    ahead: int
    behind: int
    last_year: int | None
    offer: SeatOffer | None
    seat: Membership | None
    held: GroupSession | None
    higher: tuple[MyChoice, ...]
    meetings: tuple[MyMeeting, ...]
    lottery: Lottery | None
    minutes: int | None


def place_of_entry(session: Session, entry: Entry, now: datetime) -> Place:
    """The place of one entry."""
    seat = session.scalar(
        select(Membership).where(Membership.entry_id == entry.id, Membership.state == MembershipState.ACTIVE)
    )
    offer = session.scalar(
        select(SeatOffer)
        .where(SeatOffer.entry_id == entry.id, SeatOffer.state == OfferState.OPEN, SeatOffer.expires_at > now)
        .options(joinedload(SeatOffer.session).joinedload(GroupSession.site))
    )
    rows = session.scalars(
        select(GroupSession)
        .where(GroupSession.id.in_([choice.session_id for choice in entry.choices]))
        .options(joinedload(GroupSession.site))
    )
    sessions = {row.id: row for row in rows}
    choices = tuple(MyChoice(choice.rank, sessions[choice.session_id]) for choice in entry.choices)
    about = offer.session_id if offer else seat.session_id if seat else None
    rank = next((choice.rank for choice in choices if choice.session.id == about), None)
    lottery = session.scalar(
        select(Lottery).where(Lottery.season_id == entry.season_id, Lottery.programme_id == entry.programme_id)
    )
    waits = entry.state is EntryState.WAITING or entry.stays_in_line
    queue = _Queue(session, entry, choices, seat) if waits else None
    held = session.get(GroupSession, seat.session_id, options=PLACE) if seat else None
    return Place(
        entry=entry,
        season=session.get_one(Season, entry.season_id),
        programme=session.get_one(Programme, entry.programme_id),
        level=session.get_one(Level, entry.level_id),
        choices=choices,
        lines=queue.lines() if queue else (),
        number=queue.ahead + 1 if queue and entry.lottery_number is not None and choices else None,
        ahead=queue.ahead if queue else 0,
        behind=queue.behind if queue else 0,
        last_year=seats_last_year(session, entry, clock.to_oslo(now).date()),
        offer=offer,
        seat=seat,
        held=held,
        higher=tuple(choice for choice in choices if about and (rank is None or choice.rank < rank)),
        meetings=_meetings(session, entry, seat, now) if seat else (),
        lottery=lottery,
        minutes=_minutes(session, entry, offer.session if offer else held),
    )


class _Queue:
    """Everyone who waits for one of an entry's sessions, and where the entry stands among them."""

    def __init__(self, session: Session, entry: Entry, choices: Sequence[MyChoice], seat: Membership | None) -> None:
        self.entry = entry
        mine = next((choice.rank for choice in choices if seat and choice.session.id == seat.session_id), None)
        self.wished = [choice for choice in choices if seat is None or mine is None or choice.rank < mine]
        own = (seat is None, *queue_key(entry))
        self.in_front: defaultdict[str, set[str]] = defaultdict(set)
        self.behind_me: defaultdict[str, set[str]] = defaultdict(set)
        for other in self._others(session):
            sits = other.seated_in is not None
            if other.seated_in == other.wish or (other.seated_rank is not None and other.seated_rank < other.rank):
                continue
            ahead = (not sits, *queue_key(other)) < own
            (self.in_front if ahead else self.behind_me)[other.wish].add(other.id)

    def lines(self) -> tuple[Line, ...]:
        drawn = self.entry.lottery_number is not None
        return tuple(
            Line(
                choice,
                len(self.in_front[choice.session.id]) + 1 if drawn else None,
                len(self.in_front[choice.session.id]),
                len(self.behind_me[choice.session.id]),
            )
            for choice in self.wished
        )

    @property
    def ahead(self) -> int:
        return len(set().union(*self.in_front.values()))

    @property
    def behind(self) -> int:
        return len(set().union(*self.behind_me.values()) - set().union(*self.in_front.values()))

    def _others(self, session: Session) -> Sequence[Any]:
        theirs = aliased(EntryChoice)
        return session.execute(
            select(
                Entry.id,
                Entry.priority_class,
                Entry.joined_on,
                Entry.lottery_number,
                EntryChoice.session_id.label("wish"),
                EntryChoice.rank,
                Membership.session_id.label("seated_in"),
                theirs.rank.label("seated_rank"),
            )
            .join(EntryChoice, EntryChoice.entry_id == Entry.id)
            .outerjoin(Membership, (Membership.entry_id == Entry.id) & (Membership.state == MembershipState.ACTIVE))
            .outerjoin(theirs, (theirs.entry_id == Entry.id) & (theirs.session_id == Membership.session_id))
            .where(EntryChoice.session_id.in_([choice.session.id for choice in self.wished]), Entry.id != self.entry.id)
            .where((Entry.state == EntryState.WAITING) | ((Entry.state == EntryState.PLACED) & Entry.stays_in_line))
        ).all()


def seats_last_year(session: Session, entry: Entry, today: date) -> int | None:
    """How many of the same group, who wished for the same sites, got a seat from this day on a year ago."""
    season = session.get_one(Season, entry.season_id)
    begun = season.starts_on - A_YEAR
    before = session.scalar(
        select(Season)
        .where(Season.starts_on.between(begun - SAME_TERM, begun + SAME_TERM), Season.id != season.id)
        .order_by(Season.starts_on.desc())
        .limit(1)
    )
    if before is None:
        return None
    sites = select(GroupSession.site_id).join(EntryChoice, EntryChoice.session_id == GroupSession.id)
    such = (
        select(Entry.id)
        .join(EntryChoice, EntryChoice.entry_id == Entry.id)
        .join(GroupSession, EntryChoice.session_id == GroupSession.id)
        .where(Entry.season_id == before.id, Entry.programme_id == entry.programme_id)
        .where(Entry.priority_class == entry.priority_class)
        .where(GroupSession.site_id.in_(sites.where(EntryChoice.entry_id == entry.id)))
    )
    if session.scalar(such.limit(1)) is None:
        return None
    seated = select(func.count(func.distinct(Membership.entry_id))).where(
        Membership.entry_id.in_(such), Membership.from_date >= today - A_YEAR
    )
    return session.scalar(seated)


@dataclass(frozen=True, slots=True)
class Promotion:
    """A seat of one of my sessions that was offered to somebody.

    code: `mine`, `in_front` (of me, by the rules), `swap` (sat elsewhere and stayed in line), or the stored reason why
    I was passed over; `unexplained` when there is none, which must not happen. group (0 first), joined_on, number:
    what decided the place of the one who got the offer.
    """

    at: datetime
    session: GroupSession
    group: int
    joined_on: date
    number: int | None
    code: str


def promotions(session: Session, entry: Entry) -> list[Promotion]:
    """Every offer of a seat in one of my sessions since I stand in the queue, newest first, each with its reason."""
    own = session.scalars(select(QueueEvent).where(QueueEvent.entry_id == entry.id).order_by(QueueEvent.number)).all()
    began = next((one.at for one in own if one.move is QueueMove.JOINED), entry.confirmed_at or entry.created_at)
    skipped = {one.detail.get("offer"): one.rule for one in own if one.move is QueueMove.SKIPPED}
    mine = [choice.session_id for choice in entry.choices]
    offered = session.scalars(
        select(QueueEvent)
        .where(QueueEvent.move == QueueMove.OFFERED, QueueEvent.session_id.in_(mine), QueueEvent.at >= began)
        .order_by(QueueEvent.at.desc(), QueueEvent.id.desc())
    ).all()
    sessions = {
        row.id: row
        for row in session.scalars(
            select(GroupSession).where(GroupSession.id.in_(mine)).options(joinedload(GroupSession.site))
        )
    }
    found = []
    for event in offered:
        group, joined, number = event.detail["place"]
        code, where = _why(event, own, skipped, entry), sessions[str(event.session_id)]
        found.append(Promotion(event.at, where, group, date.fromisoformat(joined), number, code))
    return found


def counted(rows: Sequence[Promotion]) -> dict[str, int]:
    """How many of the seats went to somebody for each reason, the commonest first."""
    return dict(Counter(row.code for row in rows).most_common())


def programme_of(session: Session, entry: Entry) -> Programme:
    """The programme that an entry is for."""
    return session.get_one(Programme, entry.programme_id)


def replay(session: Session, season_id: str, programme_id: str) -> list[dict[str, Any]]:
    """Every move of a season's queue in order, by id of the entry; no names. Raises NotFound for what is not there."""
    if session.get(Season, season_id) is None or session.get(Programme, programme_id) is None:
        raise NotFound(_("There is no such programme."))
    rows = session.execute(
        select(QueueEvent, Entry.id)
        .join(Entry, QueueEvent.entry_id == Entry.id)
        .where(Entry.season_id == season_id, Entry.programme_id == programme_id)
        .order_by(QueueEvent.at, QueueEvent.id)
    )
    return [
        {
            "at": event.at,
            "entry": entry_id,
            "number": event.number,
            "move": event.move,
            "rule": event.rule,
            "session": event.session_id,
            "detail": event.detail,
        }
        for event, entry_id in rows
    ]


def offers_of(session: Session, entry_ids: Collection[str]) -> Sequence[SeatOffer]:
    """Every offer that these entries have had, newest first."""
    return session.scalars(
        select(SeatOffer)
        .where(SeatOffer.entry_id.in_(entry_ids))
        .options(joinedload(SeatOffer.session).joinedload(GroupSession.site))
        .order_by(SeatOffer.offered_at.desc(), SeatOffer.id.desc())
    ).all()


def entries_of_person(session: Session, person_id: str | None) -> Sequence[Entry]:
    """A pupil's own entries that have not left, newest first."""
    return session.scalars(
        select(Entry)
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .join(Person, Pupil.person_id == Person.id)
        .where(Person.id == person_id, Entry.state != EntryState.LEFT)
        .order_by(Entry.id.desc())
    ).all()


def _why(event: QueueEvent, own: Sequence[QueueEvent], skipped: dict[Any, str], entry: Entry) -> str:
    if event.entry_id == entry.id:
        return "mine"
    if event.rule == "swap":
        return "swap"
    mine = next((one.detail["place"] for one in reversed(own) if one.at <= event.at), None)
    if mine is None or _key(event.detail["place"]) < _key(mine):
        return "in_front"
    if event.detail.get("offer") in skipped:
        return skipped[event.detail["offer"]]
    return _seated_then(event, own) or "unexplained"


def _seated_then(event: QueueEvent, own: Sequence[QueueEvent]) -> str | None:
    """`seated` when I sat somewhere at that time, by a plan that gave the other one a seat too."""
    standing: str | None = None
    for one in own:
        if one.at > event.at:
            break
        if one.move in (QueueMove.ACCEPTED, QueueMove.SWAPPED):
            standing = "seated"
        elif one.move in (QueueMove.RELEASED, QueueMove.LEFT):
            standing = None
    return standing or ("plan" if event.rule == "plan" else None)


def _key(place: list[Any]) -> tuple[Any, ...]:
    group, joined, number = place
    return group, joined, number is None, number or 0


def _minutes(session: Session, entry: Entry, there: GroupSession | None) -> int | None:
    if there is None:
        return None
    rules = rules_now(session, entry.programme_id)
    return queue_join.minutes_to(there.site, rules, queue_join.home_of(session, session.get_one(Pupil, entry.pupil_id)))


def _meetings(session: Session, entry: Entry, seat: Membership, now: datetime) -> tuple[MyMeeting, ...]:
    rows = session.execute(
        select(Meeting, Attendance.presence)
        .outerjoin(Attendance, (Attendance.meeting_id == Meeting.id) & (Attendance.entry_id == entry.id))
        .where(Meeting.session_id == seat.session_id, Meeting.state == MeetingState.PLANNED, Meeting.starts_at > now)
        .order_by(Meeting.starts_at)
        .limit(MEETINGS_SHOWN)
    )
    return tuple(MyMeeting(meeting, presence is Presence.TOLD) for meeting, presence in rows)
