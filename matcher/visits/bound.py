"""Bounds that hold exactly: prices of rows, as whole numbers, recomputed over every candidate.

For any price ≥ 0 of each row (any sign where the row is tight), no plan gains more than
    Σ price · limit + Σ over extra columns of max(0, gain - priced) + Σ over requests of the best unit's worth, or 0,
where a unit for k people is worth its own gain and that of its k best candidates, all less what their rows price them.
This is the Lagrangian bound over the rows of one request (code `count`), whose part is solved by picking the k best.
Prices come from a linear program in floating point, but are rounded first: whatever they are, the bound holds.
"""

from dataclasses import dataclass

import numpy as np

from matcher.visits.model import Floats, Ints, Model

SCALES = (720720, 5040, 60, 1)
"""Denominators of prices, by choice; the first that keeps all sums far inside 64 bits is taken."""
ROOM = 1 << 58
MOST = 1e9
"""Higher prices are cut down to this: the bound holds all the same."""
NEVER = 1 << 60
"""A loss no plan can afford."""


@dataclass(frozen=True)
class Proof:
    """An upper bound of the gain and what a plan loses against it; all in units of 1 / scale, losses 0 or more.

    A plan whose gain is `bound - x` cannot use a column, leave a request unserved, leave a row slack or a candidate
    out of a unit that is held, where that alone loses more than x.
    """

    scale: int
    bound: int
    if_one: Ints
    if_zero: Ints
    """For extra columns only: the others are limited by their request's row."""
    if_unserved: Ints
    if_slack: Ints
    members: Ints
    """Candidates of units for several people, and below what leaving each out of a held unit loses."""
    if_left_out: Ints
    best: Ints

    @property
    def whole(self) -> int:
        """The bound in whole units of the goal."""
        return self.bound // self.scale


def scale_for(gain: Ints) -> int:
    """The finest denominator under which sums of this gain stay inside 64 bits, with room for prices."""
    largest = int(np.abs(gain).max(initial=1)) * max(1, len(gain))
    return next((scale for scale in SCALES if largest * scale < ROOM), 1)


def prove(model: Model, gain: Ints, scale: int, prices: Floats, nudge: Ints | None = None) -> Proof:
    """The bound under these prices (one for each row, those that came later are free; local rows' prices are ignored).

    `nudge` ≥ 0, in units of 1 / scale, is added to the columns' gain: the bound stays one, a little weaker.
    """
    whole = np.zeros(model.rows, dtype=np.int64)
    whole[: len(prices)] = np.rint(np.clip(prices, -MOST, MOST) * scale)
    whole[model.local] = 0
    whole = np.where(model.tight, whole, np.maximum(whole, 0))
    count, requests = len(model.candidates.unit), model.units.request
    net = gain * scale
    if nudge is not None:
        net += nudge
    model.take_prices(net, whole)
    np.putmask(net[:count], ~model.alive[:count], -NEVER)
    members = model.for_many[model.alive[model.for_many]]
    worth, members, swap, if_left_out = _units_of_many(model, net, members)
    best = np.zeros(model.units.requests, dtype=np.int64)
    must = model.served_row >= 0
    must[must] = model.tight[model.served_row[must]]
    best[must] = -NEVER
    for_one = net[:count].copy()
    for_one[model.for_many] = -NEVER
    np.maximum.at(best, model.request_of, for_one)
    np.maximum.at(best, requests[model.many], worth[model.many])
    if_one = np.full(model.columns, NEVER)
    np.subtract(best.take(model.request_of), for_one, out=if_one[:count])
    np.minimum(if_one[:count], NEVER, out=if_one[:count])
    missed = best[requests] - worth
    if_one[model.held_column[model.many]] = np.minimum(NEVER, missed[model.many])
    if_one[members] = np.minimum(NEVER, missed[model.candidates.unit[members]] + swap)
    extra = np.arange(model.first_extra, model.columns)
    if_one[extra] = np.where(
        model.alive[extra], np.where(model.fixed_to_one[extra], 0, np.maximum(0, -net[extra])), NEVER
    )
    if_zero = np.where(model.alive[extra], np.maximum(0, net[extra]), 0)
    gains = np.where(model.fixed_to_one[extra], net[extra], if_zero)
    return Proof(
        scale=scale,
        bound=int((whole * model.limit).sum()) + int(gains.sum()) + int(best.sum()),
        if_one=if_one,
        if_zero=if_zero,
        if_unserved=np.where(must, NEVER, best),
        if_slack=whole,
        members=members,
        if_left_out=if_left_out,
        best=best,
    )


