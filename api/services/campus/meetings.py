"""The dated meetings of weekly sessions: made for a season, added, moved, cancelled, held."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import DutyState, MeetingState, Presence, SessionState
from api.domain.permissions import Actor
from api.domain.programme_rules import GroupRules
from api.domain.school_days import days
from api.domain.transitions import Party
from api.errors import Conflict, DoubleBooking, InvalidInput
from api.i18n import gettext as _
from api.i18n import long_date
from api.models.group_life import Attendance, Duty, ExamBlock
from api.models.groups import GroupSession, Meeting, Mentor, Room, Site
from api.models.places import BlockedDay, Holiday, Municipality
from api.models.programmes import Season
from api.queries.campus_rules import rules_now
from api.services import audit, change
from api.services.campus import access, duties, roster, telling
from api.services.follow_up import exceptions

ROOM_TAKEN = "ex_meeting_room_id"
ONE_AT_A_TIME = "uq_meeting_session_id_starts_at"
_CALLED_OFF = "cancelled_by_leader"


@dataclass(frozen=True, slots=True)
class Dates:
    """The days of a session's meetings, and the days of its weekday that are left out: (day, why).

    Why: `holiday`, `blocked` (no school), `exams` (too few mentors without exams), `chosen` (left out by hand).
    """

    days: tuple[date, ...]
    left_out: tuple[tuple[date, str], ...]


def dates(
    session: Session,
    group: GroupSession,
    rules: GroupRules,
    *,
    first_on: date | None = None,
    without: Collection[date] = (),
) -> Dates:
    """The days on which a session meets in its season, from first_on, at most `meetings_most` of them."""
    season = session.get_one(Season, group.season_id)
    closed = _closed_days(session, group, season, rules)
    closed.update(dict.fromkeys(without, "chosen"))
    first = max(season.starts_on, first_on or season.starts_on)
    weekdays = [day for day in days(first, season.ends_on) if day.isoweekday() == group.weekday]
    open_days = [day for day in weekdays if day not in closed][: rules.meetings_most]
    last = open_days[-1] if open_days else season.ends_on
    return Dates(tuple(open_days), tuple((day, closed[day]) for day in weekdays if day in closed and day <= last))


def generate(
    session: Session,
    group: GroupSession,
    who: change.By,
    *,
    first_on: date | None = None,
    without: Collection[date] = (),
) -> Dates:
    """Makes a new session's meetings. Raises DoubleBooking naming the first day on which the room is taken."""
    rules = rules_now(session, group.programme_id)
    made = dates(session, group, rules, first_on=first_on, without=without)
    for day in made.days:
        _plan(session, group, day, group.starts, group.ends, group.room_id, who)
    return made


def add(session: Session, actor: Actor, session_id: str, given: Mapping[str, Any]) -> Meeting:
    """One more meeting. Effects: meeting planned, the roster put on it, pupils, guardians and mentors told.

    given: day; starts, ends and room_id where they differ from the session's. Raises NotFound, InvalidInput,
    DoubleBooking.
    """
    group = access.group(session, actor, session_id)
    _require_active(group)
    who = change.by(Party.SITE, actor)
    starts, ends = given.get("starts") or group.starts, given.get("ends") or group.ends
    _require_times(session, group, given["day"], starts, ends)
    room_id = given.get("room_id", group.room_id)
    _require_room(session, group, room_id)
    meeting = _plan(session, group, given["day"], starts, ends, room_id, who)
    rules = rules_now(session, group.programme_id)
    changed = roster.RosterChange()
    for assignment in roster.assignments(session, [group.id]):
        roster.put_on(session, meeting, assignment.mentor, rules, who, changed)
    telling.about_meeting(session, "campus.meeting_added", meeting, group)
    telling.asked(session, changed.asked)
    return meeting


def move(session: Session, actor: Actor, meeting: Meeting, given: Mapping[str, Any]) -> Meeting:
    """Moves a meeting in time or to another room.

    given: any of day, starts, ends, room_id. Effects: the meeting's row and its mentors' bookings; mentors whose time
    is taken are withdrawn, and asked again where the change is within the notice; everyone is told.
    Raises Conflict for one that is past or cancelled, InvalidInput, DoubleBooking.
    """
    group = access.meeting(session, actor, meeting.id)[1]
    _require_planned(meeting)
    before = clock.to_local(meeting.starts_at), clock.to_local(meeting.ends_at)
    day = given.get("day") or before[0].date()
    starts, ends = given.get("starts") or before[0].time(), given.get("ends") or before[1].time()
    _require_times(session, group, day, starts, ends)
    room_id = given.get("room_id", meeting.room_id)
    _require_room(session, group, room_id)
    relocate(session, group, meeting, (day, starts, ends), room_id, change.by(Party.SITE, actor))
    return meeting


