"""Groups whose roster is settled: who is served, where, and by whom is all there is to choose, and all of it is exact.

The roster is settled when nobody can stand anywhere but where they are fixed. Then the set that the queue keeps is best
for `returning` .. `queue` at once (a matroid's), its counts are their bounds, and hours are what they are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from matcher.groups.facts import Facts
from matcher.groups.goals import hours_values, served_values
from matcher.groups.roster import Roster
from matcher.plan import BoundSource, Goal, GroupPlan
from matcher.problem import Fixed, FixedMentor, GroupProblem


def on_roster(problem: GroupProblem, stands: Iterable[tuple[str, str]]) -> GroupProblem:
    """The problem in which mentors stand in these (mentor, session) and nowhere else. Fixed pupils stay.

    Raises InvalidProblem when a stand names a mentor or session that the problem has not, or stands twice.
    """
    here = tuple(FixedMentor(mentor=mentor, session=session) for mentor, session in stands)
    nobody_else = tuple(replace(mentor, sessions=()) for mentor in problem.mentors)
    return replace(problem, mentors=nobody_else, fixed=Fixed(mentors=here, pupils=problem.fixed.pupils))


def stands_of(plan: GroupPlan) -> list[tuple[str, str]]:
    """The (mentor, session) of a plan."""
    return [(mentor.id, session.session) for session in plan.sessions for mentor in session.mentors]


def only_roster(facts: Facts) -> Roster | None:
    """The roster of the fixed mentors when no mentor can stand anywhere else; None when there is a choice."""
    if sum(map(len, facts.stands)) > len(facts.fixed_stands):
        return None
    here: list[list[int]] = [[] for _ in facts.sessions]
    for m, s in sorted(facts.fixed_stands):
        here[s].append(m)
    return Roster(tuple(map(tuple, here)))


def settled_goals(
    facts: Facts, roster: Roster, kept: Iterable[int], seat: Mapping[int, int]
) -> tuple[list[Goal], dict[str, BoundSource]]:
    """The goals down to `extra_shifts` of those who have a seat, with bounds over all placements on the only roster.

    `kept`: whom the queue keeps. They are best for each goal among the plans that are best for those before it, and
    for `served` and `queue` among all. After a goal that is not at its best, a class has at most what the classes
    before it, at their values, leave of the most that can be served.
    """
    best, values = served_values(facts, kept), served_values(facts, seat)
    goals: list[Goal] = []
    before, is_best = 0, True
    for (name, most), (_, value) in zip(best, values, strict=True):
        of_class = name not in ("served", "queue")
        bound = most if is_best or not of_class else dict(best)["served"] - before
        before += value if of_class else 0
        is_best = is_best and value == most
        goals.append(Goal(name=name, sense="max", value=value, bound=bound))
    sources: dict[str, BoundSource] = {goal.name: "flow" for goal in goals}
    for name, value in hours_values(facts, roster):
        goals.append(Goal(name=name, sense="min", value=value, bound=value))
        sources[name] = "lp"
    return goals, sources
