"""Locks of the next run: read, set and lifted."""

from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from api.db import transaction
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.repeats import KeySchema, answered, once_for_key
from api.edge.rest import ResourceBlueprint, listed, window_of
from api.edge.session import read_session
from api.errors import NotFound
from api.i18n import gettext
from api.models.plan_rows import Lock
from api.queries import coordination_locks as reads
from api.queries import season_now
from api.schemas.locks import LockList, LockQuery, LockSchema, NewLockSchema
from api.services.coordination import locks as services

blueprint = ResourceBlueprint("api_locks", __name__, description="What the next runs leave as it is")


@blueprint.get("/locks")
@blueprint.etag
@blueprint.arguments(LockQuery, location="query")
@blueprint.response(200, LockList)
@allowed(Action.SEE_VISIT_PLANS, Action.MANAGE_GROUPS)
def list_locks(query: dict[str, Any]) -> dict[str, Any]:
    """Locks of a season, the one shown on the pages unless it is named"""
    session, window = read_session(), window_of(query)
    shown = season_now.shown_season(session)
    season_id = query.get("season") or (shown.id if shown else "")
    return listed(reads.locks(session, current_actor(), season_id, window))


@blueprint.post("/locks")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(NewLockSchema)
@blueprint.response(201, LockSchema, headers={"Location": {"schema": {"type": "string"}}})
@blueprint.alt_response(409, "CONFLICT")
@allowed(Action.QUEUE_RUNS, Action.MANAGE_GROUPS)
def lock(headers: dict[str, Any], given: dict[str, Any]) -> Any:
    """Lock a visit, a mentor's session or a pupil's seat

    409 names what contradicts it: a person who is taken, another lock at that time, a visit the school has already.
    """
    with transaction() as session:

        def make() -> Any:
            made = _shown(session, _lock(session, given))
            return answered(
                201, url_for("api_locks.get_lock", lock_id=made.id), {"id": made.id}, LockSchema().dump(made)
            )

        return once_for_key(session, blueprint, headers, given, make)


@blueprint.get("/locks/<uuid:lock_id>")
@blueprint.etag
@blueprint.response(200, LockSchema)
@allowed(Action.SEE_VISIT_PLANS, Action.MANAGE_GROUPS)
def get_lock(lock_id: UUID) -> Any:
    """One lock"""
    session = read_session()
    found = session.get(Lock, str(lock_id))
    if found is None:
        raise NotFound(gettext("There is no such lock."))
    row = _shown(session, found)
    blueprint.set_etag({"id": row.id})
    return row


@blueprint.delete("/locks/<uuid:lock_id>")
@blueprint.etag
@blueprint.response(204)
@blueprint.alt_response(404, "NOT_FOUND")
@allowed(Action.QUEUE_RUNS, Action.MANAGE_GROUPS)
def unlock(lock_id: UUID) -> None:
    """Unlock"""
    with transaction() as session:
        blueprint.check_etag({"id": str(lock_id)})
        services.unlock(session, current_actor(), str(lock_id))


def _lock(session: Session, given: dict[str, Any]) -> Lock:
    actor, reason = current_actor(), given["reason"]
    if "plan_visit" in given:
        return services.lock_proposed_visit(session, actor, given["plan_visit"], reason=reason)
    if "visit" in given:
        return services.lock_live_visit(session, actor, given["visit"], reason=reason)
    if "mentor" in given:
        return services.lock_mentor(session, actor, given["mentor"], given["session"], reason=reason)
    return services.lock_pupil(session, actor, given["pupil"], given["session"], reason=reason)


def _shown(session: Session, found: Lock) -> reads.LockRow:
    row = reads.one_lock(session, current_actor(), found)
    if row is None:
        raise NotFound(gettext("There is no such lock."))
    return row
