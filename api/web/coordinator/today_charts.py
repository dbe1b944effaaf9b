"""The pictures below the list of today, ready to draw: the clock of silence and the season's funnel."""

from __future__ import annotations

from dataclasses import dataclass

from api.i18n import gettext as _
from api.i18n import number
from api.queries.coordination_look import Look, Silence

WIDTH, HEIGHT, FLOOR = 330, 150, 104
STEP = 54


@dataclass(frozen=True, slots=True)
class Bar:
    """A day's bar in a box of WIDTH x HEIGHT. color: plain, reminded or no; what: a word under the day, or nothing."""

    x: int
    y: int
    height: int
    count: str
    day: str
    what: str
    color: str


@dataclass(frozen=True, slots=True)
class Clock:
    """words: the whole in a sentence, for those who do not see it."""

    bars: list[Bar]
    words: str
    width: int = WIDTH
    height: int = HEIGHT
    floor: int = FLOOR


@dataclass(frozen=True, slots=True)
class Stage:
    """A row of the funnel. done, tick: of a hundred; tick None where last year is not known."""

    label: str
    count: int
    before: int | None
    done: float
    tick: float | None


def silence(look: Look) -> Clock | None:
    """The clock of silence; None where no programme of visits has rules."""
    known: Silence = look.silence
    if not known.days:
        return None
    most = max(1, *known.days)
    last = len(known.days) - 1
    step = min(STEP, WIDTH // len(known.days))
    bars = []
    for day, count in enumerate(known.days):
        height = round((FLOOR - 22) * count / most)
        what = _("becomes a no") if day == last else _("reminds") if day in known.reminders else ""
        color = "no" if day == last else "reminded" if day == max(known.reminders, default=-1) else "plain"
        label = _("Day %(number)s", number=day) if day else _("Sent today")
        bars.append(Bar(step // 2 + step * day, FLOOR - height, height, number(count), label, what, color))
    said = "; ".join(f"{bar.day}{' (' + bar.what + ')' if bar.what else ''}: {bar.count}" for bar in bars)
    return Clock(bars, said)


def funnel(look: Look) -> list[Stage]:
    """The season's stages from ordered to evaluated, each beside the season a year ago."""
    now, before = look.funnel, look.before or {}
    stages = [
        (_("Ordered"), now.requests, before.get("requests")),
        (_("Proposed"), now.proposed, None),
        (_("Confirmed"), now.confirmed, None),
        (_("Was held"), now.held, before.get("held")),
        (_("Evaluated"), now.evaluated, before.get("evaluated")),
    ]
    most = max(1, *(count for _label, count, _before in stages), *(last or 0 for _label, _count, last in stages))
    return [
        Stage(label, count, last, round(100 * count / most, 1), None if last is None else round(100 * last / most, 1))
        for label, count, last in stages
    ]
