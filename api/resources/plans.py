"""Plans: the head for everyone; goals, bounds and rows for those who plan, within their reach."""

from typing import Any
from uuid import UUID

from api.domain.permissions import Action
from api.edge.access import allowed, current_actor, public
from api.edge.rest import ResourceBlueprint, listed, window_of
from api.edge.session import read_session
from api.queries import plans as reads
from api.queries import plans_groups as groups
from api.schemas.plan_groups import (
    PlanSessionList,
    PlanSessionQuery,
    PlanSiteList,
    PlanSiteQuery,
    WaitingList,
    WaitingQuery,
)
from api.schemas.runs import (
    CheckSchema,
    PlanList,
    PlanQuery,
    PlanSchema,
    PlanSeatList,
    PlanSeatQuery,
    PlanVisitList,
    PlanVisitQuery,
    UnservedList,
    UnservedQuery,
)

blueprint = ResourceBlueprint("api_plans", __name__, description="Plans with goals, bounds and rows")


@blueprint.get("/plans")
@blueprint.etag
@blueprint.arguments(PlanQuery, location="query")
@blueprint.response(200, PlanList)
@public
def list_plans(query: dict[str, Any]) -> dict[str, Any]:
    """Plans"""
    return listed(reads.plans(read_session(), window_of(query), **query))


@blueprint.get("/plans/<uuid:plan_id>")
@blueprint.etag
@blueprint.response(200, PlanSchema)
@public
def get_plan(plan_id: UUID) -> Any:
    """One plan's head"""
    return reads.plan(read_session(), str(plan_id))


@blueprint.get("/plans/<uuid:plan_id>/check")
@blueprint.etag
@blueprint.response(200, CheckSchema)
@allowed(Action.SEE_GOALS)
def get_check(plan_id: UUID) -> Any:
    """Goals, bounds and the judge's certificate"""
    return reads.check(read_session(), current_actor(), str(plan_id))


@blueprint.get("/plans/<uuid:plan_id>/visits")
@blueprint.etag
@blueprint.arguments(PlanVisitQuery, location="query")
@blueprint.response(200, PlanVisitList)
@allowed(Action.SEE_VISIT_PLANS)
def list_visits(query: dict[str, Any], plan_id: UUID) -> dict[str, Any]:
    """The visits of a visit plan"""
    return listed(reads.visits(read_session(), current_actor(), str(plan_id), window_of(query), **query))


@blueprint.get("/plans/<uuid:plan_id>/sessions")
@blueprint.etag
@blueprint.arguments(PlanSessionQuery, location="query")
@blueprint.response(200, PlanSessionList)
@allowed(Action.SEE_GROUP_PLANS)
def list_sessions(query: dict[str, Any], plan_id: UUID) -> dict[str, Any]:
    """The sessions of a group plan, held and not"""
    return listed(groups.session_page(read_session(), current_actor(), str(plan_id), window_of(query), **query))


@blueprint.get("/plans/<uuid:plan_id>/sites")
@blueprint.etag
@blueprint.arguments(PlanSiteQuery, location="query")
@blueprint.response(200, PlanSiteList)
@public
def list_sites(query: dict[str, Any], plan_id: UUID) -> dict[str, Any]:
    """The sites of a group plan, with those placed and those who wait"""
    return listed(groups.site_page(read_session(), current_actor(), str(plan_id), window_of(query)))


@blueprint.get("/plans/<uuid:plan_id>/queue")
@blueprint.etag
@blueprint.arguments(WaitingQuery, location="query")
@blueprint.response(200, WaitingList)
@allowed(Action.SEE_GROUP_PLANS)
def list_queue(query: dict[str, Any], plan_id: UUID) -> dict[str, Any]:
    """The pupils without a place, as numbers in queue order"""
    return listed(groups.queue_page(read_session(), current_actor(), str(plan_id), window_of(query), **query))


@blueprint.get("/plans/<uuid:plan_id>/seats")
@blueprint.etag
@blueprint.arguments(PlanSeatQuery, location="query")
@blueprint.response(200, PlanSeatList)
@allowed(Action.SEE_GROUP_PLANS)
def list_seats(query: dict[str, Any], plan_id: UUID) -> dict[str, Any]:
    """The seats of a group plan"""
    window, group_session = window_of(query), query.get("session")
    return listed(reads.seats(read_session(), current_actor(), str(plan_id), window, group_session=group_session))


@blueprint.get("/plans/<uuid:plan_id>/unserved")
@blueprint.etag
@blueprint.arguments(UnservedQuery, location="query")
@blueprint.response(200, UnservedList)
@allowed(Action.SEE_VISIT_PLANS, Action.SEE_GROUP_PLANS)
def list_unserved(query: dict[str, Any], plan_id: UUID) -> dict[str, Any]:
    """What a plan leaves out, with reasons"""
    return listed(reads.unserved(read_session(), current_actor(), str(plan_id), window_of(query)))
