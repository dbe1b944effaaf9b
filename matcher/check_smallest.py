"""The judge on what a pupil was not told: no smaller change than theirs seats them, and none does where none is told.

It asks every open session of every pupil without a seat, so `check` on the command line asks it and a solve does not.
Of `queue_first` it asks nothing: a place that would free somebody ahead from where a minimum size holds them is not
told there, and to know that takes a replay for each pupil and session.
"""

from collections.abc import Iterator

from matcher.check_common import Violation
from matcher.check_group_plans import line_of, rooms_of
from matcher.check_groups import GroupFacts, is_placed
from matcher.check_queue import Waiting, passed_over_pupils
from matcher.plan import UNKNOWN_CHANGE, GroupPlan, Plan, UnservedPupil
from matcher.problem import GroupProblem, Problem, Pupil

KINDS = ("session", "distance", "digital", "mentor")
"""The order of a pupil's changes; `mentor`, and which of several sessions is told, are not asked."""
MOST_OPEN = 3000
"""Plans with more open sessions are not asked."""


def smaller_changes(problem: Problem, plan: Plan) -> list[Violation]:
    """A violation of `smallest_change` for each pupil whom a smaller change than the one told would seat."""
    if not isinstance(problem, GroupProblem) or not isinstance(plan, GroupPlan):
        return []
    if problem.rules.placement != "most_served":
        return []
    facts = GroupFacts(problem, plan)
    if not is_placed(facts) or len(facts.seats_in) > MOST_OPEN:
        return []
    smaller = {
        item.pupil: tuple(_smaller(facts, facts.pupils[item.pupil], item))
        for item in plan.unserved
        if item.pupil in facts.pupils and item.smallest_change != UNKNOWN_CHANGE
    }
    line = [
        entry._replace(choices=smaller.get(entry.pupil, ())) if isinstance(entry, Waiting) else entry
        for entry in line_of(facts)
    ]
    found = passed_over_pupils(rooms_of(facts), line)
    return [Violation("smallest_change", f"pupil {name!r} has a smaller change than the one told") for name in found]


def _smaller(facts: GroupFacts, pupil: Pupil, item: UnservedPupil) -> Iterator[str]:
    """Open sessions that some smaller change than the one told would make one the pupil could ask for."""
    change = item.smallest_change or {}
    kind = change.get("kind")
    earlier = KINDS[: KINDS.index(kind)] if kind in KINDS else KINDS
    most = pupil.max_travel_minutes
    for session in facts.seats_in:
        minutes = facts.minutes_from_home(pupil, session)
        if session in pupil.choices:
            less = isinstance(told := change.get("minutes"), int) and minutes < told
            if most is not None and minutes > most and ("distance" in earlier or (kind == "distance" and less)):
                yield session
        elif facts.is_digital(session):
            if "digital" in earlier:
                yield session
        elif "session" in earlier and (most is None or minutes <= most):
            yield session
