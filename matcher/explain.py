"""Why this one, and why not that one: reasons for the unserved of a plan, and one item's story as JSON values."""

from typing import Any

from matcher.control import Stop
from matcher.explain_groups import GroupStory
from matcher.explain_visits import VisitStory
from matcher.plan import UNKNOWN_CHANGE, GroupPlan, Plan, VisitPlan
from matcher.problem import GroupProblem, Problem, VisitProblem

MOST_SECONDS = 60
"""For what is worked out only when somebody asks."""


def with_reasons(problem: Problem, plan: Plan, stop: Stop | None = None) -> Plan:
    """The plan with the reasons of everyone unserved filled in. Raises ValueError when it is for the other kind.

    `stop`: for what takes long in a group plan, see GroupStory; None: as long as it takes.
    """
    story = _story(problem, plan)
    return story.with_reasons() if isinstance(story, VisitStory) else story.with_reasons(stop)


def explain(problem: Problem, plan: Plan, identifier: str | None = None) -> dict[str, Any]:
    """Without an id: all unserved with their reasons. With one: the story of that request, role model, pupil, ...

    The plan must have passed the judge. Raises KeyError when the problem has no item of that id, and ValueError
    when the plan is for the other kind of problem.
    """
    story = _story(problem, plan)
    if identifier is not None:
        return _with_change(problem, plan, story.of(identifier))
    return story.unserved() | _bottlenecks(problem, plan)


def _with_change(problem: Problem, plan: Plan, told: dict[str, Any]) -> dict[str, Any]:
    """The story with the smallest change looked for now, where the plan says that it was not found out."""
    is_open = told.get("smallest_change") == UNKNOWN_CHANGE
    if is_open and isinstance(problem, VisitProblem) and isinstance(plan, VisitPlan):
        from matcher.visits.smallest_change import change_of

        return told | {"smallest_change": change_of(problem, plan, told["request"], Stop(MOST_SECONDS))}
    return told


def _bottlenecks(problem: Problem, plan: Plan) -> dict[str, Any]:
    """Where one more role model would serve most; group plans hold theirs."""
    if isinstance(problem, VisitProblem) and isinstance(plan, VisitPlan) and plan.unserved:
        from matcher.visits.bottlenecks import bottlenecks

        return bottlenecks(problem, plan, Stop(MOST_SECONDS))
    return {}


def _story(problem: Problem, plan: Plan) -> VisitStory | GroupStory:
    if isinstance(problem, VisitProblem) and isinstance(plan, VisitPlan):
        return VisitStory(problem, plan)
    if isinstance(problem, GroupProblem) and isinstance(plan, GroupPlan):
        return GroupStory(problem, plan)
    raise ValueError(f"a {plan.format} is no answer to a {problem.format}")