def relocate(
    session: Session,
    group: GroupSession,
    meeting: Meeting,
    when: tuple[date, time, time],
    room_id: str | None,
    who: change.By,
    *,
    tell: bool = True,
) -> None:
    """The work of `move`, which a change of the whole session shares. Does nothing where nothing differs."""
    now, rules = clock.now(), rules_now(session, group.programme_id)
    day, starts, ends = when
    span = clock.at_local(day, starts), clock.at_local(day, ends)
    if (span, room_id) == ((meeting.starts_at, meeting.ends_at), meeting.room_id):
        return
    same_time = span == (meeting.starts_at, meeting.ends_at)
    was = meeting.starts_at
    close = not same_time and duties.needs_a_yes(meeting, rules, now)
    with _room_kept(session, group, span[0], room_id):
        meeting.starts_at, meeting.ends_at, meeting.room_id = *span, room_id
    audit.record(session, "meeting.move", "meeting", meeting.id, actor_id=who.user_id, detail={"from": was.isoformat()})
    asked = []
    if not same_time:
        asked = _move_mentors(session, meeting, rules, who, close or duties.needs_a_yes(meeting, rules, now))
    if tell:
        telling.about_meeting(session, "campus.meeting_moved", meeting, group, was=was)
        telling.asked(session, asked)


def cancel(
    session: Session,
    meeting: Meeting,
    group: GroupSession,
    who: change.By,
    *,
    tell: bool = True,
    why: str = _CALLED_OFF,
) -> None:
    """Calls a meeting off. Effects: cancelled, duties withdrawn, bookings released, everyone told.

    A cancelled meeting never counts as an absence. Raises IllegalStep for one that is held or cancelled already.
    """
    if tell and meeting.ends_at > clock.now():
        telling.about_meeting(session, "campus.meeting_cancelled", meeting, group)
    change.move(session, meeting, "cancel", who, detail={"why": why})
    for duty in _duties(session, meeting, DutyState.ASKED, DutyState.PLANNED, DutyState.AWAY):
        change.move(session, duty, "withdraw", who)
    duties.release(session, meeting.id)
    exceptions.resolve_lines(session, meeting.id, resolution="cancel_meeting", who=who)


def hold(session: Session, meeting: Meeting, who: change.By) -> None:
    """The meeting was held. Effects: held; who was on duty is present, and is paid for it.

    Raises Conflict before it has begun, IllegalStep when it is not planned.
    """
    if meeting.starts_at > clock.now():
        raise Conflict(_("The meeting has not begun yet."), remedy=_("Come back when it has."))
    change.move(session, meeting, "hold", who)
    for duty in _duties(session, meeting, DutyState.PLANNED):
        change.move(session, duty, "be_present", who)
    for duty in _duties(session, meeting, DutyState.ASKED):
        change.move(session, duty, "withdraw", who)
    exceptions.resolve_lines(session, meeting.id, resolution="held")


def due_hold(session: Session, now: datetime) -> list[str]:
    """Meetings that are over on a day that is over, with attendance marked."""
    midnight = clock.at_local(clock.to_oslo(now).date(), time())
    marked = select(Attendance.meeting_id).where(Attendance.presence == Presence.HERE)
    return list(
        session.scalars(
            select(Meeting.id)
            .where(Meeting.state == MeetingState.PLANNED, Meeting.ends_at < midnight, Meeting.id.in_(marked))
            .order_by(Meeting.ends_at, Meeting.id)
        )
    )


def do_hold(session: Session, meeting_id: str, now: datetime) -> None:
    """One meeting of `due_hold`; harmless twice."""
    meeting = session.get(Meeting, meeting_id)
    if meeting is not None and meeting.id in due_hold(session, now):
        hold(session, meeting, change.SYSTEM)


def _plan(
    session: Session, group: GroupSession, day: date, starts: time, ends: time, room_id: str | None, who: change.By
) -> Meeting:
    meeting = Meeting(
        session_id=group.id, room_id=room_id, starts_at=clock.at_local(day, starts), ends_at=clock.at_local(day, ends)
    )
    with _room_kept(session, group, meeting.starts_at, room_id):
        change.begin(session, meeting, "plan", who)
    return meeting


@contextmanager
def _room_kept(session: Session, group: GroupSession, at: datetime, room_id: str | None) -> Iterator[None]:
    """A savepoint in which the database's refusal of a room becomes a sentence. at: the new start."""
    session.flush()
    try:
        with session.begin_nested():
            yield
            session.flush()
    except IntegrityError as error:
        day = long_date(at)
        if ROOM_TAKEN in str(error.orig):
            room = session.get(Room, room_id)
            raise DoubleBooking(
                _("%(room)s is taken on %(day)s at that time.", room=room.name if room else "", day=day),
                field="room",
                remedy=_("Choose another room or another time."),
            ) from error
        if ONE_AT_A_TIME in str(error.orig) or "meeting.session_id, meeting.starts_at" in str(error.orig):
            raise Conflict(
                _("The evening has a meeting on %(day)s already.", day=day), remedy=_("Choose another day.")
            ) from error
        raise


