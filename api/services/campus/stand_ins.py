"""A mentor cannot come: the others are asked, the first yes has it, and a leader hears when the room has too few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from api import clock
from api.domain.enums import Channel, DutyState, MeetingState, MembershipState
from api.domain.transitions import IllegalStep
from api.errors import Conflict
from api.i18n import gettext as _
from api.models.bookings import Booking
from api.models.group_life import Clearance, Duty, ExamBlock
from api.models.groups import GroupSession, Meeting, Mentor
from api.models.outbox import OutboxMessage
from api.models.pupils import Membership
from api.queries.campus_rules import rules_now
from api.services import change, outbox
from api.services.campus import duties, telling
from api.services.follow_up import exceptions

ENOUGH = "enough_mentors"
_SOON = timedelta(days=2)
_WEEK = timedelta(days=7)


def be_away(session: Session, duty: Duty, who: change.By) -> list[Duty]:
    """A mentor cannot come to one meeting. Returns the duties of those who are asked instead.

    Effects, in order: duty away, booking released; mentors who could come are asked by mail and phone; a line for the
    leader when too few adults are left. Raises Conflict for a meeting that is over.
    """
    meeting = duty.meeting
    group = session.get_one(GroupSession, meeting.session_id)
    if meeting.state is not MeetingState.PLANNED or meeting.ends_at <= clock.now():
        raise Conflict(_("The meeting is over."), remedy=_("Tell the leader of your site."))
    change.move(session, duty, "be_away", who, values={"answered_at": clock.now()})
    duties.release(session, meeting.id, [duty.mentor_id])
    asked = ask_others(session, meeting, group, who)
    watch(session, meeting, group)
    return asked


def come_after_all(session: Session, duty: Duty, who: change.By) -> None:
    """A mentor who was away can come. Raises Conflict when somebody has stepped in already."""
    meeting = _held_fast(session, duty.meeting)
    if missing(session, meeting) < 1:
        raise Conflict(_("Somebody has stepped in already."), remedy=_("Thank you. Enjoy the evening off."))
    change.move(session, duty, "return", who)
    duties.book(session, meeting, duty.mentor)
    _settle(session, meeting, session.get_one(GroupSession, meeting.session_id))


def accept(session: Session, duty: Duty, who: change.By) -> None:
    """A yes: to a change of the roster, or to stepping in, where the first yes wins.

    Effects: duty planned and booked; when nobody is missing any more the others are told and the line is closed.
    Raises Conflict when somebody was faster, when the meeting has begun, or when the mentor's time is taken by now.
    """
    meeting = _held_fast(session, duty.meeting)
    group = session.get_one(GroupSession, meeting.session_id)
    if meeting.state is not MeetingState.PLANNED or meeting.starts_at <= clock.now():
        raise Conflict(_("The meeting has begun, or is cancelled."), remedy=_("You need not do anything."))
    if duty.substitute and missing(session, meeting) < 1:
        raise IllegalStep(_("Somebody else was faster."), remedy=_("Thank you. You are not needed this time."))
    change.move(session, duty, "accept", who, values={"answered_at": clock.now()})
    duties.book(session, meeting, duty.mentor)
    _settle(session, meeting, group)


def decline(session: Session, duty: Duty, who: change.By) -> None:
    """A no to what was asked. Effects: duty declined; a line for the leader when too few adults are left."""
    change.move(session, duty, "decline", who, values={"answered_at": clock.now()})
    watch(session, duty.meeting, session.get_one(GroupSession, duty.meeting.session_id))


def ask_others(session: Session, meeting: Meeting, group: GroupSession, who: change.By) -> list[Duty]:
    """Asks every mentor of the site who could come and has no duty at the meeting yet."""
    values = telling.meeting_values(session, meeting, group)
    asked = []
    for mentor in who_could_come(session, meeting, group):
        duty = duties.put_on(session, meeting, mentor, who, ask=True, substitute=True)
        if duty is None:
            continue
        asked.append(duty)
        link = telling.mentor_link(session, mentor, group.season_id)
        about = ("duty", duty.id)
        near = meeting.starts_at < clock.now() + _SOON
        for channel in (Channel.MAIL, Channel.SMS) if near else (Channel.MAIL,):
            outbox.write(
                session,
                "mentor.can_you_come",
                mentor.person,
                values,
                about=about,
                links={"mentor": link},
                channel=channel,
            )
    return asked


def who_could_come(session: Session, meeting: Meeting, group: GroupSession) -> list[Mentor]:
    """Mentors of the site who may teach, are free then, and are below their most sessions that week, by person."""
    day = clock.to_oslo(meeting.starts_at).date()
    rules = rules_now(session, group.programme_id)
    there = select(Duty.mentor_id).where(Duty.meeting_id == meeting.id)
    exams = select(ExamBlock.mentor_id).where(ExamBlock.from_date <= day, ExamBlock.to_date >= day)
    taken = select(Booking.person_id).where(
        Booking.released_at.is_(None), Booking.starts_at < meeting.ends_at, Booking.ends_at > meeting.starts_at
    )
    statement = (
        select(Mentor)
        .options(joinedload(Mentor.person))
        .where(Mentor.site_id == group.site_id, Mentor.is_active, Mentor.trained_on <= day)
        .where(Mentor.id.not_in(there), Mentor.id.not_in(exams), Mentor.person_id.not_in(taken))
        .order_by(Mentor.person_id)
    )
    if rules.statute:
        statement = statement.where(Mentor.id.in_(select(Clearance.mentor_id)))
    mentors = list(session.scalars(statement))
    week = _in_week(session, mentors, meeting)
    return [mentor for mentor in mentors if week[mentor.id] < mentor.max_sessions]


def adults(session: Session, meeting: Meeting) -> int:
    """How many mentors are on duty."""
    return _count(session, meeting, Duty.state.in_(duties.ON_DUTY))


def missing(session: Session, meeting: Meeting) -> int:
    """How many mentors who are away nobody has stepped in for."""
    away = _count(session, meeting, Duty.state == DutyState.AWAY)
    return away - _count(session, meeting, Duty.substitute, Duty.state.in_(duties.ON_DUTY))


def pupils_expected(session: Session, group: GroupSession) -> int:
    """How many sit in the session."""
    return (
        session.scalar(
            select(func.count()).where(Membership.session_id == group.id, Membership.state == MembershipState.ACTIVE)
        )
        or 0
    )


def watch(session: Session, meeting: Meeting, group: GroupSession) -> None:
    """Raises the leader's line while fewer adults are on duty than the session needs, and closes it when not."""
    present = adults(session, meeting)
    least = max(group.min_mentors, rules_now(session, group.programme_id).min_mentors)
    if meeting.state is not MeetingState.PLANNED or present >= least:
        exceptions.resolve_lines(session, meeting.id, "too_few_mentors", resolution=ENOUGH)
        return
    first_away = session.scalar(
        select(Mentor.person_id)
        .join(Duty, Duty.mentor_id == Mentor.id)
        .where(Duty.meeting_id == meeting.id, Duty.state.in_((DutyState.AWAY, DutyState.DECLINED)))
        .order_by(Duty.answered_at.desc())
        .limit(1)
    )
    asked = _count(session, meeting, Duty.state == DutyState.ASKED)
    exceptions.raise_line(
        session,
        "too_few_mentors",
        meeting.id,
        reason={
            "code": "too_few_mentors",
            "adults": present,
            "least": least,
            "pupils": pupils_expected(session, group),
            "asked": asked,
            "starts_at": meeting.starts_at.isoformat(),
        },
        remedy={"code": "cancel_meeting"},
        person_id=first_away,
        season_id=group.season_id,
        site_id=group.site_id,
        due_on=clock.to_oslo(meeting.starts_at).date(),
    )


