"""The goals of a study-group plan in their order, each one function. GOALS is the contents.

The first six are linear in the joint model's columns; `choices` and `continuity` are counted on a finished placement.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from matcher.groups.facts import Facts
from matcher.groups.linear import Terms, Values
from matcher.groups.model import JointModel
from matcher.groups.rooms import Rooms
from matcher.groups.roster import Roster


@dataclass(frozen=True, slots=True)
class LinearGoal:
    """value = Σ coefficient * column + constant, whole for every plan."""

    name: str
    sense: Literal["max", "min"]
    terms: Terms
    constant: int

    @property
    def maximize(self) -> bool:
        """True for `max`."""
        return self.sense == "max"

    def value(self, columns: Values) -> int:
        """The goal's value of a plan written as columns."""
        return round(float(sum(value * columns[column] for column, value in self.terms.items()))) + self.constant


def returning(model: JointModel) -> LinearGoal:
    """max Σ served pupils of class 0."""
    return _served_pupils(model, "returning", lambda p: int(model.facts.pupils[p].class_ == 0))


def served(model: JointModel) -> LinearGoal:
    """max Σ served pupils."""
    return _served_pupils(model, "served", lambda _: 1)


def served_class(model: JointModel, number: int) -> LinearGoal:
    """max Σ served pupils of class `number`, for 1 .. K-2; the last class follows from the others."""
    return _served_pupils(model, f"served_class_{number}", lambda p: int(model.facts.pupils[p].class_ == number))


def queue(model: JointModel) -> LinearGoal:
    """max Σ over served of (n - position)."""
    return _served_pupils(model, "queue", model.facts.weight)


def short_hours(model: JointModel) -> LinearGoal:
    """min Σ over mentors of max(0, contracted - sessions)."""
    return LinearGoal("short_hours", "min", dict.fromkeys(model.short_hours, 1.0), 0)


def extra_shifts(model: JointModel) -> LinearGoal:
    """min Σ over mentors of max(0, sessions - contracted)."""
    return LinearGoal("extra_shifts", "min", dict.fromkeys(model.extra_shifts, 1.0), 0)


def choices(facts: Facts, seat: Mapping[int, int]) -> int:
    """min Σ over served of the index of the choice given, first = 0; taken in queue order (see queue_order.py)."""
    return sum(dict(facts.choices[p])[s] for p, s in seat.items())


def choices_bound(facts: Facts, roster: Roster, seat: Mapping[int, int]) -> int:
    """A bound of `choices` where not all took theirs in turn: nobody has better than the first that may seat them."""
    rooms = Rooms(facts, roster)
    return choices(facts, {p: rooms.may_sit(p)[0] for p in seat})


def continuity(facts: Facts, contact: Mapping[int, int]) -> int:
    """max pupils whose contact mentor is the one they name, sessions as given."""
    return sum(facts.pupils[p].mentor == facts.mentors[m].id for p, m in contact.items())


def served_values(facts: Facts, pupils: Iterable[int]) -> list[tuple[str, int]]:
    """The goals about who is served, by name and value, where these pupils are."""
    pupils = list(pupils)
    classes = Counter(facts.pupils[p].class_ for p in pupils)
    middle = range(1, facts.problem.rules.classes - 1)
    return [
        ("returning", classes[0]),
        ("served", len(pupils)),
        *((f"served_class_{number}", classes[number]) for number in middle),
        ("queue", sum(facts.weight(p) for p in pupils)),
    ]


def hours_values(facts: Facts, roster: Roster) -> list[tuple[str, int]]:
    """`short_hours` and `extra_shifts` of a roster, by name and value."""
    shifts = Counter(m for m, _ in roster.stands())
    owed = [mentor.contracted - shifts[m] for m, mentor in enumerate(facts.mentors)]
    return [("short_hours", sum(max(0, n) for n in owed)), ("extra_shifts", sum(max(0, -n) for n in owed))]


def roster_values(facts: Facts, roster: Roster, pupils: Iterable[int]) -> tuple[int, ...]:
    """The values of the roster goals, in order, where these pupils are served: those that the columns would give."""
    return tuple(value for _, value in served_values(facts, pupils) + hours_values(facts, roster))


GOALS: tuple[Callable[..., object], ...] = (
    returning,
    served,
    served_class,
    queue,
    short_hours,
    extra_shifts,
    choices,
    continuity,
)
"""Every goal in order; the function's name is the goal's (`served_class` stands for served_class_1 .. K-2)."""


def class_goals(model: JointModel) -> Sequence[LinearGoal]:
    """The goals that tell pupils apart by class only."""
    middle = range(1, model.facts.problem.rules.classes - 1)
    return (returning(model), served(model), *(served_class(model, number) for number in middle))


def roster_goals(model: JointModel) -> Sequence[LinearGoal]:
    """The goals that choose mentors and open sessions, in order. `queue` needs a model whose parts are pupils."""
    return (
        *class_goals(model),
        queue(model),
        short_hours(model),
        extra_shifts(model),
    )


def _served_pupils(model: JointModel, name: str, weight: Callable[[int], int]) -> LinearGoal:
    fixed = sum(weight(p) for p in model.facts.fixed_seat)
    return LinearGoal(name, "max", model.served_parts(weight), fixed)
