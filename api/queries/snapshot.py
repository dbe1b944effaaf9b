"""Rows of one moment → the problem that the matcher solves. Ids in it are the rows' own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import RunKind
from api.errors import NotFound
from api.models.planning import Run
from api.models.programmes import ProgrammeRuleVersion, Season
from api.queries.snapshot_groups import group_problem
from api.queries.snapshot_visits import LeftOut, visit_problem
from matcher.problem import GroupProblem, VisitProblem


@dataclass(frozen=True, slots=True)
class Order:
    """What a run asks for: which season, by which rules, as of which day in Norway."""

    kind: RunKind
    season_id: str
    programme_id: str
    settings: dict[str, object]
    starts_on: date
    ends_on: date
    today: date


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A problem, and what it cannot say of its requests.

    left_out: requests that could not enter it: all their dates have gone or are no school days there. by_language: how
    many role models are refused in it because they do not speak the request's language, by request id; by_grades:
    because they do not take all of its grades.
    """

    problem: VisitProblem | GroupProblem
    left_out: tuple[LeftOut, ...] = ()
    by_language: Mapping[str, int] = field(default_factory=dict)
    by_grades: Mapping[str, int] = field(default_factory=dict)


def order_of_run(session: Session, run_id: str, today: date) -> Order:
    """What the run asks for. Raises NotFound."""
    row = session.execute(
        select(
            Run.kind,
            Run.season_id,
            ProgrammeRuleVersion.programme_id,
            ProgrammeRuleVersion.settings,
            Season.starts_on,
            Season.ends_on,
        )
        .join(ProgrammeRuleVersion, Run.rule_version_id == ProgrammeRuleVersion.id)
        .join(Season, Run.season_id == Season.id)
        .where(Run.id == run_id)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such run.")
    return Order(*row, today=today)


def take_snapshot(
    session: Session, order: Order, *, anew: str | None = None, people: Collection[str] | None = None
) -> Snapshot:
    """The problem of a season as its rows are now, in a fixed number of queries.

    anew: a request that is taken as if it had no visit, so that others can be found for it. people: of the role models
    only these, and those in live visits, come into a problem of visits: enough to judge what is about them.
    Raises ConfigurationError for settings that cannot be used, and matcher.fields.InvalidProblem for rows that
    contradict each other.
    """
    if order.kind is RunKind.GROUP:
        return Snapshot(group_problem(session, order.season_id, order.programme_id, order.settings, order.today))
    problem, left_out, by_language, by_grades = visit_problem(
        session,
        order.season_id,
        order.programme_id,
        order.settings,
        (order.starts_on, order.ends_on),
        order.today,
        anew,
        people,
    )
    return Snapshot(problem, left_out, by_language, by_grades)
