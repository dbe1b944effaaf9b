"""Requests, narrowed to those the reader may see."""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from api.domain.enums import RequestState
from api.domain.permissions import Reach
from api.errors import NotFound
from api.i18n import gettext
from api.models.places import School
from api.models.visits import Request, RequestOption, RequestTopic
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
    for column, value in ((Request.season_id, season), (Request.school_id, school), (Request.state, state)):
        if value is not None:
            statement = statement.where(column == value)
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


def _seen(reach: Reach) -> Select[Any]:
    statement = select(Request).options(
        joinedload(Request.contact),
        selectinload(Request.options).selectinload(RequestOption.lessons),
        selectinload(Request.topics).joinedload(RequestTopic.topic),
    )
    return statement if reach.everywhere else statement.where(Request.school_id.in_(reach.scopes))
