"""Letters about study groups: queue, offers, meetings."""

from __future__ import annotations

from api.mail.letter import Writer

LETTERS: dict[str, Writer] = {}
