"""Two plans side by side."""

from typing import Any
from uuid import UUID

from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.rest import ResourceBlueprint
from api.edge.session import read_session
from api.queries import coordination_compare
from api.schemas.comparisons import ComparisonQuery, ComparisonSchema

blueprint = ResourceBlueprint("api_comparisons", __name__, description="Two plans side by side")


@blueprint.get("/plans/<uuid:plan_id>/comparison/<uuid:other_id>")
@blueprint.etag
@blueprint.arguments(ComparisonQuery, location="query")
@blueprint.response(200, ComparisonSchema)
@allowed(Action.SEE_GOALS)
def compare(query: dict[str, Any], plan_id: UUID, other_id: UUID) -> Any:
    """What changes from one plan to another: goals, requests or pupils"""
    return coordination_compare.compare(
        read_session(), current_actor(), str(plan_id), str(other_id), number=query["page"], size=query["size"]
    )
