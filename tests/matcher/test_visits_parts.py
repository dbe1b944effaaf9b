"""Seasons that fall apart: the same optimum as in one piece, honest bounds when stopped, nothing joined that meets."""

from dataclasses import replace

import pytest

from matcher.check import check
from matcher.control import Progress, Settings, Stop, no_progress
from matcher.eligibility import RoleModelFacts
from matcher.plan import VisitPlan
from matcher.problem import FixedVisit, VisitProblem
from matcher.visits import parts
from matcher.visits.candidates import find_candidates, fixed_engagements, room
from matcher.visits.parts import parts_of
from matcher.visits.solve import solve
from tests.benchmarks.instances_visits import season


def island(seed: int) -> VisitProblem:
    """A small season whose ids and topics are its own; every request names a topic."""
    problem, mark = season(40, 30, seed, scarce=True), f"i{seed}-"
    return replace(
        problem,
        schools=tuple(replace(s, id=mark + s.id) for s in problem.schools),
        companies=tuple(replace(c, id=mark + c.id) for c in problem.companies),
        requests=tuple(
            replace(
                r,
                id=mark + r.id,
                school=mark + r.school,
                topics=tuple(mark + t for t in r.topics or ("topic-1",)),
                wishes=tuple(mark + t for t in r.wishes),
            )
            for r in problem.requests
        ),
        role_models=tuple(
            replace(
                p,
                id=mark + p.id,
                company=None if p.company is None else mark + p.company,
                topics=tuple(mark + t for t in p.topics),
            )
            for p in problem.role_models
        ),
    )


def islands(*seeds: int) -> VisitProblem:
    """Islands beside each other in one problem."""
    pieces = [island(seed) for seed in seeds]
    names = ("schools", "companies", "requests", "role_models")
    together = {name: tuple(item for piece in pieces for item in getattr(piece, name)) for name in names}
    return replace(pieces[0], **together)


def cut(problem: VisitProblem) -> list[VisitProblem]:
    facts = RoleModelFacts(problem)
    return parts_of(problem, *find_candidates(problem, facts, room(problem, fixed_engagements(problem))))


def solved(problem: VisitProblem, stop: Stop | None = None, workers: int = 2) -> VisitPlan:
    return solve(problem, stop=stop or Stop(), seed=1, settings=Settings(workers=workers), on_progress=no_progress)


def broken(problem: VisitProblem, plan: VisitPlan) -> set[str]:
    """Codes of what the judge finds, but for reasons, which are not given yet."""
    return {violation.code for violation in check(problem, plan)} - {"unserved"}


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "WORTH_A_PROCESS", 40)


def test_islands_are_parts_and_each_request_and_person_is_in_one() -> None:
    problem = islands(1, 2)
    pieces = cut(problem)
    assert len(pieces) >= 3
    for name in ("requests", "role_models"):
        ids = [item.id for piece in pieces for item in getattr(piece, name)]
        assert sorted(ids) == sorted(item.id for item in getattr(problem, name))


def part_of_each(pieces: list[VisitProblem], names: str) -> dict[str, int]:
    return {item.id: number for number, piece in enumerate(pieces) for item in getattr(piece, names)}


def test_requests_of_a_school_and_people_of_a_company_are_in_one_part() -> None:
    problem = islands(1, 2)
    pieces = cut(problem)
    requests, people = part_of_each(pieces, "requests"), part_of_each(pieces, "role_models")
    by_school = {(r.school, requests[r.id]) for r in problem.requests}
    by_company = {(p.company, people[p.id]) for p in problem.role_models if p.company is not None}
    assert len(by_school) == len({r.school for r in problem.requests})
    assert len(by_company) == len({p.company for p in problem.role_models if p.company is not None})


def test_fixed_visit_joins_the_parts_of_its_request_and_its_people() -> None:
    problem = islands(1, 2)
    first, second = cut(problem)[:2]
    visit = FixedVisit(request=first.requests[0].id, option=0, mode="digital", role_models=(second.role_models[0].id,))
    pieces = cut(replace(problem, fixed=(visit,)))
    assert part_of_each(pieces, "requests")[visit.request] == part_of_each(pieces, "role_models")[visit.role_models[0]]


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.long), 2])
def test_parts_reach_what_the_whole_reaches(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = islands(1, 2)
    plan = solved(problem, workers=workers)
    monkeypatch.setattr(parts, "WORTH_A_PROCESS", 10**9)
    whole = solved(problem)
    assert plan.goals == whole.goals
    assert plan.status == whole.status == "optimal"
    assert len(plan.unserved) == len(whole.unserved)
    assert broken(problem, plan) == set()


def test_stop_ends_all_parts_with_a_plan_and_true_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, stop, heard = islands(1, 2), Stop(), []

    def listen(progress: Progress) -> None:
        heard.append(progress)
        stop.request()

    plan = solve(problem, stop=stop, seed=1, settings=Settings(), on_progress=listen)
    assert heard
    assert broken(problem, plan) == set()
    assert len(plan.visits) > len(problem.requests) // 4
    monkeypatch.setattr(parts, "WORTH_A_PROCESS", 10**9)
    for goal, best in zip(plan.goals, solved(problem).goals, strict=True):
        assert goal.bound >= best.value if goal.sense == "max" else goal.bound <= best.value
        if goal.value != best.value:
            break


def test_bounds_after_a_gap_are_those_of_no_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = islands(1, 2)
    plan = solved(problem, Stop(0))
    proven = [goal.gap == 0 for goal in plan.goals]
    assert not all(proven)
    monkeypatch.setattr(parts, "WORTH_A_PROCESS", 10**9)
    first_gap = proven.index(False)
    asked: list[int] = []

    def plain(number: int) -> int:
        asked.append(number)
        return -1

    pieces = [solved(piece, Stop(0)) for piece in cut(problem)]
    together = parts.joined(problem, pieces, plain)
    assert asked == list(range(first_gap + 1, len(plan.goals)))
    assert all(goal.bound == -1 for goal in together.goals[first_gap + 1 :])


def test_child_that_dies_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts.sys, "executable", "/bin/false")
    with pytest.raises(RuntimeError, match="ended by itself"):
        solved(islands(1, 2))