def due_tell_fewer(session: Session, now: datetime) -> list[str]:
    """Meetings that begin soon with mentors missing and too few left for their pupils, of which pupils know nothing."""
    found = []
    for meeting in session.scalars(
        select(Meeting)
        .join(Duty, Duty.meeting_id == Meeting.id)
        .where(
            Duty.state == DutyState.AWAY,
            Meeting.state == MeetingState.PLANNED,
            Meeting.starts_at > now,
            Meeting.starts_at < now + _SOON,
        )
        .distinct()
        .order_by(Meeting.id)
    ):
        group = session.get_one(GroupSession, meeting.session_id)
        hours = rules_now(session, group.programme_id).fewer_told_hours
        if meeting.starts_at > now + timedelta(hours=hours) or _is_told(session, meeting):
            continue
        if adults(session, meeting) * group.ratio < pupils_expected(session, group):
            found.append(meeting.id)
    return found


def do_tell_fewer(session: Session, meeting_id: str, now: datetime) -> None:
    """Tells pupils and guardians that fewer mentors are there; harmless twice."""
    meeting = session.get(Meeting, meeting_id)
    if meeting is None or meeting_id not in due_tell_fewer(session, now):
        return
    group = session.get_one(GroupSession, meeting.session_id)
    values = telling.meeting_values(session, meeting, group)
    for person in telling.pupils_and_guardians(session, group):
        for channel in (Channel.MAIL, Channel.SMS):
            outbox.write(
                session,
                "campus.fewer_mentors",
                person,
                values,
                about=("meeting", meeting.id),
                channel=channel,
                dedupe=f"fewer:{meeting.id}:{person.id}:{channel}",
            )


