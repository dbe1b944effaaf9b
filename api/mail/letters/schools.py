"""Letters to a school about its own order, and about what it is offered when the answer is no."""

from __future__ import annotations

from datetime import date, datetime

from api.i18n import clock_time, long_date, ngettext
from api.i18n import gettext as _
from api.mail.letter import Button, Letter, Values, Writer
from api.mail.letters.visits import moment_of


def order_to_confirm(values: Values) -> Letter:
    """The order waits for this link."""
    return Letter(
        subject=_("Confirm your order of a visit to %(school)s", school=values["school"]),
        lines=(
            _("Somebody has ordered a visit with this address. Press the button, and we start to look."),
            _("The link holds until %(day)s. Was it not you? Then do nothing.", day=_day(values["until"])),
        ),
        facts=((_("Reference"), values["reference"]),),
        buttons=(Button(_("Confirm the order"), "confirm"),),
    )


def order_reminder(values: Values) -> Letter:
    """The order still waits, and ends soon."""
    return Letter(
        subject=_("Your order of a visit still waits for you: %(reference)s", reference=values["reference"]),
        lines=(
            _("You have ordered a visit to %(school)s, and not confirmed it yet.", school=values["school"]),
            _("Without a confirmation the order ends on %(day)s. Then nothing happens.", day=_day(values["until"])),
        ),
        buttons=(Button(_("Confirm the order"), "confirm"),),
    )


def order_received(values: Values) -> Letter:
    """The order is open."""
    answer_on = long_date(date.fromisoformat(values["answer_on"]))
    return Letter(
        subject=_("We have got your order of a visit to %(school)s", school=values["school"]),
        lines=(_("You hear by %(day)s. If the answer is no, it comes with alternatives.", day=answer_on),),
        facts=((_("Reference"), values["reference"]),),
        buttons=(Button(_("See how the order stands"), "request"),),
    )


def named_cannot_come(values: Values) -> Letter:
    """The one whom the school named cannot come; we look for somebody else."""
    return Letter(
        subject=_("The one you asked for cannot come: %(reference)s", reference=values["reference"]),
        lines=(
            _("The role model you chose cannot come at any of your times. We look for somebody else."),
            _("You hear by %(day)s.", day=long_date(date.fromisoformat(values["answer_on"]))),
        ),
        buttons=(Button(_("See how the order stands"), "request"),),
    )


def order_link(values: Values) -> Letter:
    """A new link, to the address that the order has."""
    return Letter(
        subject=_("The link to your order %(reference)s", reference=values["reference"]),
        lines=(_("Here is a new link to the order of a visit to %(school)s.", school=values["school"]),),
        buttons=(Button(_("See how the order stands"), "request"),),
    )


def alternatives_offered(values: Values) -> Letter:
    """A no, with what could be instead."""
    offers = values["alternatives"]
    lines = [_("Nobody can come at the times you chose. This is what we can offer instead:")]
    lines += [f"{number}. {_offer(one)}" for number, one in enumerate(offers, 1)]
    lines.append(
        ngettext(
            "It is held for you until %(until)s.",
            "They are held for you until %(until)s.",
            len(offers),
            until=moment_of(values["held_until"]),
        )
    )
    return Letter(
        subject=ngettext(
            "No visit at your times, but an alternative: %(reference)s",
            "No visit at your times, but %(num)s alternatives: %(reference)s",
            len(offers),
            num=len(offers),
            reference=values["reference"],
        ),
        lines=tuple(lines),
        buttons=(Button(_("See the alternatives"), "request"),),
    )


def request_declined(values: Values) -> Letter:
    """A no without anything that could be instead."""
    return Letter(
        subject=_("We cannot offer a visit this time: %(reference)s", reference=values["reference"]),
        lines=(
            _("Nobody can come at the times you chose, and not on the days around them or digitally either."),
            _("Schools without a visit in the last 12 months go first next time."),
        ),
        buttons=(Button(_("See how the order stands"), "request"),),
    )


def alternatives_over(values: Values) -> Letter:
    """The time for choosing has gone."""
    return Letter(
        subject=_("The alternatives are no longer held: %(reference)s", reference=values["reference"]),
        lines=(_("Nobody chose one of them in time. You can order again with other days whenever you like."),),
        buttons=(Button(_("See how the order stands"), "request"),),
    )


def _offer(one: Values) -> str:
    start, end = datetime.fromisoformat(one["starts_at"]), datetime.fromisoformat(one["ends_at"])
    when = f"{long_date(start)}, {clock_time(start)}–{clock_time(end)}"
    words = {
        "date": _("Another day: %(when)s", when=when),
        "mode": _("Digitally: %(when)s", when=when)
        if one["mode"] == "digital"
        else _("At school: %(when)s", when=when),
        "topic": _("Another topic: %(when)s", when=when),
    }
    return words[one["kind"]]


def _day(iso: str) -> str:
    return long_date(datetime.fromisoformat(iso))


LETTERS: dict[str, Writer] = {
    writer.__name__: writer
    for writer in (
        order_to_confirm,
        order_reminder,
        order_received,
        named_cannot_come,
        order_link,
        alternatives_offered,
        request_declined,
        alternatives_over,
    )
}
