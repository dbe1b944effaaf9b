"""Letters from a campus: about meetings to pupils, guardians and mentors, and about the roster to mentors."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from babel import dates

from api.i18n import clock_time, current_locale, long_date, ngettext, short_datetime
from api.i18n import gettext as _
from api.mail.letter import Button, Letter, Values, Writer

_MONDAY = date(2024, 1, 1)


def meeting_added(values: Values) -> Letter:
    day = _day(values)
    return Letter(
        _("One more meeting: %(day)s", day=day),
        (_("Your study group at %(site)s has one more meeting.", site=values["site"]),),
        facts=_facts(values),
        sms=_("%(site)s: one more meeting %(when)s.", site=values["site"], when=_when(values))[:160],
    )


def meeting_moved(values: Values) -> Letter:
    was = short_datetime(datetime.fromisoformat(values["was"]))
    now = short_datetime(datetime.fromisoformat(values["starts_at"]))
    return Letter(
        _("The meeting on %(day)s has been changed", day=long_date(datetime.fromisoformat(values["was"]))),
        (
            _("The meeting at %(site)s that began %(was)s has a new time or room.", site=values["site"], was=was),
            _("The other meetings stay as they are."),
        ),
        facts=_facts(values),
        sms=_("%(site)s: the meeting %(was)s is now %(now)s.", site=values["site"], was=was, now=now)[:160],
    )


def meeting_cancelled(values: Values) -> Letter:
    return Letter(
        _("No meeting on %(day)s", day=_day(values)),
        (
            _("The meeting at %(site)s is cancelled.", site=values["site"]),
            _("It does not count as an absence. The other meetings stay as they are."),
        ),
        facts=_facts(values),
        sms=_("%(site)s: no meeting %(when)s.", site=values["site"], when=_when(values))[:160],
    )


def fewer_mentors(values: Values) -> Letter:
    return Letter(
        _("Fewer mentors on %(day)s", day=_day(values)),
        (
            _("The meeting at %(site)s is held, but with fewer mentors than planned.", site=values["site"]),
            _("You are welcome as usual. It may take a little longer before somebody can help you."),
        ),
        facts=_facts(values),
        sms=_("%(site)s: fewer mentors %(when)s. You are welcome as usual.", site=values["site"], when=_when(values))[
            :160
        ],
    )


def session_changed(values: Values) -> Letter:
    return Letter(
        _("Your study group has a new time or room"),
        (_("From the next meeting on, this is what holds at %(site)s.", site=values["site"]),),
        facts=_weekly(values),
    )


def session_cancelled(values: Values) -> Letter:
    return Letter(
        _("The study group at %(site)s ends", site=values["site"]),
        (
            _("The group is not held any more. Its meetings are cancelled, and you are off its roster."),
            _("Its pupils are told by us, and keep their place in the queue."),
        ),
        facts=_weekly(values),
    )


def roster(values: Values) -> Letter:
    lines = [_("This is your roster. You are on duty at every meeting of these evenings.")]
    if values.get("asked"):
        lines.append(
            ngettext(
                "One meeting is so close that we ask for your yes first.",
                "%(num)s meetings are so close that we ask for your yes first.",
                values["asked"],
                num=values["asked"],
            )
        )
    return Letter(
        _("Your roster"),
        tuple(lines),
        facts=tuple((one["site"], _weekly_time(one)) for one in values["evenings"]),
        buttons=(Button(_("See my meetings"), "mentor"),),
    )


def asked(values: Values) -> Letter:
    meetings = values["meetings"]
    return Letter(
        ngettext("Can you come to one meeting?", "Can you come to %(num)s meetings?", len(meetings), num=len(meetings)),
        (_("The roster has changed close to the day, so it is yours to say yes or no."),),
        facts=tuple((one["site"], _when(one)) for one in meetings),
        buttons=(Button(_("Answer"), "mentor"),),
    )


def can_you_come(values: Values) -> Letter:
    return Letter(
        _("Can you step in on %(day)s?", day=_day(values)),
        (
            _("A mentor is away, and you are free at that time. The first who says yes has it."),
            _("If it does not suit you, you need not do anything."),
        ),
        facts=_facts(values),
        buttons=(Button(_("Answer"), "mentor"),),
        sms=_(
            "%(site)s needs a mentor %(when)s. Can you come? See your mail.", site=values["site"], when=_when(values)
        )[:160],
    )


def filled(values: Values) -> Letter:
    return Letter(
        _("Somebody steps in on %(day)s", day=_day(values)),
        (_("Thank you for being willing. You are not needed this time."),),
        facts=_facts(values),
        sms=_("%(site)s: somebody steps in %(when)s. Thank you.", site=values["site"], when=_when(values))[:160],
    )


def reminder(values: Values) -> Letter:
    return Letter(
        _("You are on duty on %(day)s", day=_day(values)),
        (
            ngettext("One pupil is expected.", "%(num)s pupils are expected.", values["pupils"], num=values["pupils"]),
            _("If you cannot come, say so now, so that others can be asked."),
        ),
        facts=_facts(values),
        buttons=(Button(_("See my meetings"), "mentor"),),
    )


def taken_off(values: Values) -> Letter:
    return Letter(
        _("You are no longer on duty at %(site)s", site=values["site"]),
        (_("This evening is no longer yours. Meetings that are close stay yours, unless you were told otherwise."),),
        facts=_weekly(values),
        buttons=(Button(_("See my meetings"), "mentor"),),
    )


def _facts(values: Values) -> tuple[tuple[str, str], ...]:
    starts, ends = datetime.fromisoformat(values["starts_at"]), datetime.fromisoformat(values["ends_at"])
    facts = [(_("When"), f"{short_datetime(starts)}–{clock_time(ends)}"), (_("Where"), _place(values))]
    return tuple(facts)


def _weekly(values: Values) -> tuple[tuple[str, str], ...]:
    return (_("When"), _weekly_time(values)), (_("Where"), _place(values))


def _weekly_time(values: Values) -> str:
    day = dates.format_date(_MONDAY + timedelta(days=values["weekday"] - 1), "EEEE", locale=current_locale())
    starts, ends = (clock_time(time.fromisoformat(values[name])) for name in ("starts", "ends"))
    return f"{day} {starts}–{ends}"


def _place(values: Values) -> str:
    return ", ".join(part for part in (values["room"], values["site"]) if part)


def _day(values: Values) -> str:
    return long_date(datetime.fromisoformat(values["starts_at"]))


def _when(values: Any) -> str:
    return short_datetime(datetime.fromisoformat(values["starts_at"]))


LETTERS: dict[str, Writer] = {
    "campus.meeting_added": meeting_added,
    "campus.meeting_moved": meeting_moved,
    "campus.meeting_cancelled": meeting_cancelled,
    "campus.fewer_mentors": fewer_mentors,
    "campus.session_changed": session_changed,
    "mentor.session_cancelled": session_cancelled,
    "mentor.roster": roster,
    "mentor.asked": asked,
    "mentor.can_you_come": can_you_come,
    "mentor.filled": filled,
    "mentor.reminder": reminder,
    "mentor.taken_off": taken_off,
}
