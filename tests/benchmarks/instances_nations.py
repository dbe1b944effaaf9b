"""Several nations in one season: each has its own sites, evenings, mentors and pupils, digital evenings are shared.

A hundred nations are 426,700 pupils at 1,800 sites. The digital evenings tie all of them into one connected problem.
"""

import random
from typing import Any

from tests.benchmarks.instances_groups import national_data


def nations_data(seed: int, nations: int, *, mentors: int = 330) -> dict[str, Any]:
    """A season as JSON values of `treffpunkt.group-problem/1`; one nation is that of `national_data`."""
    if nations == 1:
        return national_data(seed, mentors=mentors)
    rng = random.Random(seed)
    parts = [national_data(1000 * seed + number, mentors=mentors) for number in range(nations)]
    digital = [
        f"{n:03d}-{session['id']}"
        for n, part in enumerate(parts)
        for session in part["sessions"]
        if _is_digital(session)
    ]
    joined: dict[str, Any] = {**parts[0], "sites": [], "sessions": [], "mentors": [], "pupils": []}
    for number, part in enumerate(parts):
        _add(joined, part, f"{number:03d}-", digital, rng)
    return joined


def _is_digital(session: dict[str, Any]) -> bool:
    return bool(session["site"] == "digital")


def _add(joined: dict[str, Any], part: dict[str, Any], prefix: str, digital: list[str], rng: random.Random) -> None:
    """One nation more: its ids get the prefix, its digital choices any digital evening."""

    def evenings(names: list[str]) -> list[str]:
        chosen = [rng.choice(digital) if name.startswith("digital") else prefix + name for name in names]
        return list(dict.fromkeys(chosen))

    for site in part["sites"]:
        if site["id"] != "digital":
            joined["sites"].append(site | {"id": prefix + site["id"]})
        elif not joined["sessions"]:
            joined["sites"].append(site)
    for session in part["sessions"]:
        site = session["site"] if _is_digital(session) else prefix + session["site"]
        joined["sessions"].append(session | {"id": prefix + session["id"], "site": site})
    for mentor in part["mentors"]:
        joined["mentors"].append(mentor | {"id": prefix + mentor["id"], "sessions": evenings(mentor["sessions"])})
    for pupil in part["pupils"]:
        named = {"mentor": prefix + pupil["mentor"]} if "mentor" in pupil else {}
        joined["pupils"].append(pupil | {"id": prefix + pupil["id"], "choices": evenings(pupil["choices"])} | named)
