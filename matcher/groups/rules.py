"""The rules of a study-group plan, each one function that adds its rows to the joint model. RULES is the contents.

Names: open(s) is 0 or 1; mentors(c, s) are the mentors of crew c in session s; pupils(g, s) are the pupils of group g
in session s; fixed(s) are the fixed pupils there. README.md has the whole formulation.
"""

from collections.abc import Callable

from matcher.groups.linear import total
from matcher.groups.model import JointModel

Rule = Callable[[JointModel], None]


def choice(model: JointModel) -> None:
    """Σ over parts of served(g, part) = Σ over the group's sessions of pupils(g, s): one seat, in their choices."""
    for g, group in enumerate(model.groups):
        seated = {model.pupils_in[g, s]: 1.0 for s in group.sessions}
        model.row(total(seated, {model.served[g, part]: -1.0 for part in model.parts[g]}), at_least=0.0, at_most=0.0)


def distance(model: JointModel) -> None:
    """pupils(g, s) ≤ 0 where s is beyond max_travel_minutes of a member's home; groups are made so that it never is."""
    reach = [{s for s, _ in within} for within in model.facts.within_reach]
    for (g, s), column in model.pupils_in.items():
        if any(s not in reach[p] for p in model.groups[g].pupils):
            model.row({column: 1.0}, at_most=0.0)


def level(model: JointModel) -> None:
    """For each set L of levels: Σ pupils of L in s ≤ ratio(s) * Σ mentors in s who cover some level of L (Hall).

    Only sets with distinct covering crews are needed, of those the largest; all levels together are in `ratio`.
    Where that would be many, the flows pupils → covering kind of mentor → session are written out; both are exact.
    """
    for s, session in enumerate(model.facts.sessions):
        sets = hall_sets(model, s)
        if sets is None:
            _level_flows(model, s)
            continue
        for levels in sets:
            cover = {column: -float(session.ratio) for column in model.mentors_who_cover(s, levels)}
            model.row(total(model.pupils_of_levels(s, levels), cover), at_most=0.0)


def ratio(model: JointModel) -> None:
    """Σ pupils in s + fixed(s) ≤ ratio(s) * Σ mentors in s; a fixed pupil may have any of them."""
    for s, session in enumerate(model.facts.sessions):
        cover = {column: -float(session.ratio) for column in model.all_mentors(s)}
        model.row(total(model.all_pupils(s), cover), at_most=-float(model.fixed_in[s]))


def seats(model: JointModel) -> None:
    """Σ pupils in s + fixed(s) ≤ seats(s) * open(s)."""
    for s, session in enumerate(model.facts.sessions):
        room = {model.is_open[s]: -float(session.seats)}
        model.row(total(model.all_pupils(s), room), at_most=-float(model.fixed_in[s]))


def min_mentors(model: JointModel) -> None:
    """Σ mentors in s ≥ max(1, min_mentors(s)) * open(s)."""
    for s in range(len(model.facts.sessions)):
        needed = {model.is_open[s]: -float(model.facts.min_mentors[s])}
        model.row(total(model.all_mentors(s), needed), at_least=0.0)


def min_pupils(model: JointModel) -> None:
    """Σ pupils in s + fixed(s) ≥ max(1, min_pupils(s)) * open(s)."""
    for s in range(len(model.facts.sessions)):
        needed = {model.is_open[s]: -float(model.facts.min_pupils[s])}
        model.row(total(model.all_pupils(s), needed), at_least=-float(model.fixed_in[s]))


def mentor_session(model: JointModel) -> None:
    """mentors(c, s) ≤ size(c) * open(s), and only for sessions the crew can: mentors stand in open sessions."""
    for (c, s), column in model.mentors_in.items():
        model.row({column: 1.0, model.is_open[s]: -float(model.crews[c].size)}, at_most=0.0)


def mentor_max(model: JointModel) -> None:
    """Σ over s of mentors(c, s) ≤ size(c) * max_sessions(c)."""
    for c, crew in enumerate(model.crews):
        if crew.most < len(crew.cliques):
            model.row(model.shifts_of(c), at_most=float(crew.size * crew.most))


def mentor_overlap(model: JointModel) -> None:
    """Σ over a clique of overlapping sessions of mentors(c, s) ≤ size(c)."""
    for c, crew in enumerate(model.crews):
        for clique in crew.cliques:
            if len(clique) > 1:
                model.row({model.mentors_in[c, s]: 1.0 for s in clique}, at_most=float(crew.size))


RULES: tuple[Rule, ...] = (
    choice,
    distance,
    level,
    ratio,
    seats,
    min_mentors,
    min_pupils,
    mentor_session,
    mentor_max,
    mentor_overlap,
)
"""Every rule; the function's name is the rule's code."""

MOST_HALL_SETS = 128


def hall_sets(model: JointModel, s: int) -> list[frozenset[str]] | None:
    """Sets of levels with distinct covering crews, the largest of each, not those all mentors cover; None: many."""
    kinds = {model.crew_levels[c] for c in model.crews_at[s]}
    present = sorted({model.groups[g].level for g in model.groups_at[s]})
    covering = {name: frozenset(kind for kind in kinds if name in kind) for name in present}
    unions: set[frozenset[frozenset[str]]] = {frozenset()}
    for kind_set in covering.values():
        unions |= {union | kind_set for union in unions}
        if len(unions) > MOST_HALL_SETS:
            return None
    some = [union for union in unions if len(union) < len(kinds)]
    sets = [frozenset(name for name in present if covering[name] <= union) for union in some]
    return sorted((levels for levels in sets if levels), key=sorted)


def _level_flows(model: JointModel, s: int) -> None:
    session = model.facts.sessions[s]
    kinds = sorted({model.crew_levels[c] for c in model.crews_at[s]}, key=sorted)
    present = sorted({model.groups[g].level for g in model.groups_at[s]})
    taught: dict[frozenset[str], dict[int, float]] = {kind: {} for kind in kinds}
    for name in present:
        flows = {}
        for kind in kinds:
            if name in kind:
                column = model.column(0.0, float(session.seats))
                flows[column] = -1.0
                taught[kind][column] = 1.0
        model.row(total(model.pupils_of_levels(s, (name,)), flows), at_least=0.0, at_most=0.0)
    for kind in kinds:
        here = [model.mentors_in[c, s] for c in model.crews_at[s] if model.crew_levels[c] == kind]
        model.row(total(taught[kind], dict.fromkeys(here, -float(session.ratio))), at_most=0.0)
