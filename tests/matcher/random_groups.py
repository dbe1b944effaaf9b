"""Small random group problems with every feature of the format, from a seed."""

import random
from datetime import date, time

from matcher.problem import (
    Fixed,
    FixedMentor,
    FixedPupil,
    GroupProblem,
    Matrix,
    Mentor,
    Pupil,
    Rules,
    Session,
    Site,
    Travel,
)

LEVELS = ("1P", "R1", "R2")
COVERS = (("1P",), ("1P", "R1"), ("R1",), ("1P", "R1", "R2"), ("R2",))


def random_group_problem(seed: int) -> GroupProblem:
    """A problem of 4 to 8 pupils, 2 or 3 sessions and 2 to 4 mentors."""
    rng = random.Random(f"groups-{seed}")
    sites = tuple(
        Site(id=f"x{i}", lat=59.9 + i / 10, lon=10.7, digital=i == 2 or rng.random() < 0.1)
        for i in range(rng.randint(1, 3))
    )
    sessions = tuple(_session(rng, i, sites) for i in range(rng.randint(2, 3)))
    names = [session.id for session in sessions]
    mentors = tuple(
        Mentor(
            id=f"m{i}",
            levels=rng.choice(COVERS),
            sessions=tuple(rng.sample(names, rng.randint(1, len(names)))),
            max_sessions=rng.choice((0, 1, 1, 2, 2, 3)),
            contracted=rng.choice((0, 0, 1, 2)),
        )
        for i in range(rng.randint(2, 4))
    )
    classes = rng.choice((1, 2, 3, 3, 4))
    pupils = tuple(_pupil(rng, i, classes, names, mentors) for i in range(rng.randint(4, 8)))
    return GroupProblem(
        travel=Travel(matrix=_matrix(rng, pupils, sites) if rng.random() < 0.25 else None),
        rules=Rules(classes=classes, placement=rng.choice(("most_served", "most_served", "queue_first"))),
        sites=sites,
        sessions=sessions,
        mentors=mentors,
        pupils=pupils,
        fixed=_fixed(rng, sessions, mentors, pupils) if rng.random() < 0.35 else Fixed(),
    )


def _session(rng: random.Random, i: int, sites: tuple[Site, ...]) -> Session:
    start, end = rng.choice(((time(16), time(18)), (time(17), time(19)), (time(18), time(20))))
    return Session(
        id=f"s{i}",
        site=rng.choice(sites).id,
        weekday=rng.choice((1, 1, 2)),
        start=start,
        end=end,
        seats=rng.choice((2, 3, 4, 8)),
        ratio=rng.choice((1, 2, 3)),
        min_mentors=rng.choice((0, 1, 1, 2)),
        min_pupils=rng.choice((0, 1, 2, 3)),
    )


def _pupil(rng: random.Random, i: int, classes: int, sessions: list[str], mentors: tuple[Mentor, ...]) -> Pupil:
    has_home = rng.random() < 0.6
    return Pupil(
        id=f"p{i}",
        level=rng.choice(LEVELS),
        class_=rng.randrange(classes),
        joined=date(2026, 9, rng.choice((5, 5, 6))),
        lottery=rng.choice((rng.randrange(1000), 7)),
        lat=59.9 + rng.uniform(0, 0.2) if has_home else None,
        lon=10.7 if has_home else None,
        max_travel_minutes=rng.choice((None, 5, 15, 60)),
        choices=tuple(rng.sample(sessions, rng.randint(0 if rng.random() < 0.1 else 1, len(sessions)))),
        mentor=rng.choice((None, None, *(mentor.id for mentor in mentors))),
    )


def _matrix(rng: random.Random, pupils: tuple[Pupil, ...], sites: tuple[Site, ...]) -> Matrix:
    places = [f"pupil:{p.id}" for p in pupils] + [f"site:{s.id}" for s in sites]
    return Matrix(
        places=tuple(places),
        minutes=tuple(tuple(0 if a == b else rng.choice((5, 15, 30)) for b in places) for a in places),
    )


def _fixed(
    rng: random.Random, sessions: tuple[Session, ...], mentors: tuple[Mentor, ...], pupils: tuple[Pupil, ...]
) -> Fixed:
    stands = rng.sample([(m.id, s.id) for m in mentors for s in sessions], rng.choice((0, 1, 2)))
    seats = rng.sample(pupils, rng.choice((0, 1, 2)))
    return Fixed(
        mentors=tuple(FixedMentor(mentor=mentor, session=session) for mentor, session in stands),
        pupils=tuple(FixedPupil(pupil=pupil.id, session=rng.choice(sessions).id) for pupil in seats),
    )
