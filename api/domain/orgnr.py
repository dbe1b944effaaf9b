"""Norwegian organisation numbers: nine digits, the last one a check digit (modulus 11)."""

from __future__ import annotations

WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)


def is_orgnr(text: str) -> bool:
    """Whether nine digits are an organisation number."""
    if len(text) != 9 or not (text.isascii() and text.isdigit()):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, text, strict=False))
    check = (11 - total % 11) % 11
    return check != 10 and check == int(text[8])