def _settle(session: Session, meeting: Meeting, group: GroupSession) -> None:
    """After a yes: who is asked for nothing any more is told so, and the leader's line may close."""
    if missing(session, meeting) < 1:
        values = telling.meeting_values(session, meeting, group)
        for duty in session.scalars(
            select(Duty).where(Duty.meeting_id == meeting.id, Duty.substitute, Duty.state == DutyState.ASKED)
        ).all():
            change.move(session, duty, "withdraw", change.SYSTEM)
            outbox.withdraw(session, "duty", duty.id)
            outbox.write(session, "mentor.filled", duty.mentor.person, values, about=("meeting", meeting.id))
    watch(session, meeting, group)


def _held_fast(session: Session, meeting: Meeting) -> Meeting:
    """The meeting's row, which lets two who say yes at once take turns."""
    session.flush()
    return session.scalars(
        select(Meeting).where(Meeting.id == meeting.id).with_for_update(), execution_options={"populate_existing": True}
    ).one()


def _in_week(session: Session, mentors: Collection[Mentor], meeting: Meeting) -> Counter[str]:
    """How many meetings of the meeting's week each of the mentors is on duty at, by id."""
    local = clock.to_oslo(meeting.starts_at).date()
    monday = clock.at_local(local - timedelta(days=local.weekday()), datetime.min.time())
    return Counter(
        session.scalars(
            select(Duty.mentor_id)
            .join(Meeting, Duty.meeting_id == Meeting.id)
            .where(
                Duty.mentor_id.in_([mentor.id for mentor in mentors]),
                Duty.state.in_(duties.ON_DUTY),
                Meeting.state != MeetingState.CANCELLED,
                Meeting.starts_at >= monday,
                Meeting.starts_at < monday + _WEEK,
            )
        )
    )


def _is_told(session: Session, meeting: Meeting) -> bool:
    return (
        session.scalar(
            select(OutboxMessage.id)
            .where(OutboxMessage.about_kind == "meeting", OutboxMessage.about_id == meeting.id)
            .where(OutboxMessage.kind == "campus.fewer_mentors")
            .limit(1)
        )
        is not None
    )


def _count(session: Session, meeting: Meeting, *conditions: Any) -> int:
    return session.scalar(select(func.count()).where(Duty.meeting_id == meeting.id, *conditions)) or 0
