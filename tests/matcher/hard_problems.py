"""Problems made to hurt: contradictions, huge numbers, ten thousand options, everyone alike, nobody who fits."""

import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from matcher.problem import (
    Company,
    Fixed,
    FixedMentor,
    FixedPupil,
    FixedVisit,
    GroupProblem,
    Interval,
    Lesson,
    Mentor,
    Option,
    Problem,
    Pupil,
    Request,
    RoleModel,
    School,
    Session,
    Site,
    VisitProblem,
)

TODAY = date(2026, 11, 2)
MONDAY = datetime(2027, 1, 18, 8, 30)
HUGE = 10**9
"""Near the largest count that anybody could mean; sums of thousands of it stay inside 64 bits."""


def option(start: datetime, minutes: int = 45) -> Option:
    """One lesson."""
    return Option(lessons=(Lesson(start=start, end=start + timedelta(minutes=minutes)),))


def school(number: int, lat: float = 59.9) -> School:
    """A school in one town."""
    return School(id=f"s{number}", lat=lat, lon=10.7, municipality="0301")


def request(number: int, options: tuple[Option, ...], **given: object) -> Request:
    """A request of school s0 unless said otherwise."""
    values: dict[str, object] = {"school": "s0", "grade": 9, "mode": "physical", "submitted": date(2026, 10, 1)}
    return Request(id=f"q{number}", options=options, **(values | given))


def role_model(number: int, **given: object) -> RoleModel:
    """Somebody who is free all spring and lives beside the schools."""
    values: dict[str, object] = {
        "lat": 59.9,
        "lon": 10.7,
        "grades": (1, 13),
        "modes": ("physical", "digital"),
        "max_travel_minutes": 60,
        "free": (Interval(start=MONDAY - timedelta(days=1), end=MONDAY + timedelta(days=400)),),
    }
    return RoleModel(id=f"r{number}", **(values | given))


def visits(requests: list[Request], people: list[RoleModel], **given: object) -> VisitProblem:
    """A problem of one school and one company."""
    values: dict[str, object] = {"today": TODAY, "schools": (school(0),), "companies": (Company(id="c0"),)}
    return VisitProblem(requests=tuple(requests), role_models=tuple(people), **(values | given))


def session(number: int, **given: object) -> Session:
    """An evening at the one site."""
    values: dict[str, object] = {
        "site": "x0",
        "weekday": 1 + number % 5,
        "start": time(17),
        "end": time(19),
        "seats": 24,
        "ratio": 8,
    }
    return Session(id=f"e{number}", **(values | given))


def mentor(number: int, sessions: list[Session], **given: object) -> Mentor:
    """A mentor of one level who can stand in all of them."""
    values: dict[str, object] = {"levels": ("1P",), "sessions": tuple(one.id for one in sessions), "max_sessions": 2}
    return Mentor(id=f"m{number}", **(values | given))


def pupil(number: int, choices: list[str], **given: object) -> Pupil:
    """A pupil of the middle class."""
    values: dict[str, object] = {"level": "1P", "class_": 1, "joined": date(2026, 9, 5), "lottery": number}
    return Pupil(id=f"p{number}", choices=tuple(choices), **(values | given))


def groups(sessions: list[Session], mentors: list[Mentor], pupils: list[Pupil], **given: object) -> GroupProblem:
    """A problem of one site."""
    values: dict[str, object] = {"sites": (Site(id="x0", lat=59.9, lon=10.7),)}
    return GroupProblem(sessions=tuple(sessions), mentors=tuple(mentors), pupils=tuple(pupils), **(values | given))


def visits_that_contradict(rng: random.Random) -> Problem:
    """Fixed visits of one person, some at the same time."""
    people = [role_model(i, max_per_day=rng.randint(0, 2), max_per_term=rng.randint(0, 3)) for i in range(5)]
    requests = [request(i, (option(MONDAY + timedelta(minutes=rng.randrange(0, 120, 15))),)) for i in range(12)]
    fixed = tuple(
        FixedVisit(request=f"q{i}", option=0, mode="physical", role_models=(f"r{rng.randrange(5)}",))
        for i in range(rng.randint(2, 8))
    )
    return visits(requests, people, fixed=fixed)


def visits_with_huge_numbers(rng: random.Random) -> Problem:
    """Limits, classes, quotas and travel of a thousand million; submitted in the year 1."""
    people = [
        role_model(
            i,
            company="c0",
            max_travel_minutes=HUGE,
            max_lessons=HUGE,
            max_per_day=HUGE,
            max_per_week=HUGE,
            max_per_term=HUGE,
        )
        for i in range(30)
    ]
    requests = [
        request(i, (option(MONDAY + timedelta(days=i % 7)),), classes=HUGE - rng.randrange(3), submitted=date(1, 1, 1))
        for i in range(60)
    ]
    return visits(requests, people, companies=(Company(id="c0", quota=HUGE),))


