"""Hours for pay: what each mentor was present at, by month, and as rows of a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import DutyState, MeetingState
from api.domain.name_order import name_key
from api.domain.permissions import Action, Actor
from api.i18n import gettext as _
from api.models.group_life import Duty
from api.models.groups import GroupSession, Meeting, Mentor
from api.models.people import Person
from api.services.campus import access
from api.services.exports import Cell


@dataclass(frozen=True, slots=True)
class MentorHours:
    """A mentor's month. substituted: how many of the meetings were for somebody who was away."""

    mentor_id: str
    name: str
    meetings: int
    substituted: int
    minutes: int

    @property
    def hours(self) -> float:
        return self.minutes / 60


@dataclass(frozen=True, slots=True)
class MonthHours:
    """A site's month. month: its first day. unmarked: meetings of the month that nobody has marked as held."""

    month: date
    rows: tuple[MentorHours, ...]
    unmarked: int

    @property
    def meetings(self) -> int:
        return sum(row.meetings for row in self.rows)

    @property
    def minutes(self) -> int:
        return sum(row.minutes for row in self.rows)


def of_month(session: Session, actor: Actor, site_id: str, month: date) -> MonthHours:
    """Meetings held at a site in a month (any day of it), by mentor's name. Raises NotFound at other sites."""
    access.site(session, actor, site_id, Action.SEE_HOURS)
    first = month.replace(day=1)
    span = (*_within(first), GroupSession.site_id == site_id)
    told = _counted(session, *span)
    unmarked = session.scalars(
        select(Meeting.id)
        .join(GroupSession, Meeting.session_id == GroupSession.id)
        .where(*span, Meeting.state == MeetingState.PLANNED, Meeting.ends_at < clock.now())
    ).all()
    rows = sorted(told.values(), key=lambda row: (name_key(row.name), row.mentor_id))
    return MonthHours(first, tuple(rows), len(unmarked))


def of_mentor(session: Session, mentor: Mentor, month: date) -> MentorHours:
    """One mentor's month (any day of it)."""
    none = MentorHours(mentor.id, mentor.person.name, 0, 0, 0)
    return _counted(session, *_within(month.replace(day=1)), Mentor.id == mentor.id).get(mentor.id, none)


def sheet(month: MonthHours) -> tuple[list[str], list[list[Cell]]]:
    """The month for a file: headings and rows, with the total last."""
    rows: list[list[Cell]] = [[row.name, row.meetings, row.substituted, row.hours] for row in month.rows]
    rows.append([_("Total"), month.meetings, sum(row.substituted for row in month.rows), month.minutes / 60])
    return [_("Mentor"), _("Meetings"), _("Of these as a stand-in"), _("Hours")], rows


def _within(first: date) -> tuple[ColumnElement[bool], ...]:
    """Meetings that begin in the month of this first day."""
    after = (first + timedelta(days=31)).replace(day=1)
    return (
        Meeting.starts_at >= clock.at_local(first, datetime.min.time()),
        Meeting.starts_at < clock.at_local(after, datetime.min.time()),
    )


def _counted(session: Session, *which: ColumnElement[bool]) -> dict[str, MentorHours]:
    told: dict[str, MentorHours] = {}
    for mentor_id, name, substitute, starts_at, ends_at in session.execute(
        select(Mentor.id, Person.name, Duty.substitute, Meeting.starts_at, Meeting.ends_at)
        .join(Duty, Duty.mentor_id == Mentor.id)
        .join(Person, Mentor.person_id == Person.id)
        .join(Meeting, Duty.meeting_id == Meeting.id)
        .join(GroupSession, Meeting.session_id == GroupSession.id)
        .where(*which, Duty.state == DutyState.PRESENT, Meeting.state == MeetingState.HELD)
    ):
        so_far = told.get(mentor_id, MentorHours(mentor_id, name, 0, 0, 0))
        minutes = round((ends_at - starts_at).total_seconds() / 60)
        told[mentor_id] = MentorHours(
            mentor_id, name, so_far.meetings + 1, so_far.substituted + substitute, so_far.minutes + minutes
        )
    return told
