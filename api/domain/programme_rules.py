"""The settings of a programme's rule version, read into frozen objects; unknown names and bad values are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar

from api.errors import ConfigurationError

Placement = Literal["most_served", "queue_first"]
RulesT = TypeVar("RulesT", "VisitRules", "GroupRules")


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRules:
    """What a programme of school visits says.

    detour (≥ 1) and kmh (> 0) give travel minutes. confirmed_months: how old a profile's confirmation may be.
    first_visit_months: how far back a visit counts. lead_school_days: school days between a plan and the visit of a
    request outside windows; lead_after_window: the same for a request that came in by a booking window.
    max_*: the most engagements and lessons, whatever a role model offers; None for what they say.

    A booking window opens, closes and has its plan approved so many weeks before the visit week. Outside windows a
    school hears in promise_working_days; everyone is confirmed confirm_school_days before the visit.
    An invitation reminds after remind_hours, later_remind_hours; after silence_working_days silence is a no. Within
    near_working_days of the visit: near_remind_hours and near_silence_hours. open_invitations: the most a person has at
    a time. escalate_after: so many people in a row for one request, and the coordinator calls. pause_after: so many
    silent episodes pause a profile. objection_hours: how long an agreement person may object.
    Approval sends at send_hour, at least send_minutes later. A no holds its alternatives for hold_days.
    An order made without signing in lapses when its mail is not followed for confirm_days.
    After the yes: the role model calls within call_working_days; both tick ready ready_school_days before.
    """

    detour: float = 1.3
    kmh: float = 50
    confirmed_months: int = 12
    first_visit_months: int = 12
    lead_school_days: int = 15
    lead_after_window: int = 5
    max_lessons: int | None = None
    max_per_day: int | None = None
    max_per_week: int | None = None
    max_per_term: int | None = None
    window_opens_weeks: int = 12
    window_closes_weeks: int = 6
    plan_approved_weeks: int = 5
    promise_working_days: int = 10
    confirm_school_days: int = 10
    remind_hours: int = 48
    later_remind_hours: int = 96
    silence_working_days: int = 5
    near_working_days: int = 10
    near_remind_hours: int = 24
    near_silence_hours: int = 48
    open_invitations: int = 3
    escalate_after: int = 2
    pause_after: int = 2
    objection_hours: int = 48
    send_hour: int = 12
    send_minutes: int = 30
    hold_days: int = 3
    confirm_days: int = 14
    call_working_days: int = 3
    ready_school_days: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRules:
    """What a programme of study groups says.

    classes: how many priority groups, at least 1. placement: the choice rule. max_ratio: the most pupils a mentor may
    have, whatever a session says. min_mentors, min_pupils: what every open session needs at least.

    An offer stands offer_days before the start of term, late_offer_hours in its last late_weeks, and after the start
    running_offer_hours, or weekend_offer_hours over a weekend. Joining goes on until join_ends_weeks before the end.
    returning_share: of held meetings attended, for a right to a place. A guardian is asked below guardian_asked_below
    years and told below guardian_told_below; the pupil's own day counts when the yes comes within guardian_days.
    absences_call, absences_release: untold absences after which somebody calls, and may release the seat.
    digital_minutes: beyond it the form suggests digital. friends: the most with one code. mentor_notice_days: a change
    closer to the meeting needs the mentor's yes. underfilled_weeks: when an under-filled session warns.
    meetings_least, meetings_most: of a session in a term. fewer_told_hours: how long before a meeting with too few
    mentors its pupils are told. mentor_remind_hours: how long before it the mentors are reminded.
    statute: the law by which police certificates are seen; "" where none are. certificate_months: how old at most.
    Approval sends at send_hour, at least send_minutes later. An offer that stands more than twice as long reminds
    offer_remind_hours before it expires. A registration that is not confirmed lapses after unconfirmed_days; a
    guardian who has not answered is asked again after guardian_remind_days.
    lowest_grade: the youngest who may join. first_day_hours: how long before it the first meeting is called to mind.
    """

    detour: float = 1.3
    kmh: float = 50
    classes: int = 3
    placement: Placement = "most_served"
    max_ratio: int | None = None
    min_mentors: int = 2
    min_pupils: int = 0
    offer_days: int = 5
    late_weeks: int = 2
    late_offer_hours: int = 72
    running_offer_hours: int = 24
    weekend_offer_hours: int = 48
    join_ends_weeks: int = 4
    returning_share: float = 0.5
    guardian_asked_below: int = 16
    guardian_told_below: int = 18
    guardian_days: int = 14
    absences_call: int = 2
    absences_release: int = 3
    digital_minutes: int = 60
    friends: int = 3
    mentor_notice_days: int = 14
    underfilled_weeks: int = 2
    meetings_least: int = 10
    meetings_most: int = 12
    warned_ratio: int = 8
    fewer_told_hours: int = 3
    mentor_remind_hours: int = 30
    statute: str = ""
    certificate_months: int = 3
    send_hour: int = 12
    send_minutes: int = 30
    offer_remind_hours: int = 24
    unconfirmed_days: int = 7
    guardian_remind_days: int = 7
    lowest_grade: int = 10
    first_day_hours: int = 30


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "detour": (lambda value: _is_number(value) and value >= 1, "a number of at least 1"),
    "kmh": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    "classes": (lambda value: _is_count(value) and value >= 1, "a whole number of at least 1"),
    "returning_share": (lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1"),
    "send_hour": (lambda value: _is_count(value) and value <= 23, "an hour from 0 to 23"),
    "statute": (lambda value: isinstance(value, str) and len(value) <= 200, "the name of a law, or nothing"),
    "placement": (lambda value: value in ("most_served", "queue_first"), "most_served or queue_first"),
}
_RETIRED = frozenset({"good_chance_percent", "small_chance_percent"})
"""Settings in versions of rules from before, which never change; nothing reads them."""
_MAY_BE_NONE = frozenset({"max_lessons", "max_per_day", "max_per_week", "max_per_term", "max_ratio"})


def visit_rules(settings: Mapping[str, Any]) -> VisitRules:
    """The rules of a school_visit programme. Raises ConfigurationError naming the setting and the remedy."""
    return _read(VisitRules, settings)


def group_rules(settings: Mapping[str, Any]) -> GroupRules:
    """The rules of a study_group programme. Raises ConfigurationError naming the setting and the remedy."""
    return _read(GroupRules, settings)


def _read(kind: type[RulesT], settings: Mapping[str, Any]) -> RulesT:
    known = {item.name for item in fields(kind)}
    settings = {name: value for name, value in settings.items() if name not in _RETIRED}
    for name, value in settings.items():
        if name not in known:
            raise ConfigurationError(
                "is not a setting of this programme.", field=name, remedy=f"Use one of {', '.join(sorted(known))}."
            )
        if value is None and name in _MAY_BE_NONE:
            continue
        fits, right = _CHECKS.get(name, (_is_count, "a whole number of at least 0"))
        if not fits(value):
            raise ConfigurationError(f"is {value!r}.", field=name, remedy=f"Give {right}.")
    return kind(**settings)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
