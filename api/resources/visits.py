"""Live visits: read, cancelled, and said to be held."""

from typing import Any, ClassVar
from uuid import UUID

from api.db import transaction
from api.domain.permissions import Action
from api.domain.transitions import Party
from api.edge.access import allowed, current_actor
from api.edge.rest import ResourceBlueprint, listed, version_of, window_of
from api.edge.session import read_session
from api.queries import follow_up_lists as reads
from api.schemas.follow_up import CancelSchema, LiveVisitList, LiveVisitQuery, LiveVisitSchema
from api.services.change import by
from api.services.follow_up import visits as services


class VisitBlueprint(ResourceBlueprint):
    """One visit: changed by POST under If-Match."""

    METHODS_NEEDING_CHECK_ETAG: ClassVar[list[str]] = ["POST"]


blueprint = ResourceBlueprint("api_visits", __name__, description="Live visits")
one_visit = VisitBlueprint("api_visit", __name__, description="One live visit")


@blueprint.get("/visits")
@blueprint.etag
@blueprint.arguments(LiveVisitQuery, location="query")
@blueprint.response(200, LiveVisitList)
@allowed(Action.SEE_REQUESTS)
def list_visits(query: dict[str, Any]) -> dict[str, Any]:
    """Live visits"""
    return listed(reads.visits(read_session(), current_actor(), window_of(query), **query))


@one_visit.get("/visits/<uuid:live_visit_id>")
@one_visit.etag
@one_visit.response(200, LiveVisitSchema)
@allowed(Action.SEE_REQUESTS)
def get_visit(live_visit_id: UUID) -> Any:
    """One live visit"""
    found = reads.visit(read_session(), current_actor(), str(live_visit_id))
    one_visit.set_etag(version_of(found))
    return found


@one_visit.post("/visits/<uuid:live_visit_id>/cancel")
@one_visit.etag
@one_visit.arguments(CancelSchema)
@one_visit.response(200, LiveVisitSchema)
@one_visit.alt_response(409, "CONFLICT")
@allowed(Action.CHANGE_REQUESTS)
def cancel(given: dict[str, Any], live_visit_id: UUID) -> Any:
    """Cancel a visit, with its request unless it is to be planned again"""
    actor = current_actor()
    with transaction() as session:
        found = services.reachable_visit(session, actor, str(live_visit_id))
        one_visit.check_etag(version_of(found))
        party = services.party_of(actor)
        reopen = given["reopen"] and party is Party.COORDINATION
        services.cancel_visit(session, found.id, by(party, actor), reopen=reopen)
        return _shown(session, found.id)


@one_visit.post("/visits/<uuid:live_visit_id>/held")
@one_visit.etag
@one_visit.response(200, LiveVisitSchema)
@one_visit.alt_response(409, "CONFLICT")
@allowed(Action.CHANGE_REQUESTS)
def held(live_visit_id: UUID) -> Any:
    """Say that a visit was held"""
    actor = current_actor()
    with transaction() as session:
        found = services.reachable_visit(session, actor, str(live_visit_id))
        one_visit.check_etag(version_of(found))
        services.mark_held(session, found.id, by(services.party_of(actor), actor))
        return _shown(session, found.id)


def _shown(session: Any, visit_id: str) -> Any:
    shown = reads.visit(session, current_actor(), visit_id)
    one_visit.set_etag(version_of(shown))
    return shown
