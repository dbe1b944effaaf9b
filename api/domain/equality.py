"""Who got a place, beside what chance alone would give those who asked: counted after a plan, and never used in one.

Of `asked` pupils in all, `served` have a place. Had these been drawn at random, the number served among the m pupils
of a group would follow the hypergeometric distribution: expected m · served / asked, and in 95 of 100 draws within an
interval.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, exp, floor, lgamma, sqrt

from api.domain.suppression import LEAST, TOTAL, hidden_in_table

TAIL = 0.025
"""The share of draws on each side outside the interval, at most."""

SMALL_GROUP = 20
"""Groups with fewer who asked are counted together where there are many groups."""

OTHERS = "others"
SERVED, WAITING = "served", "waiting"


@dataclass(frozen=True, slots=True)
class Line:
    """A group of those who asked. What is None is hidden, so that nobody is found in it.

    least, most: the 95 % interval of served, had chance decided; expected: its mean.
    """

    group: str
    asked: int | None
    served: int | None
    expected: float | None
    least: int | None
    most: int | None

    @property
    def is_outside(self) -> bool:
        """Whether chance alone would seldom give this number."""
        if self.served is None or self.least is None or self.most is None:
            return False
        return not self.least <= self.served <= self.most


def compare(asking: Iterable[tuple[str, bool]], *, gather: bool = False, of_people: bool = True) -> list[Line]:
    """A line for each group, by its name. asking: (group, whether they are served), one for each who asked.

    gather: groups with fewer than SMALL_GROUP become OTHERS, the last line. of_people: small numbers are hidden.
    """
    counts = Counter(asking)
    table: dict[str, dict[str, int]] = {}
    for (group, has_place), count in counts.items():
        table.setdefault(group, {SERVED: 0, WAITING: 0})[SERVED if has_place else WAITING] += count
    if gather:
        table = _gathered(table)
    asked = sum(sum(row.values()) for row in table.values())
    served = sum(row[SERVED] for row in table.values())
    hidden = hidden_in_table(table) if of_people else frozenset()
    if any(group is TOTAL for group, _ in hidden):  # the plan tells the sums, so nothing may stand beside them
        hidden = frozenset((group, TOTAL) for group in table)
    order = sorted(table, key=lambda group: (group == OTHERS, group))
    return [_line(group, table[group], asked, served, hidden, LEAST if of_people else 0) for group in order]


def interval(group: int, served: int, asked: int) -> tuple[int, int]:
    """The central 95 % of the number served in a group of `group`, when `served` of `asked` are drawn at random.

    0 ≤ group, served ≤ asked. Below the first and above the second lie at most 2.5 % each.
    """
    first, last = max(0, group + served - asked), min(group, served)
    if asked > 1:  # beyond eight standard deviations nothing is left that a float would notice
        mean = group * served / asked
        reach = 8 * sqrt(mean * (1 - group / asked) * (asked - served) / (asked - 1)) + 1
        first, last = max(first, floor(mean - reach)), min(last, ceil(mean + reach))
    below, above = 0.0, 0.0
    least, most = first, last
    while least < last and below + _chance(least, group, served, asked) <= TAIL:
        below += _chance(least, group, served, asked)
        least += 1
    while most > first and above + _chance(most, group, served, asked) <= TAIL:
        above += _chance(most, group, served, asked)
        most -= 1
    return least, most


def _chance(k: int, group: int, served: int, asked: int) -> float:
    """C(group, k) · C(asked - group, served - k) / C(asked, served)."""
    return exp(_log_ways(group, k) + _log_ways(asked - group, served - k) - _log_ways(asked, served))


def _log_ways(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _gathered(table: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for group, row in table.items():
        name = OTHERS if sum(row.values()) < SMALL_GROUP else group
        into = found.setdefault(name, {SERVED: 0, WAITING: 0})
        for key, count in row.items():
            into[key] += count
    return found


def _line(
    group: str,
    row: Mapping[str, int],
    asked: int,
    served: int,
    hidden: frozenset[tuple[str | None, str | None]],
    fewest: int,
) -> Line:
    here = sum(row.values())
    if (group, TOTAL) in hidden or here < fewest:
        return Line(group, None, None, None, None, None)
    least, most = interval(here, served, asked)
    is_hidden = (group, SERVED) in hidden or (group, WAITING) in hidden
    shown = None if is_hidden else row[SERVED]
    return Line(group, here, shown, here * served / asked, least, most)
