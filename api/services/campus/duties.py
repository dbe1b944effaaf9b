"""A mentor at one meeting: put on it, asked, away, there. A planned duty holds the mentor's time in `booking`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import DutyState, MeetingState
from api.domain.programme_rules import GroupRules
from api.errors import DoubleBooking
from api.i18n import gettext as _
from api.models.bookings import Booking
from api.models.group_life import Duty
from api.models.groups import Meeting, Mentor
from api.services import change

ON_DUTY = (DutyState.PLANNED, DutyState.PRESENT)
_OFF = (DutyState.DECLINED, DutyState.WITHDRAWN)
PERSON_TAKEN = "ex_booking_person_id"


def upcoming(session: Session, session_id: str, now: datetime) -> list[Meeting]:
    """The planned meetings of a session that have not begun, in their order."""
    return list(
        session.scalars(
            select(Meeting)
            .where(Meeting.session_id == session_id, Meeting.state == MeetingState.PLANNED, Meeting.starts_at > now)
            .order_by(Meeting.starts_at)
        )
    )


def of_mentor(session: Session, mentor: Mentor, session_id: str, now: datetime) -> list[Duty]:
    """What a mentor has still ahead in one session: asked, planned and away, in the order of the meetings."""
    return list(
        session.scalars(
            select(Duty)
            .join(Meeting, Duty.meeting_id == Meeting.id)
            .where(
                Duty.mentor_id == mentor.id,
                Duty.state.in_((DutyState.ASKED, DutyState.PLANNED, DutyState.AWAY)),
                Meeting.session_id == session_id,
                Meeting.state == MeetingState.PLANNED,
                Meeting.starts_at > now,
            )
            .order_by(Meeting.starts_at)
        )
    )


def waiting(session: Session, session_id: str) -> list[Duty]:
    """The duties of a session that wait for a yes, in the order of the meetings."""
    return list(
        session.scalars(
            select(Duty)
            .join(Meeting, Duty.meeting_id == Meeting.id)
            .where(Meeting.session_id == session_id, Duty.state == DutyState.ASKED)
            .order_by(Meeting.starts_at)
        )
    )


def needs_a_yes(meeting: Meeting, rules: GroupRules, now: datetime) -> bool:
    """Whether a change at this meeting is so close that the mentor must agree."""
    return meeting.starts_at < now + timedelta(days=rules.mentor_notice_days)


def is_free(session: Session, mentor: Mentor, meeting: Meeting) -> bool:
    """Whether nothing else holds the mentor's time during the meeting."""
    return meeting.id in free_at(session, mentor, [meeting])


def free_at(session: Session, mentor: Mentor, meetings: Collection[Meeting]) -> set[str]:
    """Those of the meetings during which nothing else holds the mentor's time."""
    if not meetings:
        return set()
    taken = session.execute(
        select(Booking.starts_at, Booking.ends_at, Booking.meeting_id).where(
            Booking.person_id == mentor.person_id,
            Booking.released_at.is_(None),
            Booking.starts_at < max(meeting.ends_at for meeting in meetings),
            Booking.ends_at > min(meeting.starts_at for meeting in meetings),
        )
    ).all()
    return {
        meeting.id
        for meeting in meetings
        if not any(
            starts < meeting.ends_at and ends > meeting.starts_at and holder != meeting.id
            for starts, ends, holder in taken
        )
    }


def put_on_all(
    session: Session, meetings: Collection[Meeting], mentor: Mentor, rules: GroupRules, who: change.By
) -> list[Duty]:
    """Puts a mentor on meetings, asked within the notice, like `put_on` one after the other; returns what is new."""
    moment = clock.now()
    ids = [meeting.id for meeting in meetings]
    there = set(session.scalars(select(Duty.meeting_id).where(Duty.mentor_id == mentor.id, Duty.meeting_id.in_(ids))))
    made, booked = [], []
    with session.no_autoflush:  # all are written at once
        for meeting in meetings:
            ask = needs_a_yes(meeting, rules, moment)
            if meeting.id in there:
                continue
            duty = Duty(meeting_id=meeting.id, mentor_id=mentor.id, asked_at=moment if ask else None)
            change.begin(session, duty, "ask" if ask else "plan", who)
            made.append(duty)
            if not ask:
                booked.append(meeting)
    _book(session, booked, mentor)
    for meeting in meetings:
        if meeting.id in there and (
            again := put_on(session, meeting, mentor, who, ask=needs_a_yes(meeting, rules, moment))
        ):
            made.append(again)
    return made


def put_on(
    session: Session, meeting: Meeting, mentor: Mentor, who: change.By, *, ask: bool, substitute: bool = False
) -> Duty | None:
    """Puts a mentor on a meeting. Effects: duty asked, or planned with its booking.

    ask: the mentor must say yes first. Returns None where the mentor has a duty there already, of whatever state but
    declined and withdrawn. Raises DoubleBooking when a planned mentor's time is taken.
    """
    duty = session.scalar(select(Duty).where(Duty.meeting_id == meeting.id, Duty.mentor_id == mentor.id))
    moment = clock.now()
    values = {"substitute": substitute, "asked_at": moment if ask else None, "answered_at": None}
    if duty is None:
        duty = Duty(meeting_id=meeting.id, mentor_id=mentor.id, **values)
        change.begin(session, duty, "ask" if ask else "plan", who)
    elif duty.state in _OFF:
        change.move(session, duty, "ask_again" if ask else "plan_again", who, values=values)
    else:
        return None
    if not ask:
        book(session, meeting, mentor)
    return duty


def take_off(session: Session, duty: Duty, who: change.By) -> None:
    """Takes a mentor off a meeting. Effects: duty withdrawn, booking released."""
    change.move(session, duty, "withdraw", who)
    release(session, duty.meeting_id, [duty.mentor_id])


def book(session: Session, meeting: Meeting, mentor: Mentor) -> None:
    """Holds the mentor's time. Raises DoubleBooking when the person is taken."""
    _book(session, [meeting], mentor)


def _book(session: Session, meetings: Collection[Meeting], mentor: Mentor) -> None:
    session.flush()
    try:
        with session.begin_nested():
            session.add_all(
                Booking(
                    person_id=mentor.person_id,
                    meeting_id=meeting.id,
                    starts_at=meeting.starts_at,
                    ends_at=meeting.ends_at,
                )
                for meeting in meetings
            )
    except IntegrityError as error:
        if PERSON_TAKEN not in str(error.orig):
            raise
        raise DoubleBooking(
            _("The mentor is taken at that time."), remedy=_("Choose another mentor, or move the other meeting.")
        ) from error


def release(session: Session, meeting_id: str, mentors: Iterable[str] | None = None) -> None:
    """Gives back the time that a meeting holds: of these mentors, or of all."""
    session.flush()
    statement = update(Booking).where(Booking.meeting_id == meeting_id, Booking.released_at.is_(None))
    if mentors is not None:
        people = select(Mentor.person_id).where(Mentor.id.in_(list(mentors)))
        statement = statement.where(Booking.person_id.in_(people))
    session.execute(statement.values(released_at=clock.now()), execution_options={"synchronize_session": "fetch"})
