"""The audit trail: read, and checked."""

from typing import Any

from api.domain.permissions import Action
from api.edge.access import allowed
from api.edge.rest import ResourceBlueprint, listed, window_of
from api.edge.session import read_session
from api.queries import coordination_audit as reads
from api.schemas.audit import AuditList, AuditQuery, ChainSchema

blueprint = ResourceBlueprint("api_audit", __name__, description="What happened, and who did it")


@blueprint.get("/audit")
@blueprint.etag
@blueprint.arguments(AuditQuery, location="query")
@blueprint.response(200, AuditList)
@allowed(Action.SEE_AUDIT)
def list_entries(query: dict[str, Any]) -> dict[str, Any]:
    """Changes of state, of all or of one object"""
    return listed(reads.entries(read_session(), window_of(query), **query))


@blueprint.get("/audit/chain")
@blueprint.etag
@blueprint.response(200, ChainSchema)
@allowed(Action.SEE_AUDIT)
def check_chain() -> Any:
    """Whether the newest 2,000 entries hold together"""
    return reads.chain(read_session())
