"""What a search has found so far: the best plan before choices, and what is proven about every roster goal."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from matcher.control import OnProgress, Progress, Stop
from matcher.groups.facts import Facts
from matcher.groups.goals import LinearGoal, roster_goals, roster_values
from matcher.groups.model import JointModel, roster_of
from matcher.groups.placement import place
from matcher.groups.rooms import Placement
from matcher.groups.roster import Roster, is_valid
from matcher.plan import BoundSource


class NoValidPlan(Exception):
    """The fixed entries leave no valid plan."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A valid plan before choices and contact mentors; `values` of the roster goals in order."""

    roster: Roster
    placement: Placement
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """A bound of goal number `goal` over all plans that reach `floors`, the values of the goals before it."""

    goal: int
    floors: tuple[int, ...]
    bound: int
    source: BoundSource


class Found:
    """The best plan and the proofs of one problem."""

    def __init__(self, facts: Facts, stop: Stop, on_progress: OnProgress) -> None:
        self.facts = facts
        self.stop = stop
        self.on_progress = on_progress
        self.best: Candidate | None = None
        self.proofs: list[Proof] = []
        self.hard: frozenset[int] = frozenset()
        """Goals whose relaxation is known to prove too little, as that of a problem near by did."""

    @cached_property
    def by_pupil(self) -> JointModel:
        """The joint model that tells every pupil apart, as yet without its rules."""
        return JointModel(self.facts, lambda p: p)

    @cached_property
    def goals(self) -> Sequence[LinearGoal]:
        """The roster goals over `by_pupil`."""
        return roster_goals(self.by_pupil)

    def bound(self, number: int, values: Sequence[int], highest: Sequence[int]) -> tuple[int, BoundSource]:
        """The best proven bound of a goal over all plans that reach these values of the goals before it.

        `highest`: the bounds of the goals before it. A bound that the value itself beats proves nothing.
        """
        goal = self.goals[number]
        found: tuple[int, BoundSource] = (plain_bound(self.facts, number, len(self.goals), highest), "lp")
        for proof in self.proofs:
            if proof.goal == number and self.covers(proof.floors, values):
                beaten = proof.bound < values[number] if goal.maximize else proof.bound > values[number]
                better = proof.bound < found[0] if goal.maximize else proof.bound > found[0]
                if better and not beaten:
                    found = (proof.bound, proof.source)
        return found

    def covers(self, floors: Sequence[int], values: Sequence[int]) -> bool:
        """Every plan that reaches the values reaches the floors too."""
        return all(
            floor <= value if goal.maximize else floor >= value
            for goal, floor, value in zip(self.goals, floors, values, strict=False)
        )

    def consider(self, roster: Roster) -> None:
        """Make a plan of a roster, and keep it when it is the best so far."""
        if not is_valid(self.facts, roster):
            return
        # dealt anew, since the hours of a crew's columns are those of mentors who share evenly
        roster = roster_of(self.by_pupil, self.by_pupil.columns_of(roster.stands(), {}))
        placement = place(self.facts, roster)
        if placement is None:
            return
        values = roster_values(self.facts, roster, placement.seat)
        if self.best is None or self._rank(values) > self._rank(self.best.values):
            self.best = Candidate(roster, placement, values)

    def _rank(self, values: Sequence[int]) -> list[int]:
        return [value if goal.maximize else -value for goal, value in zip(self.goals, values, strict=True)]

    def report(self, name: str, value: int | None, bound: int | None) -> None:
        """Tell the listener the best value and bound known of a goal."""
        self.on_progress(Progress(name, value, bound, self.stop.elapsed))


def plain_bound(facts: Facts, number: int, goals: int, highest: Sequence[int]) -> int:
    """A bound of a roster goal that counting alone proves. `highest`: the bounds of the goals before it, or none."""
    able = [p for p in facts.queue if facts.choices[p]]
    if number == goals - 3:
        most = highest[1] if len(highest) > 1 else len(able)
        return sum(facts.weight(p) for p in able[:most])
    if number == goals - 2:
        return sum(
            max(0, mentor.contracted - min(mentor.max_sessions, len(facts.stands[m])))
            for m, mentor in enumerate(facts.mentors)
        )
    if number == goals - 1:
        stands = [m for m, _ in facts.fixed_stands]
        return sum(max(0, stands.count(m) - facts.mentors[m].contracted) for m in set(stands))
    if number == 1:
        return len(able)
    wanted = 0 if number == 0 else number - 1
    return sum(facts.pupils[p].class_ == wanted for p in able)
