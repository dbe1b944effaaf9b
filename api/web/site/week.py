"""What the page of a campus' week shows: who is away, the evenings as cards, the queue by level, where help is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import DutyState, MeetingState
from api.domain.programme_rules import GroupRules
from api.i18n import gettext as _
from api.i18n import ngettext
from api.models.groups import Site
from api.models.programmes import Season
from api.queries import campus, campus_board, campus_meetings, campus_people, queue_line
from api.queries.campus import SessionRow
from api.queries.campus_meetings import MeetingRow
from api.queries.campus_rules import rules_now
from api.services.campus import stand_ins
from api.services.campus.board import Board, OneMore
from api.web import words

AHEAD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class CouldCome:
    """Somebody who could step in. state: None where not asked yet. each: pupils a mentor with them."""

    name: str
    phone: str
    teaches: str
    state: DutyState | None
    each: int | None


@dataclass(frozen=True, slots=True)
class Sick:
    """A meeting to come with a mentor away whom nobody has stepped in for. most: pupils a mentor at most."""

    row: MeetingRow
    is_today: bool
    levels: str
    each: int | None
    most: int
    people: tuple[CouldCome, ...]

    @property
    def names(self) -> str:
        return enumerated([one.name for one in self.row.away])

    @property
    def to_ask(self) -> list[str]:
        """Names of those who could come and are not asked."""
        return [one.name for one in self.people if one.state is None]


@dataclass(frozen=True, slots=True)
class Card:
    """An evening of the week. state: for the template. each: pupils a mentor, at the meeting or by the roster."""

    row: SessionRow
    title: str
    state: str
    room_for: int
    each: int | None
    over: bool
    offers: int
    more: OneMore | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A level of the queue. now: sentence of what can be done; at_once: whether it can without a mentor."""

    name: str
    pupils: int
    says: str
    at_once: bool


@dataclass(frozen=True, slots=True)
class Help:
    """Where one more mentor helps. levels: of those who would be served."""

    row: SessionRow
    more: OneMore
    evening: str
    levels: str
    teaches: str


