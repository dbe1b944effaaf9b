"""Every kind of letter by name. A theme is added by its module and one word here."""

from __future__ import annotations

from api.mail.letter import Letter, Values, Writer
from api.mail.letters import (
    accounts,
    campus,
    companies,
    coordination,
    groups,
    schools,
    staff,
    surveys,
    visits,
    visits_after,
)

LETTERS: dict[str, Writer] = {
    **accounts.LETTERS,
    **visits.LETTERS,
    **visits_after.LETTERS,
    **schools.LETTERS,
    **groups.LETTERS,
    **campus.LETTERS,
    **staff.LETTERS,
    **coordination.LETTERS,
    **companies.LETTERS,
    **surveys.LETTERS,
}

# Somebody waits for these at the screen: they do not queue behind a season's invitations.
URGENT = frozenset(accounts.LETTERS)


def write_letter(kind: str, values: Values) -> Letter:
    """The letter of this kind in the current locale. Raises LookupError for an unknown kind."""
    return LETTERS[kind](values)
