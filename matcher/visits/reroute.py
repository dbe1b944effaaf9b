"""The cheapest way to serve one request more, were engagements a network (slack.py): a proof of "no", or who moves."""

from collections import Counter, defaultdict
from collections.abc import Iterator

import numpy as np
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from matcher.visits.candidates import Ints, week_of
from matcher.visits.slack import Pair, Slack, week_of_many
from matcher.visits.standing import Change, Place, Standing


class Rerouter:
    """Asks the network of a plan under changes."""

    def __init__(self, standing: Standing, slack: Slack) -> None:
        self._standing, self._slack = standing, slack

    def moved(self, change: Change, more: list[Pair]) -> set[int] | None:
        """Requests whose people change in a flow that serves all served now and the one of the change; few of them.

        `more`: pairs that only the change allows, of other requests. None: there is no such flow, hence no plan.
        """
        asked = change.request.role_models
        ways = [way for way in self._ways(change) if len({pair.role_model for pair in way}) >= asked]
        found = [moved for way in ways if (moved := self._flow(change, [*way, *more])) is not None]
        return min(found, key=len, default=None)

    def _ways(self, change: Change) -> Iterator[list[Pair]]:
        """Pairs of the request, together for one role model, else slot by slot: all must come to the same one."""
        offers = self._standing.offers(change.number, change)
        by_slot = [[Pair(change.number, person, slot.day) for person in people] for slot, people in offers]
        if change.request.role_models > 1:
            yield from by_slot
        else:
            yield [pair for pairs in by_slot for pair in pairs]

    def _flow(self, change: Change, more: list[Pair]) -> set[int] | None:
        standing = self._standing
        widened = change.role_model if change.limit else -1
        inside = self._slack.forwards(change.number, more, widened).request
        region = inside.copy()
        region[change.number] = False
        tables = self._slack.pairs_of(region)
        added = sorted({pair for pair in more if inside[pair.request]})
        request, person, day = (
            np.concatenate([column, np.array([pair[k] for pair in added], dtype=np.int64)])
            for k, column in enumerate(tables)
        )
        seats = [place for place in standing.movable if region[place.request]]
        kept = [place for place in standing.movable if not region[place.request]]
        supply = Counter(place.request for place in seats)
        supply[change.number] = change.request.role_models
        now = {(place.request, place.role_model, place.slot.day) for place in seats}
        cost = np.array([key not in now for key in zip(request.tolist(), person.tolist(), day.tolist(), strict=True)])
        network = Network(standing, change, kept)
        flows = network.solve(supply, request, person, day, cost.astype(np.int64))
        if flows is None:
            return None
        return {change.number, *request[(flows > 0) & cost].tolist()}


class Network:
    """Limits as a tree: (role model, day) → (role model, week) → role model → company → end."""

    def __init__(self, standing: Standing, change: Change, kept: list[Place]) -> None:
        self._standing, self._change = standing, change
        self._used: dict[str, Counter[tuple[int, int]]] = defaultdict(Counter)
        self._company_used: Counter[int] = Counter()
        for place in kept:
            person, day = place.role_model, place.slot.day
            self._used["max_per_day"][person, day] += 1
            self._used["max_per_week"][person, week_of(day)] += 1
            self._used["max_per_term"][person, 0] += 1
            self._company_used[int(standing.company[person])] += 1

    def solve(self, supply: Counter[int], request: Ints, person: Ints, day: Ints, cost: Ints) -> Ints | None:
        """The flow on each pair that sends every supply to the end at the least cost; None where there is none."""
        base = int(day.max(initial=0)) + 1
        requests = np.array(sorted(supply), dtype=np.int64)
        days, pair_day = np.unique(person * base + day, return_inverse=True)
        weeks, day_week = np.unique(days // base * base + week_of_many(days % base), return_inverse=True)
        people, week_person = np.unique(weeks // base, return_inverse=True)
        companies = len(self._standing.quota)
        first_week = (first_day := len(requests)) + len(days)
        first_company = (first_person := first_week + len(weeks)) + len(people)
        end = first_company + companies
        company = self._standing.company[people]
        company_node = np.where(company >= 0, first_company + company, end)
        quota = [int(q) - self._company_used[c] for c, q in enumerate(self._standing.quota.tolist())]
        free = np.zeros(1, dtype=np.int64)
        room = [
            self._left(field, keys, base)
            for field, keys in (("max_per_day", days), ("max_per_week", weeks), ("max_per_term", people * base))
        ]
        each: list[tuple[Ints, ...]] = [
            (np.searchsorted(requests, request), first_day + pair_day, np.ones_like(request), cost),
            (first_day + np.arange(len(days)), first_week + day_week, room[0], free),
            (first_week + np.arange(len(weeks)), first_person + week_person, room[1], free),
            (first_person + np.arange(len(people)), company_node, room[2], free),
            (
                first_company + np.arange(companies),
                np.full(companies, end),
                np.maximum(0, np.array(quota, dtype=np.int64)),
                free,
            ),
        ]
        flow = SimpleMinCostFlow()
        arcs = [
            flow.add_arcs_with_capacity_and_unit_cost(tail, head, capacity, np.broadcast_to(price, tail.shape))
            for tail, head, capacity, price in each
        ]
        supplies = np.array([supply[number] for number in requests.tolist()], dtype=np.int64)
        flow.set_nodes_supplies(np.arange(len(requests)), supplies)
        flow.set_node_supply(end, -int(supplies.sum()))
        if flow.solve() != flow.OPTIMAL:
            return None
        return np.asarray(flow.flows(arcs[0]), dtype=np.int64)

    def _left(self, field: str, keys: Ints, base: int) -> Ints:
        """What a limit leaves beside fixed visits and those kept, by role model and day or week."""
        pairs = zip((keys // base).tolist(), (keys % base).tolist(), strict=True)
        used, room_of = self._used[field], self._standing.room_of
        return np.array([max(0, room_of(field, p, w, self._change) - used[p, w]) for p, w in pairs], dtype=np.int64)
