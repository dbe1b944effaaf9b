"""For each rule code of groups a problem and a plan broken in that rule alone; a function is named after its code."""

from collections.abc import Callable
from dataclasses import replace

from matcher.plan import Bottleneck, GroupPlan, MovedPupil, PlanMentor, PlanSession
from matcher.problem import GroupProblem
from tests.matcher.plans import group_plan
from tests.matcher.small_problems import Data, group_data, groups

Broken = tuple[GroupProblem, GroupPlan]

ONE = {"p0": ("s0", "m0"), "p1": ("s0", "m0")}
ALL = {**ONE, "p2": ("s0", "m1")}


def placed(
    data: Data,
    seats: dict[str, tuple[str, str]],
    queue: int,
    *,
    shifts: tuple[tuple[str, str], ...] = (("m0", "s0"),),
    choices: int = 0,
) -> Broken:
    """The problem with these seats; `queue` and `choices` are the values of those goals; all pupils are class 0."""
    problem = groups(data)
    values = (len(seats), len(seats), 0, queue, 0, len(shifts), choices, 0)
    return problem, group_plan(problem, frozenset(shifts), seats, values)


def good() -> Broken:
    """Everyone in s0 with two mentors: nothing is broken."""
    return placed(group_data(), ALL, 6, shifts=(("m0", "s0"), ("m1", "s0")))


def wrong_problem() -> Broken:
    problem, plan = good()
    return problem, replace(plan, problem_sha256="0" * 64)


def unknown() -> Broken:
    problem, plan = good()
    first, second = plan.sessions[0].mentors
    session = PlanSession(session="s0", mentors=(first, replace(second, pupils=("p2", "p9"))))
    return problem, replace(plan, sessions=(session,))


def seat() -> Broken:
    """All in s0, and p2 in s1 too; the judge counts the last seat listed, the second choice."""
    problem, plan = placed(group_data(), ALL, 6, shifts=(("m0", "s0"), ("m1", "s0")), choices=1)
    again = PlanSession(session="s1", mentors=(PlanMentor(id="m0", pupils=("p2",)),))
    hours = replace(plan.goals[5], value=3, bound=3)
    goals = (*plan.goals[:5], hours, *plan.goals[6:])
    certificate = replace(plan.certificate, choice_envy=0)
    return problem, replace(plan, sessions=(*plan.sessions, again), goals=goals, certificate=certificate)


def choice() -> Broken:
    data = group_data()
    data["pupils"][2]["choices"] = ["s1"]
    return placed(data, ALL, 6, shifts=(("m0", "s0"), ("m1", "s0")))


def distance() -> Broken:
    data = group_data()
    data["pupils"][2] |= {"max_travel_minutes": 5, "lat": 60.9}
    return placed(data, ALL, 6, shifts=(("m0", "s0"), ("m1", "s0")))


def level() -> Broken:
    data = group_data()
    data["mentors"][1]["levels"] = ["1P"]
    return placed(data, ALL, 6, shifts=(("m0", "s0"), ("m1", "s0")))


def ratio() -> Broken:
    return placed(group_data(), {**ONE, "p2": ("s0", "m0")}, 6)


def seats() -> Broken:
    data = group_data()
    data["sessions"][0]["seats"] = 2
    return placed(data, ALL, 6, shifts=(("m0", "s0"), ("m1", "s0")))


def min_mentors() -> Broken:
    data = group_data()
    data["sessions"][0]["min_mentors"] = 2
    return placed(data, ONE, 5)


def min_pupils() -> Broken:
    data = group_data()
    data["sessions"][0]["min_pupils"] = 3
    return placed(data, ONE, 5)


def mentor_session() -> Broken:
    data = group_data()
    data["mentors"][1]["sessions"] = ["s1"]
    return placed(data, ALL, 6, shifts=(("m0", "s0"), ("m1", "s0")))


BOTH_SESSIONS = {**ONE, "p2": ("s1", "m0")}


def mentor_max() -> Broken:
    data = group_data()
    data["mentors"][0]["max_sessions"] = 1
    return placed(data, BOTH_SESSIONS, 6, shifts=(("m0", "s0"), ("m0", "s1")), choices=1)


def mentor_overlap() -> Broken:
    data = group_data()
    data["sessions"][1] |= {"weekday": 1, "start": "18:30", "end": "20:00"}
    return placed(data, BOTH_SESSIONS, 6, shifts=(("m0", "s0"), ("m0", "s1")), choices=1)


def fixed() -> Broken:
    data = group_data()
    data["fixed"] = {"pupils": [{"pupil": "p2", "session": "s1"}]}
    return placed(data, ALL, 6, shifts=(("m0", "s0"), ("m1", "s0")))


def order() -> Broken:
    problem, plan = good()
    session = replace(plan.sessions[0], mentors=plan.sessions[0].mentors[::-1])
    return problem, replace(plan, sessions=(session,))


def unserved() -> Broken:
    problem, plan = placed(group_data(), ONE, 5)
    return problem, replace(plan, unserved=(replace(plan.unserved[0], ahead=1),))


def moved() -> Broken:
    """p0 sits in s0 and is said to have been moved to s1."""
    problem, plan = good()
    return problem, replace(plan, based_on="0" * 64, moved=(MovedPupil(id="p0", from_="s0", to="s1", cause="absent"),))


def passed_over() -> Broken:
    return placed(group_data(), {"p0": ("s0", "m0"), "p2": ("s0", "m0")}, 4)


def smallest_change() -> Broken:
    """p2 is told to choose a session that they chose."""
    problem, plan = placed(group_data(), ONE, 5)
    told = replace(plan.unserved[0], smallest_change={"kind": "session", "session": "s0"})
    return problem, replace(plan, unserved=(told,))


def bottlenecks() -> Broken:
    """One more mentor for one more pupil is told of a closed session."""
    problem, plan = placed(group_data(), ONE, 5)
    return problem, replace(plan, bottlenecks=(Bottleneck(session="s1", levels=("R1",), one_more_mentor_serves=1),))


def choice_envy() -> Broken:
    problem, plan = good()
    return problem, replace(plan, certificate=replace(plan.certificate, choice_envy=1))


def goals() -> Broken:
    """p0 sits in the second choice though p2 would make way: a false bound of `choices`."""
    seats = {"p0": ("s1", "m1"), "p1": ("s0", "m0"), "p2": ("s0", "m0")}
    return placed(group_data(), seats, 6, shifts=(("m0", "s0"), ("m1", "s1")), choices=1)


def status() -> Broken:
    problem, plan = good()
    return problem, replace(plan, status="unknown")


BROKEN: tuple[Callable[[], Broken], ...] = (
    wrong_problem, unknown, seat, choice, distance, level, ratio, seats, min_mentors, min_pupils, mentor_session,
    mentor_max, mentor_overlap, fixed, order, unserved, moved, passed_over, smallest_change, bottlenecks, choice_envy,
    goals, status,
)  # fmt: skip
