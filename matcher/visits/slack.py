"""Who could give way to whom, were engagements a network: a test that is quick and errs on one side only.

Network: request → (role model, day) → (role model, week) → role model → company → end, with what the limits leave as
capacities. Overlap and travel within a day are left out, and people of one visit may come on different days: so every
valid plan is a flow. A flow serves one request more only where the end can be reached from it in the residual network
(arcs with room left, and arcs in use backwards). Where it cannot, no plan serves all who are served now and that
request: this is the proof of "no". A path is a guess at who has to move for a "yes".
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from matcher.visits.candidates import Ints
from matcher.visits.model import Flags, ranges
from matcher.visits.standing import LIMITS, WHEN, Change, Offer, Standing

UNSEEN, START = -1, -2


class Pair(NamedTuple):
    """A role model who could take part in a request on a day."""

    request: int
    role_model: int
    day: int


class Arcs(NamedTuple):
    """Arcs by number: where from, where to, and how much more they carry. Arc e ^ 1 is arc e backwards."""

    tail: Ints
    head: Ints
    left: Ints

    def and_more(self, pairs: Sequence[tuple[int, int]]) -> "Arcs":
        """These arcs and some for one unit, with those backwards."""
        tail = np.array([node for pair in pairs for node in pair], dtype=np.int64)
        head = np.array([node for pair in pairs for node in reversed(pair)], dtype=np.int64)
        left = np.tile(np.array([1, 0], dtype=np.int64), len(pairs))
        added = (tail, head, left)
        return Arcs(*(np.concatenate([old, new]) for old, new in zip(self, added, strict=True)))


class Level(NamedTuple):
    """The nodes of one limit: the first one's number, whose each is, and the node that each leads to."""

    first: int
    owner: Ints
    above: Ints

    def of(self, nodes: Flags) -> Flags:
        """Of all nodes those of this limit."""
        return nodes[self.first : self.first + len(self.owner)]


class Shortfall(NamedTuple):
    """A request that lacks `missing` of its people: the nodes it still reaches, and those that reach the end."""

    reached: Flags
    to_end: Flags
    missing: int


