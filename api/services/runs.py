"""Ordering the solver: a run is a row that a worker claims."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.clock import now
from api.domain.enums import ProgrammeKind, RunKind, RunState
from api.domain.permissions import Action, Actor, may
from api.errors import Conflict, NotFound
from api.i18n import gettext
from api.models.planning import Run
from api.models.programmes import Programme, ProgrammeRuleVersion, Season

KIND_OF_PROGRAMME = {RunKind.VISIT: ProgrammeKind.SCHOOL_VISIT, RunKind.GROUP: ProgrammeKind.STUDY_GROUP}


def queue_run(
    session: Session,
    actor: Actor,
    *,
    kind: RunKind,
    season_id: str,
    programme: str | None = None,
    seed: int = 1,
    seconds: int = 60,
    workers: int = 2,
) -> Run:
    """Orders a run of the newest rules. seconds: the solver's limit, above 0. workers: 1 to 64.

    Raises NotFound without the right, for an unknown season, or where the kind has no programme with rules.
    """
    if not may(actor, Action.QUEUE_RUNS) or session.get(Season, season_id) is None:
        raise NotFound(gettext("There is no such season."), field="season")
    run = Run(
        kind=kind,
        season_id=season_id,
        rule_version_id=newest_rules(session, kind, programme),
        requested_by_id=actor.user_id,
        seed=seed,
        settings={"seconds": seconds, "workers": workers},
    )
    session.add(run)
    session.flush()
    return run


def newest_rules(session: Session, kind: RunKind, programme: str | None = None) -> str:
    """The id of the newest rules of the programme with this code, or of the first of its kind. Raises NotFound."""
    statement = (
        select(ProgrammeRuleVersion.id)
        .join(Programme, ProgrammeRuleVersion.programme_id == Programme.id)
        .where(Programme.kind == KIND_OF_PROGRAMME[kind])
        .order_by(Programme.code, ProgrammeRuleVersion.number.desc())
        .limit(1)
    )
    found = session.scalar(statement if programme is None else statement.where(Programme.code == programme))
    if found is None:
        raise NotFound(gettext("There is no programme with rules for this kind of run."), field="programme")
    return found


def stop_run(session: Session, actor: Actor, run_id: str) -> None:
    """Asks a run under way to end now with the best plan it has. Raises NotFound, or Conflict when it does not run."""
    _ask(session, actor, run_id, {"stop_requested": True}, (RunState.RUNNING,), gettext("The run is not under way."))


def cancel_run(session: Session, actor: Actor, run_id: str) -> None:
    """Ends a run without a plan: one in the queue at once, one under way when its worker hears of it.

    Raises NotFound, or Conflict when it has ended already.
    """
    ended = {"state": RunState.CANCELLED, "finished_at": now(), "cancel_requested": True}
    if may(actor, Action.QUEUE_RUNS) and _update(session, run_id, ended, (RunState.QUEUED,)):
        return
    _ask(session, actor, run_id, {"cancel_requested": True}, (RunState.RUNNING,), gettext("The run has ended already."))


def _ask(
    session: Session, actor: Actor, run_id: str, values: Mapping[str, Any], states: tuple[RunState, ...], refusal: str
) -> None:
    if not may(actor, Action.QUEUE_RUNS) or session.scalar(select(Run.id).where(Run.id == run_id)) is None:
        raise NotFound(gettext("There is no such run."))
    if not _update(session, run_id, values, states):
        raise Conflict(refusal)


def _update(session: Session, run_id: str, values: Mapping[str, Any], states: tuple[RunState, ...]) -> bool:
    """Changes a run that is in one of `states`; the worker may be changing it too, so the row count decides."""
    statement = update(Run).where(Run.id == run_id, Run.state.in_(states))
    statement = statement.values(**values, version=Run.version + 1).execution_options(synchronize_session=False)
    changed = int(session.execute(statement).rowcount)  # type: ignore[attr-defined]
    return changed == 1
