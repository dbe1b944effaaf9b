"""Runs of the solver: ordered, watched, stopped and cancelled."""

from typing import Any
from uuid import UUID

from flask import url_for

from api.db import transaction
from api.domain.enums import RunKind
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.repeats import KeySchema, answered, once_for_key
from api.edge.rest import ResourceBlueprint, listed, window_of
from api.edge.session import read_session
from api.queries import runs as reads
from api.schemas.runs import NewRunSchema, RunList, RunQuery, RunSchema
from api.services import runs as services

blueprint = ResourceBlueprint("api_runs", __name__, description="Runs of the solver")


@blueprint.get("/runs")
@blueprint.etag
@blueprint.arguments(RunQuery, location="query")
@blueprint.response(200, RunList)
@allowed(Action.SEE_RUNS)
def list_runs(query: dict[str, Any]) -> dict[str, Any]:
    """Runs"""
    return listed(reads.runs(read_session(), window_of(query), **query))


@blueprint.post("/runs")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(NewRunSchema)
@blueprint.response(
    202,
    RunSchema,
    description="Queued",
    headers={"Location": {"schema": {"type": "string"}, "description": "watch it here"}},
)
@allowed(Action.QUEUE_RUNS)
def queue_run(headers: dict[str, Any], given: dict[str, Any]) -> Any:
    """Order a run"""
    order = {**given, "kind": RunKind(given["kind"]), "season_id": given["season"]}
    del order["season"]

    with transaction() as session:

        def make() -> Any:
            made = reads.view(services.queue_run(session, current_actor(), **order), None)
            shown = RunSchema().dump(made)
            # Progress does not change a run's version, so its ETag is made of all that is shown.
            return answered(202, url_for("api_runs.get_run", run_id=made.id), shown, shown)

        return once_for_key(session, blueprint, headers, given, make)


@blueprint.get("/runs/<uuid:run_id>")
@blueprint.etag
@blueprint.response(200, RunSchema)
@allowed(Action.SEE_RUNS)
def get_run(run_id: UUID) -> Any:
    """One run with its progress"""
    return reads.run(read_session(), str(run_id))


@blueprint.post("/runs/<uuid:run_id>/stop")
@blueprint.response(202, RunSchema, description="Asked to stop and keep the best plan so far")
@allowed(Action.QUEUE_RUNS)
def stop_run(run_id: UUID) -> Any:
    """Stop a run and use what it has"""
    with transaction() as session:
        services.stop_run(session, current_actor(), str(run_id))
        return reads.run(session, str(run_id))


@blueprint.post("/runs/<uuid:run_id>/cancel")
@blueprint.response(202, RunSchema, description="Asked to end without a plan")
@allowed(Action.QUEUE_RUNS)
def cancel_run(run_id: UUID) -> Any:
    """Cancel a run; the plan before it stands"""
    with transaction() as session:
        services.cancel_run(session, current_actor(), str(run_id))
        return reads.run(session, str(run_id))
