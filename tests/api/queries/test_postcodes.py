"""Roughly where a postcode is, from the schools that have it or one near it."""

import pytest
from sqlalchemy.orm import Session

from api.queries.postcodes import RoughPlace, place_of_postcode
from tests import factories as make


@pytest.mark.parametrize(
    ("postcode", "expected"),
    [
        ("7290", RoughPlace(63.0, 10.5, 4)),
        ("7299", RoughPlace(63.0, 10.5, 3)),
        ("7211", RoughPlace(62.6667, 10.3333, 2)),
        ("9990", None),
        ("%%%%", None),
    ],
)
def test_middle_of_the_schools_with_the_nearest_postcode(
    session: Session, postcode: str, expected: RoughPlace | None
) -> None:
    for code, lat, lon in (("7290", 62.9, 10.4), ("7290", 63.1, 10.6), ("7234", 62.0, 10.0), (None, 10.0, 10.0)):
        make.make_school(session, postcode=code, lat=lat, lon=lon)
    assert place_of_postcode(session, postcode) == expected
