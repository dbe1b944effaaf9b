"""A season of study groups solved once, and again for problems near it, with what the first proofs say about them.

The old roster, with the mentors added that serve more, is where the search of a near problem starts. Of a pupil more or
fewer much is proven before it: take the new pupil p out of any plan of the new problem, and it is a plan of the old
one, but for a session that falls one short of its minimum size. So the first problem is solved with all minimum sizes
one smaller; where its best plan keeps the true ones, it is the best of both. With v the proven values, e(p) what p
counts in each goal, and n(p) the most that can be served ahead of p, each of whom counts one more in `queue`:

    values of the new plan ≤ v + e(p), and n(p) more in `queue`, goal by goal.

Where p finds a seat and nobody loses theirs, all but `queue` are reached at once; and `queue` too when nobody of p's
class stands behind p, as with everybody who joins today. Then nothing is searched. Likewise a plan without p is a plan
of the old problem: its values ≤ v, and in `queue` less by the fewest who can be served ahead of p.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

from matcher.control import OnProgress, Settings, Stop
from matcher.groups.facts import Facts, overlap
from matcher.groups.first import filled_up
from matcher.groups.found import Found, Proof
from matcher.groups.roster import Roster
from matcher.groups.search import Search
from matcher.groups.solve import solve
from matcher.plan import GroupPlan
from matcher.problem import GroupProblem


@dataclass(frozen=True, slots=True)
class _Kept:
    """The best roster of the first problem, its values, and their bounds with minimum sizes one smaller.

    `bounds` is empty where the plan with smaller minimum sizes is better. `hard`: goals that no relaxation proved.
    """

    facts: Facts
    roster: Roster
    values: Sequence[int]
    bounds: Sequence[int]
    hard: frozenset[int]


class PreparedGroups:
    """A solved problem and what is kept of it; plans are not judged yet."""

    def __init__(
        self, problem: GroupProblem, *, stop: Stop, seed: int, settings: Settings, on_progress: OnProgress
    ) -> None:
        self._seed, self._settings = seed, settings
        self._kept: _Kept | None = None
        self.plan = self._solved(problem, stop, on_progress, self._run_first)

    def solve(self, problem: GroupProblem, *, stop: Stop, on_progress: OnProgress) -> GroupPlan:
        """The plan of a problem near the first; of the first itself, its plan."""
        if self._kept is not None and problem == self._kept.facts.problem:
            return self.plan
        return self._solved(problem, stop, on_progress, self._run_near)

    def _solved(
        self, problem: GroupProblem, stop: Stop, on_progress: OnProgress, run: Callable[[Search], None]
    ) -> GroupPlan:
        return solve(problem, stop=stop, seed=self._seed, settings=self._settings, on_progress=on_progress, run=run)

    def _run_first(self, search: Search) -> None:
        """Solve with minimum sizes one smaller: its bounds hold here too, and mostly its roster is as good here."""
        facts = Facts(search.facts.problem)
        facts.min_pupils = tuple(least - 1 for least in facts.min_pupils)
        loose = Search(
            facts, stop=search.stop, seed=self._seed, settings=self._settings, on_progress=search.on_progress
        )
        loose.run()
        search.proofs += loose.proofs
        if loose.best is not None:
            search.consider(loose.best.roster)
        if not _is_as_good(search, loose):
            search.run()
        if search.best is not None:
            bounds = _bounds(loose) if _is_as_good(search, loose) else ()
            trees = frozenset(proof.goal for proof in loose.proofs if proof.source == "branch_and_bound")
            self._kept = _Kept(search.facts, search.best.roster, search.best.values, bounds, trees)

    def _run_near(self, search: Search) -> None:
        """From the old roster, with what is proven already; no search where no goal is further from its bound."""
        kept = self._kept
        if kept is None:
            search.run()
            return
        search.hard = kept.hard
        search.consider(_carried_over(kept, search.facts))
        if search.best is not None:
            fuller = filled_up(search.facts, search.best.roster, search.best.placement.seat)
            for roster in (fuller, _with_hours(search.facts, fuller)):
                if roster != search.best.roster:
                    search.consider(roster)
        search.proofs += _proofs(kept, search.facts)
        if search.best is None or not _is_as_near(search.best.values, _bounds(search), kept):
            search.run()
            return
        for goal, value, bound in zip(search.goals, search.best.values, _bounds(search), strict=True):
            search.report(goal.name, value, bound)


def _bounds(found: Found) -> list[int]:
    """The best proven bound of each roster goal of the best plan."""
    values = () if found.best is None else found.best.values
    return [found.bound(number, values, ())[0] for number in range(len(values))]


def _is_as_near(values: Sequence[int], bounds: Sequence[int], kept: _Kept) -> bool:
    """No value is further from its bound than the first plan's."""
    gaps = [abs(bound - value) for value, bound in zip(kept.values, kept.bounds or kept.values, strict=True)]
    return all(abs(bound - value) <= gap for value, bound, gap in zip(values, bounds, gaps, strict=True))


