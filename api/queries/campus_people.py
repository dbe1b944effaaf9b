"""Mentors of a campus and the pupils they meet. A pupil has a first name, and a protected one a number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from api import clock
from api.domain.enums import (
    DutyState,
    MembershipState,
)
from api.domain.permissions import Reach
from api.i18n import gettext as _
from api.models.group_life import Clearance, Duty, ExamBlock
from api.models.groups import GroupSession, Meeting, Mentor
from api.models.people import Person
from api.models.pupils import Entry, Membership, Pupil
from api.queries.paging import Page, Window, page_of


def shown_name(name: str, protected: bool, number: int | None, entry_id: str) -> str:
    """A pupil's first name; "Pupil 412" for a protected one, by lottery number or else the end of the id."""
    if protected:
        return _("Pupil %(number)s", number=number if number is not None else entry_id[-6:])
    return name.split()[0]


def mentor_page(session: Session, where: Reach, asked: Window, *, site: str | None = None) -> Page[Mentor]:
    """The mentors of the sites in reach. Sorts: name, created."""
    statement = (
        select(Mentor)
        .join(Person, Mentor.person_id == Person.id)
        .options(joinedload(Mentor.person), selectinload(Mentor.levels), selectinload(Mentor.sessions))
    )
    if not where.everywhere:
        statement = statement.where(Mentor.site_id.in_(where.scopes))
    if site is not None:
        statement = statement.where(Mentor.site_id == site)
    return page_of(
        session,
        statement,
        asked,
        {"name": (Person.name, Mentor.id), "created": (Mentor.created_at, Mentor.id)},
    )


def mentor(session: Session, mentor_id: str) -> Mentor:
    """A mentor with everything that is shown of them."""
    return session.scalars(
        select(Mentor)
        .options(joinedload(Mentor.person), selectinload(Mentor.levels), selectinload(Mentor.sessions))
        .where(Mentor.id == mentor_id)
        .execution_options(populate_existing=True)
    ).one()


def clearances(session: Session, mentor_ids: Sequence[str]) -> dict[str, Clearance]:
    """The newest certificate seen of each mentor."""
    rows = session.scalars(
        select(Clearance).where(Clearance.mentor_id.in_(list(mentor_ids))).order_by(Clearance.seen_on, Clearance.id)
    )
    return {row.mentor_id: row for row in rows}


def exam_blocks(session: Session, mentor_id: str) -> list[ExamBlock]:
    """The mentor's days away for exams that are not over."""
    return list(
        session.scalars(
            select(ExamBlock)
            .where(ExamBlock.mentor_id == mentor_id, ExamBlock.to_date >= clock.today())
            .order_by(ExamBlock.from_date)
        )
    )


def duties_of(session: Session, mentor_id: str, since: datetime) -> list[tuple[Duty, Meeting, GroupSession]]:
    """A mentor's duties at meetings that end after `since`, withdrawn ones left out, by time."""
    rows = session.execute(
        select(Duty, Meeting, GroupSession)
        .join(Meeting, Duty.meeting_id == Meeting.id)
        .join(GroupSession, Meeting.session_id == GroupSession.id)
        .where(Duty.mentor_id == mentor_id, Duty.state != DutyState.WITHDRAWN, Meeting.ends_at > since)
        .order_by(Meeting.starts_at, Duty.id)
    )
    return [(duty, meeting, group) for duty, meeting, group in rows]


def pupils_of(session: Session, session_id: str) -> list[tuple[str, str | None, bool]]:
    """Who sits in a session: (name, contact mentor's id, whether the name is a number)."""
    rows = session.execute(
        select(Entry.id, Person.name, Pupil.protected, Entry.lottery_number, Membership.mentor_id)
        .join(Membership, Membership.entry_id == Entry.id)
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .join(Person, Pupil.person_id == Person.id)
        .where(Membership.session_id == session_id, Membership.state == MembershipState.ACTIVE)
    )
    return sorted((shown_name(name, hidden, number, one), mentor, hidden) for one, name, hidden, number, mentor in rows)
