import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.references import ALPHABET, make_reference, new_reference


@given(st.integers(0, 2**40 - 1))
def test_reference_reads_back_as_its_number(number: int) -> None:
    letters = make_reference(number).replace("-", "")
    assert sum(ALPHABET.index(letter) << 5 * place for place, letter in enumerate(reversed(letters))) == number


def test_reference_has_no_letter_that_is_misheard() -> None:
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", new_reference())


@pytest.mark.parametrize("number", [-1, 2**40])
def test_numbers_out_of_range_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="must lie in"):
        make_reference(number)
