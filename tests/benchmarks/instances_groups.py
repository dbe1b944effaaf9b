"""Synthetic seasons of study groups at national size, seeded: the same seed gives the same problem.

Towns are real, people are not. Size and mix follow the annual report quoted in product.md: 4,267 pupils, 18 sites and a
digital one, 45 % in grade 10; mentors are ample (330) or scarce (about half).
"""

import json
import random
from typing import Any

from matcher.problem import GroupProblem, load_problem

TOWNS = {
    "bergen": (60.39, 5.32, 9),
    "kristiansand": (58.15, 8.0, 4),
    "grimstad": (58.34, 8.59, 3),
    "porsgrunn": (59.14, 9.66, 4),
    "halden": (59.12, 11.39, 3),
    "gjovik": (60.8, 10.69, 3),
    "tromso": (69.65, 18.96, 5),
    "narvik": (68.44, 17.43, 2),
    "alesund": (62.47, 6.15, 4),
    "haugesund": (59.41, 5.27, 3),
    "oslo": (59.92, 10.73, 20),
    "trondheim": (63.42, 10.4, 12),
    "stavanger": (58.94, 5.7, 7),
    "sandnes": (58.85, 5.74, 4),
    "kongsberg": (59.66, 9.65, 3),
    "as": (59.67, 10.79, 4),
    "horten": (59.41, 10.48, 3),
    "drammen": (59.74, 10.2, 4),
}
"""Latitude, longitude, and share of the pupils."""

LEVELS = {"10": 45, "1P": 8, "1T": 15, "R1": 12, "S1": 8, "R2": 8, "S2": 4}
COVERS = (
    (("10", "1P"), 20),
    (("10", "1P", "1T"), 30),
    (("10", "1P", "1T", "S1"), 12),
    (("10", "1P", "1T", "R1", "S1"), 20),
    (("10", "1P", "1T", "R1", "S1", "S2"), 5),
    (("10", "1P", "1T", "R1", "R2", "S1", "S2"), 13),
)
EVENINGS = (("15:30", "17:30"), ("16:00", "18:00"), ("17:00", "19:00"), ("18:00", "20:00"))


def national_data(
    seed: int, *, pupils: int = 4267, mentors: int = 330, placement: str = "most_served"
) -> dict[str, Any]:
    """A season as JSON values of `treffpunkt.group-problem/1`."""
    rng = random.Random(seed)
    sites = [{"id": town, "lat": lat, "lon": lon} for town, (lat, lon, _) in TOWNS.items()]
    sites.append({"id": "digital", "lat": 63.42, "lon": 10.4, "digital": True})
    sessions = _sessions(rng, pupils)
    at_site: dict[str, list[str]] = {}
    for session in sessions:
        at_site.setdefault(session["site"], []).append(session["id"])
    crew = [_mentor(rng, i, at_site) for i in range(mentors)]
    return {
        "format": "treffpunkt.group-problem/1",
        "rules": {"classes": 3, "placement": placement},
        "sites": sites,
        "sessions": sessions,
        "mentors": crew,
        "pupils": [_pupil(rng, i, at_site, crew) for i in range(pupils)],
    }


def national(seed: int, *, pupils: int = 4267, mentors: int = 330, placement: str = "most_served") -> GroupProblem:
    """A season ready to solve."""
    return load_group_problem(national_data(seed, pupils=pupils, mentors=mentors, placement=placement))


def load_group_problem(data: dict[str, Any]) -> GroupProblem:
    """The problem of JSON values."""
    problem = load_problem(json.dumps(data))
    assert isinstance(problem, GroupProblem)
    return problem


def _sessions(rng: random.Random, pupils: int) -> list[dict[str, Any]]:
    sessions = []
    weights = {town: weight for town, (_, _, weight) in TOWNS.items()} | {"digital": 6}
    rooms = pupils / 28
    for site, weight in weights.items():
        for i in range(max(2, round(rooms * weight / sum(weights.values())))):
            start, end = rng.choice(EVENINGS)
            small = rng.random() < 0.15
            sessions.append(
                {
                    "id": f"{site}-{i:02d}",
                    "site": site,
                    "weekday": rng.randint(1, 4),
                    "start": start,
                    "end": end,
                    "seats": rng.choice((12, 16)) if small else rng.choice((24, 30, 40)),
                    "ratio": 6 if small else 8,
                }
            )
    return sessions


def _mentor(rng: random.Random, number: int, at_site: dict[str, list[str]]) -> dict[str, Any]:
    site = rng.choices(list(TOWNS), [weight for _, _, weight in TOWNS.values()])[0]
    here = at_site[site]
    can = rng.sample(here, min(len(here), rng.randint(2, 6)))
    if rng.random() < 0.12:
        can += rng.sample(at_site["digital"], min(3, len(at_site["digital"])))
    most = rng.choice((1, 1, 2, 2, 3))
    levels = rng.choices([cover for cover, _ in COVERS], [share for _, share in COVERS])[0]
    return {
        "id": f"m{number:04d}",
        "levels": list(levels),
        "sessions": can,
        "max_sessions": most,
        "contracted": rng.randint(1, most),
    }


def _pupil(
    rng: random.Random, number: int, at_site: dict[str, list[str]], crew: list[dict[str, Any]]
) -> dict[str, Any]:
    town = rng.choices(list(TOWNS), [weight for _, _, weight in TOWNS.values()])[0]
    lat, lon, _ = TOWNS[town]
    here = at_site[town]
    choices = rng.sample(here, min(len(here), rng.choice((1, 2, 3, 3, 4, 5))))
    if rng.random() < 0.15:
        choices = [*choices[:4], rng.choice(at_site["digital"])]
    group = rng.choices((0, 1, 2), (22, 45, 33))[0]
    pupil: dict[str, Any] = {
        "id": f"p{number:06d}",
        "level": rng.choices(list(LEVELS), list(LEVELS.values()))[0],
        "class": group,
        "joined": "2026-09-05" if rng.random() < 0.8 else f"2026-09-{rng.randint(6, 28):02d}",
        "lottery": rng.randint(1, 10**6),
        "choices": choices,
    }
    if rng.random() < 0.8:
        pupil |= {"lat": round(lat + rng.gauss(0, 0.12), 4), "lon": round(lon + rng.gauss(0, 0.2), 4)}
        pupil["max_travel_minutes"] = rng.choice((30, 45, 60))
    if group == 0 and rng.random() < 0.6:
        pupil["mentor"] = rng.choice(crew)["id"]
    return pupil
