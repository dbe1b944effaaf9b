"""Requests, narrowed to those the reader may see."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from api.domain.enums import RequestState
from api.domain.permissions import Reach
from api.errors import NotFound
from api.i18n import gettext
from api.models.places import School
from api.models.visits import Request, RequestOption, RequestTopic, Visit
from api.queries.follow_up import is_waiting
from api.queries.paging import Page, Window, page_of


def requests(
    session: Session,
    reach: Reach,
    window: Window,
    *,
    season: str | None = None,
    school: str | None = None,
    state: RequestState | str | None = None,
) -> Page[Request]:
    """Requests of the schools in reach, with all their parts. Sorts: submitted_at, answer_on, school, grade."""
    statement = _seen(reach).join(School, Request.school_id == School.id)
    for column, value in ((Request.season_id, season), (Request.school_id, school)):
        if value is not None:
            statement = statement.where(column == value)
    if state is not None:
        statement = statement.where(_shown_as(RequestState(state), reach))
    return page_of(
        session,
        statement,
        window,
        {
            "submitted_at": (Request.submitted_at, Request.id),
            "answer_on": (Request.answer_on, Request.id),
            "school": (School.name, Request.id),
            "grade": (Request.grade, Request.id),
        },
    )


def request(session: Session, reach: Reach, request_id: str) -> Request:
    """One request with all its parts. Raises NotFound, also where it is out of reach."""
    found = session.scalar(_seen(reach).where(Request.id == request_id).execution_options(populate_existing=True))
    if found is None:
        raise NotFound(gettext("There is no such request."))
    return found


def shown_states(session: Session, reach: Reach, rows: Iterable[Request]) -> dict[str, RequestState]:
    """How requests stand as the reader may know it, by id: open to its school while the approval can be undone."""
    found = {row.id: row.state for row in rows}
    if not reach.everywhere:
        quiet = session.scalars(select(Request.id).where(Request.id.in_(found), _is_quiet()))
        found |= dict.fromkeys(quiet, RequestState.OPEN)
    return found


def shown(session: Session, reach: Reach, *rows: Request) -> None:
    """Lets rows of a session that only reads say how they stand for the reader; nothing of it is ever written."""
    states = shown_states(session, reach, rows)
    for row in rows:
        set_committed_value(row, "state", states[row.id])


def _shown_as(state: RequestState, reach: Reach) -> ColumnElement[bool]:
    is_so = Request.state == state
    if reach.everywhere or state not in (RequestState.OPEN, RequestState.VISIT):
        return is_so
    return is_so & ~_is_quiet() if state is RequestState.VISIT else is_so | _is_quiet()


def _is_quiet() -> ColumnElement[bool]:
    """The request has a visit that nobody has heard of, as its approval can be undone."""
    quiet = exists().where(Visit.request_id == Request.id, Visit.state.in_(("planned", "confirmed")), is_waiting())
    return (Request.state == RequestState.VISIT) & quiet.correlate(Request)


def _seen(reach: Reach) -> Select[Any]:
    statement = select(Request).options(
        joinedload(Request.contact),
        selectinload(Request.options).selectinload(RequestOption.lessons),
        selectinload(Request.topics).joinedload(RequestTopic.topic),
    )
    return statement if reach.everywhere else statement.where(Request.school_id.in_(reach.scopes))
