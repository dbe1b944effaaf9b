"""What the codes of plans and runs are called on the screen, and the one line of verdict."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Protocol

from api.domain.enums import PriorityReason, RunKind, RunState
from api.i18n import clock_time, mark, ngettext, number, percent
from api.i18n import gettext as _

GOALS: dict[str, str] = {
    "priority": mark("Promised anew, get a visit"),
    "reserved": mark("Reserved times in use"),
    "schools": mark("Schools with a visit"),
    "first_visits": mark("Of them: first in 12 months"),
    "classes": mark("Classes"),
    "days_waited": mark("Days waited"),
    "wishes": mark("Wishes met"),
    "travel_minutes": mark("Minutes of travel in all"),
    "spread": mark("Even spread (lowest is best)"),
    "returning": mark("Returning pupils with a place"),
    "served": mark("Pupils with a place"),
    "queue": mark("Those first in the queue"),
    "short_hours": mark("Evenings short of what mentors were promised"),
    "extra_shifts": mark("Evenings beyond what mentors were promised"),
    "choices": mark("Steps down the pupils' own lists"),
    "continuity": mark("Pupils with the mentor they named"),
}

REASONS: dict[str, str] = {
    "mode": mark("come only the other way (digital or in person)"),
    "topic": mark("do not have the topic"),
    "grade": mark("do not take that grade"),
    "distance": mark("live too far away"),
    "free": mark("are not free at the times proposed"),
    "language": mark("do not speak the language asked for"),
    "lessons": mark("do not take that many lessons in a row"),
    "reserved": mark("are set aside for other municipalities those days"),
    "refused": mark("have said no"),
    "taken": mark("could come, but are used for other visits"),
    "available": mark("could come, but the visit needs more people"),
    "varies": mark("are kept away by one thing one day and another the next"),
}

# Of the minute after a visit: the school's and the role model's, a number from 1 to 5 each.
QUESTIONS: dict[str, str] = {
    "useful": mark("Was the visit useful for the class?"),
    "engaging": mark("Did the role model catch the pupils' interest?"),
    "prepared": mark("Did you know enough beforehand?"),
    "again": mark("Would you do it again?"),
    "welcome": mark("Did you feel welcome at the school?"),
    "engaged": mark("Were the pupils with you?"),
}

NO_DATE, CHANGED = "calendar", "changed"

OBSTACLES: dict[str, str] = {
    "mode": mark("comes only the other way"),
    "topic": mark("does not have the topic"),
    "grade": mark("does not take that grade"),
    "distance": mark("lives too far away"),
    "free": mark("is not free"),
    "language": mark("does not speak the language asked for"),
    "lessons": mark("does not take that many lessons in a row"),
    "reserved": mark("is set aside for another municipality"),
    "refused": mark("has said no"),
}

FATES: dict[str, str] = {
    "distance": mark("too far from home"),
    "min_mentors": mark("not held: too few mentors can come"),
    "min_pupils": mark("not held: too few pupils want it"),
    "closed": mark("not held: the mentors do more good elsewhere"),
    "level": mark("no mentor there teaches the level"),
    "seats": mark("the room is full"),
    "mentors": mark("the mentors there are full"),
    "no_choices": mark("no evening chosen"),
    "changed": mark("things changed while the plan was made"),
}

USED: dict[str, str] = {
    "day": mark("has another visit that day"),
    "week": mark("has the visits of that week"),
    "term": mark("has all visits of the term"),
    "quota": mark("the company has given what it promised"),
    "overlap": mark("is at another school at that time"),
    "travel": mark("cannot get there in time from another school"),
}

PRIORITY: dict[str, str] = {
    PriorityReason.RETURNING: mark("Back from last term"),
    PriorityReason.GRADE_10: mark("Year 10"),
    PriorityReason.EXAM_YEAR: mark("Exam year"),
    PriorityReason.REST: mark("The rest"),
}
PRIORITY_CLASSES = (mark("Back from last term"), mark("Year 10 and exam year"), mark("The rest"))

KINDS: dict[str, str] = {RunKind.VISIT: mark("School visits"), RunKind.GROUP: mark("Study groups")}

STATES: dict[str, tuple[str, str, str]] = {
    RunState.QUEUED: (mark("Waiting"), "clock", "neutral"),
    RunState.RUNNING: (mark("Under way"), "half", "info"),
    RunState.DONE: (mark("Done"), "check", "success"),
    RunState.FAILED: (mark("Failed"), "warning", "danger"),
    RunState.CANCELLED: (mark("Cancelled"), "cross", "neutral"),
    "infeasible": (mark("Impossible"), "warning", "danger"),
    "unknown": (mark("Nothing found"), "info", "warning"),
}

WEEKDAYS = (
    mark("Monday"), mark("Tuesday"), mark("Wednesday"), mark("Thursday"), mark("Friday"), mark("Saturday"),
    mark("Sunday"),
)  # fmt: skip


class GoalRow(Protocol):
    """A goal as a row or as part of a plan."""

    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...
    @property
    def bound(self) -> int: ...


@dataclass(frozen=True, slots=True)
class ShownGoal:
    """A goal as the control table shows it."""

    name: str
    label: str
    value: int
    bound: int

    @property
    def gap(self) -> int:
        return abs(self.bound - self.value)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The one line: `proven` when every gap is 0; `sentence` and what follows it; the goals behind it."""

    proven: bool
    sentence: str
    rest: str
    goals: Sequence[ShownGoal]


