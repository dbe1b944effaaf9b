"""What a school can expect before it asks: who could come in the plan as it stands, and how requests fared last year.

Free of solvers, so that a page may ask: some milliseconds for each draft once a plan is prepared.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from matcher.plan import VisitPlan
from matcher.problem import Request, VisitProblem
from matcher.visits.slack import Slack
from matcher.visits.standing import Change, Offer, Place, Standing

ENOUGH = 20
"""A share is told of at least so many requests; with fewer of a kind, neighbouring kinds are added."""
EASE = (0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)
"""Where one kind of request ends and the next begins: see `Demand.ease`."""
TRIES = 2000
"""Ways to rearrange a few visits that are looked at before the answer is `perhaps`."""

Now = Literal["at_once", "by_moving", "perhaps", "no"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionChance:
    """One option in one mode: role models whom no rule keeps from it, and how many of them the plan leaves free."""

    option: int
    mode: Literal["physical", "digital"]
    could_come: int
    free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """What a draft can expect.

    `now`: could it be served beside the plan? `at_once`: without moving anybody; `by_moving`: others stay served, but
    by somebody else or at another of their times; `perhaps`: not ruled out; `no`: proven that it could not.
    `share`: of `like` requests like it last year, the share served, 0 to 1; None where that is not known yet.
    """

    options: tuple[OptionChance, ...]
    now: Now
    share: float | None
    like: int


class History:
    """How last year's requests fared, by how easily role models could be had (`Demand.ease`)."""

    def __init__(self, problem: VisitProblem, plan: VisitPlan) -> None:
        standing = Standing(problem, plan)
        demand = Demand(standing)
        served = {visit.request for visit in plan.visits}
        self._all, self._served = Counter[int](), Counter[int]()
        for number, request in enumerate(problem.requests):
            kind = _kind(demand.ease(standing.offers(number), request.role_models, known=True))
            self._all[kind] += 1
            self._served[kind] += request.id in served

    @property
    def of_all(self) -> float:
        """The share served of all requests, 0 without any."""
        return self._served.total() / max(1, self._all.total())

    def share(self, ease: float) -> tuple[float | None, int]:
        """The share served of requests with about this ease, and of how many; None where all are fewer than ENOUGH."""
        kind = _kind(ease)
        for width in range(len(EASE) + 1):
            near = range(max(1, kind - width), kind + width + 1) if kind else range(1)
            like = sum(self._all[other] for other in near)
            if like >= ENOUGH:
                return sum(self._served[other] for other in near) / like, like
        return None, self._all.total()


class Demand:
    """How many requests could ask for each role model, and how many engagements they may take."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        request, person, _ = standing.table
        self._asking = Counter(person for _, person in set(zip(request.tolist(), person.tolist(), strict=True)))

    def ease(self, offers: Iterable[Offer], asked: int, *, known: bool) -> float:
        """Σ over who could come of min(1, engagements they may take / requests that could ask for them) / people asked.

        Of the slot where it is largest; slots where fewer could come than are asked do not count. `known`: the request
        is one of the problem's, else it is one more.
        """
        one_more = 0 if known else 1
        best = 0.0
        for _, people in offers:
            if len(people) >= asked:
                parts = (self._standing.room_of("max_per_term", p) / max(1, self._asking[p] + one_more) for p in people)
                best = max(best, sum(min(1.0, part) for part in parts) / asked)
        return best


class Chances:
    """Prepared once for a plan, which must keep all rules; then `of` answers draft by draft, in milliseconds.

    A draft's school must be one of the problem's: add it to the problem's schools before where it has no request yet.
    """

    def __init__(self, problem: VisitProblem, plan: VisitPlan, history: History | None = None) -> None:
        self._standing = Standing(problem, plan)
        self._slack = Slack(self._standing)
        self._demand = Demand(self._standing)
        self._history = history

    def of(self, draft: Request, barred: Collection[str] = ()) -> Chance:
        """What the draft, a request that is not one of the problem's, can expect. Raises KeyError for other schools.

        `barred`: role models who cannot come for a reason that the draft does not say.
        """
        change = Change(-1, draft)
        kept_out = {number for number, name in enumerate(self._standing.facts.ids) if name in barred}
        offers = [Offer(o.slot, [p for p in o.people if p not in kept_out]) for o in self._standing.offers(-1, change)]
        together = (self._standing.free_at_once(slot, people, change) for slot, people in offers)
        at_once = any(len(able) >= draft.role_models for able in together)
        share, like = None, 0
        if self._history is not None:
            share, like = self._history.share(self._demand.ease(offers, draft.role_models, known=False))
        return Chance(
            options=tuple(
                OptionChance(
                    option=slot.option,
                    mode="physical" if slot.physical else "digital",
                    could_come=len(people),
                    free=sum(self._standing.in_the_way(person, slot, change) == [] for person in people),
                )
                for slot, people in offers
            ),
            now="at_once" if at_once else self._moving(change, offers),
            share=share,
            like=like,
        )

    def _moving(self, change: Change, offers: list[Offer]) -> Now:
        """The answer where nobody suitable is free."""
        asked = change.request.role_models
        takers = [[person for person in people if self._slack.takes(person, slot.day)] for slot, people in offers]
        hopeful = [(slot, people) for (slot, _), people in zip(offers, takers, strict=True) if len(people) >= asked]
        if not hopeful:
            return "no"
        for slot, people in hopeful:
            ways = [way for person in people if (way := self._slack.way_out(person, slot.day)) is not None]
            chosen = sorted(ways, key=len)[:asked]
            moved = list(dict.fromkeys(number for way in chosen for number in way))
            if len(chosen) == asked and self._can_be_rearranged(change, offers, moved):
                return "by_moving"
        return "perhaps"

    def _can_be_rearranged(self, change: Change, offers: list[Offer], moved: list[int]) -> bool:
        """Can the draft and these requests be served, all others as they are? False: no way found within TRIES."""
        standing = self._standing.without(moved)
        tries = iter(range(TRIES))

        def place(waiting: list[int]) -> bool:
            if not waiting:
                return True
            number = waiting[0]
            request = change.request if number == change.number else standing.problem.requests[number]
            for slot, people in offers if number == change.number else standing.offers(number):
                able = (p for p in people if standing.in_the_way(p, slot, change) == [])
                for together in combinations(able, request.role_models):
                    if next(tries, None) is None:
                        return False
                    places = [Place(person, number, slot, fixed=False) for person in together]
                    if standing.hold(places):
                        if place(waiting[1:]):
                            return True
                        standing.release(places)
            return False

        return place([change.number, *moved])


def _kind(ease: float) -> int:
    """Which kind of request this is: 0 where nobody could come, then by EASE."""
    return 1 + bisect_right(EASE, ease) if ease > 0 else 0
