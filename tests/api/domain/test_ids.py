from datetime import UTC, datetime
from uuid import UUID

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from api.domain.ids import make_id, new_id


def test_id_is_the_example_of_the_rfc() -> None:
    """RFC 9562, appendix A.6: rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F."""
    assert make_id(0x017F22E279B0, 0xCC3 << 62 | 0x18C4DC0C0C07398F) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**74 - 1))
def test_id_is_a_uuid_of_version_7(milliseconds: int, random_bits: int) -> None:
    made = UUID(make_id(milliseconds, random_bits))
    assert (made.version, made.variant, made.int >> 80) == (7, "specified in RFC 4122", milliseconds)


@given(st.integers(0, 2**48 - 2), st.integers(0, 2**74 - 1), st.integers(0, 2**74 - 1))
def test_later_ids_sort_later(milliseconds: int, first: int, second: int) -> None:
    assert make_id(milliseconds, first) < make_id(milliseconds + 1, second)


@pytest.mark.parametrize(("milliseconds", "random_bits"), [(-1, 0), (2**48, 0), (0, -1), (0, 2**74)])
def test_numbers_out_of_range_are_refused(milliseconds: int, random_bits: int) -> None:
    with pytest.raises(ValueError, match="must lie in"):
        make_id(milliseconds, random_bits)


def test_new_ids_differ_and_hold_the_time() -> None:
    with time_machine.travel(datetime(2027, 1, 18, tzinfo=UTC), tick=False):
        ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert {UUID(made).int >> 80 for made in ids} == {1_800_230_400_000}
