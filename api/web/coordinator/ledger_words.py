"""What the ledger says: weeks by their numbers, the next step of an agreement, numbers at the head of a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from api.i18n import full_date, mark, ngettext, number
from api.i18n import gettext as _
from api.models.programmes import Season, VisitWeek
from api.queries.ledger import Account

NUMBERS = (
    mark("One"),
    mark("Two"),
    mark("Three"),
    mark("Four"),
    mark("Five"),
    mark("Six"),
    mark("Seven"),
    mark("Eight"),
    mark("Nine"),
    mark("Ten"),
    mark("Eleven"),
    mark("Twelve"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """What is due for an agreement: a word with its sign and colour, and a line below. goes: where, or nothing."""

    word: str
    icon: str
    color: str
    line: str = ""
    goes: str = ""


def count_word(count: int) -> str:
    """A number at the head of a sentence: "Nine" up to twelve, then figures."""
    return _(NUMBERS[count - 1]) if 1 <= count <= len(NUMBERS) else number(count)


def weeks(rows: Iterable[VisitWeek]) -> str:
    """ "week 10 and 45": the numbers of visit weeks, each once."""
    return week_numbers([row.monday for row in rows])


def week_numbers(mondays: Iterable[date]) -> str:
    found = [str(monday.isocalendar().week) for monday in sorted(set(mondays))]
    if not found:
        return ""
    if len(found) == 1:
        return _("week %(number)s", number=found[0])
    return _("weeks %(some)s and %(last)s", some=", ".join(found[:-1]), last=found[-1])


def where(row: Account) -> str:
    """What stands below a company: how many people, and for which municipalities in which weeks."""
    people = ngettext("one person", "%(count)s people", row.people, count=number(row.people))
    towns = ", ".join(town.name for town in row.towns)
    return " · ".join(filter(None, (people, towns, weeks(row.weeks))))


def step(row: Account, season: Season) -> Step:
    """The next step of an agreement in words."""
    waits = (
        ngettext("one waits for an answer", "%(count)s wait for an answer", row.waiting, count=number(row.waiting))
        if row.waiting
        else ""
    )
    unasked = ngettext(
        "One promised is not asked.", "%(count)s promised are not asked.", row.unasked, count=number(row.unasked)
    )
    match row.step:
        case "approve":
            in_plan = ngettext(
                "One stands in the plan.", "%(count)s stand in the plan.", row.proposed, count=number(row.proposed)
            )
            return Step(_("Approve the plan"), "calendar", "info", f"{unasked} {in_plan}", "approve")
        case "ask":
            return Step(_("Ask more"), "warning", "warning", unasked, "ask")
        case "more_requests":
            nothing = _("No school waits. Tell those that have not ordered.")
            return Step(_("Find schools"), "warning", "warning", f"{unasked} {nothing}", "contacts")
        case "never_asked":
            over = ngettext(
                "One promised was never asked.",
                "%(count)s promised were never asked.",
                row.unasked,
                count=number(row.unasked),
            )
            return Step(_("The weeks are over"), "info", "neutral", over)
        case "renew":
            return Step(
                _("Ends %(day)s", day=full_date(season.ends_on)),
                "calendar",
                "info",
                _("Arrange a meeting about a new agreement."),
            )
    return Step(_("On track"), "check", "success", waits)


def lead(held: int, promised: int, most: Account | None) -> str:
    """The sentence below the heading: what is held of what is promised, and whose promise waits for us."""
    if not promised:
        return _("No agreement promises visits this season.")
    said = ngettext(
        "One visit is held of %(promised)s promised.",
        "%(held)s visits are held of %(promised)s promised.",
        held,
        held=number(held),
        promised=number(promised),
    )
    if most is None:
        return said
    waits = ngettext(
        "%(company)s has one that is not asked yet.",
        "%(company)s has %(count)s that are not asked yet.",
        most.unasked,
        company=most.company,
        count=_(NUMBERS[most.unasked - 1]).lower() if most.unasked <= len(NUMBERS) else number(most.unasked),
    )
    return f"{said} {waits}"


def listed(words: Sequence[str]) -> str:
    """Words in a sentence: "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return _("%(some)s and %(last)s", some=", ".join(words[:-1]), last=words[-1])
