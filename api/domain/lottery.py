"""The lottery of a registration period: everyone can work out their own place in it from the seed and their id."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def seed_hash(seed: str) -> str:
    """What is shown before the period closes: SHA-256 (hex) of the seed as UTF-8."""
    return hashlib.sha256(seed.encode()).hexdigest()


def ticket(seed: str, entry_id: str) -> str:
    """SHA-256 (hex) of seed, a colon and the entry's id: the smaller, the further in front."""
    return hashlib.sha256(f"{seed}:{entry_id}".encode()).hexdigest()


def draw(seed: str, entry_ids: Iterable[str], first: int = 1) -> dict[str, int]:
    """The lottery number of each entry: `first` for the smallest ticket, and so on without gaps."""
    in_order = sorted(entry_ids, key=lambda entry_id: (ticket(seed, entry_id), entry_id))
    return {entry_id: number for number, entry_id in enumerate(in_order, start=first)}
