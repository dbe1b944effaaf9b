"""Hours of mentors for pay."""

from datetime import date
from typing import Any
from uuid import UUID

from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.rest import ResourceBlueprint
from api.edge.session import read_session
from api.schemas.campus import HoursQuery, MonthHoursSchema
from api.services.campus import hours

blueprint = ResourceBlueprint("api_hours", __name__, description="Hours of mentors")


@blueprint.get("/sites/<uuid:site_id>/hours")
@blueprint.etag
@blueprint.arguments(HoursQuery, location="query")
@blueprint.response(200, MonthHoursSchema)
@allowed(Action.SEE_HOURS)
def get_hours(query: dict[str, Any], site_id: UUID) -> Any:
    """What each mentor was present at in a month"""
    month = date.fromisoformat(f"{query['month']}-01")
    return hours.of_month(read_session(), current_actor(), str(site_id), month)
