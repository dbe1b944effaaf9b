"""What an earlier plan asks of a new one: that its visits stand as they were, as columns and as a goal."""

from collections.abc import Sequence

import numpy as np

from matcher.plan import Visit
from matcher.problem import VisitProblem
from matcher.visits.goals import LinearGoal
from matcher.visits.model import Ints, Model, Values

_MODES = ("physical", "digital")


def columns_of_visits(model: Model, problem: VisitProblem, visits: Sequence[Visit]) -> list[Ints | None]:
    """For each visit its candidates in the model, or None where it cannot be held as it was.

    It cannot when its request is gone or fixed, or when somebody of it may no longer take part.
    """
    units, candidates = model.units, model.candidates
    requests = {request.id: r for r, request in enumerate(problem.requests)}
    people = {person.id: i for i, person in enumerate(problem.role_models)}
    keys = zip(units.request.tolist(), units.option.tolist(), units.mode.tolist(), strict=True)
    unit_of = {key: unit for unit, key in enumerate(keys)}
    starts = np.searchsorted(candidates.unit, np.arange(len(units.size) + 1))
    found: list[Ints | None] = []
    for visit in visits:
        unit = unit_of.get((requests.get(visit.request, -1), visit.option, _MODES.index(visit.mode)), -1)
        who = [people[person.id] for person in visit.role_models]
        if unit < 0 or units.size[unit] != len(who):
            found.append(None)
            continue
        here = np.arange(starts[unit], starts[unit + 1])
        columns = here[np.isin(candidates.role_model[here], who) & model.alive[here]]
        found.append(columns if len(columns) == len(who) else None)
    return found


def moved(model: Model, standing: Sequence[Ints | None]) -> LinearGoal:
    """Min: visits of the earlier plan that do not stand as they were: Σ over them of 1 - kept.

    For one person kept is the candidate's own column; for several it is a column of its own with kept ≤ assigned for
    each of them. A visit that cannot stand counts 1 in every plan.
    """
    single = [int(columns[0]) for columns in standing if columns is not None and len(columns) == 1]
    many = sorted((c for c in standing if c is not None and len(c) > 1), key=lambda columns: int(columns[0]))
    requests = model.units.request[model.candidates.unit[[int(columns[0]) for columns in many]]]
    kept = model.add_columns("request", requests)
    if many:
        assigned = np.concatenate(many)
        own = np.repeat(kept, [len(columns) for columns in many])
        each = np.arange(len(assigned))
        model.add_rows("moved", np.zeros_like(each), [(each, own, 1), (each, assigned, -1)])

        def follow(values: Values) -> None:
            missing = np.bincount(own - kept[0], weights=1 - values[assigned], minlength=len(kept))
            values[kept] = missing == 0

        model.followers.append(follow)
    worth = np.zeros(model.columns, dtype=np.int64)
    worth[single] = -1
    worth[kept] = -1
    return LinearGoal("moved", "min", worth, len(standing))