def goal_label(name: str) -> str:
    """What a goal is called; priority groups are numbered from 1."""
    if name.startswith("served_class_"):
        return _("Of them: %(group)s", group=priority_class(int(name.removeprefix("served_class_"))).lower())
    return _(GOALS[name]) if name in GOALS else name


def priority_class(index: int) -> str:
    """What a priority group is called; programmes with more groups than the usual three number them."""
    if index < len(PRIORITY_CLASSES):
        return _(PRIORITY_CLASSES[index])
    return _("Priority group %(number)s", number=index + 1)


def verdict(
    goals: Sequence[GoalRow], *, locks: int = 0, changed: int = 0, queue_first: bool = False, detailed: bool = True
) -> Verdict:
    """What was proven, and never more.

    Only when every gap is 0 and nothing was left out afterwards does no better plan exist; else the line says how much
    better the first unproven goal could become. With `queue_first` the gap is the price of that choice rule. Goals are
    named only when `detailed`; without it the line counts schools and pupils, which everyone may know.
    """
    shown = [ShownGoal(goal.name, goal_label(goal.name), goal.value, goal.bound) for goal in goals]
    if changed:
        return _changed_since(shown, locks, changed, detailed=detailed)
    rest = _rules_kept(locks)
    at = next((index for index, goal in enumerate(shown) if goal.gap), None)
    if at is None:
        return Verdict(True, _("Checked: no better plan exists."), rest, shown)
    if queue_first:
        return Verdict(False, _("Checked: %(gain)s", gain=_price_of_order(shown)), rest, shown)
    reached = {goal.name for goal in shown[:at]}
    gain = _could_gain(shown[at], reached) if detailed else _could_gain_in_short(shown[at], reached)
    return Verdict(False, _("Checked: %(gain)s", gain=gain), rest, shown)


def _rules_kept(locks: int) -> str:
    if not locks:
        return _("All rules are kept.")
    return ngettext(
        "All rules are kept, and the locked one stands.",
        "All rules are kept, and the %(count)s locked ones stand.",
        locks,
        count=number(locks),
    )


def _changed_since(shown: Sequence[ShownGoal], locks: int, changed: int, *, detailed: bool) -> Verdict:
    """What was proven of the plan as it was made does not hold for what is left of it."""
    sentence = ngettext(
        "Checked, then changed: one item no longer fits and is left out.",
        "Checked, then changed: %(count)s items no longer fit and are left out.",
        changed,
        count=number(changed),
    )
    rest = " ".join([_rules_kept(locks), _("Make a new plan to know how good it can be.")])
    if detailed:
        rest += " " + _("The goals are from before the change.")
    return Verdict(False, sentence, rest, shown)


