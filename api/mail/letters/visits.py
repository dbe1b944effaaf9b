"""Letters about visits: requests, invitations and what follows."""

from __future__ import annotations

from api.mail.letter import Writer

LETTERS: dict[str, Writer] = {}
