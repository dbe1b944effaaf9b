"""A campus with one evening a week: a room, three mentors of whom two stand in it, three pupils, a leader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import EntryState, ProgrammeKind
from api.domain.permissions import Actor, Grant, Role
from api.domain.transitions import Party
from api.models.access import User
from api.models.bookings import Booking
from api.models.group_life import Duty, GuardianLink
from api.models.groups import GroupSession, Meeting, Mentor, Room, Site
from api.models.outbox import OutboxMessage
from api.models.places import Municipality
from api.models.programmes import Level, Programme
from api.models.pupils import Entry
from api.services import change
from tests import factories as make

SITE = change.by(Party.SITE)
FIRST = datetime(2027, 1, 19, 16, tzinfo=UTC)  # 17:00 in Norway, a Tuesday
BEFORE = datetime(2026, 12, 1, 9, tzinfo=UTC)
DAY = datetime(2027, 1, 19, 8, tzinfo=UTC)  # the morning of the first meeting
EVENING = datetime(2027, 1, 19, 16, 30, tzinfo=UTC)
WEEK = timedelta(weeks=1)


@dataclass
class Campus:
    """Rows that tests ask for by name. meetings: four, a week apart. spare: a mentor without a session."""

    site: Site
    municipality: Municipality
    programme: Programme
    group: GroupSession
    room: Room
    level: Level
    meetings: list[Meeting]
    mentors: list[Mentor]
    spare: Mentor
    entries: list[Entry]
    leader: User

    @property
    def actor(self) -> Actor:
        """The leader of the site."""
        return Actor(
            self.leader.id, frozenset({Grant(Role.SITE_LEADER, self.site.id)}), person_id=self.leader.person_id
        )


def make_campus(session: Session, **rules: object) -> Campus:
    """The rows, with duties and bookings of both mentors at all meetings. rules: settings of the programme."""
    programme = make.make_programme(session, kind=ProgrammeKind.STUDY_GROUP)
    make.make_rule_version(session, programme_id=programme.id, settings=dict(rules))
    municipality = make.make_municipality(session)
    site = make.make_site(session, municipality_id=municipality.id, name="Nygård")
    room = make.make_room(session, site_id=site.id, name="Rom 1")
    group = make.make_group_session(
        session, programme_id=programme.id, site_id=site.id, room_id=room.id, min_pupils=2, ratio=2, seats=10
    )
    meetings = [
        make.make_meeting(
            session,
            session_id=group.id,
            room_id=room.id,
            starts_at=FIRST + WEEK * number,
            ends_at=FIRST + WEEK * number + timedelta(hours=2),
        )
        for number in range(4)
    ]
    level = make.make_level(session)
    mentors = [make.make_mentor(session, site_id=site.id, levels=[level], sessions=[group]) for _ in range(3)]
    for mentor in mentors[:2]:
        make.make_assignment(session, session_id=group.id, mentor_id=mentor.id)
        for meeting in meetings:
            make.make_duty(session, meeting=meeting, mentor=mentor)
    entries = []
    for number in range(3):
        pupil = make.make_pupil(session, person_id=make.make_person(session, name=f"Elev{number} Etternavn").id)
        entry = make.make_entry(session, group, pupil_id=pupil.id, level_id=level.id, state=EntryState.PLACED)
        make.make_membership(
            session, entry_id=entry.id, session_id=group.id, seat=number + 1, mentor_id=mentors[number % 2].id
        )
        entries.append(entry)
    guardian = make.make_person(session, name="Foresatt")
    session.add(GuardianLink(pupil_id=entries[0].pupil_id, person_id=guardian.id, confirmed_at=BEFORE))
    leader = make.make_user(session)
    make.make_grant(session, user_id=leader.id, role=Role.SITE_LEADER, site_id=site.id)
    session.flush()
    return Campus(site, municipality, programme, group, room, level, meetings, mentors[:2], mentors[2], entries, leader)


def letters(session: Session) -> list[str]:
    """The kinds of the messages written so far."""
    return list(session.scalars(select(OutboxMessage.kind).order_by(OutboxMessage.id)))


def told(session: Session, kind: str) -> int:
    """How many messages of a kind are written."""
    return letters(session).count(kind)


def duty_of(session: Session, mentor: Mentor, meeting: Meeting) -> Duty:
    """The mentor's duty at the meeting."""
    return session.scalars(select(Duty).where(Duty.mentor_id == mentor.id, Duty.meeting_id == meeting.id)).one()


def is_booked(session: Session, mentor: Mentor, meeting: Meeting) -> bool:
    """Whether the mentor's time is held for the meeting, at its time."""
    row = session.scalar(
        select(Booking).where(
            Booking.person_id == mentor.person_id, Booking.meeting_id == meeting.id, Booking.released_at.is_(None)
        )
    )
    return row is not None and row.starts_at == meeting.starts_at


def day_of(number: int) -> date:
    """The date of the campus' meeting of this number."""
    return (FIRST + WEEK * number).date()