def enumerated(names: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s and %(last)s", first=", ".join(names[:-1]), last=names[-1])


def sick(session: Session, site: Site, now: datetime) -> list[Sick]:
    """Meetings of the days to come that lack a mentor, soonest first, with who could step in."""
    rows = campus_meetings.meeting_rows(session, campus_meetings.with_away(session, site.id, now, now + AHEAD))
    levels = dict(campus_people.levels(session)) if rows else {}
    return [_sick(session, row, levels) for row in rows if row.missing]


def _sick(session: Session, row: MeetingRow, levels: Mapping[str, str]) -> Sick:
    asked = [one for one in row.duties if one.substitute and one.state in (DutyState.ASKED, DutyState.DECLINED)]
    free = stand_ins.who_could_come(session, row.meeting, row.group)
    teaches = campus_board.covered(session, {one.id for one in free} | {one.mentor_id for one in asked})
    each = row.each(1)

    def person(mentor_id: str, name: str, phone: str, state: DutyState | None) -> CouldCome:
        return CouldCome(name, phone, named(levels, teaches[mentor_id]), state, each)

    seated = campus_people.seated_levels(session, row.group.id)
    return Sick(
        row=row,
        is_today=clock.to_oslo(row.meeting.starts_at).date() == clock.today(),
        levels=named(levels, seated),
        each=row.each(),
        most=queue_line.ratio_of(row.group, rules_now(session, row.group.programme_id)),
        people=tuple(
            [person(one.mentor_id, one.name, one.phone, one.state) for one in asked]
            + [person(one.id, one.person.name, one.person.phone or "", None) for one in free]
        ),
    )


def named(levels: Mapping[str, str], ids: Sequence[str] | set[str] | frozenset[str], most: int = 3) -> str:
    """The names of levels in their order, the first few of them."""
    names = [name for key, name in levels.items() if key in ids]
    if len(names) > most:
        return _("%(levels)s and more", levels=", ".join(names[:most]))
    return enumerated(names)


def cards(
    rows: Sequence[SessionRow], found: Board, levels: Sequence[tuple[str, str]], rules: Mapping[str, GroupRules]
) -> list[tuple[int, list[Card]]]:
    """The evenings by weekday (1 Monday to 7), each with its one most important word."""
    days: dict[int, list[Card]] = {}
    for row in rows:
        days.setdefault(row.group.weekday, []).append(_card(row, found, dict(levels), rules[row.group.programme_id]))
    return sorted(days.items())


def _card(row: SessionRow, found: Board, levels: Mapping[str, str], rules: GroupRules) -> Card:
    meeting = row.meeting if row.meeting and row.meeting.meeting.state is MeetingState.PLANNED else None
    ahead = meeting is not None and meeting.meeting.ends_at > clock.now()
    each = meeting.each() if meeting and ahead else None
    if each is None and row.mentors:
        each = -(-row.pupils // len(row.mentors))
    more = found.more_in(row.group.id)
    most = queue_line.ratio_of(row.group, rules)
    room_for = min(row.seats, len(row.mentors) * most)
    free = max(0, room_for - row.pupils - row.offers)
    if meeting and ahead and meeting.missing:
        state = "away"
    elif not (row.mentors or row.pupils or row.offers):
        state = "unused"
    elif len(row.mentors) < max(row.group.min_mentors, rules.min_mentors):
        state = "thin"
    elif row.pupils + row.offers < row.group.min_pupils:
        state = "few"
    elif more is not None:
        state = "more"
    else:
        state = "free" if free else "full"
    return Card(
        row=row,
        title=named(levels, set(found.levels[row.group.id])) or _("No pupils yet"),
        state=state,
        room_for=room_for,
        each=each,
        over=each is not None and each > most,
        offers=len(found.now[row.group.id]),
        more=more,
    )


def too_few(days: Sequence[tuple[int, Sequence[Card]]], told: set[str], most: int = 2) -> list[Card]:
    """The evenings with too few pupils, fewest first. told: ids of those that a line of the page speaks of already."""
    thin = [card for _day, several in days for card in several if card.state == "few" and card.row.group.id not in told]
    return sorted(thin, key=lambda card: card.row.pupils)[:most]


def queue(
    session: Session,
    site: Site,
    season: Season | None,
    rows: Sequence[SessionRow],
    found: Board,
    levels: Sequence[tuple[str, str]],
) -> list[Waiting]:
    """The waiting list by level, with what can be done now."""
    if season is None:
        return []
    names, day_of = dict(levels), {row.group.id: row.group.weekday for row in rows}
    waiting = []
    for level, pupils, _first in campus.waiting_by_level(session, site.id, season.id):
        now = found.days_of(level.id)
        says = _now(pupils, now.total(), [day_of[one] for one in now], sent=found.until is not None)
        if not now:
            says = _with_help(level.id, found, day_of) or says
        waiting.append(Waiting(names.get(level.id, level.code), pupils, says, bool(now)))
    return waiting


def _now(pupils: int, served: int, days: Sequence[int], *, sent: bool) -> str:
    """ "Has room on Thursday. Send offers" and its like."""
    if not sent:
        return _("Seats are given out when the plan is sent.")
    if not served:
        return _("Full.")
    named_days = enumerated([words.weekday(day) for day in sorted(set(days))])
    if served == pupils:
        return _("Room on %(days)s. Send offers", days=named_days)
    return ngettext(
        "Room for one on %(days)s. Send an offer", "Room for %(num)s on %(days)s. Send offers", served, days=named_days
    )


def _with_help(level_id: str, found: Board, day_of: Mapping[str, int]) -> str | None:
    """What one more mentor in the best evening would give this level."""
    best = max(found.one_more, key=lambda one: one.serves[level_id], default=None)
    if best is None or not best.serves[level_id]:
        return None
    return ngettext(
        "Full. One mentor more on %(day)s: one gets a seat",
        "Full. One mentor more on %(day)s: %(num)s get a seat",
        best.serves[level_id],
        day=words.weekday(day_of[best.session_id]),
    )


def helps(rows: Sequence[SessionRow], found: Board, levels: Sequence[tuple[str, str]], most: int = 2) -> list[Help]:
    """The evenings where one more mentor serves most."""
    by_id = {row.group.id: row for row in rows}
    made = []
    for more in found.one_more[:most]:
        row = by_id[more.session_id]
        teaches = named(dict(levels), more.helper.levels) if more.helper else ""
        evening = f"{words.weekday(row.group.weekday)} {words.clock_span(row.group.starts, row.group.ends)}"
        made.append(Help(row, more, evening, named(dict(levels), set(more.serves)), teaches))
    return made
