"""A first roster of a large season: the relaxation settles what ties its sites together, then each site is solved.

Sites share little but some hubs, as the digital one, where pupils and mentors of many sites meet. With the hubs held
near the relaxation's solution the sites are programs of their own, side by side.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from matcher.groups.goals import LinearGoal
from matcher.groups.highs import Job
from matcher.groups.linear import INFINITE, Flags, Program, Row, Values
from matcher.groups.milp import Optimiser
from matcher.groups.model import JointModel, roster_of
from matcher.groups.neighbourhood import NODES, Blocks, Neighbourhoods
from matcher.groups.roster import Roster

AHEAD = 100.0
"""What a pupil of class 0 counts against another one."""
MENTOR = 8.0
"""What a mentor counts against a pupil where a hub is held near the relaxation."""


def guided_roster(
    model: JointModel, goals: Sequence[LinearGoal], relaxed: Values, solver: Optimiser, left: Callable[[], float]
) -> Roster:
    """A roster good in the first two goals, `returning` and `served`. `relaxed`: a solution of the relaxation."""
    blocks = Blocks(model, solver.seed)

    def job(program: Program, start: Values) -> Job:
        return replace(solver.job(program, start, INFINITE), nodes=NODES)

    hub = blocks.hubs()
    free = blocks.free(hub)
    columns = np.array(model.lower)
    if hub.any():
        program = _near(model, hub, relaxed).held(free, columns)
        found = solver.children.run([job(program, columns[free])], 1, left)[0].columns
        columns[free] = columns[free] if found is None else np.round(found, 6)
    both, ahead = (model.program(goal.terms, maximize=True) for goal in (goals[1], goals[0]))
    program = replace(both, objective=AHEAD * ahead.objective + both.objective)
    search = Neighbourhoods(program, len(model.rows), blocks, columns, job)
    for _ in search.by_site(solver.children, solver.workers, left):
        pass
    return roster_of(model, search.best)


def _near(model: JointModel, hub: Flags, relaxed: Values) -> Program:
    """Who stands and sits in the hubs as the relaxation has it, with no more mentors in each than there, rounded."""
    here = np.flatnonzero(hub).tolist()
    most = {s: float(round(sum(relaxed[column] for column in model.all_mentors(s)))) for s in here}
    rows = [Row(model.all_mentors(s), -INFINITE, max(most[s], float(s in model.facts.fixed_sessions))) for s in here]
    weight = {column: MENTOR * relaxed[column] for s in here for column in model.all_mentors(s)}
    weight |= {column: float(relaxed[column]) for s in here for column in model.all_pupils(s)}
    return model.with_rows(rows).program(weight, maximize=True)