def _price_of_order(shown: Sequence[ShownGoal]) -> str:
    """Bounds are over every placement, so a gap is what placing in queue order costs, or less."""
    rule = _("each pupil, in the order of the queue, got the best choice still free.")
    gaps = {goal.name: goal.gap for goal in shown}
    if gaps.get("served"):
        price = ngettext(
            "Without that rule at most one more pupil could have a place: that is its price.",
            "Without that rule at most %(amount)s more pupils could have a place: that is its price.",
            gaps["served"],
            amount=number(gaps["served"]),
        )
        return f"{rule} {price}"
    return rule if gaps.get("returning") else " ".join([rule, _("The rule costs no pupil a place.")])


def _could_gain(goal: ShownGoal, reached: Collection[str]) -> str:
    """How much better the plan could at most be, and what is proven before that."""
    if "schools" in reached:
        return _("no more schools can be reached, and %(gain)s", gain=_gain(goal))
    if "served" in reached:
        return _("no more pupils can have a place, and %(gain)s", gain=_gain(goal))
    return _gain(goal)


def _could_gain_in_short(goal: ShownGoal, reached: Collection[str]) -> str:
    if goal.name in ("schools", "returning", "served"):
        return _gain(goal)
    if "schools" in reached:
        return _("no more schools can be reached, but the rest can perhaps be better.")
    if "served" in reached:
        return _("no more pupils can have a place, but the rest can perhaps be better.")
    return _("can perhaps be better.")


def _gain(goal: ShownGoal) -> str:
    """The gap of a goal as a count of what people know, with its direction."""
    gap, amount = goal.gap, number(goal.gap)
    if goal.name.startswith("served_class_"):
        group = priority_class(int(goal.name.removeprefix("served_class_")))
        return _("at most %(amount)s more of “%(group)s” can be among them.", amount=amount, group=group)
    said = {
        "priority": ngettext(
            "at most one more of those promised anew can get a visit.",
            "at most %(amount)s more of those promised anew can get a visit.",
            gap,
            amount=amount,
        ),
        "reserved": ngettext(
            "at most one more reserved time can be used.",
            "at most %(amount)s more reserved times can be used.",
            gap,
            amount=amount,
        ),
        "schools": ngettext("at most one school better.", "at most %(amount)s schools better.", gap, amount=amount),
        "first_visits": ngettext(
            "at most one more school without a visit in 12 months can get one.",
            "at most %(amount)s more schools without a visit in 12 months can get one.",
            gap,
            amount=amount,
        ),
        "classes": ngettext(
            "at most one more class can get a visit.",
            "at most %(amount)s more classes can get a visit.",
            gap,
            amount=amount,
        ),
        "days_waited": ngettext(
            "those who get a visit can together have waited at most one day longer.",
            "those who get a visit can together have waited at most %(amount)s days longer.",
            gap,
            amount=amount,
        ),
        "wishes": ngettext(
            "at most one more wish can be met.", "at most %(amount)s more wishes can be met.", gap, amount=amount
        ),
        "travel_minutes": ngettext(
            "the travel can be at most one minute shorter in all.",
            "the travel can be at most %(amount)s minutes shorter in all.",
            gap,
            amount=amount,
        ),
        "spread": _("the figure for an even spread can be at most %(amount)s lower.", amount=amount),
        "returning": ngettext("at most one pupil better.", "at most %(amount)s pupils better.", gap, amount=amount),
        "served": ngettext("at most one pupil better.", "at most %(amount)s pupils better.", gap, amount=amount),
        # the sum over the queue says nothing by itself, its share does
        "queue": _(
            "those with a place can be at most %(share)s further ahead in the queue, taken together.",
            share=percent(gap / max(abs(goal.bound), 1), 2),
        ),
        "short_hours": ngettext(
            "mentors could get at most one more of the evenings they were promised.",
            "mentors could get at most %(amount)s more of the evenings they were promised.",
            gap,
            amount=amount,
        ),
        "extra_shifts": ngettext(
            "there can be at most one evening less beyond what mentors were promised.",
            "there can be at most %(amount)s fewer evenings beyond what mentors were promised.",
            gap,
            amount=amount,
        ),
        "choices": ngettext(
            "pupils can come at most one step higher on their own lists, taken together.",
            "pupils can come at most %(amount)s steps higher on their own lists, taken together.",
            gap,
            amount=amount,
        ),
        "continuity": ngettext(
            "at most one more pupil can have the mentor they named.",
            "at most %(amount)s more pupils can have the mentor they named.",
            gap,
            amount=amount,
        ),
    }
    return said.get(goal.name) or _("“%(goal)s” can be at most %(amount)s better.", goal=goal.label, amount=amount)


