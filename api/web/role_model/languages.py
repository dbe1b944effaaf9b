"""Languages on a profile: a few to tick, any other by its name."""

from __future__ import annotations

from babel import Locale

from api.i18n import current_locale
from api.services.sheet_cells import language, parts

COMMON = ("nb", "en", "se")
"""Norwegian (bokmål and nynorsk are one language when spoken), English, Northern Sámi."""


def name_of(code: str) -> str:
    """What a language is called in the reader's language; Norwegian is one."""
    return str(Locale.parse(current_locale()).languages.get("no" if code == "nb" else code, code))


def codes_of(text: str) -> tuple[list[str], str | None]:
    """The codes of languages that a line names, or the first name that is none."""
    found = []
    for name in parts(text):
        try:
            found.append(language(name))
        except ValueError:
            return [], name[:40]
    return found, None
