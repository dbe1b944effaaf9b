from dataclasses import dataclass
from datetime import date
from itertools import permutations

from api.domain.queue import in_queue_order


@dataclass(frozen=True)
class Waiting:
    id: str
    priority_class: int = 0
    joined_on: date = date(2026, 9, 5)
    lottery_number: int = 1


def test_queue_is_ordered_by_class_then_joined_then_lottery_then_id() -> None:
    queue = [
        Waiting("z", priority_class=0, joined_on=date(2026, 10, 1), lottery_number=9),
        Waiting("d", priority_class=1, joined_on=date(2026, 9, 5), lottery_number=9),
        Waiting("b", priority_class=1, joined_on=date(2026, 9, 6), lottery_number=2),
        Waiting("a", priority_class=1, joined_on=date(2026, 9, 6), lottery_number=3),
        Waiting("c", priority_class=1, joined_on=date(2026, 9, 6), lottery_number=3),
    ]
    for arrival in permutations(queue):
        assert in_queue_order(arrival) == queue


def test_empty_queue_is_empty() -> None:
    assert in_queue_order([]) == []
