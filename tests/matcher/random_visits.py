"""Small random visit problems with every feature of the format, from a seed."""

import random
from datetime import date, datetime, time, timedelta
from typing import Any

from matcher.problem import (
    Company,
    FixedVisit,
    Interval,
    Lesson,
    Matrix,
    Option,
    Refusal,
    Request,
    Reservation,
    RoleModel,
    School,
    Travel,
    VisitProblem,
)
from tests.matcher.brute_force_visits import VisitEnumeration

TODAY = date(2026, 11, 2)
DATES = (date(2027, 1, 18), date(2027, 1, 19), date(2027, 1, 25))
STARTS = (time(8, 30), time(9, 30), time(10, 30), time(12, 0))
TOPICS = ("energy", "health", "code")
TOWNS = ("0301", "5001")
MOST_PLANS = 5000


def random_visit_problem(seed: int) -> VisitProblem:
    """A problem of 3 to 6 requests and 3 to 5 role models whose plans can all be enumerated."""
    fewest = 1 if seed % 8 == 0 else 100
    for attempt in range(1000):
        problem = _problem(random.Random(f"visits-{seed}-{attempt}"))
        if fewest <= VisitEnumeration(problem).size <= MOST_PLANS:
            return problem
    raise AssertionError(f"no small problem for seed {seed}")


def busy_day(seed: int) -> VisitProblem:
    """Five requests on one date for two role models who could take each of them, but not all of them in time."""
    problem, rng = random_visit_problem(seed), random.Random(f"busy-{seed}")
    day = DATES[0]
    people = tuple(
        RoleModel(
            id=f"r{i}",
            lat=59.9,
            lon=10.7,
            grades=(1, 13),
            modes=("physical", "digital"),
            max_travel_minutes=90,
            free=(Interval(start=datetime.combine(day, time(7)), end=datetime.combine(day, time(20))),),
            max_per_day=3,
            max_per_week=3,
        )
        for i in range(2)
    )
    starts = [time(hour, minute) for hour in range(8, 17) for minute in (0, 15, 30, 45)]
    requests = tuple(
        Request(
            id=f"q{i}",
            school=rng.choice(problem.schools).id,
            grade=9,
            mode=rng.choice(("physical", "physical", "either", "digital")),
            options=tuple(_option(rng, day, start) for start in rng.sample(starts, rng.choice((1, 2)))),
            submitted=TODAY,
        )
        for i in range(5)
    )
    return VisitProblem(
        today=TODAY,
        travel=Travel(matrix=_matrix(rng, people, problem.schools)),
        schools=problem.schools,
        companies=(),
        requests=requests,
        role_models=people,
    )


def _problem(rng: random.Random) -> VisitProblem:
    schools = tuple(
        School(
            id=f"s{i}",
            lat=round(59.9 + rng.uniform(0, 0.25), 4),
            lon=round(10.7 + rng.uniform(0, 0.3), 4),
            municipality=rng.choice(TOWNS),
            visits_last_12_months=rng.choice((0, 0, 1)),
        )
        for i in range(rng.randint(2, 4))
    )
    companies = tuple(Company(id=f"c{i}", quota=rng.choice((None, 0, 1, 2))) for i in range(rng.randint(0, 2)))
    people = tuple(_role_model(rng, i, companies) for i in range(rng.randint(3, 5)))
    requests = tuple(_request(rng, i, schools) for i in range(rng.randint(3, 6)))
    return VisitProblem(
        today=TODAY,
        travel=Travel(matrix=_matrix(rng, people, schools) if rng.random() < 0.25 else None),
        schools=schools,
        companies=companies,
        requests=requests,
        role_models=people,
        refused=tuple(_refusal(rng, requests, people) for _ in range(rng.choice((0, 0, 1, 3)))),
        fixed=_fixed(rng, requests, people) if rng.random() < 0.35 else (),
    )


