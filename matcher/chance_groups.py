"""What a pupil can expect before asking: a seat in the plan as it stands, and how entries like theirs fared last year.

Free of solvers, so that a page may ask: some milliseconds for each draft once a plan is prepared.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from matcher.fields import InvalidProblem
from matcher.groups.facts import Facts
from matcher.groups.joining import seated_when_joined
from matcher.groups.rooms import standing
from matcher.groups.smallest_change import SmallestChanges
from matcher.plan import GroupPlan
from matcher.problem import GroupProblem
from matcher.travel import TravelTimes, place

ENOUGH = 20
"""A share is told of at least so many entries; with fewer of a kind, a wider kind is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry not yet made, with the keys of a pupil; `joined` is today, so it is the last of its class."""

    level: str
    class_: int
    joined: date
    choices: tuple[str, ...]
    lat: float | None = None
    lon: float | None = None
    max_travel_minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """What a draft can expect.

    `session`: where the queue would seat it today, the first of its choices where it can; None without a seat.
    `position`: how many are ahead in the queue. `ahead`: those of them without a seat who may sit in one of its
    sessions. `share`: of `like` entries like it last year, the share served in the end; None where that is not known
    yet.
    """

    session: str | None
    position: int
    ahead: int
    share: float | None
    like: int


@dataclass(frozen=True, slots=True)
class _Past:
    """An entry of last year: `days` after the day on which most joined; had it a seat that day, and in the end?"""

    level: str
    class_: int
    days: int
    sites: frozenset[str]
    seat_then: bool
    served: bool


class History:
    """Last year's entries and what became of them, from its problem and final plan."""

    def __init__(self, problem: GroupProblem, plan: GroupPlan) -> None:
        facts = Facts(problem)
        final = standing(facts, plan)
        seated_then = seated_when_joined(facts, final)
        site = {session.id: session.site for session in problem.sessions}
        first_day = registration(problem)
        self._entries = [
            _Past(
                pupil.level,
                pupil.class_,
                (pupil.joined - first_day).days,
                frozenset(site[choice] for choice in pupil.choices),
                p in seated_then,
                p in final.seat,
            )
            for p, pupil in enumerate(problem.pupils)
        ]

    def share(
        self, level: str, class_: int, days: int, sites: frozenset[str], seat_now: bool | None
    ) -> tuple[float | None, int]:
        """The share served of the entries like this one, and how many they are; None and 0 of too few.

        Like: of the class, with a seat on the day they joined or without, as the draft is now (either for None, where
        no plan says it); of the level, with a choice at one of the sites; with fewer than ENOUGH of these, of the
        level; else of any level. Among them the ENOUGH who joined nearest to this day of the season, `days` after the
        registration day, and all who joined as near as the last of these.
        """
        of_class = [e for e in self._entries if e.class_ == class_ and seat_now in (None, e.seat_then)]
        of_level = [entry for entry in of_class if entry.level == level]
        nearby = [entry for entry in of_level if not sites.isdisjoint(entry.sites)]
        like = next((found for found in (nearby, of_level, of_class) if len(found) >= ENOUGH), None)
        if like is None:
            return None, 0
        far = sorted(abs(entry.days - days) for entry in like)[ENOUGH - 1]
        nearest = [entry for entry in like if abs(entry.days - days) <= far]
        return sum(entry.served for entry in nearest) / len(nearest), len(nearest)


def registration(problem: GroupProblem) -> date:
    """The day on which most joined, the first of several; the first day there is for a problem without pupils."""
    days = Counter(pupil.joined for pupil in problem.pupils)
    return min(days, key=lambda day: (-days[day], day), default=date.min)


class Chances:
    """Prepared once for a plan, then asked for each draft. The plan has passed the judge."""

    def __init__(self, problem: GroupProblem, plan: GroupPlan, history: History | None = None) -> None:
        self._facts = Facts(problem)
        self._changes = SmallestChanges(self._facts, standing(self._facts, plan))
        self._history = history
        self._times = TravelTimes(replace(problem.travel, matrix=None))
        self._registration = registration(problem)
        self._sites = {site.id: site for site in problem.sites}
        self._queue = [(self._facts.pupils[p].class_, self._facts.pupils[p].joined) for p in self._facts.queue]

    @cached_property
    def _waiting(self) -> dict[int, list[int]]:
        """For each session the positions of those without a seat who may sit there."""
        waiting: dict[int, list[int]] = {}
        for position, p in enumerate(self._facts.queue):
            if p not in self._changes.graph.seat:
                for s, _ in self._facts.within_reach[p]:
                    waiting.setdefault(s, []).append(position)
        return waiting

    def of(self, draft: Draft) -> Chance:
        """What the draft can expect. Ways from home are counted without a travel matrix, which cannot know this home.

        Raises InvalidProblem with one line for each fault of the draft.
        """
        if faults := list(self._faults(draft)):
            raise InvalidProblem(faults)
        position = bisect_right(self._queue, (draft.class_, draft.joined))
        near = [s for s in (self._facts.session_index[choice] for choice in draft.choices) if self._is_near(draft, s)]
        seats = (
            s for s in near if s in self._changes.graph.room and self._changes.seats(draft.level, position - 1, [s])
        )
        seat = next(seats, None)
        waiting = {k for s in near for k in self._waiting.get(s, ()) if k < position}
        share, like = self._share(draft, seat is not None)
        return Chance(
            session=None if seat is None else self._facts.sessions[seat].id,
            position=position,
            ahead=len(waiting),
            share=share,
            like=like,
        )

    def _faults(self, draft: Draft) -> Iterator[str]:
        classes = self._facts.problem.rules.classes
        if not 0 <= draft.class_ < classes:
            yield f"class: is {draft.class_}; give 0 to {classes - 1}"
        for i, choice in enumerate(draft.choices):
            if choice not in self._facts.session_index:
                yield f"choices[{i}]: {choice!r} is unknown; give a session of the plan's problem"

    def _is_near(self, draft: Draft, s: int) -> bool:
        """Rule `distance`: within the draft's most minutes of home, where both are given; digital counts 0."""
        site = self._sites[self._facts.sessions[s].site]
        if draft.lat is None or draft.lon is None or draft.max_travel_minutes is None or site.digital:
            return True
        home, there = place("pupil", "draft", draft.lat, draft.lon), place("site", site.id, site.lat, site.lon)
        return self._times.minutes(home, there) <= draft.max_travel_minutes

    def _share(self, draft: Draft, seat_now: bool) -> tuple[float | None, int]:
        if self._history is None:
            return None, 0
        days = (draft.joined - self._registration).days
        sites = frozenset(self._facts.sessions[self._facts.session_index[choice]].site for choice in draft.choices)
        return self._history.share(draft.level, draft.class_, days, sites, seat_now)


def chance(problem: GroupProblem, plan: GroupPlan, draft: Draft, history: History | None = None) -> Chance:
    """What one draft can expect; whoever asks for many prepares `Chances` once."""
    return Chances(problem, plan, history).of(draft)
