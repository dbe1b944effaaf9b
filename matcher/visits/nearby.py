"""A part of the season around what is fractional: small enough for an integer program, wide enough to mend it."""

import numpy as np

from matcher.visits.model import Floats, Ints, Model

WHOLE = 1e-6


def nearby(model: Model, values: Floats, most: int) -> tuple[Ints, Ints]:
    """Columns to decide anew and candidates to keep, so that about `most` requests served in these values are open.

    Open are the requests that are served in parts, then those whose people they could take, and so on; requests that
    are not served are always open. The others keep what serves them.
    """
    count = len(model.candidates.unit)
    request, who = model.units.request[model.candidates.unit], model.candidates.role_model
    assigned, alive = values[:count], model.alive[:count]
    kept = np.flatnonzero(assigned > 1 - WHOLE)
    served = np.zeros(model.units.requests, dtype=np.bool_)
    served[request[kept]] = True
    free = np.zeros_like(served)
    free[request[(assigned > WHOLE) & (assigned <= 1 - WHOLE)]] = True
    while True:
        wanted = np.unique(who[alive & free[request]])
        reached = np.unique(request[kept[np.isin(who[kept], wanted)]])
        reached = reached[~free[reached]]
        room = most - int(free.sum())
        if room <= 0 or not len(reached):
            break
        free[reached[:room]] = True
    kept = kept[~free[request[kept]] & alive[kept]]
    inside = np.flatnonzero(alive & (free | ~served)[request])
    candidates = np.concatenate([kept, inside])
    held = np.unique(model.held_column[model.candidates.unit[candidates]])
    extra = np.arange(model.first_extra, model.columns)
    columns = np.unique(np.concatenate([candidates, held[held >= 0], extra]))
    return columns[model.alive[columns]], kept