def about(count: int) -> str:
    """A number of pupils as schools say it: to the nearest ten."""
    return number(round(count, -1))


def is_of_people(rows: Sequence[Mapping[str, object]]) -> bool:
    """Whether the reasons count role models; a closed calendar and a late change are about no one."""
    return not {str(row["code"]) for row in rows} & {NO_DATE, CHANGED}


def reasons(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Reasons of a request without a visit, the commonest first, each with its number where it counts role models."""
    counted = sorted(((int(str(row["count"])), str(row["code"])) for row in rows), reverse=True)
    said = [f"{number(count)} {_(REASONS[code])}" for count, code in counted if code in REASONS and count]
    for _count, code in counted:
        if code == NO_DATE:
            said.append(_("A day must lie in the season, far enough ahead, and be a school day there."))
        if code == CHANGED:
            said.append(_("The school, the role model or their times are not as they were when the run began."))
    return said


def why_none(rows: Sequence[Mapping[str, object]], wanted: int, people: int) -> str:
    """The sentence that a teacher reads first. people: role models in all, so that "no one" is said only where true."""
    counts = {str(row["code"]): int(str(row["count"])) for row in rows}
    if CHANGED in counts:
        return _("A visit was found, but things changed while the plan was made, and it no longer fits.")
    if NO_DATE in counts:
        return ngettext(
            "The day proposed cannot be used.",
            "None of the %(count)s days proposed can be used.",
            counts[NO_DATE],
            count=number(counts[NO_DATE]),
        )
    if wanted > 1 and counts.get("available"):
        return _(
            "You asked for %(wanted)s role models. Only %(free)s can come.", wanted=wanted, free=counts["available"]
        )
    if counts.get("taken"):
        return ngettext(
            "The one who could come is used for another visit.",
            "All %(count)s who could come are used for other visits.",
            counts["taken"],
            count=number(counts["taken"]),
        )
    sentences = {
        "distance": _("No role model lives near enough."),
        "free": _("No role model is free at the times proposed."),
        "topic": _("No role model has the topic."),
        "grade": _("No role model takes that grade."),
        "mode": _("No role model comes in the way asked for."),
        "language": _("No role model speaks the language asked for."),
    }
    for code, sentence in sentences.items():
        if counts.get(code) == people:
            return sentence
    if counts.get("distance"):
        near = people - counts["distance"]
        return ngettext(
            "The one who lives near enough cannot come.",
            "None of the %(count)s who live near enough can come.",
            near,
            count=number(near),
        )
    return _("No role model fits all that was asked for.")


def grade(value: int) -> str:
    """A grade as schools say it: "9. trinn" to 10, then Vg1 to Vg3."""
    return _("year %(grade)s", grade=value) if value <= 10 else f"Vg{value - 10}"


def classes(count: int, year: int) -> str:
    """ "2 klasser, 9. trinn"."""
    return ngettext("one class, %(grade)s", "%(num)s classes, %(grade)s", count, grade=grade(year))


def clock_span(starts: datetime | time, ends: datetime | time) -> str:
    """ "08.30–10.15", unbreakable in its cell."""
    return f"{clock_time(starts)}–{clock_time(ends)}"


def weekday(day: int) -> str:
    """A day of the week, 1 Monday to 7."""
    return _(WEEKDAYS[day - 1])


def fate(code: str | None) -> str:
    """What became of a pupil's choice, or why a session is not held."""
    return _(FATES[code]) if code in FATES else ""
