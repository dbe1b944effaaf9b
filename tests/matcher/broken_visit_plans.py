"""For each rule code of visits a problem and a plan broken in that rule alone; a function is named after its code."""

from collections.abc import Callable
from dataclasses import replace

from matcher.plan import AssignedRoleModel, DroppedVisit, Held, VisitPlan
from matcher.problem import VisitProblem
from tests.matcher.plans import visit_plan
from tests.matcher.small_problems import Data, held, lesson, visit_data, visits

Broken = tuple[VisitProblem, VisitPlan]


def good() -> Broken:
    """Both requests by r0: nothing is broken."""
    problem = visits(visit_data())
    return problem, visit_plan(problem, [held(problem, "q0", "r0"), held(problem, "q1", "r0")])


def r0_takes_q0(data: Data) -> Broken:
    problem = visits(data)
    return problem, visit_plan(problem, [held(problem, "q0", "r0")])


def r0_takes_both(data: Data, mode: str = "physical") -> Broken:
    problem = visits(data)
    return problem, visit_plan(problem, [held(problem, q, "r0", mode=mode) for q in ("q0", "q1")])


def wrong_problem() -> Broken:
    problem, plan = good()
    return problem, replace(plan, problem_sha256="0" * 64)


def unknown() -> Broken:
    problem, plan = good()
    last = plan.visits[-1]
    return problem, replace(plan, visits=(*plan.visits, replace(last, request="q9")))


def count() -> Broken:
    problem = visits(visit_data())
    return problem, visit_plan(problem, [held(problem, "q0", "r0", "r1")])


def option() -> Broken:
    problem, plan = good()
    first, second = plan.visits
    return problem, replace(plan, visits=(replace(first, end=first.end.replace(hour=15)), second))


def mode() -> Broken:
    problem = visits(visit_data())
    return problem, visit_plan(problem, [held(problem, "q0", "r0", mode="digital")])


def topic() -> Broken:
    data = visit_data()
    data["role_models"][0]["topics"] = ["health"]
    return r0_takes_q0(data)


def grade() -> Broken:
    data = visit_data()
    data["requests"][0]["grade"] = 7
    return r0_takes_q0(data)


def distance() -> Broken:
    data = visit_data()
    data["role_models"][0] |= {"lat": 63.4, "lon": 10.4}
    return r0_takes_q0(data)


def free() -> Broken:
    data = visit_data()
    data["role_models"][0]["free"] = [lesson(18, "08:00", "09:00"), lesson(18, "09:00", "16:00")]
    return r0_takes_q0(data)


def lessons() -> Broken:
    data = visit_data()
    data["requests"][0]["options"][0]["lessons"].append(lesson(18, "09:20", "10:05"))
    data["role_models"][0]["max_lessons"] = 1
    return r0_takes_q0(data)


def reserved() -> Broken:
    data = visit_data()
    data["role_models"][0]["reserved"] = [{"municipalities": ["5001"], "from": "2027-01-18", "to": "2027-01-18"}]
    return r0_takes_q0(data)


def refused() -> Broken:
    data = visit_data()
    data["refused"] = [{"role_model": "r0", "school": "s0", "start": "2027-01-18T08:30"}]
    return r0_takes_q0(data)


def day() -> Broken:
    data = visit_data()
    data["requests"][1]["options"] = [{"lessons": [lesson(18, "12:30", "13:15")]}]
    data["role_models"][0]["max_per_day"] = 1
    return r0_takes_both(data)


def week() -> Broken:
    data = visit_data()
    data["role_models"][0]["max_per_week"] = 1
    return r0_takes_both(data)


def term() -> Broken:
    data = visit_data()
    data["role_models"][0]["max_per_term"] = 1
    return r0_takes_both(data)


def quota() -> Broken:
    data = visit_data()
    data["companies"][0]["quota"] = 1
    return r0_takes_both(data)


def overlap() -> Broken:
    data = visit_data()
    data["requests"][1]["options"] = [{"lessons": [lesson(18, "09:00", "09:45")]}]
    for request in data["requests"]:
        request["mode"] = "digital"
    return r0_takes_both(data, mode="digital")


def travel() -> Broken:
    data = visit_data()
    data["requests"][1]["options"] = [{"lessons": [lesson(18, "09:15", "10:00")]}]
    return r0_takes_both(data)


def fixed() -> Broken:
    data = visit_data()
    data["fixed"] = [{"request": "q0", "option": 0, "mode": "physical", "role_models": ["r1"]}]
    return r0_takes_q0(data)


def minutes() -> Broken:
    problem, plan = good()
    first, second = plan.visits
    later = replace(first, role_models=(AssignedRoleModel(id="r0", travel_minutes=59),))
    return problem, replace(plan, visits=(later, second))


def order() -> Broken:
    problem, plan = good()
    return problem, replace(plan, visits=plan.visits[::-1])


def unserved() -> Broken:
    problem, plan = r0_takes_q0(visit_data())
    return problem, replace(plan, unserved=())


def moved() -> Broken:
    """The request of the first visit is said to have been dropped."""
    problem, plan = good()
    visit = plan.visits[0]
    was = Held(option=visit.option, start=visit.start, mode=visit.mode, role_models=("r1",))
    return problem, replace(
        plan, based_on="0" * 64, dropped=(DroppedVisit(id=visit.request, from_=was, cause="refused"),)
    )


def smallest_change() -> Broken:
    """q1 asks for one role model and is told to ask for one fewer."""
    problem, plan = r0_takes_q0(visit_data())
    told = replace(plan.unserved[0], smallest_change={"kind": "fewer_role_models"})
    return problem, replace(plan, unserved=(told,))


def goals() -> Broken:
    problem, plan = good()
    better = replace(plan.goals[4], value=3, bound=3)
    return problem, replace(plan, goals=(*plan.goals[:4], better, *plan.goals[5:]))


def status() -> Broken:
    problem, plan = good()
    return problem, replace(plan, status="unknown")


BROKEN: tuple[Callable[[], Broken], ...] = (
    wrong_problem, unknown, count, option, mode, topic, grade, distance, free, lessons, reserved, refused, day, week,
    term, quota, overlap, travel, fixed, minutes, order, unserved, moved, smallest_change, goals, status,
)  # fmt: skip
