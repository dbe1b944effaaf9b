"""Mentors of a campus and the pupils they meet. A pupil has a first name, and a protected one a number."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from api import clock
from api.domain.enums import DutyState, MembershipState
from api.domain.permissions import Reach
from api.i18n import gettext as _
from api.models.group_life import Clearance, Duty, ExamBlock
from api.models.groups import GroupSession, Meeting, Mentor
from api.models.people import Person
from api.models.programmes import Level
from api.models.pupils import Entry, Membership, Pupil
from api.queries.paging import Page, Window, page_of
from api.queries.people_and_topics import level_names


def shown_name(name: str, protected: bool, number: int | None, entry_id: str) -> str:
    """A pupil's first name; "Pupil 412" for a protected one, by lottery number or else the end of the id."""
    if protected:
        return _("Pupil %(number)s", number=number if number is not None else entry_id[-6:])
    return name.split()[0]


def told_apart(names: Mapping[str, tuple[str, bool, int | None]]) -> dict[str, str]:
    """`shown_name` of several on one list, by entry: who shares a first name has the initial, or the last name, too.

    names: full name, protected, lottery number.
    """
    shown = {entry: shown_name(name, hidden, number, entry) for entry, (name, hidden, number) in names.items()}
    for letters in (1, None):
        again = Counter(shown.values())
        for entry, (name, hidden, _number) in names.items():
            parts = name.split()
            if not hidden and again[shown[entry]] > 1 and len(parts) > 1:
                shown[entry] = f"{parts[0]} {parts[-1][:letters]}"
    return shown


def levels(session: Session) -> list[tuple[str, str]]:
    """The levels in their order, by id, with what they are called in the reader's language.

    The word that all of them begin with ("mathematics") is left out, so that a list of them can be read.
    """
    rows = session.scalars(select(Level).order_by(Level.position, Level.code)).all()
    names = level_names(session)
    return [(row.id, names[row.code]) for row in rows]


def seated_levels(session: Session, session_id: str) -> set[str]:
    """The levels of those who sit in a session."""
    rows = select(Entry.level_id).join(Membership, Membership.entry_id == Entry.id)
    return set(
        session.scalars(rows.where(Membership.session_id == session_id, Membership.state == MembershipState.ACTIVE))
    )


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
        .options(joinedload(GroupSession.room))
        .join(Meeting, Duty.meeting_id == Meeting.id)
        .join(GroupSession, Meeting.session_id == GroupSession.id)
        .where(Duty.mentor_id == mentor_id, Duty.state != DutyState.WITHDRAWN, Meeting.ends_at > since)
        .order_by(Meeting.starts_at, Duty.id)
    )
    return [(duty, meeting, group) for duty, meeting, group in rows]


def pupils_of(session: Session, session_id: str) -> list[tuple[str, str | None, bool]]:
    """Who sits in a session: (name, contact mentor's id, whether the name is a number)."""
    return pupils_of_each(session, [session_id])[session_id]


def pupils_of_each(session: Session, session_ids: Iterable[str]) -> dict[str, list[tuple[str, str | None, bool]]]:
    """`pupils_of` several sessions, in one query."""
    found: dict[str, list[tuple[str, str | None, bool]]] = {one: [] for one in session_ids}
    rows = session.execute(
        select(
            Membership.session_id, Entry.id, Person.name, Pupil.protected, Entry.lottery_number, Membership.mentor_id
        )
        .join(Membership, Membership.entry_id == Entry.id)
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .join(Person, Pupil.person_id == Person.id)
        .where(Membership.session_id.in_(found), Membership.state == MembershipState.ACTIVE)
    )
    names: defaultdict[str, dict[str, tuple[str, bool, int | None]]] = defaultdict(dict)
    contact = {}
    for session_id, entry_id, name, hidden, number, mentor_id in rows:
        names[session_id][entry_id] = (name, hidden, number)
        contact[entry_id] = mentor_id
    for session_id, several in names.items():
        shown = told_apart(several)
        found[session_id] = [(shown[one], contact[one], hidden) for one, (_name, hidden, _number) in several.items()]
    return {key: sorted(several, key=lambda one: one[0].casefold()) for key, several in found.items()}