def _units_of_many(model: Model, net: Ints, members: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """For units of two and more people: worth by unit; these candidates, by unit; loss of taking, of leaving out each.

    Candidates that a held unit must have (tight `assigned ≤ held`) go first.
    """
    unit, size = model.candidates.unit, model.units.size
    worth = np.full(len(size), -NEVER)
    if not len(members):
        return worth, members, members, members
    needed = model.tight[model.together_row[members]]
    members = members[np.lexsort((members, -net[members], ~needed, unit[members]))]
    needed = model.tight[model.together_row[members]]
    units, first, present = np.unique(unit[members], return_index=True, return_counts=True)
    group = np.repeat(np.arange(len(units)), present)
    rank = np.arange(len(members)) - first[group]
    asked = size[units]
    taken = rank < asked[group]
    sums = np.zeros(len(units), dtype=np.int64)
    np.add.at(sums, group[taken], net[members[taken]])
    possible = (present >= asked) & (np.bincount(group, weights=needed, minlength=len(units)) <= asked)
    possible &= model.alive[model.held_column[units]]
    worth[units] = np.where(possible, net[model.held_column[units]] + sums, -NEVER)
    last = members[first + np.minimum(asked, present) - 1]
    last_needed = model.tight[model.together_row[last]]
    spare = present > asked
    after = members[np.minimum(first + asked, len(members) - 1)]
    out_of_place = ~taken & last_needed[group]
    swap = np.where(taken, 0, net[last][group] - net[members])
    swap[out_of_place] = NEVER
    alone = net[members] - net[after][group]
    left_out = np.where(taken & ~needed, np.where(spare[group], alone, NEVER), 0)
    return worth, members, swap, left_out


def settle(model: Model, proof: Proof, value: int) -> bool:
    """Decide what every plan with a gain of at least `value` has in common; True when these decisions say it all.

    Then a plan that keeps them gains exactly `value`; otherwise the goal needs a row of its own.
    """
    slack = proof.bound - value * proof.scale
    model.alive &= proof.if_one <= slack
    extra = slice(model.first_extra, None)
    model.fixed_to_one[extra] |= model.alive[extra] & (proof.if_zero > slack)
    _drop_broken_units(model)
    with_row = np.flatnonzero(model.served_row >= 0)
    model.tight[model.served_row[with_row[proof.if_unserved[with_row] > slack]]] = True
    priced = np.flatnonzero(proof.if_slack > slack)
    model.tight[priced[~model.local[priced]]] = True
    model.lazy &= ~model.tight
    needed = proof.members[proof.if_left_out > slack]
    model.tight[model.together_row[needed[model.alive[needed]]]] = True
    return slack == 0


def _drop_broken_units(model: Model) -> None:
    """A unit that lost its held column or too many candidates can no longer take place."""
    unit = model.candidates.unit
    alive = model.alive[: len(unit)]
    present = np.bincount(unit[alive], minlength=len(model.units.size))
    dead = np.zeros(len(model.units.size), dtype=np.bool_)
    dead[model.many] = ~model.alive[model.held_column[model.many]]
    dead |= present < model.units.size
    model.alive[: len(unit)] &= ~dead[unit]
    model.alive[model.held_column[model.many]] &= ~dead[model.many]


def no_prices(model: Model) -> Floats:
    """Every row free: the bound that looks at each request alone."""
    return np.zeros(model.rows)