def _role_model(rng: random.Random, i: int, companies: tuple[Company, ...]) -> RoleModel:
    free = []
    for day in DATES:
        if rng.random() < 0.8:
            begin, end = rng.choice(((8, 16), (8, 11), (10, 16)))
            free.append(Interval(start=datetime.combine(day, time(begin)), end=datetime.combine(day, time(end))))
    reserved = []
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        first = rng.choice(DATES)
        last = first + timedelta(days=rng.choice((0, 1)))
        reserved.append(Reservation(municipalities=(rng.choice(TOWNS),), from_=first, to=last))
    return RoleModel(
        id=f"r{i}",
        company=rng.choice((None, *(company.id for company in companies))),
        lat=round(59.9 + rng.uniform(0, 0.25), 4),
        lon=round(10.7 + rng.uniform(0, 0.3), 4),
        topics=tuple(rng.sample(TOPICS, rng.randint(1, 3))),
        grades=rng.choice(((1, 13), (8, 13), (5, 10))),
        modes=rng.choice((("physical",), ("digital",), ("physical", "digital"))),
        max_travel_minutes=rng.choice((20, 40, 90)),
        free=tuple(free),
        max_lessons=rng.choice((1, 3, 3)),
        max_per_day=rng.choice((1, 1, 2, 3)),
        max_per_week=rng.choice((1, 2, 3)),
        max_per_term=rng.choice((0, 1, 2, 4, 6)),
        reserved=tuple(reserved),
    )


def _request(rng: random.Random, i: int, schools: tuple[School, ...]) -> Request:
    times = rng.sample([(day, start) for day in DATES for start in STARTS], rng.choice((1, 1, 2)))
    return Request(
        id=f"q{i}",
        school=rng.choice(schools).id,
        grade=rng.choice((7, 9, 11)),
        classes=rng.choice((1, 1, 2)),
        topics=tuple(rng.sample(TOPICS, rng.choice((0, 1, 2)))),
        wishes=tuple(rng.sample(TOPICS, rng.choice((0, 1, 2)))),
        mode=rng.choice(("physical", "physical", "digital", "either")),
        prefers=rng.choice(("physical", "digital")),
        role_models=rng.choice((1, 1, 1, 2)),
        options=tuple(_option(rng, day, start) for day, start in times),
        priority=rng.random() < 0.2,
        submitted=TODAY - timedelta(days=rng.choice((-2, 0, 10, 30))),
    )


def _option(rng: random.Random, day: date, start: time) -> Option:
    begin = datetime.combine(day, start)
    return Option(
        lessons=tuple(
            Lesson(start=begin + timedelta(minutes=55 * k), end=begin + timedelta(minutes=55 * k + 45))
            for k in range(rng.choice((1, 1, 2)))
        )
    )


def _matrix(rng: random.Random, people: tuple[RoleModel, ...], schools: tuple[School, ...]) -> Matrix:
    places = [f"role_model:{p.id}" for p in people] + [f"school:{s.id}" for s in schools]
    return Matrix(
        places=tuple(places),
        minutes=tuple(tuple(0 if a == b else rng.choice((5, 15, 30, 60)) for b in places) for a in places),
    )


def _refusal(rng: random.Random, requests: tuple[Request, ...], people: tuple[RoleModel, ...]) -> Refusal:
    request = rng.choice(requests)
    given: dict[str, Any] = {
        "request": request.id,
        "school": request.school,
        "start": request.options[0].lessons[0].start,
    }
    kept = rng.sample(sorted(given), rng.randint(1, 3))
    return Refusal(role_model=rng.choice(people).id, **{key: given[key] for key in kept})


def _fixed(rng: random.Random, requests: tuple[Request, ...], people: tuple[RoleModel, ...]) -> tuple[FixedVisit, ...]:
    return tuple(
        FixedVisit(
            request=request.id,
            option=rng.randrange(len(request.options)),
            mode=rng.choice(("physical", "digital")),
            role_models=tuple(p.id for p in rng.sample(people, rng.choice((1, 1, 2)))),
        )
        for request in rng.sample(requests, rng.choice((1, 2)))
    )
