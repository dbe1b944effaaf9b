"""Words of the pupils' pages: evenings, travel, demand, programmes, levels, and the reasons of the queue."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from api.domain.enums import OfferState
from api.i18n import clock_time, current_locale, full_date, long_date, mark, ngettext, number, percent
from api.i18n import gettext as _
from api.models.groups import GroupSession
from api.queries.chances import SeatChance
from api.queries.queue_place import Place
from api.web import words

HOUR = 60
_WHY = {
    "mine": mark("It was offered to you."),
    "in_front": mark("Stands in front of you by the rules."),
    "swap": mark("Had a lower choice and stayed in line: that goes before newcomers."),
    "level": mark("You were passed over: no mentor there could take one more in your subject."),
    "distance": mark("You were passed over: it is farther away than you have said."),
    "open_offer": mark("You had another offer to answer."),
    "seated": mark("You had a place at that time."),
    "plan": mark("Was placed by the plan in which most get a place, which the judge has checked."),
}
# word, sign, colour
_OFFERS = {
    OfferState.OPEN: (mark("Waits for an answer"), "clock", "info"),
    OfferState.ACCEPTED: (mark("Said yes"), "check", "success"),
    OfferState.DECLINED: (mark("Said no"), "cross", "neutral"),
    OfferState.EXPIRED: (mark("Ran out"), "clock", "warning"),
    OfferState.WITHDRAWN: (mark("Taken back"), "stop", "neutral"),
}


def evening(held: GroupSession) -> str:
    """ "Torsdag kl. 17–19"."""
    starts, ends = (_short_time(clock_time(one)) for one in (held.starts, held.ends))
    said = _("%(day)s %(starts)s–%(ends)s", day=day(held), starts=starts, ends=ends)
    return said.replace("kl. ", "kl.\N{NO-BREAK SPACE}")


def on_evening(held: GroupSession) -> str:
    """The evening inside a sentence: "torsdag kl. 17–19"."""
    return evening(held).replace(day(held), on_day(held), 1)


def day(held: GroupSession) -> str:
    """ "Torsdag"."""
    return words.weekday(held.weekday).capitalize()


def on_day(held: GroupSession) -> str:
    """The day inside a sentence: "torsdag", in English "Thursday"."""
    name = words.weekday(held.weekday)
    return name.capitalize() if current_locale() == "en" else name


def travel(minutes: int) -> str:
    """ "52 min", "1 t 4 min"."""
    if minutes < HOUR:
        said = _("%(minutes)s min", minutes=minutes)
    elif minutes % HOUR == 0:
        said = _("%(hours)s h", hours=minutes // HOUR)
    else:
        said = _("%(hours)s h %(minutes)s min", hours=minutes // HOUR, minutes=minutes % HOUR)
    return said.replace(" ", "\N{NO-BREAK SPACE}")


def chance(found: SeatChance) -> tuple[str, str, str]:
    """What can be expected of an evening: the words, the sign and the colour."""
    if found.seat:
        return _("A place is free for you as the queue stands"), "check", "success"
    if found.seat is None:
        return _("Your chance is not known yet"), "info", "neutral"
    if not found.ahead:
        return _("No place is free now"), "clock", "warning"
    said = ngettext("No place is free now: one in front", "No place is free now: %(num)s in front", found.ahead)
    return said, "clock", "warning"


def before(found: SeatChance) -> str:
    """How entries like this one fared in the season before; empty where that is not known."""
    if found.past is None:
        return ""
    return _(
        "In %(season)s %(share)s of %(count)s such got a place.",
        season=found.past.season,
        share=percent(found.past.share),
        count=number(found.past.like),
    )


def demand(wishes: int, seats: int) -> str:
    """ "41 ønsker, 20 plasser"."""
    return ngettext("%(wish)s for one seat", "%(wish)s for %(num)s seats", seats, wish=wishes)


def named(row: Any) -> str:
    """The name of a programme or a level in the reader's language."""
    return str(getattr(row, f"name_{current_locale()}"))


def level(row: Any) -> str:
    """A level where a line begins with it: "Matematikk R1"."""
    name = named(row)
    return name[:1].upper() + name[1:]


def why(code: str) -> str:
    """Why somebody got a seat that I wished for."""
    return _(_WHY[code]) if code in _WHY else _("No reason is stored. Tell us: this must not happen.")


def grade(value: int) -> str:
    """ "10. trinn", "Vg1"."""
    return words.grade(value)


def group(index: int) -> str:
    """Which priority group, in words. index: 0 for the first."""
    return words.priority_class(index)


def until(moment: datetime) -> str:
    """A deadline, the time with its day: "fredag 22. januar kl. 15"."""
    shown = _short_time(clock_time(moment))
    return _("%(day)s at %(time)s", day=long_date(moment), time=shown).replace(" ", "\N{NO-BREAK SPACE}")


def waits_for(place: Place) -> str:
    """What one would wait for: the one evening above the offered one, or that there are several."""
    offered = place.offer.session if place.offer else None
    if len(place.higher) == 1 and (offered is None or place.higher[0].session.weekday != offered.weekday):
        return on_day(place.higher[0].session)
    return _("a higher choice")


def in_front(ahead: int) -> str:
    """ "13 foran deg"."""
    if not ahead:
        return _("nobody in front of you")
    return ngettext("one in front of you", "%(num)s in front of you", ahead, num=number(ahead))


def worse(place: Place) -> str:
    """What can make the number worse, as the rules have it for this pupil."""
    said = []
    if place.entry.priority_class > 0:
        said.append(_("a pupil of a group before yours joins, or adds this evening."))
    else:
        said.append(_("a pupil in front of you adds this evening."))
    said.append(_("Somebody with a seat on another evening waits for this one: they come before those without a seat."))
    if place.entry.silences == 0:
        said.append(_("You do not answer an offer: you go to the end of your group, once."))
    return " ".join(said)


def place_of(group_index: int, joined: date, drawn: int | None) -> str:
    """What decides a place: "gruppe 3, 15. januar 2027, trekningsnummer 0387"."""
    said = _("group %(number)s, %(day)s", number=group_index + 1, day=full_date(joined))
    return said if drawn is None else ", ".join((said, _("draw number %(number)s", number=four_digits(drawn))))


def four_digits(drawn: int) -> str:
    """A draw number as tickets have it: "0387"."""
    return f"{drawn:04}"


def offer_state(state: OfferState) -> tuple[str, str, str]:
    """What became of an offer: the word, the sign and the colour."""
    word, sign, color = _OFFERS[state]
    return _(word), sign, color


def _short_time(time: str) -> str:
    """Whole hours without their minutes: "17.00" is "17"."""
    return time.removesuffix(".00").removesuffix(":00")
