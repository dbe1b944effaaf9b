"""What needs a person today, worst first; and what is at risk, without being work yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, selectinload

from api import clock
from api.domain.enums import ExceptionState
from api.domain.permissions import Action, Actor, reach
from api.errors import NotFound
from api.i18n import gettext
from api.models.follow_up import ExceptionItem
from api.models.groups import GroupSession, Meeting, Site
from api.models.people import Person
from api.models.places import School
from api.models.programmes import Season
from api.models.programmes import Window as BookingWindow
from api.models.pupils import Membership
from api.models.visits import Request, Visit
from api.queries.paging import Page, Window, page_of
from api.queries.protected import unnamed

WORST_FIRST = (
    "mail_down", "fell_through", "too_few_mentors", "nobody_found", "plan_overdue", "promise_missed", "not_confirmed",
    "asked_in_vain", "not_ready", "not_called", "mail_failed", "absent", "not_marked", "underfilled",
)  # fmt: skip


@dataclass(slots=True)
class Line:
    """A line of the list. what: the school, the session or the person it is about; reference: of a request.

    name, phone: whom to call, None without the right to names.
    """

    item: ExceptionItem
    what: str = ""
    reference: str | None = None
    visit_at: datetime | None = None
    name: str | None = None
    phone: str | None = None


def lines(
    session: Session, actor: Actor, window: Window, *, state: ExceptionState | str = ExceptionState.OPEN
) -> Page[Line]:
    """Lines within reach, worst first, in a fixed number of queries. Sorts: severity, due_on, created_at."""
    statement = (
        select(ExceptionItem)
        .where(_in_reach(actor), ExceptionItem.state == state)
        .options(selectinload(ExceptionItem.calls), selectinload(ExceptionItem.person))
    )
    due = func.coalesce(ExceptionItem.due_on, date(9999, 12, 31))
    columns = {
        "severity": (_severity(), due, ExceptionItem.created_at, ExceptionItem.id),
        "due_on": (due, ExceptionItem.created_at, ExceptionItem.id),
        "created_at": (ExceptionItem.created_at, ExceptionItem.id),
    }
    page = page_of(session, statement, window, columns)
    return Page(_told(session, actor, page.items), page.total, page.number, page.size, page.sort, page.descending)


def line(session: Session, actor: Actor, line_id: str) -> Line:
    """One line, open or closed. Raises NotFound out of reach."""
    found = session.scalar(
        select(ExceptionItem)
        .where(_in_reach(actor), ExceptionItem.id == line_id)
        .options(selectinload(ExceptionItem.calls), selectinload(ExceptionItem.person))
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(gettext("There is no such line."))
    return _told(session, actor, [found])[0]


def healed(session: Session, actor: Actor, window: Window) -> Page[Line]:
    """Lines within reach that closed without a person since the last Friday, the newest first."""
    statement = (
        select(ExceptionItem)
        .where(_in_reach(actor), *_by_themselves())
        .options(selectinload(ExceptionItem.calls), selectinload(ExceptionItem.person))
    )
    page = page_of(session, statement, window, {"resolved_at": (ExceptionItem.resolved_at, ExceptionItem.id)})
    return Page(_told(session, actor, page.items), page.total, page.number, page.size, page.sort, page.descending)


def healed_count(session: Session, actor: Actor) -> int:
    """How many there are."""
    counted = select(func.count()).select_from(ExceptionItem).where(_in_reach(actor), *_by_themselves())
    return session.scalar(counted) or 0


def _by_themselves() -> tuple[ColumnElement[bool], ...]:
    friday = clock.at_local(_last_friday(clock.today()), datetime.min.time())
    return (
        ExceptionItem.state == ExceptionState.RESOLVED,
        ExceptionItem.resolved_by_id.is_(None),
        ExceptionItem.resolved_at >= friday,
    )


def _in_reach(actor: Actor) -> ColumnElement[bool]:
    """The coordination sees what no site leader is there for; a leader what is for the own sites."""
    where = reach(actor, Action.SEE_EXCEPTIONS)
    return ExceptionItem.site_id.is_(None) if where.everywhere else ExceptionItem.site_id.in_(where.scopes)


def _severity() -> ColumnElement[int]:
    ranks = [(ExceptionItem.kind == kind, rank) for rank, kind in enumerate(WORST_FIRST)]
    return case(*ranks, else_=len(WORST_FIRST))


def _told(session: Session, actor: Actor, items: Sequence[ExceptionItem]) -> list[Line]:
    by_kind: dict[str, dict[str, Any]] = {}
    for kind in {item.object_kind for item in items}:
        by_kind[kind] = _about(session, kind, {item.object_id for item in items if item.object_kind == kind})
    may_call = reach(actor, Action.HANDLE_EXCEPTIONS)
    hidden = unnamed(session, [one for item in items for one in (item.person_id, item.object_id)])
    told = []
    for item in items:
        about = by_kind[item.object_kind].get(item.object_id)
        shown = Line(item)
        if about is not None:
            shown.what, shown.reference, shown.visit_at = about
        if item.object_id in hidden:
            shown.what = gettext("Pupil %(number)s", number=item.object_id[-6:])
        if item.person is not None and item.person_id not in hidden and may_call.covers(item.site_id):
            shown.name, shown.phone = item.person.name, item.person.phone
        told.append(shown)
    return told


def _about(session: Session, kind: str, ids: Collection[str]) -> dict[str, Any]:
    """What lines are about: name, reference and time, by id; one query for a kind of object."""
    statements: dict[str, Any] = {
        "request": select(Request.id, School.name, Request.reference, _no_time()).join(School),
        "visit": select(Visit.id, School.name, Request.reference, Visit.starts_at)
        .join(Request, Request.id == Visit.request_id)
        .join(School, School.id == Request.school_id),
        "person": select(Person.id, Person.name, _no_text(), _no_time()),
        "booking_window": select(BookingWindow.id, Season.name, _no_text(), _no_time()).join(
            Season, Season.id == BookingWindow.season_id
        ),
        "group_session": select(GroupSession.id, Site.name, _no_text(), _no_time()).join(Site),
        "meeting": select(Meeting.id, Site.name, _no_text(), Meeting.starts_at)
        .join(GroupSession, GroupSession.id == Meeting.session_id)
        .join(Site, Site.id == GroupSession.site_id),
        "membership": select(Membership.id, Site.name, _no_text(), _no_time())
        .join(GroupSession, GroupSession.id == Membership.session_id)
        .join(Site, Site.id == GroupSession.site_id),
    }
    statement = statements.get(kind)
    if statement is None or not ids:
        return {}
    return {row[0]: tuple(row[1:]) for row in session.execute(statement.where(statement.selected_columns[0].in_(ids)))}


def _no_text() -> Any:
    return func.nullif("", "")


def _no_time() -> Any:
    return select(Visit.starts_at).where(Visit.id.is_(None)).scalar_subquery()


def _last_friday(today: date) -> date:
    """The last Friday before today."""
    return today - timedelta(days=(today.weekday() - 4) % 7 or 7)
