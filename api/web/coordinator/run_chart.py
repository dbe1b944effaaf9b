"""The chart of a run: the value that has been found and the bound that has been proven, step by step in time."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from api.i18n import number
from api.web import words

WIDTH, HEIGHT = 640, 250
LEFT, RIGHT, TOP, BOTTOM = 70, 130, 14, 34
HEADLINES = ("schools", "served")


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid or a mark under it: where, and its word."""

    at: float
    word: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Ready to draw in a box of WIDTH x HEIGHT. Paths are SVG path data; `band` lies between the two lines."""

    title: str
    value_path: str
    bound_path: str
    band: str
    rows: list[Tick]
    columns: list[Tick]
    end_x: float
    value_y: float
    bound_y: float
    value: str
    bound: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM

    @property
    def value_word_y(self) -> float:
        """Where the value's word stands: below the bound's, never on it."""
        return max(self.value_y, self.bound_y + 18) if self.value_y >= self.bound_y else self.value_y

    @property
    def bound_word_y(self) -> float:
        return self.bound_y if self.value_y >= self.bound_y else max(self.bound_y, self.value_y + 18)


def chart_of(progress: Sequence[Mapping[str, Any]], *, ended: bool) -> Chart | None:
    """The chart of the goal that is worked on, after the end of the main one; None before two numbers are known."""
    known = [event for event in progress if event["value"] is not None and event["bound"] is not None]
    if not known:
        return None
    goal = known[-1]["goal"]
    if ended:
        goal = next((event["goal"] for event in known if event["goal"] in HEADLINES), goal)
    events = [event for event in known if event["goal"] == goal]
    begin, end = float(events[0]["seconds"]), max(float(known[-1]["seconds"]), float(events[-1]["seconds"]) + 0.5)
    if ended:
        end = float(events[-1]["seconds"]) + 0.5
    return _draw(words.goal_label(goal), events, begin, end)


def _draw(title: str, events: Sequence[Mapping[str, Any]], begin: float, end: float) -> Chart:
    """Lines that only move towards each other: the best value so far, and no bound tighter than a later one.

    A goal above that gave way may loosen the bounds below it; the looser ones are true all the time.
    """
    values, bounds = [int(event["value"]) for event in events], [int(event["bound"]) for event in events]
    better = max if values[0] <= bounds[0] else min
    values = list(accumulate(values, better))
    bounds = list(accumulate(reversed(bounds), better))[::-1]
    low, high = min(values + bounds), max(values + bounds)
    room = max(1, math.ceil((high - low) * 0.12))
    low, high = (max(0, low - room) if low >= 0 else low - room), high + room

    def x(seconds: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (seconds - begin) / (end - begin)

    def y(amount: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - amount) / (high - low)

    times = [x(float(event["seconds"])) for event in events]
    value_points = _steps(times, [y(value) for value in values], x(end))
    bound_points = _steps(times, [y(bound) for bound in bounds], x(end))
    return Chart(
        title=title,
        value_path=_path(value_points),
        bound_path=_path(bound_points),
        band=_path([*value_points, *reversed(bound_points)]) + "Z",
        rows=[Tick(round(y(tick), 1), number(tick)) for tick in _ticks(low, high)],
        columns=[Tick(round(x(tick), 1), f"{number(tick)} s") for tick in _ticks(begin, end)],
        end_x=round(x(end), 1),
        value_y=round(y(values[-1]), 1),
        bound_y=round(y(bounds[-1]), 1),
        value=number(values[-1]),
        bound=number(bounds[-1]),
    )


def _steps(times: Sequence[float], heights: Sequence[float], end: float) -> list[tuple[float, float]]:
    """A value holds until the next one comes: corners, not slopes."""
    points: list[tuple[float, float]] = []
    for time, height in zip(times, heights, strict=True):
        if points:
            points.append((time, points[-1][1]))
        points.append((time, height))
    return [*points, (end, heights[-1])]


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _ticks(low: float, high: float) -> list[int]:
    """About four round numbers inside the range."""
    step = 10 ** math.floor(math.log10(max(1.0, (high - low) / 4)))
    step = next((step * times for times in (1, 2, 5, 10) if (high - low) / (step * times) <= 5), step * 10)
    first = math.ceil(low / step) * step
    ticks = [int(first + index * step) for index in range(int((high - first) / step) + 1)]
    return [tick for tick in dict.fromkeys(ticks) if low <= tick <= high]
