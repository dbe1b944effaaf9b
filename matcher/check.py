"""The judge: says every rule a second time and recounts every goal, without having seen the solver.

It imports the parsers of problems and plans and nothing else of the matcher. A plan is hostile input: whatever its
content, the judge answers with broken rules and never with an exception.
"""

from matcher.check_common import Violation
from matcher.check_group_plans import GROUP_RULES, group_violations
from matcher.check_visits import VISIT_RULES, visit_violations
from matcher.plan import GroupPlan, Plan, VisitPlan
from matcher.problem import GroupProblem, Problem, VisitProblem

__all__ = ["GROUP_CODES", "VISIT_CODES", "Violation", "check"]

VISIT_CODES = tuple(rule.__name__ for rule in VISIT_RULES)
GROUP_CODES = tuple(rule.__name__ for rule in GROUP_RULES)


def check(problem: Problem, plan: Plan) -> list[Violation]:
    """Every broken rule of the plan, in the order of the rules; empty when the plan is what it says it is."""
    if isinstance(problem, VisitProblem) and isinstance(plan, VisitPlan):
        return visit_violations(problem, plan)
    if isinstance(problem, GroupProblem) and isinstance(plan, GroupPlan):
        return group_violations(problem, plan)
    return [Violation("wrong_problem", f"a {plan.format} is no answer to a {problem.format}")]
