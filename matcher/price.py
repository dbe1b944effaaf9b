"""Both placement rules on one roster: what the choice of `rules.placement` costs and gives, counted in pupils.

Computed by the replay (`replay.py`), without a solver; which rule the plan itself follows plays no part. The roster is
the plan's, as rosters are chosen alike for both rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from matcher.plan import GroupPlan
from matcher.problem import GroupProblem
from matcher.replay import Turn, replay

Placement = Literal["most_served", "queue_first"]
PLACEMENTS: tuple[Placement, ...] = ("most_served", "queue_first")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One rule on the roster.

    served: pupils with a seat, by class. first_choice: how many of them sit where they asked first. choices: the sum
    of the indexes of the choices given, as the goal of that name. envy: served pupils who prefer the session of
    somebody with their level behind them.
    """

    placement: Placement
    served: tuple[int, ...]
    first_choice: int
    choices: int
    envy: int


def prices(problem: GroupProblem, plan: GroupPlan) -> tuple[Price, ...]:
    """The figures of both rules, in the order of PLACEMENTS. Raises CannotOpen when the roster admits no placement."""
    return tuple(_price(problem, plan, placement) for placement in PLACEMENTS)


def _price(problem: GroupProblem, plan: GroupPlan, placement: Placement) -> Price:
    ruled = replace(problem, rules=replace(problem.rules, placement=placement))
    seated = [turn for turn in replay(ruled, plan) if turn.session is not None]
    return Price(
        placement=placement,
        served=tuple(sum(turn.class_ == number for turn in seated) for number in range(problem.rules.classes)),
        first_choice=sum(turn.choice == 0 for turn in seated),
        choices=sum(turn.choice or 0 for turn in seated),
        envy=_envy(problem, seated),
    )


def _envy(problem: GroupProblem, seated: Sequence[Turn]) -> int:
    """Those for whom a better choice within reach has somebody of their level who stands behind them."""
    level = {pupil.id: pupil.level for pupil in problem.pupils}
    behind: set[tuple[str | None, str]] = set()
    envious = 0
    for turn in reversed(seated):
        wanted = {(session, level[turn.pupil]) for session, why in turn.missed if why == "taken"}
        envious += not turn.fixed and not wanted.isdisjoint(behind)
        if not turn.fixed:
            behind.add((turn.session, level[turn.pupil]))
    return envious
