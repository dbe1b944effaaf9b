"""What a draft is told before it is sent: who could come, who is free, and whether it could be served now."""

import random
from dataclasses import replace

import pytest

from matcher.chance_visits import ENOUGH, Chances, History
from matcher.problem import Refusal, Request, VisitProblem
from tests.benchmarks.instances_visits import season
from tests.matcher import brute_force_changes as brute_force
from tests.matcher.brute_force_visits import Held, VisitEnumeration
from tests.matcher.plans import visit_plan
from tests.matcher.small_problems import held, visit_data, visits


def draft_and_rest(seed: int) -> tuple[Request, VisitProblem, list[Held]]:
    """One request of a crowded problem as the draft, the problem without it, and a plan for that."""
    rng = random.Random(seed)
    problem = brute_force.crowded_problem(seed)
    fixed = {visit.request for visit in problem.fixed}
    draft = rng.choice([request for request in problem.requests if request.id not in fixed])
    refused = tuple(refusal for refusal in problem.refused if refusal.request != draft.id)
    rest = tuple(request for request in problem.requests if request is not draft)
    problem = replace(problem, requests=rest, refused=refused)
    return draft, problem, brute_force.some_plan(problem, rng)


def check_draft(seed: int) -> str:
    """Compare what the draft is told with enumeration; returns the answer for now."""
    draft, problem, plan = draft_and_rest(seed)
    barred = [person.id for person in problem.role_models[: seed % 3]]
    told = Chances(problem, visit_plan(problem, plan)).of(draft, barred)
    refused = (*problem.refused, *(Refusal(role_model=name, request=draft.id) for name in barred))
    enumeration = VisitEnumeration(replace(problem, requests=(*problem.requests, draft), refused=refused))
    alone = VisitEnumeration(
        replace(problem, requests=(*problem.requests, replace(draft, role_models=1)), refused=refused)
    )
    single = next(r for r in alone.problem.requests if r.id == draft.id)
    for option in told.options:
        may = [new for new in alone.candidates_of(single) if (new.option, new.mode) == (option.option, option.mode)]
        assert option.could_come == len(may)
        assert option.free == sum(alone.fits(new, plan) for new in may)
    at_once = any(enumeration.fits(new, plan) for new in enumeration.candidates_of(draft))
    assert at_once == (told.now == "at_once")
    wanted = {visit.request.id for visit in plan} | {draft.id}
    possible = brute_force.can_serve(enumeration.problem, wanted)
    assert told.now == "perhaps" or possible == (told.now != "no")
    return told.now


@pytest.mark.parametrize("seed", range(25))
def test_what_a_draft_is_told_agrees_with_enumeration(seed: int) -> None:
    check_draft(seed)


def test_share_is_that_of_last_years_requests_alike() -> None:
    last_year = season(60, 20, 1, scarce=True)
    problem = season(60, 20, 2, scarce=True)
    empty = visit_plan(problem, [])
    served = visit_plan(last_year, [])
    history = History(last_year, served)
    answers = [Chances(problem, empty, history).of(replace(problem.requests[n], id=f"draft{n}")) for n in range(5)]
    assert all(answer.share == 0 and answer.like >= ENOUGH for answer in answers)


def test_easier_requests_had_the_better_chance() -> None:
    """Last year's requests with nobody able were not served, those with many were: a draft is told of its like."""
    data = visit_data()
    asked, people = data["requests"][0], data["role_models"][0]
    hard = [asked | {"id": f"hard{n}", "topics": ["code"]} for n in range(ENOUGH)]
    easy = [asked | {"id": f"easy{n}"} for n in range(ENOUGH)]
    crowd = [people | {"id": f"r{n}", "company": None} for n in range(ENOUGH)]
    last_year = visits(data | {"requests": hard + easy, "role_models": crowd})
    history = History(last_year, visit_plan(last_year, [held(last_year, f"easy{n}", f"r{n}") for n in range(ENOUGH)]))
    problem = visits(data)
    chances = Chances(problem, visit_plan(problem, []), history)
    draft = replace(problem.requests[0], id="draft")
    assert chances.of(draft).share == 1.0
    assert chances.of(replace(draft, topics=("code",))).share == 0.0


def test_without_last_year_or_with_too_few_requests_the_share_is_not_known_yet() -> None:
    problem = visits(visit_data())
    plan = visit_plan(problem, [held(problem, "q0", "r0")])
    draft = replace(problem.requests[0], id="draft")
    told = Chances(problem, plan).of(draft)
    assert (told.share, told.like) == (None, 0)
    assert Chances(problem, plan, History(problem, plan)).of(draft).share is None


def test_draft_of_a_school_that_the_problem_does_not_have_is_a_key_error() -> None:
    problem = visits(visit_data())
    with pytest.raises(KeyError):
        Chances(problem, visit_plan(problem, [])).of(replace(problem.requests[0], school="elsewhere"))
