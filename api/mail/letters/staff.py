"""Letters about coordinators and site leaders."""

from __future__ import annotations

from api.mail.letter import Writer

LETTERS: dict[str, Writer] = {}
