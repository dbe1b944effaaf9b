"""Letters about signing in and verifying."""

from __future__ import annotations

from api.mail.letter import Writer

LETTERS: dict[str, Writer] = {}
