"""Where a plan's visits are, and why each is as it is or is not at all: the same stories that the pages tell."""

from typing import Any
from uuid import UUID

from api.domain.enums import RunKind
from api.domain.permissions import Action, may
from api.edge.access import allowed, current_actor
from api.edge.rest import ResourceBlueprint, listed, window_of
from api.edge.session import read_session
from api.errors import NotFound
from api.i18n import gettext
from api.queries import places_served, plans, plans_groups, stories, visit_plan
from api.schemas.plan_stories import (
    PlanMunicipalityList,
    PlanMunicipalityQuery,
    UnservedStorySchema,
    VisitStorySchema,
)

blueprint = ResourceBlueprint("api_plan_stories", __name__, description="Where visits are, and why a plan is as it is")


@blueprint.get("/plans/<uuid:plan_id>/municipalities")
@blueprint.etag
@blueprint.arguments(PlanMunicipalityQuery, location="query")
@blueprint.response(200, PlanMunicipalityList)
@allowed(Action.SEE_VISIT_PLANS)
def list_municipalities(query: dict[str, Any], plan_id: UUID) -> dict[str, Any]:
    """Municipalities with requests, served and not"""
    head = plans.plan(read_session(), str(plan_id), RunKind.VISIT)
    return listed(places_served.municipality_page(read_session(), head.id, window_of(query)))


@blueprint.get("/plans/<uuid:plan_id>/visits/<uuid:visit_id>")
@blueprint.etag
@blueprint.response(200, VisitStorySchema)
@allowed(Action.SEE_VISIT_PLANS)
def get_visit_story(plan_id: UUID, visit_id: UUID) -> dict[str, Any]:
    """Why this visit is as it is"""
    found = visit_plan.one_visit(read_session(), str(visit_id))
    if found is None or found[1] != str(plan_id):
        raise NotFound(gettext("There is no such visit."))
    row, facts = found[0], stories.visit_facts(read_session(), str(plan_id))
    tale = facts.tale(row.request_id)
    return {
        "visit": row.id,
        "request": row.request_id,
        "why": facts.why(row.request_id),
        "alternatives": tale["alternatives"] if _sees_names() else None,
    }


@blueprint.get("/plans/<uuid:plan_id>/unserved/<uuid:item_id>")
@blueprint.etag
@blueprint.response(200, UnservedStorySchema)
@allowed(Action.SEE_VISIT_PLANS, Action.SEE_GROUP_PLANS)
def get_unserved_story(plan_id: UUID, item_id: UUID) -> Any:
    """Why no one comes to a request, or why a pupil has no place"""
    session, actor = read_session(), current_actor()
    if plans.plan(session, str(plan_id)).kind is RunKind.GROUP:
        return plans_groups.pupil_story(session, actor, str(plan_id), str(item_id))
    if not may(actor, Action.SEE_VISIT_PLANS):
        raise NotFound(gettext("There is no such plan."))
    return _request_story(str(plan_id), str(item_id))


def _request_story(plan_id: str, request_id: str) -> dict[str, Any]:
    row = visit_plan.one_unserved(read_session(), plan_id, request_id)
    if row is None:
        raise NotFound(gettext("There is no such request without a visit."))
    facts = stories.visit_facts(read_session(), plan_id)
    shown = facts.tale(row.request_id) if _sees_names() and facts.knows(row.request_id) else {}
    return {
        "request": row.request_id,
        "reasons": row.reasons,
        "alternatives": shown.get("alternatives"),
        "nearest_misses": shown.get("nearest_misses"),
    }


def _sees_names() -> bool:
    return may(current_actor(), Action.SEE_NAMES)
