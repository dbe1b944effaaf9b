"""The list of exceptions in words: what has happened, and what the buttons say."""

from __future__ import annotations

from datetime import datetime

from api.i18n import gettext as _
from api.i18n import mark, ngettext, number, short_datetime
from api.queries.coordination_today import Line

KINDS: dict[str, tuple[str, str, str]] = {
    "nobody_found": (mark("Nobody found"), "warning", "danger"),
    "asked_in_vain": (mark("Asked in vain"), "clock", "warning"),
    "not_confirmed": (mark("Not answered"), "clock", "warning"),
    "promise_missed": (mark("Promise passed"), "warning", "danger"),
    "plan_overdue": (mark("Plan is late"), "warning", "danger"),
    "fell_through": (mark("Fell through"), "warning", "danger"),
    "not_ready": (mark("Not ready"), "clock", "warning"),
    "not_called": (mark("Has not called"), "clock", "warning"),
    "too_few_mentors": (mark("Too few mentors"), "warning", "danger"),
    "absent": (mark("Stays away"), "info", "warning"),
    "underfilled": (mark("Too few pupils"), "info", "info"),
    "not_marked": (mark("Attendance is missing"), "info", "info"),
    "mail_failed": (mark("Message not delivered"), "cross", "warning"),
    "mail_down": (mark("Mail server down"), "warning", "danger"),
}
OTHER = (mark("Needs a person"), "warning", "warning")
REASONS: dict[str, str] = {
    "nobody_found": mark("Nobody was found at any of the times that the school proposed."),
    "asked_in_vain": mark("People in a row have said no or nothing."),
    "not_confirmed": mark("The visit is near, and not everyone has said yes."),
    "promise_missed": mark("The school was to hear by now. It has been told that we are late."),
    "plan_overdue": mark("The booking window is closed, its visit weeks are near, and no plan is approved."),
    "fell_through": mark("A visit that was promised does not come about."),
    "not_ready": mark("The visit is near, and not both sides have said that they are ready."),
    "not_called": mark("The role model has not called the school."),
    "too_few_mentors": mark("Somebody is away, and too few adults are left in the room."),
    "absent": mark("Away without a word, as often as the rules say."),
    "underfilled": mark("The start is near, and too few have a seat."),
    "not_marked": mark("The meeting is over, and nobody has marked who was there."),
    "mail_failed": mark("Only a call reaches the person now."),
    "mail_down": mark("Messages have waited for four hours. They leave by themselves when the server is back."),
}
REMEDIES: dict[str, str] = {
    "digital": mark("Make it digital"),
    "another_date": mark("The school agrees: move it"),
    "call_school": mark("Talked to the school"),
    "call_invited": mark("Keep the answer"),
    "call_invited_person": mark("Talked to the role model"),
    "call_home": mark("Talked to the home"),
    "plan_again": mark("Make a new plan"),
    "approve_plan": mark("Go to approval"),
    "cancel_meeting": mark("Call the meeting off"),
    "move_meeting": mark("Move the meeting"),
    "release_seat": mark("Release the seat"),
    "send_offers": mark("Send offers"),
    "cancel_session": mark("Give the evening up"),
    "mark_attendance": mark("Mark attendance"),
    "call_and_correct_address": mark("Keep the address and send again"),
    "check_mail_server": mark("Try to send again"),
}
RESOLUTIONS: dict[str, str] = {
    "by_phone": mark("Solved on the phone"),
    "no_longer_needed": mark("No longer needed"),
    "elsewhere": mark("Solved elsewhere"),
}
OUTCOMES: dict[str, str] = {
    "answered": mark("Called %(when)s, answered"),
    "no_answer": mark("Called %(when)s, no answer"),
}


def heading(count: int) -> str:
    """What the page says first."""
    if not count:
        return _("Nothing needs you today.")
    return ngettext("One thing needs you today", "%(count)s things need you today", count, count=number(count))


def kind(line: Line) -> tuple[str, str, str]:
    """Word, sign and colour of a line."""
    word, sign, color = KINDS.get(line.item.kind, OTHER)
    return _(word), sign, color


def reason(line: Line) -> str:
    """What has happened, in a sentence or two with the figures that the line holds."""
    told = line.item.reason
    said = _(REASONS[line.item.kind]) if line.item.kind in REASONS else _(OTHER[0]) + "."
    if line.item.kind == "asked_in_vain" and "people" in told:
        people = int(told["people"])
        said = ngettext(
            "One person has said no or nothing.", "%(count)s people in a row have said no or nothing.", people,
            count=number(people),
        )  # fmt: skip
    if told.get("code") == "fewer":
        people = int(told["people"])
        said = ngettext(
            "The visit stands with one person, fewer than asked for.",
            "The visit stands with %(count)s people, fewer than asked for.",
            people,
            count=number(people),
        )
    if line.item.kind == "absent" and "number" in told:
        said += " " + _("Lottery number %(number)s", number=told["number"]) + "."
    if line.item.kind == "underfilled":
        said += " " + _(
            "%(seated)s of at least %(least)s, %(waiting)s wait.", **_counts(told, "seated", "least", "waiting")
        )
    if line.item.kind == "too_few_mentors":
        said += " " + _(
            "%(adults)s of %(least)s, with %(pupils)s pupils.", **_counts(told, "adults", "least", "pupils")
        )
    return said


def remedy(line: Line) -> str:
    """What the button says; a proposed time stands in it."""
    code = str(line.item.remedy.get("code", ""))
    words = _(REMEDIES[code]) if code in REMEDIES else ""
    at = line.item.remedy.get("starts_at")
    return f"{words}: {short_datetime(datetime.fromisoformat(at))}" if words and at else words


def call(outcome: str, at: datetime) -> str:
    """A call that was made, with its time."""
    return _(OUTCOMES[outcome], when=short_datetime(at))


def _counts(told: dict[str, object], *names: str) -> dict[str, object]:
    return {name: told.get(name, "–") for name in names}
