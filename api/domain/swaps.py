"""Who is next for a free seat: those who sit elsewhere and stay in line for it, then those who wait."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from api.domain.queue import queue_key


@dataclass(frozen=True, slots=True)
class Claim:
    """A wish for a seat in one session.

    id: the entry. rank: of the session among the choices, 1 best. seated: has a seat elsewhere and stays in line.
    minutes: of travel, None where unknown. has_offer: an open offer waits for an answer.
    """

    id: str
    level_id: str
    priority_class: int
    joined_on: date
    lottery_number: int | None
    rank: int
    seated: bool = False
    has_offer: bool = False
    minutes: int | None = None
    max_travel_minutes: int | None = None


def order_for_seat(claims: Iterable[Claim]) -> list[Claim]:
    """Swaps before newcomers, each in the order of the queue."""
    return sorted(claims, key=lambda claim: (not claim.seated, queue_key(claim)))


def obstacle(claim: Claim, *, is_taught: bool) -> str | None:
    """Why a seat cannot be offered for this claim now, as a code, or None.

    `open_offer`: another offer waits for their answer. `distance`: farther than they said. `level` (is_taught is
    False): no mentor there who covers the level has room.
    """
    if claim.has_offer:
        return "open_offer"
    if claim.minutes is not None and claim.max_travel_minutes is not None and claim.minutes > claim.max_travel_minutes:
        return "distance"
    return None if is_taught else "level"
