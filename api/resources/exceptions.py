"""The list of exceptions: read, called about, remedied and closed."""

from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Session

from api.db import transaction
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.rest import ResourceBlueprint, listed, version_of, window_of
from api.edge.session import read_session
from api.queries import coordination_today as reads
from api.schemas.exceptions import (
    DoneSchema,
    LineList,
    LineQuery,
    LineSchema,
    NewCallSchema,
    RemedyUseSchema,
    ResolveSchema,
)
from api.services.coordination import calls as services


class LineBlueprint(ResourceBlueprint):
    """One line: acted on by POST under If-Match, so that nobody acts on what somebody else has solved."""

    METHODS_NEEDING_CHECK_ETAG: ClassVar[list[str]] = ["POST"]


blueprint = ResourceBlueprint("api_exceptions", __name__, description="What needs a person")
one_line = LineBlueprint("api_exception", __name__, description="One line of what needs a person")


@blueprint.get("/exceptions")
@blueprint.etag
@blueprint.arguments(LineQuery, location="query")
@blueprint.response(200, LineList)
@allowed(Action.SEE_EXCEPTIONS)
def list_lines(query: dict[str, Any]) -> dict[str, Any]:
    """What needs a person, worst first"""
    return listed(reads.lines(read_session(), current_actor(), window_of(query), state=query["state"]))


@one_line.get("/exceptions/<uuid:line_id>")
@one_line.etag
@one_line.response(200, LineSchema)
@allowed(Action.SEE_EXCEPTIONS)
def get_line(line_id: UUID) -> Any:
    """One line with its calls"""
    found = reads.line(read_session(), current_actor(), str(line_id))
    one_line.set_etag(version_of(found.item))
    return found


@one_line.post("/exceptions/<uuid:line_id>/calls")
@one_line.etag
@one_line.arguments(NewCallSchema)
@one_line.response(200, LineSchema)
@one_line.alt_response(409, "CONFLICT")
@allowed(Action.HANDLE_EXCEPTIONS)
def note_call(given: dict[str, Any], line_id: UUID) -> Any:
    """Note a call, answered or not"""
    with transaction() as session:
        _check(session, line_id)
        services.note_call(session, current_actor(), str(line_id), given["outcome"], given["note"])
        return _shown(session, line_id)


@one_line.post("/exceptions/<uuid:line_id>/remedy")
@one_line.etag
@one_line.arguments(RemedyUseSchema)
@one_line.response(200, DoneSchema)
@one_line.alt_response(409, "CONFLICT")
@allowed(Action.HANDLE_EXCEPTIONS)
def use_remedy(given: dict[str, Any], line_id: UUID) -> Any:
    """Do what the line proposes"""
    with transaction() as session:
        _check(session, line_id)
        done = services.use_remedy(session, current_actor(), str(line_id), given)
        _shown(session, line_id)
        return done


@one_line.post("/exceptions/<uuid:line_id>/resolve")
@one_line.etag
@one_line.arguments(ResolveSchema)
@one_line.response(200, LineSchema)
@one_line.alt_response(409, "CONFLICT")
@allowed(Action.HANDLE_EXCEPTIONS)
def resolve(given: dict[str, Any], line_id: UUID) -> Any:
    """Close a line that was solved otherwise"""
    with transaction() as session:
        _check(session, line_id)
        services.close(session, current_actor(), str(line_id), given["resolution"])
        return _shown(session, line_id)


def _check(session: Session, line_id: UUID) -> None:
    one_line.check_etag(version_of(reads.line(session, current_actor(), str(line_id)).item))


def _shown(session: Session, line_id: UUID) -> reads.Line:
    shown = reads.line(session, current_actor(), str(line_id))
    one_line.set_etag(version_of(shown.item))
    return shown
