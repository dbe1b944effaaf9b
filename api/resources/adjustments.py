"""A plan changed by hand: what else could be done, what the judge says, and what is kept for the next run."""

from typing import Any
from uuid import UUID

from flask import url_for

from api.db import transaction
from api.domain.enums import Mode, RunKind
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.repeats import KeySchema, answered, once_for_key
from api.edge.rest import ResourceBlueprint
from api.edge.session import read_session
from api.queries import coordination_adjust as judge
from api.queries import coordination_locks, season_now, stories
from api.schemas.locks import AdjustmentSchema, AlternativesSchema, LockSchema, RulingSchema
from api.services.coordination import adjustments as services

blueprint = ResourceBlueprint("api_adjustments", __name__, description="Plans changed by hand, under the judge's eyes")


@blueprint.get("/plans/<uuid:plan_id>/requests/<uuid:request_id>/alternatives")
@blueprint.etag
@blueprint.response(200, AlternativesSchema)
@allowed(Action.QUEUE_RUNS)
def get_alternatives(plan_id: UUID, request_id: UUID) -> Any:
    """Other times and other people for a request, each with the judge's answer"""
    facts = _facts(plan_id)
    present = judge.present(facts, str(request_id))
    change = present if present.option is not None else judge.first_try(facts, str(request_id))
    return judge.alternatives(facts, change)


@blueprint.post("/plans/<uuid:plan_id>/adjustments/ruling")
@blueprint.etag
@blueprint.arguments(AdjustmentSchema)
@blueprint.response(200, RulingSchema)
@allowed(Action.QUEUE_RUNS)
def rule(given: dict[str, Any], plan_id: UUID) -> Any:
    """The judge's answer to one change; nothing is stored"""
    return judge.rule_on(_facts(plan_id), _change(given))


@blueprint.post("/plans/<uuid:plan_id>/adjustments")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(AdjustmentSchema)
@blueprint.response(201, LockSchema, headers={"Location": {"schema": {"type": "string"}}})
@blueprint.alt_response(409, "CONFLICT")
@allowed(Action.QUEUE_RUNS)
def keep(headers: dict[str, Any], given: dict[str, Any], plan_id: UUID) -> Any:
    """Move and lock

    The change is kept as a lock, and the next run plans around it. 409 names the broken rules or what contradicts it.
    """
    with transaction() as session:

        def make() -> Any:
            lock = services.move_and_lock(session, current_actor(), str(plan_id), _change(given))
            made = coordination_locks.one_lock(session, current_actor(), lock)
            location = url_for("api_locks.get_lock", lock_id=lock.id)
            return answered(201, location, {"id": lock.id}, LockSchema().dump(made))

        return once_for_key(session, blueprint, headers, given, make)


def _facts(plan_id: UUID) -> stories.VisitFacts:
    season_now.plan_of_kind(read_session(), str(plan_id), RunKind.VISIT)
    return stories.visit_facts(read_session(), str(plan_id))


def _change(given: dict[str, Any]) -> judge.Change:
    return judge.Change(
        given["request"], given["option"], Mode(given["mode"]), tuple(sorted(set(given["role_models"])))
    )