class Slack:
    """The residual network of a plan. Nodes: requests by index, then days, weeks, people, companies, and the end.

    `work`: arcs that searches have looked at so far, a measure of effort that repeats.
    """

    def __init__(self, standing: Standing) -> None:
        self.work = 0
        self._standing = standing
        self.requests, self.people = len(standing.problem.requests), standing.facts.count
        request, person, day = standing.table
        self._base = base = int(day.max(initial=0)) + 1
        pairs = np.sort((request * self.people + person) * base + day)
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]
        who, day = np.divmod(pairs, base)
        request, person = np.divmod(who, self.people)
        days, pair_day = np.unique(person * base + day, return_inverse=True)
        weeks, day_week = np.unique(days // base * base + _weeks(days % base), return_inverse=True)
        keys = (days, weeks, np.arange(self.people) * base)
        first = np.cumsum([self.requests, *map(len, keys)]).tolist()
        self._first_company = first[3]
        self.end = self._first_company + len(standing.quota)
        company = np.where(standing.company >= 0, self._first_company + standing.company, self.end)
        above = (first[1] + day_week, first[2] + weeks // base, company)
        self._levels = [Level(first[k], keys[k] // base, above[k]) for k in range(len(LIMITS))]
        self._node_of = [dict(zip(keys[k].tolist(), range(first[k], first[k + 1]), strict=True)) for k in range(2)]
        seats = [(p.request * self.people + p.role_model) * base + p.slot.day for p in standing.movable]
        used = np.isin(pairs, np.array(seats, dtype=np.int64)).astype(np.int64)
        self._build(request, first[0] + pair_day, used, keys)
        self._likely = self._same_day(request, day)
        self.to_end = self._search(self.arcs, [self.end], backwards=1)
        self._likely_to_end = self._search(self._likely, [self.end], backwards=1)

    def _build(self, tail: Ints, head: Ints, load: Ints, keys: Sequence[Ints]) -> None:
        """The arcs, level by level, from those of pairs on, with what flows on them."""
        groups = [(tail, head, np.ones_like(load), load)]
        for field, level, key in zip(LIMITS, self._levels, keys, strict=True):
            load = np.bincount(head - level.first, load, len(key)).astype(np.int64)
            tail, head = level.first + np.arange(len(key)), level.above
            groups.append((tail, head, self._room(field, key), load))
        quota, employed = self._standing.quota, head < self.end
        load = np.bincount(head[employed] - self._first_company, load[employed], len(quota)).astype(np.int64)
        groups.append((self._first_company + np.arange(len(quota)), np.full(len(quota), self.end), quota, load))
        tail, head, most, load = (np.concatenate([group[k] for group in groups]) for k in range(4))
        self.arcs = Arcs(*(np.stack(two, axis=1).ravel() for two in ((tail, head), (head, tail), (most - load, load))))
        self._order, self._first = self._by_tail(np.arange(len(self.arcs.tail)))
        self._open: Flags = self.arcs.left > 0
        self._open_by_tail = [self._by_tail(np.flatnonzero(self._open) ^ backwards) for backwards in (0, 1)]

    def _by_tail(self, arcs: Ints) -> tuple[Ints, Ints]:
        """Some arcs in the order of their tails, and where each node's begin."""
        order = arcs[np.argsort(self.arcs.tail[arcs], kind="stable")]
        return order, np.searchsorted(self.arcs.tail[order], np.arange(self.end + 2))

    def _room(self, field: str, keys: Ints) -> Ints:
        pairs = zip((keys // self._base).tolist(), (keys % self._base).tolist(), strict=True)
        return np.array([self._standing.room_of(field, person, when) for person, when in pairs], dtype=np.int64)

    def _same_day(self, request: Ints, day: Ints) -> Arcs:
        """The arcs without those by which one person of a visit by several would move to another day alone."""
        several = {
            p.request: p.slot.day for p in self._standing.movable if len(self._standing.of_request[p.request]) > 1
        }
        days = np.full(self.requests, -1, dtype=np.int64)
        days[list(several)] = list(several.values())
        left = self.arcs.left.copy()
        left[2 * np.flatnonzero((days[request] >= 0) & (days[request] != day))] = 0
        return self.arcs._replace(left=left)

    def _search(self, arcs: Arcs, starts: Iterable[int], *, backwards: int = 0, goal: int | None = None) -> Ints:
        """For each node the arc by which it was first reached (`backwards`: by which it leads on), or UNSEEN.

        It ends where the goal is reached.
        """
        self.work += len(arcs.tail)
        via = np.full(self.end + 1, UNSEEN, dtype=np.int64)
        frontier = np.array(sorted(set(starts)), dtype=np.int64)
        via[frontier] = START
        order, first = self._open_by_tail[backwards]
        opened = np.flatnonzero((arcs.left[: len(self._open)] > 0) & ~self._open) ^ backwards
        more = np.concatenate([opened, np.arange(len(self._open), len(arcs.tail))])
        while len(frontier) and (goal is None or via[goal] == UNSEEN):
            found = np.concatenate([order[ranges(first[frontier], first[frontier + 1])], more])
            found = found[(arcs.left[found ^ backwards] > 0) & (via[arcs.head[found]] == UNSEEN)]
            found = found[via[arcs.tail[found]] != UNSEEN]
            via[arcs.head[found]] = found
            found = found[via[arcs.head[found]] == found]
            frontier = arcs.head[found]
        return via

    def _path(self, arcs: Arcs, via: Ints, node: int) -> list[int]:
        """The arcs from a node back to where the search started."""
        path = []
        while via[node] != START:
            path.append(int(via[node]))
            node = int(arcs.tail[path[-1]])
        return path

    def entry(self, person: int, day: int, change: Change | None = None) -> int:
        """The node where an engagement of the role model on that day enters the network; -1: a limit admits none."""
        for (field, when_of), node_of in zip(WHEN.items(), self._node_of, strict=False):
            node = node_of.get(person * self._base + when_of(day))
            if node is not None:
                return node
            if self._standing.room_of(field, person, when_of(day), change) <= 0:
                return -1
        return self._levels[-1].first + person

    def takes(self, person: int, day: int) -> bool:
        """Could the role model take one engagement more on the day, by this test?"""
        node = self.entry(person, day)
        return node >= 0 and self.to_end[node] != UNSEEN

    def way_out(self, person: int, day: int) -> list[int] | None:
        """Requests that would likely move, were the role model to take one engagement more on the day; None: no way."""
        node = self.entry(person, day)
        if node < 0 or self._likely_to_end[node] == UNSEEN:
            return None
        met = [node, *(int(self.arcs.tail[arc]) for arc in self._path(self.arcs, self._likely_to_end, node))]
        return [node for node in met if node < self.requests]

    @property
    def takers(self) -> Flags:
        """Role models who could take one engagement more on some day, by this test."""
        some: Flags = np.zeros(self.people, dtype=np.bool_)
        for level in self._levels:
            some[level.owner[level.of(self.to_end != UNSEEN)]] = True
        return some

    def forwards(self, number: int, more: Sequence[Pair] = ()) -> Ints:
        """The nodes that can be reached from an unserved request, as `via`; `more`: pairs beside the problem's."""
        return self._search(self._with(self.arcs, more), [number])

    def _with(self, arcs: Arcs, pairs: Iterable[Pair], change: Change | None = None) -> Arcs:
        links = [(pair.request, self.entry(pair.role_model, pair.day, change)) for pair in dict.fromkeys(pairs)]
        return arcs.and_more([link for link in links if link[1] >= 0])

    def requests_in(self, via: Ints) -> list[int]:
        """The requests among the nodes reached."""
        reached: list[int] = np.flatnonzero(via[: self.requests] != UNSEEN).tolist()
        return reached

    def shortfalls(self, number: int, offers: Sequence[Offer]) -> list[Shortfall]:
        """For each way to serve an unserved request what is left when as many of its people as can be are found.

        For one person there is one way; for several each slot is one. Empty where all can be found, by this test.
        """
        asked = self._standing.problem.requests[number].role_models
        found = []
        for own in self._ways(number, asked, offers):
            arcs = self._with(self._eased(self.arcs, Change(number, self._standing.problem.requests[number])), own)
            missing = asked
            while missing and self._augmented(arcs, number) is not None:
                missing -= 1
            if not missing:
                return []
            via = self._search(arcs, [number])
            found.append(Shortfall(via != UNSEEN, self._search(arcs, [self.end], backwards=1) != UNSEEN, missing))
        return found

    def widened(self, short: Shortfall) -> dict[str, Flags]:
        """For each limit, the role models with whom one more could help.

        As many of their arcs as people are missing begin at a node reached, and as many end where the end is reached.
        """
        helpful = {}
        for field, level in zip(LIMITS, self._levels, strict=True):
            tails = np.bincount(level.owner[level.of(short.reached)], minlength=self.people)
            heads = np.bincount(level.owner[short.to_end[level.above]], minlength=self.people)
            helpful[field] = (tails >= short.missing) & (heads >= short.missing)
        return helpful

    def reroute(
        self, change: Change, offers: Sequence[Offer], more: Sequence[Pair], *, likely: bool
    ) -> set[int] | None:
        """Requests that move in a flow that serves all served now and the one of the change; None: there is none.

        `more`: pairs of other requests that only the change allows. `likely`: nobody leaves a visit by several for
        another day; then None proves nothing.
        """
        number, asked = change.number, change.request.role_models
        eased = self._eased(self._likely if likely else self.arcs, change)
        best: set[int] | None = None
        for own in self._ways(number, asked, offers):
            arcs = self._with(eased, [*own, *more], change)
            moved = {number}
            for _ in range(asked):
                met = self._augmented(arcs, number)
                if met is None:
                    break
                moved |= met
            else:
                best = moved if best is None or len(moved) < len(best) else best
        return best

    def _ways(self, number: int, asked: int, offers: Sequence[Offer]) -> list[list[Pair]]:
        """The pairs of a request; where it asks for several people slot by slot, as all must come to the same one."""
        pairs = [[Pair(number, person, slot.day) for person in people] for slot, people in offers]
        return pairs if asked > 1 else [[pair for slot in pairs for pair in slot]]

    def _augmented(self, arcs: Arcs, number: int) -> set[int] | None:
        """Sends one unit more from the request to the end; the requests on its way, or None where there is no way."""
        via = self._search(arcs, [number], goal=self.end)
        if via[self.end] == UNSEEN:
            return None
        path = self._path(arcs, via, self.end)
        for arc in path:
            arcs.left[arc] -= 1
            arcs.left[arc ^ 1] += 1
        return {node for node in arcs.tail[path].tolist() if node < self.requests}

    def to_end_without(self, people: Iterable[int]) -> Flags:
        """The nodes from which the end can be reached were these role models not there."""
        found: Flags = self._search(self._without(people), [self.end], backwards=1) != UNSEEN
        return found

    def enters(self, person: int, day: int, nodes: Flags) -> bool:
        """Does an engagement of the role model on the day enter at one of the nodes?"""
        node = self.entry(person, day)
        return node >= 0 and bool(nodes[node])

    def best_with(self, person: int, added: set[int], worth: dict[int, int]) -> tuple[list[int], set[int]]:
        """Unserved requests worth most together that can be served with this one of those added, and who moves."""
        arcs = self._without(added - {person})
        chosen: list[int] = []
        moved: set[int] = set()
        while True:
            via = self._search(arcs, [self.end], backwards=1)
            open_now = [number for number in worth if number not in chosen and via[number] != UNSEEN]
            if not open_now:
                return chosen, moved
            best = max(open_now, key=lambda number: (worth[number], -number))
            path = self._path(arcs, via, best)
            for arc in path:
                arcs.left[arc ^ 1] -= 1
                arcs.left[arc] += 1
            moved.update(node for node in arcs.tail[path].tolist() if node < self.requests)
            chosen.append(best)

    def _without(self, people: Iterable[int]) -> Arcs:
        """The arcs as if these role models had no room."""
        nodes = np.array([self._levels[-1].first + person for person in people], dtype=np.int64)
        left = self.arcs.left.copy()
        found = self._order[ranges(self._first[nodes], self._first[nodes + 1])]
        left[found[self.arcs.head[found] >= self._first_company]] = 0
        return self.arcs._replace(left=left)

    def _eased(self, arcs: Arcs, change: Change) -> Arcs:
        """The arcs without those of the request itself, with one more on those of the limit that is changed."""
        left = arcs.left.copy()
        own = self._order[self._first[change.number] : self._first[change.number + 1]]
        left[own] = 0
        if change.limit:
            level = self._levels[LIMITS.index(change.limit)]
            nodes = level.first + np.flatnonzero(level.owner == change.role_model)
            arcs_of = self._order[ranges(self._first[nodes], self._first[nodes + 1])]
            left[arcs_of[arcs.head[arcs_of] >= level.first + len(level.owner)]] += 1
        return arcs._replace(left=left)


def _weeks(days: Ints) -> Ints:
    """ISO week numbers of day numbers, as `week_of` says them."""
    return (days - 1) // 7
