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

from matcher.visits.candidates import Ints, week_of
from matcher.visits.model import Flags, ranges
from matcher.visits.standing import Change, Offer, Standing

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
        self._base = int(day.max(initial=0)) + 1
        pairs = np.sort((request * self.people + person) * self._base + day)
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]
        who, day = np.divmod(pairs, self._base)
        request, person = np.divmod(who, self.people)
        seats = [(p.request * self.people + p.role_model) * self._base + p.slot.day for p in standing.movable]
        used = np.isin(pairs, np.array(seats, dtype=np.int64)).astype(np.int64)
        days, pair_day = np.unique(person * self._base + day, return_inverse=True)
        self._day_person = days // self._base
        weeks, day_week = np.unique(self._day_person * self._base + _weeks(days % self._base), return_inverse=True)
        self._week_person = weeks // self._base
        self._day_week = day_week
        self._first_day = self.requests
        self._first_week = self._first_day + len(days)
        self._first_person = self._first_week + len(weeks)
        self._first_company = self._first_person + self.people
        self.end = self._first_company + len(standing.quota)
        self._node_of_day: dict[int, int] = dict(
            zip(days.tolist(), range(self._first_day, self._first_week), strict=True)
        )
        self._node_of_week: dict[int, int] = dict(
            zip(weeks.tolist(), range(self._first_week, self._first_person), strict=True)
        )
        self._build(request, pair_day, used, days, weeks)
        self._likely = self._same_day(request, day)
        self.to_end = self._search(self.arcs, [self.end], backwards=1)
        self._likely_to_end = self._search(self._likely, [self.end], backwards=1)

    def _build(self, request: Ints, pair_day: Ints, used: Ints, days: Ints, weeks: Ints) -> None:
        standing, base = self._standing, self._base
        load_day = np.bincount(pair_day, used, len(days)).astype(np.int64)
        load_week = np.bincount(self._day_week, load_day, len(weeks)).astype(np.int64)
        load_person = np.bincount(self._week_person, load_week, self.people).astype(np.int64)
        company, people = standing.company, np.arange(self.people)
        employed = company >= 0
        companies = np.arange(len(standing.quota))
        load_company = np.bincount(company[employed], load_person[employed], len(companies)).astype(np.int64)
        groups = [
            (request, self._first_day + pair_day, np.ones_like(used), used),
            (self._first_day + np.arange(len(days)), self._first_week + self._day_week, self._room(0, days), load_day),
            (self._first_week + np.arange(len(weeks)), self._first_person + self._week_person,
             self._room(1, weeks), load_week),
            (self._first_person + people, np.where(employed, self._first_company + company, self.end),
             self._room(2, people * base), load_person),
            (self._first_company + companies, np.full(len(companies), self.end), standing.quota, load_company),
        ]  # fmt: skip
        tail, head, most, load = (np.concatenate([group[k] for group in groups]) for k in range(4))
        self.arcs = Arcs(*(np.stack(two, axis=1).ravel() for two in ((tail, head), (head, tail), (most - load, load))))
        self._order, self._first = self._by_tail(np.arange(len(self.arcs.tail)))
        self._open: Flags = self.arcs.left > 0
        self._open_by_tail = [self._by_tail(np.flatnonzero(self._open) ^ backwards) for backwards in (0, 1)]

    def _by_tail(self, arcs: Ints) -> tuple[Ints, Ints]:
        """Some arcs in the order of their tails, and where each node's begin."""
        order = arcs[np.argsort(self.arcs.tail[arcs], kind="stable")]
        return order, np.searchsorted(self.arcs.tail[order], np.arange(self.end + 2))

    def _room(self, level: int, keys: Ints) -> Ints:
        field = ("max_per_day", "max_per_week", "max_per_term")[level]
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
        room_of, week = self._standing.room_of, week_of(day)
        node = self._node_of_day.get(person * self._base + day)
        if node is not None:
            return node
        if room_of("max_per_day", person, day, change) <= 0:
            return -1
        node = self._node_of_week.get(person * self._base + week)
        if node is not None:
            return node
        return self._first_person + person if room_of("max_per_week", person, week, change) > 0 else -1

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
        seen = self.to_end != UNSEEN
        some: Flags = seen[self._first_person : self._first_company].copy()
        some[self._week_person[seen[self._first_week : self._first_person]]] = True
        some[self._day_person[seen[self._first_day : self._first_week]]] = True
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
        """For each limit, the role models with whom one more could help."""
        seen, goal = short.reached, short.to_end
        day, week = slice(self._first_day, self._first_week), slice(self._first_week, self._first_person)
        person, people = slice(self._first_person, self._first_company), np.arange(self.people)
        above = np.where(self._standing.company >= 0, self._first_company + self._standing.company, self.end)
        missing = short.missing
        return {
            "max_per_day": self._both(self._day_person, seen[day], goal[week][self._day_week], missing),
            "max_per_week": self._both(self._week_person, seen[week], goal[person][self._week_person], missing),
            "max_per_term": self._both(people, seen[person], goal[above], missing),
        }

    def _both(self, owner: Ints, tail: Flags, head: Flags, needed: int) -> Flags:
        """Role models so many of whose arcs begin, and so many of whose arcs end, at such a node."""
        tails = np.bincount(owner[tail], minlength=self.people)
        heads = np.bincount(owner[head], minlength=self.people)
        return (tails >= needed) & (heads >= needed)

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
        nodes = np.array([self._first_person + person for person in people], dtype=np.int64)
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
            first, owners = {
                "max_per_day": (self._first_day, self._day_person),
                "max_per_week": (self._first_week, self._week_person),
                "max_per_term": (self._first_person, np.arange(self.people)),
            }[change.limit]
            nodes = first + np.flatnonzero(owners == change.role_model)
            arcs_of = self._order[ranges(self._first[nodes], self._first[nodes + 1])]
            left[arcs_of[arcs.head[arcs_of] >= first + len(owners)]] += 1
        return arcs._replace(left=left)


def _weeks(days: Ints) -> Ints:
    """ISO week numbers of day numbers, as `week_of` says them."""
    return (days - 1) // 7
