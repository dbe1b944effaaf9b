"""Letters to coordinators, site leaders and company contacts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from api.i18n import gettext as _
from api.i18n import long_date, mark, ngettext, number
from api.mail.letter import Button, Letter, Values, Writer
from api.mail.topics import DIGEST

NEEDS_YOU: Mapping[str, str] = {
    "exceptions": mark("On your list, with a number to call"),
    "promises": mark("Schools that are to hear by the next working day"),
    "invitations": mark("Your people who are asked and have not answered"),
    "offers": mark("Offers of a place that end today"),
}
HAPPENED: Mapping[str, str] = {
    "requests": mark("New requests"),
    "accepted": mark("Yes to an invitation"),
    "declined": mark("No to an invitation, or silence"),
    "confirmed": mark("Visits confirmed"),
    "fell_through": mark("Visits that fell through"),
    "held": mark("Visits held"),
    "joined": mark("New on the waiting list"),
    "seated": mark("Places taken"),
    "released": mark("Places given back"),
}


def digest(values: Values) -> Letter:
    """The overview of a day. values: day (ISO), needs_you and happened: lists of [code, count], counts above 0."""
    waiting = sum(count for _code, count in values["needs_you"])
    day = long_date(date.fromisoformat(values["day"]))
    if waiting:
        subject = ngettext(
            "One thing needs you today", "%(count)s things need you today", waiting, count=number(waiting)
        )
    else:
        subject = _("Nothing needs you today")
    told = [(NEEDS_YOU[code], count) for code, count in values["needs_you"]]
    told += [(HAPPENED[code], count) for code, count in values["happened"]]
    return Letter(
        subject=subject,
        lines=(_("This is how it stands on %(day)s, and what has happened since the last working day.", day=day),),
        facts=tuple((_(label), number(count)) for label, count in told),
        buttons=(Button(_("Open Treffpunkt"), "front"),),
        topic=DIGEST,
        why=_("You get this on working days when there is something to tell."),
    )


LETTERS: dict[str, Writer] = {"digest": digest}
