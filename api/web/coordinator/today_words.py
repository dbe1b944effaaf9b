"""The list of exceptions in words: what has happened, and what the buttons say."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from api import clock
from api.domain.enums import CallOutcome
from api.i18n import clock_time, mark, ngettext, number, short_date, short_datetime
from api.i18n import gettext as _
from api.queries.coordination_look import Look, Promise
from api.queries.coordination_today import Line

KINDS: dict[str, tuple[str, str]] = {
    "nobody_found": (mark("The visit lacks a role model"), "warning"),
    "plan_overdue": (mark("The plan is not approved"), "warning"),
    "asked_in_vain": (mark("No yes from those asked"), "clock"),
    "not_confirmed": (mark("The visit is near, without a yes"), "clock"),
    "promise_missed": (mark("The answer is late"), "warning"),
    "fell_through": (mark("A promised visit fell through"), "warning"),
    "not_ready": (mark("Not ticked as ready"), "clock"),
    "not_called": (mark("Nobody has called the school after the yes"), "phone"),
    "too_few_mentors": (mark("Too few mentors"), "warning"),
    "absent": (mark("A pupil stays away"), "info"),
    "underfilled": (mark("Too few pupils"), "info"),
    "not_marked": (mark("Attendance is missing"), "info"),
    "mail_failed": (mark("Message not delivered"), "cross"),
    "mail_down": (mark("Mail server down"), "warning"),
}
OTHER = (mark("Needs a person"), "warning")
REASONS: dict[str, str] = {
    "nobody_found": mark("Nobody was found at any of the times that the school proposed."),
    "asked_in_vain": mark("People in a row have said no or nothing."),
    "not_confirmed": mark("The visit is near, and not everyone has said yes."),
    "promise_missed": mark("The school was to hear by now. It has been told that we are late."),
    "plan_overdue": mark("The booking window is closed, and the visit weeks are near."),
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
WHY: dict[str, str] = {
    "digital": mark("Somebody can take it on a screen"),
    "another_date": mark("Somebody can come on that day"),
    "call_school": mark("Only the school can say what would suit"),
    "call_invited": mark("An answer on the phone counts"),
    "call_invited_person": mark("A word on the phone is enough"),
    "call_home": mark("The home should hear it from a person"),
    "plan_again": mark("A new plan may find somebody"),
    "approve_plan": mark("The proposal is ready to be looked at"),
    "cancel_meeting": mark("Pupils and mentors are told"),
    "move_meeting": mark("Pupils and mentors are told"),
    "release_seat": mark("The next in the queue gets the offer"),
    "send_offers": mark("Somebody waits for a seat"),
    "cancel_session": mark("Its pupils keep their place in the queue"),
    "mark_attendance": mark("It takes a minute"),
    "call_and_correct_address": mark("What failed is then sent again"),
    "check_mail_server": mark("What waits is then sent again"),
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
ENDED: dict[str, str] = {
    "nobody_found": mark("The request has a visit, or is past."),
    "plan_overdue": mark("The plan was approved."),
    "asked_in_vain": mark("Somebody said yes, or the request is past."),
    "not_confirmed": mark("Everyone has said yes."),
    "promise_missed": mark("The school has its answer."),
    "not_ready": mark("Both sides are ready."),
    "not_called": mark("The role model has called."),
    "too_few_mentors": mark("Enough mentors can come."),
    "absent": mark("The pupil came again."),
    "underfilled": mark("Enough pupils have a seat."),
    "not_marked": mark("Attendance is marked."),
    "mail_failed": mark("A message has reached the person."),
    "mail_down": mark("The server takes messages again."),
}
NEAR_DAYS = 3


def heading(count: int) -> str:
    """What the page says first."""
    if not count:
        return _("Nothing needs you today.")
    return ngettext("One thing needs you today", "%(count)s things need you today", count, count=number(count))


def lead(look: Look) -> str:
    """What goes by itself, in a sentence."""
    out = ngettext(
        "one invitation is out", "%(count)s invitations are out", look.silence.asked, count=number(look.silence.asked)
    )
    sure = ngettext(
        "one visit is confirmed in the next four weeks",
        "%(count)s visits are confirmed in the next four weeks",
        look.soon,
        count=number(look.soon),
    )
    return _("The rest goes by itself: %(out)s, and %(sure)s.", out=out, sure=sure)


def kind(line: Line) -> tuple[str, str]:
    """What has happened, as a heading; and its sign."""
    word, sign = KINDS.get(line.item.kind, OTHER)
    return _(word), sign


def urgency(line: Line, today: date) -> tuple[str, str, str]:
    """How it is with the time: word, colour and sign; no word for what has no day."""
    due = line.item.due_on
    if due is None:
        return "", "", ""
    left = (due - today).days
    if left < 0:
        return ngettext("one day over", "%(count)s days over", -left, count=number(-left)), "danger", "warning"
    if left == 0:
        return _("today"), "danger", "warning"
    color = "warning" if left <= NEAR_DAYS else "neutral"
    return ngettext("one day left", "%(count)s days left", left, count=number(left)), color, "clock"


def why(line: Line) -> str:
    """What speaks for the remedy."""
    code = str(line.item.remedy.get("code", ""))
    return _(WHY[code]) if code in WHY else ""


def ended(line: Line) -> str:
    """Why a line is no longer there."""
    return _(ENDED[line.item.kind]) if line.item.kind in ENDED else _("The cause went away.")


def day(day: date, today: date) -> str:
    """A day in a list: today and tomorrow by their names."""
    if day == today:
        return _("today")
    return _("tomorrow") if day == today + timedelta(days=1) else short_date(day)


def standing(promise: Promise) -> str:
    """How it stands with a promise."""
    if promise.asked:
        return ngettext(
            "One is asked and has not answered.", "%(count)s are asked and have not answered.", promise.asked,
            count=number(promise.asked),
        )  # fmt: skip
    return _("It is approved and not sent yet.") if promise.is_planned else _("Nobody has been found yet.")


def year_line(look: Look) -> str:
    """The visits held, beside those of last year where they are known."""
    held, before = look.funnel.held, (look.before or {}).get("held")
    if before is None:
        return ngettext("One visit is held.", "%(count)s visits are held.", held, count=number(held))
    return _(
        "%(held)s visits held, against %(before)s at the same time last year.",
        held=number(held), before=number(before),
    )  # fmt: skip


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
    if line.item.kind == "plan_overdue" and "monday" in told:
        monday, requests = date.fromisoformat(str(told["monday"])), int(str(told["requests"]))
        said = ngettext(
            "One request of the closed booking period waits for week %(week)s.",
            "%(count)s requests of the closed booking period wait for week %(week)s.", requests,
            count=number(requests), week=monday.isocalendar().week,
        )  # fmt: skip
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


def call(outcome: str, at: datetime, today: date) -> str:
    """A call that was made, with its time."""
    moment = clock.to_oslo(at)
    when = _("today at %(time)s", time=clock_time(at)) if moment.date() == today else short_datetime(at)
    return _(OUTCOMES[outcome], when=when)


def called_today(line: Line, today: date) -> bool:
    """Whether a call without an answer is noted today: then the note stands in place of the button."""
    return any(
        note.outcome is CallOutcome.NO_ANSWER and clock.to_oslo(note.at).date() == today for note in line.item.calls
    )


def _counts(told: dict[str, object], *names: str) -> dict[str, object]:
    return {name: told.get(name, "–") for name in names}