def visits_with_ten_thousand_options(rng: random.Random) -> Problem:
    """Ten requests of a thousand options each, for few people who come once."""
    starts = [MONDAY + timedelta(days=i // 24, minutes=15 * (i % 24)) for i in range(1000)]
    requests = [
        request(i, tuple(option(start) for start in starts), role_models=rng.choice((1, 1, 2))) for i in range(10)
    ]
    return visits(requests, [role_model(i, max_per_term=1) for i in range(rng.randint(3, 8))])


def visits_of_everyone_alike(rng: random.Random) -> Problem:
    """Requests and role models that nothing tells apart, for two or three at a time, on one morning."""
    size = rng.randint(1, 3)
    count = rng.randint(60, 140)
    days = [option(MONDAY + timedelta(days=day)) for day in range(rng.randint(1, 3))]
    requests = [request(i, tuple(days), role_models=size) for i in range(count)]
    return visits(requests, [role_model(i, max_per_week=1) for i in range(count)])


def visits_for_which_nobody_fits(rng: random.Random) -> Problem:
    """Topics that nobody has, grades that nobody takes, or no role models at all."""
    requests = [request(i, (option(MONDAY),), topics=("none",)) for i in range(200)]
    people = [role_model(i, grades=(1, 2), topics=("other",)) for i in range(rng.choice((0, 200)))]
    return visits(requests, people)


def visits_that_chain(rng: random.Random) -> Problem:
    """Each lesson overlaps the next, people come for two a day, and two schools lie an hour apart."""
    schools = (school(0), school(1, lat=60.3))
    requests = [
        request(
            i,
            (option(MONDAY + timedelta(minutes=20 * (i % 20), days=i // 40)),),
            school=f"s{rng.randrange(2)}",
            role_models=rng.choice((1, 2)),
            classes=rng.randint(1, 4),
        )
        for i in range(120)
    ]
    people = [role_model(i, max_per_day=2, max_per_week=rng.randint(2, 5), max_per_term=9) for i in range(25)]
    return visits(requests, people, schools=schools)


def groups_that_contradict(rng: random.Random) -> Problem:
    """Fixed mentors at the same time and fixed pupils beyond the seats."""
    sessions = [session(i, weekday=1, seats=rng.randint(0, 3), min_pupils=rng.randint(0, 9)) for i in range(4)]
    mentors = [mentor(i, sessions, max_sessions=rng.randint(0, 2)) for i in range(4)]
    pupils = [pupil(i, ["e0", "e1"]) for i in range(10)]
    fixed = Fixed(
        mentors=tuple(
            FixedMentor(mentor=f"m{i}", session=f"e{s}")
            for i in range(4)
            for s in rng.sample(range(4), rng.randint(0, 2))
        ),
        pupils=tuple(FixedPupil(pupil=f"p{i}", session=f"e{rng.randrange(4)}") for i in range(rng.randint(1, 6))),
    )
    return groups(sessions, mentors, pupils, fixed=fixed)


def groups_with_huge_numbers(rng: random.Random) -> Problem:
    """Seats, ratios and lottery numbers of a thousand million and more."""
    sessions = [session(i, seats=HUGE, ratio=HUGE, target=HUGE, min_pupils=rng.choice((0, 2, HUGE))) for i in range(9)]
    mentors = [mentor(i, sessions, max_sessions=HUGE, contracted=HUGE) for i in range(30)]
    pupils = [
        pupil(i, [f"e{j}" for j in rng.sample(range(9), 3)], lottery=rng.choice((-1, 1)) * HUGE**2 + i)
        for i in range(400)
    ]
    return groups(sessions, mentors, pupils)


def groups_of_everyone_alike(rng: random.Random) -> Problem:
    """Pupils and mentors that only their ids tell apart, too many for the evenings."""
    sessions = [session(i, weekday=1, seats=rng.choice((12, 24)), min_mentors=2) for i in range(12)]
    mentors = [mentor(i, sessions, max_sessions=1) for i in range(rng.randint(10, 26))]
    pupils = [pupil(i, [f"e{j}" for j in range(5)], lottery=0) for i in range(600)]
    return groups(sessions, mentors, pupils)


def groups_in_which_nobody_fits(rng: random.Random) -> Problem:
    """Levels that nobody teaches, or no mentors at all."""
    sessions = [session(i) for i in range(6)]
    mentors = [mentor(i, sessions, levels=("R2",)) for i in range(rng.choice((0, 20)))]
    return groups(sessions, mentors, [pupil(i, ["e0", "e1"]) for i in range(300)])


def groups_that_overlap_in_a_chain(rng: random.Random) -> Problem:
    """Each evening overlaps the next by half an hour; small rooms, large least sizes, many levels."""
    sessions = [
        session(
            i,
            weekday=1 + i // 8,
            start=(datetime.combine(TODAY, time(12)) + timedelta(minutes=45 * (i % 8))).time(),
            end=(datetime.combine(TODAY, time(13, 30)) + timedelta(minutes=45 * (i % 8))).time(),
            seats=rng.choice((5, 8, 13)),
            ratio=rng.choice((2, 3, 5)),
            min_mentors=rng.randint(1, 3),
            min_pupils=rng.randint(1, 5),
        )
        for i in range(32)
    ]
    levels = [f"l{i}" for i in range(12)]
    mentors = [
        mentor(
            i,
            rng.sample(sessions, rng.randint(2, 9)),
            levels=tuple(rng.sample(levels, rng.randint(1, 7))),
            max_sessions=rng.randint(1, 4),
            contracted=rng.randint(0, 3),
        )
        for i in range(60)
    ]
    pupils = [
        pupil(i, [f"e{j}" for j in rng.sample(range(32), 5)], level=rng.choice(levels), class_=rng.randrange(3))
        for i in range(300)
    ]
    return groups(sessions, mentors, pupils)


FAMILIES: tuple[Callable[[random.Random], Problem], ...] = (
    visits_that_contradict,
    visits_with_huge_numbers,
    visits_with_ten_thousand_options,
    visits_of_everyone_alike,
    visits_for_which_nobody_fits,
    visits_that_chain,
    groups_that_contradict,
    groups_with_huge_numbers,
    groups_of_everyone_alike,
    groups_in_which_nobody_fits,
    groups_that_overlap_in_a_chain,
)
"""Each makes a problem of its kind from a seeded random source."""
