"""What schools do to their orders: ready, questions, held, evaluation, again, alternatives; and the catalogue.

Each of these may be sent twice: the second time changes nothing more.
"""

from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from api.db import transaction
from api.domain.enums import Side
from api.domain.permissions import Action, reach
from api.edge.access import allowed, current_actor, public
from api.edge.repeats import KeySchema, answered, once_for_key
from api.edge.rest import ResourceBlueprint, listed, version_of, window_of
from api.edge.session import read_session
from api.errors import Conflict
from api.i18n import gettext as _
from api.models.visits import Visit
from api.queries import follow_up_lists, schools
from api.queries import requests as request_reads
from api.schemas.follow_up import LiveVisitSchema
from api.schemas.requests import RequestSchema
from api.schemas.school_orders import (
    AgainSchema,
    Catalogue,
    CatalogueQuery,
    EvaluationSchema,
    OpenAlternativesSchema,
    QuestionsSchema,
)
from api.services.change import by
from api.services.follow_up import steps, visits
from api.services.follow_up.visits import party_of
from api.services.schools import alternatives, signed_in

blueprint = ResourceBlueprint("api_school_orders", __name__, description="What schools do to their orders")


@blueprint.post("/requests/<uuid:request_id>/ready")
@blueprint.response(200, LiveVisitSchema)
@blueprint.alt_response(409, "CONFLICT")
@allowed(Action.CHANGE_REQUESTS)
def ready(request_id: UUID) -> Any:
    """Say that the school is ready"""
    actor = current_actor()
    with transaction() as session:
        visit = signed_in.visit_of(session, actor, str(request_id))
        steps.ready(session, visit.id, by(party_of(actor), actor))
        return _shown(session, visit)


@blueprint.post("/requests/<uuid:request_id>/questions")
@blueprint.arguments(QuestionsSchema)
@blueprint.response(200, LiveVisitSchema)
@blueprint.alt_response(409, "CONFLICT")
@allowed(Action.CHANGE_REQUESTS)
def questions(given: dict[str, Any], request_id: UUID) -> Any:
    """Say what the class would like to hear about"""
    actor = current_actor()
    with transaction() as session:
        visit = signed_in.visit_of(session, actor, str(request_id))
        steps.ask_questions(session, visit.id, given["text"], by(party_of(actor), actor))
        return _shown(session, visit)


@blueprint.post("/requests/<uuid:request_id>/held")
@blueprint.response(200, LiveVisitSchema)
@blueprint.alt_response(409, "CONFLICT")
@allowed(Action.CHANGE_REQUESTS)
def held(request_id: UUID) -> Any:
    """Say that the visit was held"""
    actor = current_actor()
    with transaction() as session:
        visit = signed_in.visit_of(session, actor, str(request_id))
        visits.mark_held(session, visit.id, by(party_of(actor), actor))
        return _shown(session, visit)


@blueprint.post("/requests/<uuid:request_id>/evaluation")
@blueprint.arguments(EvaluationSchema)
@blueprint.response(200, EvaluationSchema)
@blueprint.alt_response(409, "CONFLICT")
@allowed(Action.CHANGE_REQUESTS)
def evaluate(given: dict[str, Any], request_id: UUID) -> Any:
    """Answer the four questions after the visit"""
    with transaction() as session:
        visit = signed_in.visit_of(session, current_actor(), str(request_id))
        return steps.evaluate(session, visit.id, Side.SCHOOL, given).answers


@blueprint.post("/requests/<uuid:request_id>/again")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(AgainSchema)
@blueprint.response(201, RequestSchema, headers={"Location": {"schema": {"type": "string"}}})
@allowed(Action.CHANGE_REQUESTS)
def order_again(headers: dict[str, Any], given: dict[str, Any], request_id: UUID) -> Any:
    """Make a request like an earlier one, at new times"""
    actor = current_actor()
    with transaction() as session:

        def make() -> Any:
            made_id = signed_in.order_again(session, actor, str(request_id), given).id
            made = request_reads.request(session, reach(actor, Action.SEE_REQUESTS), made_id)
            location = url_for("api_requests.get_request", request_id=made.id)
            return answered(201, location, version_of(made), RequestSchema().dump(made))

        return once_for_key(session, blueprint, headers, given, make)


@blueprint.post("/requests/<uuid:request_id>/decline")
@blueprint.response(200, OpenAlternativesSchema)
@blueprint.alt_response(409, "CONFLICT")
@allowed(Action.CHANGE_REQUESTS)
def decline(request_id: UUID) -> Any:
    """Say no to an open request, with alternatives that are held for the school"""
    with transaction() as session:
        declined = alternatives.decline_request(session, current_actor(), str(request_id))
        return {"items": alternatives.open_alternatives(session, declined.id)}


@blueprint.get("/requests/<uuid:request_id>/alternatives")
@blueprint.etag
@blueprint.response(200, OpenAlternativesSchema)
@allowed(Action.SEE_REQUESTS)
def list_alternatives(request_id: UUID) -> Any:
    """What can still be chosen instead, the nearest first"""
    session = read_session()
    found = request_reads.request(session, reach(current_actor(), Action.SEE_REQUESTS), str(request_id))
    return {"items": alternatives.open_alternatives(session, found.id)}


@blueprint.post("/alternatives/<uuid:alternative_id>/choose")
@blueprint.response(200, LiveVisitSchema)
@blueprint.alt_response(409, "CONFLICT")
@allowed(Action.CHANGE_REQUESTS)
def choose(alternative_id: UUID) -> Any:
    """Take an alternative; 409 with the code `just_taken` when it has been lost"""
    with transaction() as session:
        visit = signed_in.choose(session, current_actor(), str(alternative_id))
        if visit is not None:
            return _shown(session, visit)
    raise Conflict(
        _("It was just taken."), code="just_taken", remedy=_("Ask for the alternatives once more, and choose another.")
    )


@blueprint.get("/catalogue")
@blueprint.etag
@blueprint.arguments(CatalogueQuery, location="query")
@blueprint.response(200, Catalogue)
@public
def catalogue(query: dict[str, Any]) -> dict[str, Any]:
    """Role models who could be asked, without names"""
    return listed(schools.catalogue(read_session(), window_of(query), **query))


def _shown(session: Session, visit: Visit) -> Any:
    session.flush()
    return follow_up_lists.visit(session, current_actor(), visit.id)
