"""The next best is the optimum of the season with one request open: held against the solver and against all pairs."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Mode, RequestMode, RequestState, TopicUse
from api.models.companies import Company
from api.models.places import School
from api.models.programmes import Topic
from api.models.role_models import RoleModel
from api.models.visits import Request, RequestTopic
from api.services.follow_up.candidates import Around, Candidate, Standing, best_for, candidates_for
from matcher.check import check
from matcher.check_visits import VisitFacts, recount
from matcher.control import Settings
from matcher.plan import AssignedRoleModel, Goal, UnservedRequest, VisitPlan
from matcher.plan import Visit as PlannedVisit
from matcher.problem import VisitProblem, problem_sha256
from matcher.solve import solve
from tests import factories as make
from tests.api.services.follow_up import live

TODAY = make.MONDAY - timedelta(weeks=3)
SEEDS = range(4)


def random_season(session: Session, seed: int, role_models: int) -> tuple[Request, Standing]:
    """A few live visits and one open request that asks for so many people, drawn from the seed."""
    draw = random.Random(seed)
    rules = make.make_rule_version(session)
    season = make.make_season(session)
    topics = [make.make_topic(session) for _ in range(3)]
    companies = [make.make_company(session, quota=draw.choice([None, 1, 2])) for _ in range(2)]
    schools = [make.make_school(session, lat=59.91 + draw.random() / 4, lon=10.75) for _ in range(3)]
    people = [_person(session, draw, topics, companies) for _ in range(7)]
    for number in range(4):
        request = _request(session, draw, season.id, rules.programme_id, schools, topics, 1, number % 3)
        found = best_for(session, request, around=Around.read(session, request, today=TODAY))
        if found is not None:
            _hold(session, request, found, people)
    target = _request(session, draw, season.id, rules.programme_id, schools, topics, role_models, 0, options=3)
    session.expire_all()
    return target, Standing.read(session, season.id, rules.programme_id, today=TODAY)


def _person(session: Session, draw: random.Random, topics: list[Topic], companies: list[Company]) -> RoleModel:
    return make.make_role_model(
        session,
        company_id=draw.choice([None, *(company.id for company in companies)]),
        topics=draw.sample(topics, draw.randint(1, 2)),
        digital=draw.random() < 0.5,
        lat=59.91 + draw.random() / 4,
        max_per_day=draw.randint(1, 2),
        max_per_week=draw.randint(1, 2),
        max_per_term=draw.randint(1, 3),
    )


def _request(
    session: Session,
    draw: random.Random,
    season: str,
    programme: str,
    schools: list[School],
    topics: list[Topic],
    role_models: int,
    day: int,
    options: int = 1,
) -> Request:
    request = make.make_request(
        session,
        starts=tuple(make.MORNING + timedelta(days=day + n, hours=draw.randint(0, 3)) for n in range(options)),
        season_id=season,
        programme_id=programme,
        school_id=draw.choice(schools).id,
        mode=draw.choice([RequestMode.EITHER, RequestMode.PHYSICAL]),
        role_models=role_models,
    )
    wished, needed = draw.sample(topics, 2)
    request.topics = [RequestTopic(topic_id=wished.id, use=TopicUse.WISHED)]
    if draw.random() < 0.4:
        request.topics.append(RequestTopic(topic_id=needed.id, use=TopicUse.NEEDED))
    session.flush()
    return request


def _hold(session: Session, request: Request, found: Candidate, people: list[RoleModel]) -> None:
    by_id = {person.id: person for person in people}
    members = [by_id[one.role_model_id] for one in found.people]
    visit = make.make_visit(session, *members, request=request, mode=found.mode)
    request.state = RequestState.VISIT
    for person in members:
        make.make_booking(
            session, person_id=person.person_id, visit_id=visit.id, starts_at=visit.starts_at, ends_at=visit.ends_at
        )


def whole_plan(problem: VisitProblem, target: Request, found: Candidate | None) -> VisitPlan:
    """The fixed visits and the one that was found."""
    free = live.plan_of_fixed(problem)
    visits = list(free.visits)
    if found is not None:
        start = clock.to_local(found.starts_at)
        request = next(one for one in problem.requests if one.id == target.id)
        option = next(n for n, one in enumerate(request.options) if one.lessons[0].start == start)
        members = tuple(
            AssignedRoleModel(id=one.role_model_id, travel_minutes=one.travel_minutes) for one in found.people
        )
        visits.append(
            PlannedVisit(
                request=target.id,
                option=option,
                start=start,
                end=clock.to_local(found.ends_at),
                mode=found.mode.value,
                role_models=members,
            )
        )
    served = {one.request for one in visits}
    plan = replace(
        free,
        problem_sha256=problem_sha256(problem),
        visits=tuple(sorted(visits, key=lambda one: (one.start, one.request))),
        unserved=tuple(UnservedRequest(request=one.id, reasons=()) for one in problem.requests if one.id not in served),
    )
    goals = tuple(
        Goal(name=one.name, sense=one.sense, value=one.value, bound=one.value)
        for one in recount(VisitFacts(problem, plan))
    )
    return replace(plan, goals=goals)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("role_models", [1, 2])
def test_best_is_what_the_solver_finds_with_everything_else_fixed(
    session: Session, seed: int, role_models: int
) -> None:
    target, standing = random_season(session, seed, role_models)
    problem = standing.problem
    found = best_for(session, target, around=Around(session, target, standing))
    ours = whole_plan(problem, target, found)
    assert check(problem, ours) == []
    best = solve(problem, settings=Settings(workers=1))
    assert [(goal.name, goal.value) for goal in ours.goals] == [(goal.name, goal.value) for goal in best.goals]
    assert best.status == "optimal"


@pytest.mark.parametrize("seed", [1, 2, 3, 6])
def test_best_beside_somebody_who_stays_is_the_best_of_all_pairs(session: Session, seed: int) -> None:
    target, standing = random_season(session, seed, 2)
    around = Around(session, target, standing)
    first = best_for(session, target, around=around)
    assert first is not None
    stays = first.people[-1].role_model_id
    found = best_for(session, target, keep=(stays,), options={first.option_id or ""}, mode=first.mode, around=around)
    assert found is not None
    case = around.case(first.option_id, first.lessons, first.mode)
    assert case is not None
    pairs = []
    for other in case.everyone.values():
        if other.role_model_id != stays:
            both = tuple(sorted((case.everyone[stays], other), key=lambda one: one.role_model_id))
            plan = whole_plan(standing.problem, target, replace(found, people=both))
            if not check(standing.problem, plan):
                pairs.append([goal.value if goal.sense == "max" else -goal.value for goal in plan.goals])
    ours = whole_plan(standing.problem, target, found)
    assert [goal.value if goal.sense == "max" else -goal.value for goal in ours.goals] == max(pairs)


def test_whoever_could_come_is_listed_best_first_and_nobody_else(session: Session) -> None:
    target, standing = random_season(session, 3, 1)
    around = Around(session, target, standing)
    listed = candidates_for(session, target, around=around)
    assert listed[0] == best_for(session, target, around=around)
    assert [one.worth for one in listed] == sorted((one.worth for one in listed), reverse=True)
    for one in listed:
        assert check(standing.problem, whole_plan(standing.problem, target, one)) == []


def test_other_times_and_modes_can_be_asked_for(session: Session) -> None:
    target, standing = random_season(session, 5, 1)
    around = Around(session, target, standing)
    later = [
        tuple((lesson.starts_at + timedelta(weeks=1), lesson.ends_at + timedelta(weeks=1)) for lesson in o.lessons)
        for o in target.options
    ]
    found = candidates_for(session, target, times=later, mode=Mode.DIGITAL, any_topic=True, around=around)
    assert found
    assert {one.mode for one in found} == {Mode.DIGITAL}
    assert {one.option_id for one in found} == {None}
    sunday = [((make.MORNING - timedelta(days=1), make.MORNING - timedelta(days=1) + make.LESSON),)]
    assert candidates_for(session, target, times=sunday, around=around) == []
