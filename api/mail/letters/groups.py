"""Letters about study groups: the queue and its offers, to pupils and to those who answer for them.

No letter names the pupil: mails are read over shoulders, and some pupils are protected.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from babel import dates

from api.i18n import clock_time, current_locale, long_date
from api.i18n import gettext as _
from api.mail.letter import Button, Letter, Values, Writer

_MONDAY = date(2024, 1, 1)


def confirm(values: Values) -> Letter:
    return Letter(
        _("Confirm that you want to stand on the waiting list"),
        (
            _("Somebody, probably you, has signed up for %(programme)s with this address.", programme=_name(values)),
            _("You stand on the waiting list when you press the button. If it was not you, do nothing."),
        ),
        buttons=(Button(_("Confirm"), "queue"),),
    )


def known(values: Values) -> Letter:
    return Letter(
        _("You are on the waiting list already"),
        (_("Somebody, probably you, has signed up once more. You keep your place, and nothing has changed."),),
        buttons=(Button(_("See my place in the queue"), "queue"),),
    )


def place(values: Values) -> Letter:
    return Letter(
        _("You are on the waiting list"),
        (
            _("You stand on the waiting list of %(programme)s.", programme=_name(values)),
            _("We write to you when there is a place for you. You need not keep watch."),
        ),
        buttons=(Button(_("See my place in the queue"), "queue"),),
        closing=(_("Keep this mail: the link is your way back."),),
    )


def lost_link(values: Values) -> Letter:
    return Letter(
        _("Your link to the queue"),
        (_("Here is the link to your place in the queue that you asked for."),),
        buttons=(Button(_("See my place in the queue"), "queue"),),
    )


def drawn(values: Values) -> Letter:
    return Letter(
        _("The draw is done: you have number %(number)s", number=values["number"]),
        (
            _("All who signed up in the registration period counted as equal, and now numbers have been drawn."),
            _("Anyone can check the draw. The page of the queue shows how."),
        ),
        facts=((_("Draw number"), str(values["number"])),),
        buttons=(Button(_("See my place in the queue"), "queue"),),
    )


def offer(values: Values) -> Letter:
    until = _until(values)
    again = values["silences"] > 0
    return Letter(
        _("You are offered a place: answer by %(until)s", until=until),
        (
            _("There is a place for you."),
            _("If you do not answer, the place goes to the next, and we take it as a no to this evening.")
            if again
            else _("If you do not answer, the place goes to the next, and you go to the end of your group."),
        ),
        facts=(*_evening(values), (_("Answer by"), until)),
        buttons=(Button(_("Answer the offer"), "offer"),),
        sms=_("Place offered: %(evening)s. Answer by %(until)s. See your mail.", evening=_time(values), until=until)[
            :160
        ],
    )


def offer_reminder(values: Values) -> Letter:
    until = _until(values)
    return Letter(
        _("Your place waits for an answer until %(until)s", until=until),
        (_("You have an offer that you have not answered."),),
        facts=(*_evening(values), (_("Answer by"), until)),
        buttons=(Button(_("Answer the offer"), "offer"),),
        sms=_("Your offer of a place ends %(until)s. See your mail.", until=until)[:160],
    )


def accepted(values: Values) -> Letter:
    return Letter(
        _("You have a place"),
        (_("Welcome! This is your evening."), *_first_day(values)),
        facts=_evening(values),
        buttons=(Button(_("See my place"), "queue"),),
        closing=(_("Bring what you work with at school. If you cannot come one day, say so on your page."),),
    )


def first_day(values: Values) -> Letter:
    place = f"{values['site']}, {values['room']}" if values["room"] else values["site"]
    return Letter(
        _("Your first evening is near"),
        (_("We look forward to seeing you. You need not know anyone there."), *_first_day(values)),
        facts=((_("When"), _time(values)), (_("Where"), place)),
        buttons=(Button(_("See my place"), "queue"),),
        closing=(_("Bring what you work with at school. If you cannot come one day, say so on your page."),),
    )


def moved(values: Values) -> Letter:
    return Letter(
        _("You have moved to another evening"),
        (_("You have the evening that you waited for. The old one has gone to somebody else."), *_first_day(values)),
        facts=_evening(values),
        buttons=(Button(_("See my place"), "queue"),),
    )


def declined(values: Values) -> Letter:
    return Letter(
        _("You have said no to a place"),
        (_("The place goes to the next. You keep your place in line for your other evenings."),),
        facts=_evening(values),
        buttons=(Button(_("See my place in the queue"), "queue"),),
    )


def expired(values: Values) -> Letter:
    return Letter(
        _("Your offer has run out"),
        (_("We did not hear from you, so the place has gone to the next."), _what_silence_did(values)),
        facts=_evening(values),
        buttons=(Button(_("See my place in the queue"), "queue"),),
    )


def withdrawn(values: Values) -> Letter:
    return Letter(
        _("The offer of a place no longer stands"),
        (_("The evening is not held after all. You keep your place in the queue."),),
        facts=_evening(values),
        buttons=(Button(_("See my place in the queue"), "queue"),),
    )


def released(values: Values) -> Letter:
    return Letter(
        _("You no longer have your place"),
        (_why_released(values),),
        facts=_evening(values),
        buttons=(Button(_("See my place in the queue"), "queue"),),
    )


def left(values: Values) -> Letter:
    return Letter(
        _("You have left the queue"),
        (_("You are no longer on the waiting list of %(programme)s.", programme=_name(values)),),
        closing=(_("You can sign up again, with the day of that as your day."),),
    )


def same_day(values: Values) -> Letter:
    return Letter(
        _("There is a free seat today"),
        (
            _("Somebody cannot come today, so a seat stands empty. Come if you can: you need not answer."),
            _("It is for this day only, and your place in the queue stays as it is."),
        ),
        facts=_evening(values),
        buttons=(Button(_("See my place in the queue"), "queue"),),
        sms=_("Free seat today: %(evening)s, %(site)s.", evening=_time(values), site=values["site"])[:160],
    )


def guardian_confirm(values: Values) -> Letter:
    return Letter(
        _("Do you say yes to help with mathematics and science?"),
        (
            _("A pupil you answer for wants to stand on the waiting list of %(programme)s.", programme=_name(values)),
            _("It is free. The pupil stands on the list when you have said yes."),
        ),
        buttons=(Button(_("See and answer"), "guardian"),),
        closing=(_("If you do not know of this, do nothing, or say no on the page."),),
    )


def guardian_reminder(values: Values) -> Letter:
    return Letter(
        _("A pupil waits for your yes"),
        (_("The place in the queue is only kept for a while without it."),),
        buttons=(Button(_("See and answer"), "guardian"),),
    )


def guardian_told(values: Values) -> Letter:
    return Letter(
        _("A pupil you answer for is on a waiting list"),
        (
            _("The pupil stands on the waiting list of %(programme)s.", programme=_name(values)),
            _("You get a copy when there is an offer. You need not do anything."),
        ),
        buttons=(Button(_("See what is stored"), "guardian"),),
    )


def guardian_offer(values: Values) -> Letter:
    until = _until(values)
    return Letter(
        _("Copy: a place is offered, to be answered by %(until)s", until=until),
        (_("The pupil you answer for has an offer, and answers it by the link in their own mail."),),
        facts=(*_evening(values), (_("Answer by"), until)),
        buttons=(Button(_("See what is stored"), "guardian"),),
    )


def guardian_accepted(values: Values) -> Letter:
    return Letter(
        _("Copy: the pupil has a place"),
        (_("The pupil you answer for has said yes to this evening."),),
        facts=_evening(values),
        buttons=(Button(_("See what is stored"), "guardian"),),
    )


def guardian_expired(values: Values) -> Letter:
    return Letter(
        _("Copy: an offer has run out"),
        (_("We had no answer from the pupil you answer for, so the place has gone to the next."),),
        facts=_evening(values),
        buttons=(Button(_("See what is stored"), "guardian"),),
    )


def guardian_released(values: Values) -> Letter:
    return Letter(
        _("Copy: the pupil no longer has the place"),
        (_("Contact the study group if this is a mistake."),),
        buttons=(Button(_("See what is stored"), "guardian"),),
    )


def _name(values: Values) -> str:
    return str(values.get(f"programme_{current_locale()}") or values["programme_nb"])


def _until(values: Values) -> str:
    moment = datetime.fromisoformat(values["expires_at"])
    return _("%(day)s at %(time)s", day=long_date(moment), time=_hours(clock_time(moment)))


def _time(values: Values) -> str:
    day = dates.format_date(_MONDAY + timedelta(days=values["weekday"] - 1), "EEEE", locale=current_locale())
    starts, ends = (_hours(clock_time(time.fromisoformat(values[name]))) for name in ("starts", "ends"))
    return _("%(day)s %(starts)s–%(ends)s", day=day, starts=starts, ends=ends)


def _hours(time_of_day: str) -> str:
    """Whole hours without their minutes: "17.00" is "17"."""
    return time_of_day.removesuffix(".00").removesuffix(":00")


def _evening(values: Values) -> tuple[tuple[str, str], ...]:
    return (_("When"), _time(values)), (_("Where"), values["site"])


def _first_day(values: Values) -> tuple[str, ...]:
    if values["first_at"] is None:
        return ()
    first = datetime.fromisoformat(values["first_at"])
    return (_("The first time is %(day)s at %(time)s.", day=long_date(first), time=_hours(clock_time(first))),)


def _what_silence_did(values: Values) -> str:
    if values["rule"] == "silence":
        return _("By the rules you now stand at the end of your group. That happens once.")
    return _("We take it as a no to this evening. You keep your place in line for your other evenings.")


def _why_released(values: Values) -> str:
    if values["rule"] == "absence":
        return _("You were away several times without saying so. You now stand at the end of your group.")
    return _("The evening is not held any more. You keep your place in the queue for your other evenings.")


LETTERS: dict[str, Writer] = {
    "queue_confirm": confirm,
    "queue_known": known,
    "queue_place": place,
    "queue_lost_link": lost_link,
    "queue_drawn": drawn,
    "queue_offer": offer,
    "queue_offer_reminder": offer_reminder,
    "queue_accepted": accepted,
    "queue_moved": moved,
    "queue_first_day": first_day,
    "queue_declined": declined,
    "queue_expired": expired,
    "queue_withdrawn": withdrawn,
    "queue_released": released,
    "queue_left": left,
    "queue_same_day": same_day,
    "queue_guardian_confirm": guardian_confirm,
    "queue_guardian_reminder": guardian_reminder,
    "queue_guardian_told": guardian_told,
    "queue_offer_guardian": guardian_offer,
    "queue_accepted_guardian": guardian_accepted,
    "queue_expired_guardian": guardian_expired,
    "queue_released_guardian": guardian_released,
}
