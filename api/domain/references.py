"""Reference numbers that people read aloud on the phone."""

from __future__ import annotations

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
REFERENCE_BITS = 40


def new_reference() -> str:
    """A fresh reference number such as 7K2M-9QXD. The database refuses one that is taken."""
    return make_reference(secrets.randbits(REFERENCE_BITS))


def make_reference(random_bits: int) -> str:
    """The reference number for 40 random bits. Raises ValueError outside [0, 2**40)."""
    if not 0 <= random_bits < 1 << REFERENCE_BITS:
        raise ValueError(f"random_bits must lie in [0, 2**{REFERENCE_BITS}), not {random_bits}")
    letters = "".join(ALPHABET[random_bits >> shift & 31] for shift in range(REFERENCE_BITS - 5, -5, -5))
    return f"{letters[:4]}-{letters[4:]}"
