"""A run in words: its state, its goals as steps, and the sentence that carries the page."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.domain.enums import PlanStatus, RunKind, RunState
from api.i18n import gettext as _
from api.i18n import mark, ngettext, number
from api.queries.run_story import Story
from api.queries.runs import RunView
from api.web import words

VISIT_GOALS = (
    "priority", "reserved", "schools", "first_visits", "classes", "days_waited", "wishes", "travel_minutes", "spread",
)  # fmt: skip
AIMS: dict[str, str] = {
    "priority": mark("Those promised anew get a visit"),
    "reserved": mark("Reserved times in the agreement municipalities"),
    "schools": mark("As many schools as possible"),
    "first_visits": mark("Schools without a visit in 12 months"),
    "classes": mark("As many classes as possible"),
    "days_waited": mark("Those who have waited longest"),
    "wishes": mark("Wishes for topics"),
    "travel_minutes": mark("Shortest travel"),
    "spread": mark("Even between companies and role models"),
    "returning": mark("Those who come back keep a place"),
    "served": mark("As many pupils as possible"),
    "queue": mark("Those first in the queue"),
    "short_hours": mark("Mentors get the evenings they were promised"),
    "extra_shifts": mark("No more evenings than agreed"),
    "choices": mark("Best choice, in queue order"),
    "continuity": mark("The mentor they name"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One goal in its order. state: `done` (proven), `open` (left with a gap), `now` or `later`."""

    label: str
    state: str
    detail: str


def state_of(state: RunState, status: PlanStatus | None) -> tuple[str, str, str]:
    """Word, sign and colour of a run: what its plan says counts more than that it ended."""
    key: str = status.value if status in (PlanStatus.INFEASIBLE, PlanStatus.UNKNOWN) else state
    word, sign, color = words.STATES[key]
    return _(word), sign, color


def goal_names(kind: RunKind, classes: int) -> list[str]:
    """The goals of a kind of problem in their order."""
    if kind is RunKind.VISIT:
        return list(VISIT_GOALS)
    middle = [f"served_class_{index}" for index in range(1, classes - 1)]
    return ["returning", "served", *middle, "queue", "short_hours", "extra_shifts", "choices", "continuity"]


def aim(name: str) -> str:
    """A goal as something to strive for."""
    return _(AIMS[name]) if name in AIMS else words.goal_label(name)


def goal_steps(run: RunView, story: Story) -> list[Step]:
    """Each goal with how far it has come: from the plan when there is one, else from the last event of each goal."""
    reached = {goal.name: (goal.value, goal.bound) for goal in story.goals}
    ended = bool(reached)
    current = run.progress[-1]["goal"] if run.progress else None
    for event in run.progress if not ended else ():
        reached[event["goal"]] = (event["value"], event["bound"])
    steps = []
    names = goal_names(run.kind, story.classes)
    turn = names.index(current) if current in names and not ended else len(names)
    for index, name in enumerate(names):
        value, bound = reached.get(name, (None, None))
        state = "now" if index == turn else "later" if index > turn or not reached else "done"
        if state == "done" and value != bound:
            state = "open"
        steps.append(Step(aim(name), state, _detail(value, bound, done=state == "done")))
    return steps


def sentence(run: RunView) -> str:
    """The one sentence that carries the page while the run works."""
    if run.state is RunState.QUEUED:
        return _("Waits for its turn.")
    last = run.progress[-1] if run.progress else None
    if last is None:
        return _("Reads the requests.") if run.kind is RunKind.VISIT else _("Reads the queue.")
    value, bound = last["value"], last["bound"]
    if value is None or bound is None:
        return _("Looks for a first plan.")
    gap = abs(bound - value)
    if last["goal"] == "schools":
        now = ngettext("One school gets a visit.", "%(count)s schools get a visit.", value, count=number(value))
    elif last["goal"] == "served":
        now = ngettext("One pupil gets a place.", "%(count)s pupils get a place.", value, count=number(value))
    else:
        now = _("%(goal)s: %(count)s now.", goal=words.goal_label(last["goal"]), count=number(value))
    if not gap:
        return now + " " + _("More is not possible.")
    return (
        now
        + " "
        + ngettext(
            "%(bound)s is possible at best, so we look for one more.",
            "%(bound)s is possible at best, so we go on looking.",
            gap,
            bound=number(bound),
        )
    )


def spoken(run: RunView) -> str:
    """What a screen reader hears now and then."""
    return sentence(run) if run.state in (RunState.QUEUED, RunState.RUNNING) else _("The run has ended.")


def failure(run: RunView) -> list[str]:
    """Why a run failed, for the person who ordered it: a sentence, then what it is about, line by line."""
    sentence, *details = (run.error or _("The program that plans stopped before it had a plan.")).split("\n")
    return [_(sentence), *details]


def result_line(kind: RunKind, values: dict[str, int]) -> str:
    """What a plan came to, in the list of runs."""
    if kind is RunKind.VISIT:
        schools, classes = values.get("schools", 0), values.get("classes", 0)
        return _("%(schools)s schools, %(classes)s classes", schools=number(schools), classes=number(classes))
    served = values.get("served", 0)
    return ngettext("one pupil with a place", "%(count)s pupils with a place", served, count=number(served))


def conflict_lines(conflicts: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """Each conflict: which locked things, and why they cannot all stand."""
    reasons = {
        "overlap": _("one person is locked to two places at the same time"),
        "mentor_overlap": _("a mentor is locked to two evenings at the same time"),
        "mentor_max": _("a mentor is locked to more evenings than agreed"),
        "ratio": _("more pupils are locked in than its mentors can take"),
        "seats": _("more pupils are locked in than there are seats"),
        "min_mentors": _("what is locked there cannot reach its least number of mentors"),
        "min_pupils": _("what is locked there cannot reach its least number of pupils"),
    }
    unknown = _("the locks cannot all stand")
    return [f"{', '.join(dict.fromkeys(places))}: {reasons.get(code, unknown)}." for code, places in conflicts]


def _detail(value: int | None, bound: int | None, *, done: bool) -> str:
    if value is None or bound is None:
        return ""
    if value == bound:
        return _("%(value)s, more is not possible", value=number(value)) if done else number(value)
    return _("%(value)s now, %(bound)s possible at best", value=number(value), bound=number(bound))
