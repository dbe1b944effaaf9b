"""Runs of the solver: ordered, watched, stopped and cancelled."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from api.db import transaction
from api.domain.enums import RunKind
from api.domain.permissions import Action, Actor
from api.edge.access import allowed, current_actor
from api.edge.repeats import KeySchema, answered, once_for_key
from api.edge.rest import ResourceBlueprint, listed, window_of
from api.edge.session import read_session
from api.queries import runs as reads
from api.schemas.runs import NewRunSchema, RunList, RunQuery, RunSchema
from api.services import runs as services


class RunBlueprint(ResourceBlueprint):
    """One run: changed by POST under If-Match, and read anew each time: its ETag is of the state, not the progress."""

    METHODS_CHECKING_NOT_MODIFIED: ClassVar[list[str]] = []
    METHODS_NEEDING_CHECK_ETAG: ClassVar[list[str]] = ["POST"]


blueprint = ResourceBlueprint("api_runs", __name__, description="Runs of the solver")
one_run = RunBlueprint("api_run", __name__, description="One run of the solver: watched, stopped and cancelled")


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
            location = url_for("api_run.get_run", run_id=made.id)
            return answered(202, location, _state_of(made), RunSchema().dump(made))

        return once_for_key(session, blueprint, headers, given, make)


@one_run.get("/runs/<uuid:run_id>")
@one_run.etag
@one_run.response(200, RunSchema)
@allowed(Action.SEE_RUNS)
def get_run(run_id: UUID) -> Any:
    """One run with its progress

    The ETag stands for the run's state and not for its progress, so it holds as If-Match while the run goes on.
    """
    found = reads.run(read_session(), str(run_id))
    one_run.set_etag(_state_of(found))
    return found


@one_run.post("/runs/<uuid:run_id>/stop")
@one_run.etag
@one_run.response(202, RunSchema, description="Asked to stop and keep the best plan so far")
@one_run.alt_response(404, "NOT_FOUND")
@one_run.alt_response(409, "CONFLICT")
@allowed(Action.QUEUE_RUNS)
def stop_run(run_id: UUID) -> Any:
    """Stop a run and use what it has

    A conditional transition: 404 when there is no such run, 409 when it is not under way. Nothing else changes.
    """
    return _asked(services.stop_run, str(run_id))


@one_run.post("/runs/<uuid:run_id>/cancel")
@one_run.etag
@one_run.response(202, RunSchema, description="Asked to end without a plan")
@one_run.alt_response(404, "NOT_FOUND")
@one_run.alt_response(409, "CONFLICT")
@allowed(Action.QUEUE_RUNS)
def cancel_run(run_id: UUID) -> Any:
    """Cancel a run; the plan before it stands

    A conditional transition: 404 when there is no such run, 409 when it has ended already. Nothing else changes.
    """
    return _asked(services.cancel_run, str(run_id))


def _asked(ask: Callable[[Session, Actor, str], None], run_id: str) -> reads.RunView:
    """The run after `ask`, if it still is in the state that If-Match names."""
    with transaction() as session:
        one_run.check_etag(_state_of(reads.run(session, run_id, locked=True)))
        ask(session, current_actor(), run_id)
        changed = reads.run(session, run_id)
        one_run.set_etag(_state_of(changed))
        return changed


def _state_of(run: reads.RunView) -> dict[str, Any]:
    """What the ETag of a run is made of: what decides whether it can be stopped or cancelled."""
    return {"id": run.id, "state": run.state, "asked": [run.stop_requested, run.cancel_requested]}
