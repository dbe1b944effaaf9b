"""What pupils, guardians and mentors of a session are told: a message each, none of which names a pupil."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Channel, DutyState, LinkPurpose, MembershipState
from api.mail.calendar import CalendarEvent, uid_of
from api.models.group_life import Duty, GuardianLink
from api.models.groups import GroupSession, Meeting, Mentor, Room, Site
from api.models.links import LinkToken
from api.models.people import Person
from api.models.programmes import Season
from api.models.pupils import Entry, Membership, Pupil
from api.services import links, outbox

SOON = timedelta(hours=36)  # what changes so close to a meeting goes to phones too
_AFTER_SEASON = timedelta(days=14)


def about_meeting(
    session: Session, kind: str, meeting: Meeting, group: GroupSession, *, was: datetime | None = None, **more: Any
) -> None:
    """A letter of this kind about a meeting to its pupils, their guardians and its mentors, with the calendar's change.

    was: the old start of one that moves.
    """
    cancelled = kind == "campus.meeting_cancelled"
    values = {**meeting_values(session, meeting, group), **more}
    if was is not None:
        values["was"] = was.isoformat()
    event = event_of(session, meeting, group, cancelled=cancelled).values()
    close = min(meeting.starts_at, was or meeting.starts_at) < clock.now() + SOON
    for person in everyone(session, meeting, group):
        about = ("meeting", meeting.id)
        outbox.write(session, kind, person, values, about=about, calendar=event)
        if close:
            outbox.write(session, kind, person, values, about=about, channel=Channel.SMS)


def about_group(session: Session, kind: str, group: GroupSession, people: Iterable[Person], **more: Any) -> None:
    """A letter of this kind about a whole session to these people."""
    values = {**group_values(session, group), **more}
    for person in people:
        outbox.write(session, kind, person, values, about=("group_session", group.id))


def asked(session: Session, duties: Iterable[Duty]) -> None:
    """Asks mentors for their yes, one message each whatever the number of meetings."""
    by_mentor: dict[str, list[Duty]] = {}
    for duty in duties:
        by_mentor.setdefault(duty.mentor_id, []).append(duty)
    for several in by_mentor.values():
        mentor = several[0].mentor
        meetings = [_meeting_of(session, duty) for duty in several]
        values = {"meetings": [meeting_values(session, *one) for one in meetings]}
        link = mentor_link(session, mentor, meetings[0][1].season_id)
        outbox.write(
            session, "mentor.asked", mentor.person, values, about=("mentor", mentor.id), links={"mentor": link}
        )


def mentor_link(session: Session, mentor: Mentor, season_id: str) -> LinkToken:
    """A link to the mentor's own page, for as long as the season lasts."""
    ends = clock.at_local(session.get_one(Season, season_id).ends_on, datetime.min.time()) + _AFTER_SEASON
    return links.issue(
        session,
        LinkPurpose.MENTOR,
        "mentor",
        mentor.id,
        expires_at=max(ends, clock.now() + _AFTER_SEASON),
        person_id=mentor.person_id,
    )


def pupils_and_guardians(session: Session, group: GroupSession) -> list[Person]:
    """Who sits in a session, and who answers for them; each person once."""
    pupils = (
        select(Entry.pupil_id)
        .join(Membership, Membership.entry_id == Entry.id)
        .where(Membership.session_id == group.id, Membership.state == MembershipState.ACTIVE)
    )
    own = select(Pupil.person_id).where(Pupil.id.in_(pupils))
    guardians = select(GuardianLink.person_id).where(GuardianLink.pupil_id.in_(pupils))
    return list(
        session.scalars(select(Person).where(or_(Person.id.in_(own), Person.id.in_(guardians))).order_by(Person.id))
    )


def mentors_of_meeting(session: Session, meeting: Meeting) -> list[Person]:
    """Who is, or is asked to be, on duty."""
    return list(
        session.scalars(
            select(Person)
            .join(Mentor, Mentor.person_id == Person.id)
            .join(Duty, Duty.mentor_id == Mentor.id)
            .where(Duty.meeting_id == meeting.id, Duty.state.in_((DutyState.ASKED, DutyState.PLANNED)))
            .order_by(Person.id)
        )
    )


def everyone(session: Session, meeting: Meeting, group: GroupSession) -> list[Person]:
    """Pupils, guardians and mentors of a meeting; each person once."""
    people = {one.id: one for one in pupils_and_guardians(session, group)}
    people.update({one.id: one for one in mentors_of_meeting(session, meeting)})
    return [people[one] for one in sorted(people)]


def group_values(session: Session, group: GroupSession) -> dict[str, Any]:
    """What a letter says of a session."""
    site = session.get_one(Site, group.site_id)
    room = session.get(Room, group.room_id) if group.room_id else None
    return {
        "site": site.name,
        "room": room.name if room else "",
        "weekday": group.weekday,
        "starts": group.starts.isoformat("minutes"),
        "ends": group.ends.isoformat("minutes"),
    }


def meeting_values(session: Session, meeting: Meeting, group: GroupSession) -> dict[str, Any]:
    """What a letter says of a meeting."""
    site = session.get_one(Site, group.site_id)
    room = session.get(Room, meeting.room_id) if meeting.room_id else None
    return {
        "site": site.name,
        "room": room.name if room else "",
        "starts_at": meeting.starts_at.isoformat(),
        "ends_at": meeting.ends_at.isoformat(),
    }


def event_of(session: Session, meeting: Meeting, group: GroupSession, *, cancelled: bool = False) -> CalendarEvent:
    """A meeting in people's calendars; a cancellation comes one number after the row's version."""
    told = meeting_values(session, meeting, group)
    return CalendarEvent(
        uid=uid_of("meeting", meeting.id),
        sequence=meeting.version + cancelled,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        location=", ".join(part for part in (told["room"], told["site"]) if part),
        cancelled=cancelled,
    )


def _meeting_of(session: Session, duty: Duty) -> tuple[Meeting, GroupSession]:
    meeting = session.get_one(Meeting, duty.meeting_id)
    return meeting, session.get_one(GroupSession, meeting.session_id)