def _is_as_good(found: Found, other: Found) -> bool:
    return found.best is not None and other.best is not None and found.best.values == other.best.values


def _carried_over(kept: _Kept, facts: Facts) -> Roster:
    """The old roster as far as its mentors and sessions are still there and able."""
    here: list[set[int]] = [set() for _ in facts.sessions]
    for m, s in facts.fixed_stands:
        here[s].add(m)
    for m, s in kept.roster.stands():
        mentor = facts.mentor_index.get(kept.facts.mentors[m].id)
        session = facts.session_index.get(kept.facts.sessions[s].id)
        if mentor is not None and session in facts.stands[mentor]:
            here[session].add(mentor)
    enough = (
        mentors if len(mentors) >= facts.min_mentors[s] or s in facts.fixed_sessions else set()
        for s, mentors in enumerate(here)
    )
    return Roster(tuple(tuple(sorted(mentors)) for mentors in enough))


def _with_hours(facts: Facts, roster: Roster) -> Roster:
    """The roster with mentors who are short of hours in open sessions that they can add: nobody loses a seat by it."""
    here = [list(mentors) for mentors in roster.mentors]
    for m, mentor in enumerate(facts.mentors):
        held = [s for s, mentors in enumerate(here) if m in mentors]
        for s in facts.stands[m]:
            is_short = len(held) < min(mentor.contracted, mentor.max_sessions)
            if is_short and here[s] and not any(overlap(facts.sessions[s], facts.sessions[t]) for t in held):
                held.append(s)
                here[s].append(m)
    return Roster(tuple(tuple(sorted(mentors)) for mentors in here))


def _proofs(kept: _Kept, after: Facts) -> list[Proof]:
    """Bounds of the roster goals of the new problem, where it is the old one with one pupil more or fewer.

    How many are served ahead of the pupil is known where all goals before `queue` are proven.
    """
    before = kept.facts
    sign, more, fewer = (1, after, before) if len(after.pupils) > len(before.pupils) else (-1, before, after)
    others = more.pupil_index.keys() - fewer.pupil_index.keys()
    if len(others) != 1:
        return []
    p = more.pupil_index[others.pop()]
    same = tuple(pupil for q, pupil in enumerate(more.pupils) if q != p)
    if p in more.fixed_seat or same != fewer.pupils or not _alike_but_for_pupils(more.problem, fewer.problem):
        return []
    shift = _shift(more, p, kept.values, sign)
    floors = tuple(value + by for value, by in zip(kept.values, shift, strict=True))
    bounds = [bound + by for bound, by in zip(kept.bounds, shift, strict=False)]
    by_class = len(kept.values) - 3
    if tuple(kept.bounds[:by_class]) != tuple(kept.values[:by_class]):
        bounds = bounds[:by_class]
    return [Proof(number, floors[:number], bound, "branch_and_bound") for number, bound in enumerate(bounds)]


def _alike_but_for_pupils(one: GroupProblem, other: GroupProblem) -> bool:
    others = [field.name for field in fields(one) if field.name != "pupils"]
    return all(getattr(one, name) == getattr(other, name) for name in others)


def _shift(facts: Facts, p: int, values: Sequence[int], sign: int) -> list[int]:
    """What the best values change by at most when p comes (sign 1) or goes (-1); `facts`: of the problem with p."""
    class_ = facts.pupils[p].class_
    classes = facts.problem.rules.classes
    served = [values[0], *values[2:classes], values[1] - values[0] - sum(values[2:classes])][:classes]
    rivals = [q for q in facts.queue if q != p and facts.pupils[q].class_ == class_ and facts.choices[q]]
    ahead = sum(facts.position[q] < facts.position[p] for q in rivals)
    before = sum(served[:class_])
    if sign > 0:
        own = [int(class_ == 0), 1, *(int(class_ == number) for number in range(1, classes - 1))]
        return [*own, before + min(served[class_], ahead) + facts.weight(p), 0, 0]
    behind = len(rivals) - ahead
    return [*[0] * (len(values) - 3), -before - max(0, served[class_] - behind), 0, 0]
