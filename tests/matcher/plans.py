"""Plans for tests, put together by hand from who goes where; the judge has no part in them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from matcher.plan import (
    AssignedRoleModel,
    Certificate,
    Goal,
    GroupPlan,
    PlanMentor,
    PlanSession,
    Status,
    UnservedPupil,
    UnservedRequest,
    Visit,
    VisitPlan,
)
from matcher.problem import GroupProblem, VisitProblem, problem_sha256
from tests.matcher.brute_force_groups import GroupEnumeration, Roster
from tests.matcher.brute_force_visits import GOALS, Held, VisitEnumeration

Vector = Sequence[int]


def goals_of(goals: Iterable[tuple[str, str]], values: Vector, bounds: Vector) -> tuple[Goal, ...]:
    """Goals with these values and bounds."""
    rows = zip(goals, values, bounds, strict=True)
    return tuple(Goal(name=name, sense=sense, value=value, bound=bound) for (name, sense), value, bound in rows)


def certificate(goals: Iterable[Goal], passed_over: int | None = None, choice_envy: int | None = None) -> Certificate:
    """A certificate that claims branch and bound for every goal."""
    return Certificate(
        bound_source={goal.name: "branch_and_bound" for goal in goals},
        seconds=0.0,
        seed=1,
        settings={},
        versions={},
        passed_over=passed_over,
        choice_envy=choice_envy,
    )


def visit_plan(
    problem: VisitProblem, held: Sequence[Held], bounds: Vector | None = None, status: Status = "optimal"
) -> VisitPlan:
    """The plan that holds these visits; without bounds each is the value."""
    enumeration = VisitEnumeration(problem)
    values = enumeration.values(held)
    goals = goals_of(GOALS, values, values if bounds is None else bounds)
    visits = tuple(
        Visit(
            request=h.request.id,
            option=h.option,
            start=h.start,
            end=h.end,
            mode=h.mode,
            role_models=tuple(
                AssignedRoleModel(
                    id=person,
                    travel_minutes=enumeration.minutes_home(enumeration.people[person], h.request.school)
                    if h.mode == "physical"
                    else 0,
                )
                for person in h.people
            ),
        )
        for h in sorted(held, key=lambda h: (h.start, h.request.id))
    )
    served = {h.request.id for h in held}
    return VisitPlan(
        problem_sha256=problem_sha256(problem),
        status=status,
        visits=visits,
        goals=goals,
        unserved=tuple(UnservedRequest(request=r.id, reasons=()) for r in problem.requests if r.id not in served),
        certificate=certificate(goals),
    )


def group_plan(
    problem: GroupProblem,
    roster: Roster,
    seats: Mapping[str, tuple[str, str]],
    values: Vector,
    bounds: Vector | None = None,
    status: Status = "optimal",
) -> GroupPlan:
    """The plan with this roster and these seats, pupil → (session, mentor); `values` are those of all its goals."""
    enumeration = GroupEnumeration(problem)
    names = (*enumeration.goals, ("choices", "min"), ("continuity", "max"))
    goals = goals_of(names, values, values if bounds is None else bounds)
    pupils = defaultdict(list)
    for pupil, (session, mentor) in sorted(seats.items()):
        pupils[mentor, session].append(pupil)
    sessions = tuple(
        PlanSession(
            session=session,
            mentors=tuple(PlanMentor(id=m, pupils=tuple(pupils[m, s])) for m, s in sorted(roster) if s == session),
        )
        for session in sorted({session for _, session in roster})
    )
    unserved = [pupil for pupil in enumeration.queue if pupil.id not in seats]
    return GroupPlan(
        problem_sha256=problem_sha256(problem),
        status=status,
        sessions=sessions,
        goals=goals,
        unserved=tuple(
            UnservedPupil(
                pupil=pupil.id,
                ahead=sum(
                    not set(enumeration.eligible[pupil.id]).isdisjoint(enumeration.eligible[other.id])
                    for other in unserved[:n]
                ),
                reasons=(),
            )
            for n, pupil in enumerate(unserved)
        ),
        certificate=certificate(goals, passed_over=0, choice_envy=choice_envy(enumeration, seats)),
    )


def choice_envy(enumeration: GroupEnumeration, seats: Mapping[str, tuple[str, str]]) -> int:
    """How many served pupils prefer a session where somebody behind them has a seat they could take."""
    free = [pupil for pupil in enumeration.queue if pupil.id in seats and pupil.id not in enumeration.fixed_seats]
    envious = 0
    for n, pupil in enumerate(free):
        session = seats[pupil.id][0]
        better = pupil.choices[: pupil.choices.index(session)] if session in pupil.choices else ()
        envious += any(
            seats[other.id][0] in better
            and seats[other.id][0] in enumeration.eligible[pupil.id]
            and pupil.level in enumeration.mentors[seats[other.id][1]].levels
            for other in free[n + 1 :]
        )
    return envious
