"""Synthetic national seasons of visits: seeded, one connected component, ample or scarce supply.

At 2,000 requests and 1,500 role models there are some 230,000 candidates (request, option, mode, role model).
"""

import random
from datetime import date, datetime, time, timedelta

from matcher.problem import (
    Company,
    Interval,
    Lesson,
    Option,
    Request,
    Reservation,
    RoleModel,
    School,
    VisitProblem,
)

TODAY = date(2026, 11, 2)
FIRST_MONDAY = date(2027, 1, 18)
WEEKS = 12
TOPICS = tuple(f"topic-{n}" for n in range(12))
LESSON_STARTS = (time(8, 30), time(9, 25), time(10, 30), time(11, 25), time(12, 30), time(13, 25))
TOWNS = (
    (59.91, 10.75), (59.74, 10.20), (59.22, 10.93), (59.27, 10.41), (59.13, 9.66), (58.15, 8.00), (58.46, 8.77),
    (58.97, 5.73), (59.41, 5.27), (60.39, 5.32), (62.47, 6.15), (63.43, 10.40), (60.79, 11.07), (60.80, 10.69),
    (61.12, 10.47), (64.01, 11.49), (67.28, 14.40), (68.44, 17.43), (69.65, 18.96), (59.67, 9.65),
)  # fmt: skip


def season(requests: int, role_models: int, seed: int, *, scarce: bool = False) -> VisitProblem:
    """A season of this size; `scarce` leaves most role models one visit a term, so that many requests go unserved."""
    rng = random.Random(f"{requests}-{role_models}-{seed}-{scarce}")
    schools = [_school(rng, n) for n in range(max(1, requests * 2 // 3))]
    companies = [Company(id=f"c{n}", quota=rng.choice((None, 6, 12))) for n in range(max(1, role_models // 12))]
    reach = max(1.0, 1500 / role_models)
    return VisitProblem(
        today=TODAY,
        schools=tuple(schools),
        companies=tuple(companies),
        requests=tuple(_request(rng, n, schools) for n in range(requests)),
        role_models=tuple(_role_model(rng, n, companies, scarce=scarce, reach=reach) for n in range(role_models)),
    )


def _near_a_town(rng: random.Random) -> tuple[float, float, int]:
    town = min(int(rng.expovariate(0.22)), len(TOWNS) - 1)
    lat, lon = TOWNS[town]
    return round(lat + rng.gauss(0, 0.10), 5), round(lon + rng.gauss(0, 0.18), 5), town


def _school(rng: random.Random, n: int) -> School:
    lat, lon, town = _near_a_town(rng)
    return School(
        id=f"s{n}", lat=lat, lon=lon, municipality=f"m{town}", visits_last_12_months=rng.choice((0, 0, 0, 1, 2))
    )


def _request(rng: random.Random, n: int, schools: list[School]) -> Request:
    topics = rng.sample(TOPICS, rng.choice((0, 2, 3, 4)))
    options = [_option(rng) for _ in range(rng.choice((1, 2, 2, 3)))]
    by_start = {option.lessons[0].start: option for option in options}
    return Request(
        id=f"q{n}",
        school=rng.choice(schools).id,
        grade=rng.randint(8, 13),
        classes=rng.choice((1, 1, 1, 2, 2, 3)),
        topics=tuple(topics),
        wishes=tuple(rng.sample(topics, min(len(topics), rng.choice((0, 1, 2))))),
        mode=rng.choice(("physical",) * 7 + ("either",) * 2 + ("digital",)),
        prefers=rng.choice(("physical", "physical", "digital")),
        role_models=rng.choice((1,) * 9 + (2,)),
        options=tuple(by_start[start] for start in sorted(by_start)),
        priority=rng.random() < 0.03,
        submitted=TODAY - timedelta(days=rng.randint(0, 60)),
    )


def _option(rng: random.Random) -> Option:
    day = FIRST_MONDAY + timedelta(weeks=rng.randrange(WEEKS), days=rng.randrange(5))
    first = rng.randrange(len(LESSON_STARTS))
    starts = LESSON_STARTS[first : first + rng.choice((1, 1, 2, 3))]
    lessons = [datetime.combine(day, start) for start in starts]
    return Option(lessons=tuple(Lesson(start=start, end=start + timedelta(minutes=45)) for start in lessons))


def _role_model(rng: random.Random, n: int, companies: list[Company], *, scarce: bool, reach: float) -> RoleModel:
    lat, lon, town = _near_a_town(rng)
    agreement = rng.random() < 0.15
    lowest = rng.choice((8, 8, 8, 10, 11))
    week = FIRST_MONDAY + timedelta(weeks=rng.randrange(WEEKS))
    reserved = Reservation(municipalities=(f"m{town}",), **{"from": week}, to=week + timedelta(days=4))
    return RoleModel(
        id=f"r{n}",
        company=rng.choice(companies).id if agreement or rng.random() < 0.5 else None,
        lat=lat,
        lon=lon,
        topics=tuple(rng.sample(TOPICS, rng.randint(3, 7))),
        grades=(lowest, 13 if lowest > 8 else rng.choice((10, 13, 13))),
        modes=rng.choice((("physical",), ("physical",), ("physical", "digital"), ("digital",))),
        max_travel_minutes=int(rng.choice((20, 30, 40, 45, 60)) * reach**0.5),
        free=tuple(_free_times(rng)),
        max_lessons=rng.choice((2, 3, 3)),
        max_per_day=rng.choice((1, 1, 1, 2)),
        max_per_week=rng.choice((1, 2, 2)),
        max_per_term=rng.choice((1, 1, 1, 2)) if scarce else rng.choice((2, 4, 6)),
        reserved=(reserved,) if agreement else (),
    )


def _free_times(rng: random.Random) -> list[Interval]:
    """Two to five half or whole days a week, the same every week but for weeks away."""
    days = rng.sample(range(5), rng.randint(3, 5))
    hours = [rng.choice((time(8), time(8), time(11, 20))) for _ in days]
    ends = [time(12) if start == time(8) and rng.random() < 0.3 else time(16) for start in hours]
    weeks = rng.sample(range(WEEKS), rng.randint(5, 9))
    return [
        Interval(start=datetime.combine(day, start), end=datetime.combine(day, end))
        for week in sorted(weeks)
        for weekday, start, end in sorted(zip(days, hours, ends, strict=True))
        for day in [FIRST_MONDAY + timedelta(weeks=week, days=weekday)]
    ]
