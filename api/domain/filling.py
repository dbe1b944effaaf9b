"""Who would be offered the free seats of an evening, and whom one more mentor would serve: the queue's own rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from api.domain.seating import NEW, Taught, seat_with
from api.domain.swaps import Claim, obstacle

EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class Evening:
    """A weekly session as the queue sees it.

    seats: most pupils, by room and session. ratio: most pupils of a mentor. seated: by entry, open offers too.
    mentors: the levels that each covers. claims: who would take a seat, next first.
    """

    id: str
    seats: int
    ratio: int
    seated: Mapping[str, Taught]
    mentors: Mapping[str, frozenset[str]]
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """Whom the free seats go to, in that order, and who sits there then."""

    served: tuple[Claim, ...]
    seated: Mapping[str, Taught]


def fill(evening: Evening, *, without: Collection[str] = ()) -> Filled:
    """Whom the free seats would be offered to, one after the other, as `offers.fill` does.

    without: entries that are served elsewhere meanwhile. A level for which nobody has room stays so while more are
    seated, so one walk along the queue is enough.
    """
    seated = dict(evening.seated)
    served: list[Claim] = []
    hopeless: set[str] = set()
    for claim in evening.claims if evening.mentors else ():
        if len(seated) >= evening.seats:
            break
        if claim.id in seated or claim.id in without or claim.level_id in hopeless or obstacle(claim, is_taught=True):
            continue
        contacts = seat_with(claim.level_id, seated, evening.mentors, evening.ratio)
        if contacts is None:
            hopeless.add(claim.level_id)
            continue
        seated[claim.id] = Taught(claim.level_id, contacts[NEW])
        for pupil, mentor in contacts.items():
            if pupil != NEW:
                seated[pupil] = Taught(seated[pupil].level, mentor)
        served.append(claim)
    return Filled(tuple(served), seated)


def with_one_more(evening: Evening, levels: frozenset[str], *, without: Collection[str] = ()) -> tuple[Claim, ...]:
    """Who could sit besides those who are seated, with one more mentor who covers these levels."""
    return fill(replace(evening, mentors={**evening.mentors, EXTRA: levels}), without=without).served
