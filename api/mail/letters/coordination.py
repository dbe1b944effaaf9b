"""Letters that a coordinator causes by hand: to all of a week, and to somebody who ordered on the phone."""

from __future__ import annotations

from datetime import date

from api.i18n import gettext as _
from api.i18n import long_date
from api.mail.letter import Button, Letter, Values, Writer


def week_message(values: Values) -> Letter:
    """A word from the coordination to those who have a visit in a week. values: monday (ISO), subject, text."""
    return Letter(
        subject=values["subject"],
        lines=tuple(line for line in values["text"].splitlines() if line.strip()),
        closing=(
            _(
                "You get this because you have a visit in the week of %(day)s.",
                day=long_date(date.fromisoformat(values["monday"])),
            ),
        ),
    )


def ordered_for_you(values: Values) -> Letter:
    """A request that was taken on the phone, for its contact."""
    return Letter(
        subject=_("We have your request for %(school)s: %(reference)s", **_named(values)),
        lines=(
            _("You ordered a visit on the phone, and we have written it down."),
            _("You hear from us by %(day)s.", day=long_date(date.fromisoformat(values["answer_on"]))),
        ),
        facts=((_("Reference"), values["reference"]), (_("School"), values["school"])),
        buttons=(Button(_("See the request"), "request"),),
        closing=(_("If you did not order this, open the link and cancel it."),),
    )


def _named(values: Values) -> dict[str, object]:
    return {"school": values["school"], "reference": values["reference"]}


LETTERS: dict[str, Writer] = {"week_message": week_message, "ordered_for_you": ordered_for_you}
