"""Opaque public ids: UUID version 7 as text, so that rows made later sort later."""

from __future__ import annotations

import secrets
import time
from uuid import UUID

RANDOM_BITS = 74


def new_id() -> str:
    """A fresh id for a row, 36 characters."""
    return make_id(time.time_ns() // 1_000_000, secrets.randbits(RANDOM_BITS))


def make_id(milliseconds: int, random_bits: int) -> str:
    """The UUIDv7 of RFC 9562, section 5.7, for a moment and 74 random bits.

    milliseconds: since 1970, 0 up to 2**48 - 1. random_bits: 0 up to 2**74 - 1; a seeded generator
    gives ids that repeat. Raises ValueError outside those ranges.
    """
    if not 0 <= milliseconds < 1 << 48:
        raise ValueError(f"milliseconds must lie in [0, 2**48), not {milliseconds}")
    if not 0 <= random_bits < 1 << RANDOM_BITS:
        raise ValueError(f"random_bits must lie in [0, 2**{RANDOM_BITS}), not {random_bits}")
    high, low = random_bits >> 62, random_bits & ((1 << 62) - 1)
    return str(UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low))
