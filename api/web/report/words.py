"""What the report's figures, questions and answers are called, and the sentence that says what happened."""

from __future__ import annotations

from dataclasses import dataclass

from api.domain.enums import Audience, Factor, Measure
from api.i18n import current_locale, mark, ngettext, number, percent
from api.i18n import gettext as _
from api.models.programmes import Programme
from api.queries.report.figures import PERCENT
from api.queries.report.year import Line, Report

MEASURES: dict[Measure, str] = {
    Measure.REGISTERED: mark("Pupils who applied"),
    Measure.OFFERED: mark("Were offered a place"),
    Measure.SCHOOLS: mark("Schools the pupils come from"),
    Measure.VISITS: mark("Visits to schools"),
    Measure.PUPILS_MET: mark("Pupils met on visits"),
    Measure.EVENTS: mark("Days or events"),
    Measure.PARTICIPANTS: mark("Participants"),
    Measure.SATISFIED: mark("Satisfied with the study group"),
    Measure.MENTORS: mark("Satisfied with the mentors"),
    Measure.BETTER_GRADE: mark("Better grade"),
    Measure.INSPIRED: mark("Inspired to choose science"),
}
FACTORS: dict[Factor, str] = {
    Factor.INTERESTS: mark("interests"),
    Factor.ATTITUDES: mark("attitudes"),
    Factor.KNOWLEDGE: mark("knowledge"),
    Factor.RELATIONS: mark("relations"),
}
AUDIENCES: dict[Audience, str] = {Audience.PUPILS: mark("For pupils"), Audience.SCHOOLS: mark("For schools")}
QUESTIONS: dict[str, str] = {
    "satisfied": mark("How satisfied are you with the study group?"),
    "mentors": mark("How satisfied are you with the mentors?"),
    "better_grade": mark("Have you got a better grade, or do you think you will?"),
    "inspired": mark("Has it made you want to choose science or mathematics?"),
    "gender": mark("Are you"),
}
_SATISFIED = {
    "5": mark("Very satisfied"),
    "4": mark("Satisfied"),
    "3": mark("Neither"),
    "2": mark("Dissatisfied"),
    "1": mark("Very dissatisfied"),
}
_SURE = {"yes": mark("Yes"), "no": mark("No"), "unsure": mark("I do not know")}
VALUES: dict[str, dict[str, str]] = {
    "satisfied": _SATISFIED,
    "mentors": _SATISFIED,
    "better_grade": _SURE,
    "inspired": _SURE,
    "gender": {
        "girl": mark("a girl"),
        "boy": mark("a boy"),
        "other": mark("something else"),
        "untold": mark("I would rather not say"),
    },
}
SCHOOLS_SAID: dict[str, str] = {
    "useful": mark("Useful for the class"),
    "engaging": mark("Caught the pupils' interest"),
    "prepared": mark("Knew enough beforehand"),
    "again": mark("Would do it again"),
}
HIDDEN, UNKNOWN = ":", "–"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a figure stands against its target: `reached`, `above` nothing else said, or `under` by how much."""

    reached: bool
    under: int


def count(value: int | None, measure: Measure | None = None) -> str:
    """A figure as it is shown: hidden ones as a colon, shares in per cent."""
    if value is None:
        return HIDDEN
    return percent(value / 100) if measure in PERCENT else number(value)


def value_of(line: Line) -> str:
    """The figure of a line: a colon where it is hidden, a dash where nothing is known."""
    return UNKNOWN if line.value is None and not line.hides[0] else count(line.value, line.measure)


def before_of(line: Line) -> str:
    """The figure of the year before, in the same way."""
    return UNKNOWN if line.before is None and not line.hides[1] else count(line.before, line.measure)


def against(line: Line) -> Verdict | None:
    """How a line stands against its target; None without one, or where the value is not shown."""
    if line.target is None or line.value is None:
        return None
    return Verdict(line.value >= line.target, max(0, line.target - line.value))


def name_of(programme: Programme) -> str:
    """A programme in the reader's language."""
    return str(getattr(programme, f"name_{current_locale()}"))


def sentence(report: Report) -> str:
    """What happened, in a sentence or two: places first, then the target that was missed by most."""
    now = report.now
    if not now.of(Measure.REGISTERED) and not now.of(Measure.VISITS):
        return _("Nothing is counted yet.") if not report.programmes else _("What was counted stands below.")
    if not report.is_over:
        return _("So far. The year is not over, so it cannot be held against the year before yet.")
    said = [_places(report), _visits(report)]
    return " ".join(part for part in said if part) or _("What was counted stands below.")


def _places(report: Report) -> str:
    now, before = report.now, report.before
    offered, left = now.of(Measure.OFFERED), now.left
    if offered is None or left is None or not now.of(Measure.REGISTERED):
        return ""
    earlier, left_earlier = (before.of(Measure.OFFERED), before.left) if before else (None, None)
    if earlier is None or left_earlier is None or not earlier:
        return _("%(offered)s were offered a place, and %(left)s were not.", offered=number(offered), left=number(left))
    more, fewer_left = offered > earlier, left < left_earlier
    if offered == earlier:
        return _("As many as the year before were offered a place.")
    if more and fewer_left:
        return _("More were offered a place, and fewer were left without one.")
    if more:
        return _("More were offered a place, but as many or more were left without one.")
    if fewer_left:
        return _("Fewer were offered a place, and fewer were left without one.")
    return _("Fewer were offered a place, and as many or more were left without one.")


def _visits(report: Report) -> str:
    line = report.line(Measure.VISITS)
    verdict = against(line)
    if verdict is not None:
        if verdict.reached:
            return _("The target for visits was reached.")
        return ngettext(
            "We were one visit short of the target for schools.",
            "We were %(count)s visits short of the target for schools.",
            verdict.under,
            count=number(verdict.under),
        )
    if line.value and line.before:
        if line.value > line.before:
            return _("More schools were visited than the year before.")
        if line.value < line.before:
            return _("There were fewer visits than the year before.")
    return ""


def left_sentence(report: Report) -> str:
    """How many were left without a place, and the year before."""
    left, before = report.now.left, report.before.left if report.before else None
    if left is None:
        return _("How many were left without a place is hidden.")
    if before is None:
        return _("%(left)s were left without a place.", left=number(left))
    said = {"left": number(left), "before": number(before)}
    return _("%(left)s were left without a place, %(before)s the year before.", **said)


def answers(question: str) -> list[tuple[str, str]]:
    """The answers to choose from, the best first where there is one."""
    return [(value, _(word)) for value, word in VALUES[question].items()]
