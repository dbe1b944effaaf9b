"""Runs of the solver, for those who may see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import RunKind, RunState
from api.errors import NotFound
from api.i18n import gettext
from api.models.planning import Plan, Run
from api.queries.paging import Page, Window, page_of


@dataclass(frozen=True, slots=True)
class RunView:
    """A run and the id of its plan, without the problem's text."""

    id: str
    version: int
    kind: RunKind
    season_id: str
    state: RunState
    seed: int
    settings: dict[str, Any]
    problem_sha256: str | None
    attempt: int
    created_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime | None
    finished_at: datetime | None
    stop_requested: bool
    cancel_requested: bool
    progress: list[Any]
    error_code: str | None
    error: str | None
    plan_id: str | None


def runs(
    session: Session,
    window: Window,
    *,
    season: str | None = None,
    kind: RunKind | str | None = None,
    state: RunState | str | None = None,
) -> Page[RunView]:
    """Runs, each with its plan. Sorts: created_at, kind, state."""
    statement = select(Run, Plan.id).outerjoin(Plan, Plan.run_id == Run.id)
    for column, value in ((Run.season_id, season), (Run.kind, kind), (Run.state, state)):
        if value is not None:
            statement = statement.where(column == value)
    columns = {
        "created_at": (Run.created_at, Run.id),
        "kind": (Run.kind, Run.created_at, Run.id),
        "state": (Run.state, Run.created_at, Run.id),
    }
    page = page_of(session, statement, window, columns)
    return page.map(lambda row: view(*row))


def run(session: Session, run_id: str, *, locked: bool = False) -> RunView:
    """One run. locked: nobody else changes it before the transaction ends. Raises NotFound."""
    statement = select(Run, Plan.id).outerjoin(Plan, Plan.run_id == Run.id).where(Run.id == run_id)
    statement = statement.execution_options(populate_existing=True)
    if locked:
        statement = statement.with_for_update(of=Run)
    found = session.execute(statement).one_or_none()
    if found is None:
        raise NotFound(gettext("There is no such run."))
    return view(*found)


def view(row: Run, plan_id: str | None) -> RunView:
    """The row of a run as it is shown."""
    shown = {name: getattr(row, name) for name in RunView.__slots__ if name != "plan_id"}
    return RunView(**shown, plan_id=plan_id)
