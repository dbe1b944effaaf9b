"""The smallest change that would help a request, in words and as a button."""

from __future__ import annotations

from api import clock
from api.i18n import gettext as _
from api.i18n import ngettext, number, short_date, short_datetime
from api.queries.coordination_smallest import Smallest, starts_at
from api.queries.visit_plan import Assigned, UnservedRow
from api.web.change_words import request_change
from matcher.plan import UNKNOWN_CHANGE


def told_by_plan(change: Smallest, row: UnservedRow) -> str:
    """What the plan's own search found where the near days, forms and ways looked at here hold nothing; else empty."""
    told = row.smallest_change
    return request_change(told) if change.code == "none" and told and told != UNKNOWN_CHANGE else ""


def headline(change: Smallest) -> str:
    """The change itself."""
    if change.code == "date":
        return short_datetime(starts_at(change))
    if change.code == "mode":
        return _("A digital visit")
    if change.code == "fewer":
        return _("Fewer role models")
    if change.code == "distance":
        return ngettext("One minute more of travel", "%(count)s minutes more of travel", change.over,
                        count=number(change.over))  # fmt: skip
    return _("Nothing near")


def rest(change: Smallest, person: Assigned | None, wanted: int) -> str:
    """What speaks for it."""
    if change.code == "date":
        free = ngettext("One is free then.", "%(count)s are free then.", change.count, count=number(change.count))
        return _("The school has not proposed this time.") + " " + free
    if change.code == "mode":
        return ngettext(
            "One can take it on a screen at the same hour.", "%(count)s can take it on a screen at the same hour.",
            change.count, count=number(change.count),
        )  # fmt: skip
    if change.code == "fewer":
        return _(
            "%(count)s of %(wanted)s can come.", count=number(min(change.count, wanted - 1)), wanted=number(wanted)
        )
    if change.code == "distance" and person is not None:
        return _("%(name)s can, if %(count)s min is all right.", name=person.name, count=number(change.minutes))
    return _("Nobody is near it in days, form or distance.")


def button(change: Smallest) -> str:
    """What the button does."""
    if change.code == "mode":
        return _("Offer a digital visit")
    return _("Offer %(day)s", day=short_date(clock.to_oslo(starts_at(change))))


def starts(change: Smallest) -> str:
    """The time of the change, for the form."""
    return starts_at(change).isoformat()
