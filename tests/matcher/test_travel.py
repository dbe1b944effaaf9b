"""Travel minutes: the formula of the spec, the same in scalar and table form, and the matrix that replaces it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.problem import Matrix, Travel
from matcher.travel import Place, TravelTimes, great_circle_km, place

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
places = st.builds(Place, st.just("school:s"), latitudes, longitudes)

OSLO = place("school", "oslo", 59.9139, 10.7522)
BERGEN = place("school", "bergen", 60.3913, 5.3221)


def test_great_circle_km_between_two_towns() -> None:
    assert great_circle_km(OSLO, BERGEN) == pytest.approx(305.1, abs=0.5)


def test_minutes_follow_the_formula() -> None:
    travel = Travel(detour=1.5, kmh=60)
    expected = math.ceil(60 * 1.5 * great_circle_km(OSLO, BERGEN) / 60 - 1e-9)
    assert TravelTimes(travel).minutes(OSLO, BERGEN) == expected


def test_minutes_to_the_same_place_are_zero() -> None:
    assert TravelTimes(Travel()).minutes(OSLO, OSLO) == 0


def test_a_whole_number_of_minutes_is_not_rounded_up() -> None:
    degrees_of_ten_km = math.degrees(10 / 6371.0088)
    a, b = Place("site:a", 0, 0), Place("site:b", 0, degrees_of_ten_km)
    times = TravelTimes(Travel(detour=1, kmh=60))
    assert times.minutes(a, b) == 10
    assert times.table([a], [b]).tolist() == [[10]]


@given(st.lists(places, min_size=1, max_size=4), st.lists(places, min_size=1, max_size=4))
def test_table_equals_minutes_for_every_pair(origins: list[Place], destinations: list[Place]) -> None:
    times = TravelTimes(Travel())
    assert times.table(origins, destinations).tolist() == [[times.minutes(a, b) for b in destinations] for a in origins]


def test_matrix_replaces_the_formula_and_is_directed() -> None:
    matrix = Matrix(places=("school:oslo", "school:bergen"), minutes=((0, 400), (390, 0)))
    times = TravelTimes(Travel(matrix=matrix))
    assert (times.minutes(OSLO, BERGEN), times.minutes(BERGEN, OSLO)) == (400, 390)
    assert times.table([BERGEN, OSLO], [OSLO]).tolist() == [[390], [0]]


def test_matrix_without_the_place_names_it() -> None:
    times = TravelTimes(Travel(matrix=Matrix(places=("school:oslo",), minutes=((0,),))))
    with pytest.raises(KeyError, match="school:bergen"):
        times.minutes(OSLO, BERGEN)