def _closed_days(session: Session, group: GroupSession, season: Season, rules: GroupRules) -> dict[date, str]:
    """Days without meetings: public holidays, the school calendar of the place, and exams of too many mentors."""
    first, last = season.starts_on, season.ends_on
    closed = _exam_days(session, group, (first, last), rules)
    site = session.get_one(Site, group.site_id)
    if site.municipality_id is not None and not site.digital:
        county = session.get_one(Municipality, site.municipality_id).county_id
        owner = or_(
            BlockedDay.municipality_id == site.municipality_id,
            BlockedDay.county_id == county if county else BlockedDay.municipality_id == site.municipality_id,
        )
        for row in session.scalars(
            select(BlockedDay).where(owner, BlockedDay.from_date <= last, BlockedDay.to_date >= first)
        ):
            closed.update(dict.fromkeys(days(row.from_date, row.to_date), "blocked"))
    holidays = session.scalars(select(Holiday.day).where(Holiday.day >= first, Holiday.day <= last))
    closed.update(dict.fromkeys(holidays, "holiday"))
    return closed


def _exam_days(session: Session, group: GroupSession, span: tuple[date, date], rules: GroupRules) -> dict[date, str]:
    """Days on which exams leave fewer mentors of the site than a session needs."""
    mentors = session.scalars(select(Mentor.id).where(Mentor.site_id == group.site_id, Mentor.is_active)).all()
    away: dict[date, set[str]] = {}
    for block in session.scalars(
        select(ExamBlock).where(
            ExamBlock.mentor_id.in_(mentors), ExamBlock.from_date <= span[1], ExamBlock.to_date >= span[0]
        )
    ):
        for day in days(max(block.from_date, span[0]), min(block.to_date, span[1])):
            away.setdefault(day, set()).add(block.mentor_id)
    least = max(group.min_mentors, rules.min_mentors)
    return {day: "exams" for day, gone in away.items() if len(mentors) - len(gone) < least}


def _move_mentors(session: Session, meeting: Meeting, rules: GroupRules, who: change.By, ask: bool) -> list[Duty]:
    """Books the mentors at the new time, or asks them; who is taken or has exams then is withdrawn."""
    duties.release(session, meeting.id)
    asked = []
    for duty in _duties(session, meeting, DutyState.ASKED, DutyState.PLANNED):
        if roster.against(session, duty.mentor, meeting, rules):
            change.move(session, duty, "withdraw", who)
        elif ask:
            change.move(session, duty, "withdraw", who)
            duties.put_on(session, meeting, duty.mentor, who, ask=True, substitute=duty.substitute)
            asked.append(duty)
        elif duty.state is DutyState.PLANNED:
            duties.book(session, meeting, duty.mentor)
    return asked


def _duties(session: Session, meeting: Meeting, *states: DutyState) -> list[Duty]:
    """Duties of a meeting in these states, in the order of their people's ids."""
    return list(
        session.scalars(
            select(Duty)
            .join(Mentor, Duty.mentor_id == Mentor.id)
            .where(Duty.meeting_id == meeting.id, Duty.state.in_(states))
            .order_by(Mentor.person_id)
        )
    )


def _require_active(group: GroupSession) -> None:
    if group.state is not SessionState.ACTIVE:
        raise Conflict(_("The evening is cancelled."), remedy=_("Set up a new one."))


def _require_planned(meeting: Meeting) -> None:
    if meeting.state is not MeetingState.PLANNED or meeting.starts_at <= clock.now():
        raise Conflict(_("The meeting has begun, or is held or cancelled."), remedy=_("Add another meeting."))


def _require_times(session: Session, group: GroupSession, day: date, starts: time, ends: time) -> None:
    season = session.get_one(Season, group.season_id)
    if starts >= ends:
        raise InvalidInput(_("The end is before the start."), field="ends", remedy=_("Give a later end."))
    if not season.starts_on <= day <= season.ends_on:
        raise InvalidInput(_("The day is outside the season."), field="day", remedy=_("Choose a day of the season."))
    if clock.at_local(day, starts) <= clock.now():
        raise InvalidInput(_("The day is past."), field="day", remedy=_("Choose a later day."))
    if session.get(Holiday, day) is not None:
        raise InvalidInput(_("The day is a public holiday."), field="day", remedy=_("Choose another day."))


def _require_room(session: Session, group: GroupSession, room_id: str | None) -> None:
    if room_id is None:
        return
    room = session.get(Room, room_id)
    if room is None or room.site_id != group.site_id:
        raise InvalidInput(
            _("The room is not at this site."), field="room", remedy=_("Choose one of the site's rooms.")
        )
