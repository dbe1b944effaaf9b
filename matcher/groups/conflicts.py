"""Why no plan is valid: the fewest fixed entries that cannot stand together, and the rule that forbids it."""

from collections.abc import Sequence
from dataclasses import replace

from matcher.groups.facts import Facts
from matcher.groups.goals import LinearGoal
from matcher.groups.linear import INFINITE
from matcher.groups.milp import Optimiser
from matcher.groups.model import JointModel
from matcher.groups.rules import RULES, Rule
from matcher.plan import Conflict
from matcher.problem import Fixed

Entry = tuple[str, int]
"""("mentors", 2) is problem.fixed.mentors[2]."""


def conflicts(facts: Facts, solver: Optimiser) -> tuple[Conflict, ...]:
    """One conflict: entries none of which can be left out, and a rule without which they could stand together.

    The code is `fixed` where no single rule is to blame. When the stop comes first, the entries left so far.
    """
    fixed = facts.problem.fixed
    entries: list[Entry] = [("mentors", i) for i in range(len(fixed.mentors))]
    entries += [("pupils", i) for i in range(len(fixed.pupils))]
    kept = _fewest(facts, solver, entries)
    code = "fixed"
    for rule in RULES:
        possible = _stand_together(facts, solver, kept, without=rule)
        if possible and not solver.stop.expired:
            code = rule.__name__
            break
    solver.close()
    return (Conflict(code=code, items=tuple(f"fixed.{kind}[{i}]" for kind, i in kept)),)


def _fewest(facts: Facts, solver: Optimiser, entries: Sequence[Entry]) -> list[Entry]:
    """Leaves out halves, quarters .. single entries as long as the rest still cannot stand together."""
    kept = list(entries)
    size = max(1, len(kept) // 2)
    while True:
        start = 0
        while start < len(kept):
            rest = kept[:start] + kept[start + size :]
            if solver.stop.expired:
                return kept
            if rest and not _stand_together(facts, solver, rest):
                kept = rest
            else:
                start += size
        if size == 1:
            return kept
        size //= 2


def _stand_together(facts: Facts, solver: Optimiser, entries: Sequence[Entry], without: Rule | None = None) -> bool:
    """Some valid plan holds these entries, whatever happens to the other fixed ones. True also when the stop came."""
    fixed = facts.problem.fixed
    some = Fixed(
        mentors=tuple(fixed.mentors[i] for kind, i in entries if kind == "mentors"),
        pupils=tuple(fixed.pupils[i] for kind, i in entries if kind == "pupils"),
    )
    model = JointModel(Facts(replace(facts.problem, fixed=some)), lambda p: facts.pupils[p].class_)
    for rule in RULES:
        if rule is not without:
            rule(model)
    anything = LinearGoal("anything", "max", {}, 0)
    if solver.relax(model, anything).infeasible:
        return False
    return solver.optimise(model, anything, None, INFINITE, lambda _bound, _value: None).status != "infeasible"
