"""How a pupil comes into the queue: the priority group, and the day that counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from api.domain.enums import PriorityReason

LOWER_SECONDARY_END = 10
EXAM_YEAR = 13


def priority_group(grade: int, *, returning: bool) -> tuple[int, PriorityReason]:
    """The priority class and why: 0 the returning, who are first, 1 grade 10 and the exam year (Vg3), 2 the rest.

    grade: 8 to 13. Never used: marks, gender, parents, distance.
    """
    if returning:
        return 0, PriorityReason.RETURNING
    if grade == LOWER_SECONDARY_END:
        return 1, PriorityReason.GRADE_10
    if grade == EXAM_YEAR:
        return 1, PriorityReason.EXAM_YEAR
    return 2, PriorityReason.REST


def counted_from(joined: date, periods: Iterable[tuple[date, date]]) -> date:
    """The day that counts in the queue: the last of the registration period that `joined` lies in, else `joined`.

    periods: first and last day of each. Everyone of one period counts as equal.
    """
    return next((last for first, last in periods if first <= joined <= last), joined)


def may_be_below(birth_year: int, years: int, today: date) -> bool:
    """Whether someone born in that year may still be younger than `years`; only the year is known."""
    return today.year - birth_year - 1 < years


def counted_for_guardian(own_day: date, asked: date, confirmed: date, days: int, later: date) -> date:
    """The day that counts where a guardian had to say yes: the pupil's own, or `later` when it took too long.

    asked, confirmed: when the pupil was done, and when the guardian said yes. days: as long as the own day stands.
    """
    return own_day if (confirmed - asked).days <= days else later
