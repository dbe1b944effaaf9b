"""The order of the queue of a study group season."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from typing import Protocol, TypeVar


class Queued(Protocol):
    """What of an entry decides its place."""

    @property
    def id(self) -> str: ...
    @property
    def priority_class(self) -> int: ...
    @property
    def joined_on(self) -> date: ...
    @property
    def lottery_number(self) -> int | None: ...


QueuedT = TypeVar("QueuedT", bound=Queued)


def queue_key(entry: Queued) -> tuple[int, date, float, str]:
    """Class (0 first), then joined, then lottery number, then id: smaller stands in front.

    Terms already waited count through `joined_on`: who stays in the queue keeps the date of the first term. Everyone of
    one registration period has its closing date, so that the lottery decides among them. Who has no number yet stands
    behind those of the same day who have.
    """
    number = math.inf if entry.lottery_number is None else entry.lottery_number
    return entry.priority_class, entry.joined_on, number, entry.id


def in_queue_order(entries: Iterable[QueuedT]) -> list[QueuedT]:
    """The entries, first in line first; position 0 is the first."""
    return sorted(entries, key=queue_key)
