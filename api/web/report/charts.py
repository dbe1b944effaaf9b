"""Where the parts of the report's charts lie, in units of their SVG; templates/charts.html draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from api.queries.report.year import OfYear

WIDTH, LEFT, TOP, BOTTOM = 560, 52, 24, 200
HEIGHT = 236


@dataclass(frozen=True, slots=True)
class Bar:
    """A column from `y` down to the base line; value None is hidden and has none."""

    x: float
    y: float
    width: float
    height: float
    value: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """What stands over one label: columns, and the height of the year before where there is one."""

    label: str
    short: str
    middle: float
    bars: Sequence[Bar]
    before: float | None = None
    before_value: int | None = None
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """A chart of columns. lines: (y, value) of the grid. target: y of the dashed line, None without one."""

    groups: Sequence[Group]
    lines: Sequence[tuple[float, int]]
    target: float | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = BOTTOM


def of_years(rows: Sequence[OfYear], target: int | None) -> Columns:
    """Applied and offered, two columns a year."""
    values = [value for row in rows for value in (row.registered, row.offered) if value is not None]
    step, top = _grid(max([*values, target or 0, 1]))
    room = (WIDTH - LEFT) / max(1, len(rows))
    width = min(34.0, room / 3)
    groups = []
    for number, row in enumerate(rows):
        middle = LEFT + room * (number + 0.5)
        pair = ((middle - width - 2, row.registered), (middle + 2, row.offered))
        bars = [_bar(x, width, value, top) for x, value in pair]
        groups.append(Group(str(row.year), str(row.year), middle, bars))
    lines = [(_y(value, top), value) for value in range(0, top + 1, step)]
    return Columns(groups, lines, None if target is None else _y(target, top))


def of_months(
    months: Sequence[int], before: Sequence[int] | None, names: Sequence[str], marked: frozenset[int]
) -> Columns:
    """Visits by month, a column each, with a tick for the year before. marked: months (1 to 12) with visit weeks."""
    top = max([*months, *(before or ()), 1])
    room = WIDTH / 12
    groups = [
        Group(
            names[number],
            names[number][:1],
            room * (number + 0.5),
            [_bar(room * (number + 0.5) - 14, 28, value, top)],
            _y(before[number], top) if before else None,
            before[number] if before else None,
            number + 1 in marked,
        )
        for number, value in enumerate(months)
    ]
    return Columns(groups, (), None, left=0)


def _bar(x: float, width: float, value: int | None, top: int) -> Bar:
    y = _y(value or 0, top)
    return Bar(round(x, 1), y, round(width, 1), round(BOTTOM - y, 1), value)


def _y(value: int, top: int) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * value / top, 1)


def _grid(most: int) -> tuple[int, int]:
    """Two to four even steps of a round number, and the highest line."""
    size = 10 ** int(math.log10(max(most, 1)))
    step = next(part for part in (size // 2, size, 2 * size, 5 * size) if part and part * 4 >= most)
    return step, step * math.ceil(most / step)
