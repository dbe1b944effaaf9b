"""Minutes of travel between places: great circle with a detour factor, or a matrix where one is given.

The formula (engine.md, "Travel"): ceil(60 * detour * km / kmh - 1e-9), km by the haversine formula with
R = 6371.0088 in doubles. The scalar and the vectorised form give identical minutes: where the vectorised value lies so
near to a whole minute that the last bits of a sine could decide, the scalar form is asked.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcher.problem import Travel

EARTH_RADIUS_KM = 6371.0088
NEARLY_WHOLE = 1e-6

Minutes = NDArray[np.int64]


class Place(NamedTuple):
    """A point on the map: `key` as in travel.matrix ("school:s1"), degrees north and degrees east."""

    key: str
    lat: float
    lon: float


def place(kind: str, identifier: str, lat: float, lon: float) -> Place:
    """The place of a role_model, school, pupil or site, named as travel.matrix names it."""
    return Place(f"{kind}:{identifier}", lat, lon)


def great_circle_km(a: Place, b: Place) -> float:
    """Kilometres along the great circle from a to b (haversine formula)."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    half_lat, half_lon = (lat_b - lat_a) / 2, math.radians(b.lon - a.lon) / 2
    h = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, h)))


def _great_circle_km_table(origins: NDArray[np.float64], destinations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kilometres, shape (origins, destinations); both inputs are rows of (lat, lon) in degrees."""
    a, b = np.radians(origins), np.radians(destinations)
    half = (b[None, :, :] - a[:, None, :]) / 2
    h = np.sin(half[:, :, 0]) ** 2 + np.cos(a[:, None, 0]) * np.cos(b[None, :, 0]) * np.sin(half[:, :, 1]) ** 2
    km: NDArray[np.float64] = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(1.0, h)))
    return km


def _degrees(places: Sequence[Place]) -> NDArray[np.float64]:
    return np.array([(p.lat, p.lon) for p in places], dtype=np.float64).reshape(-1, 2)


class TravelTimes:
    """Minutes of travel under one problem's `travel`: directed, whole minutes, 0 or more."""

    def __init__(self, travel: Travel) -> None:
        self._minutes_per_km = 60 * travel.detour
        self._kmh = travel.kmh
        self._row: dict[str, int] = {}
        self._matrix: Minutes | None = None
        if travel.matrix is not None:
            self._row = {key: row for row, key in enumerate(travel.matrix.places)}
            self._matrix = np.array(travel.matrix.minutes, dtype=np.int64).reshape(len(self._row), len(self._row))

    def minutes(self, a: Place, b: Place) -> int:
        """Minutes from a to b. Raises KeyError naming the place when a matrix is given and lacks it."""
        if self._matrix is not None:
            return int(self._matrix[self._row[a.key], self._row[b.key]])
        return max(0, math.ceil(self._minutes_per_km * great_circle_km(a, b) / self._kmh - 1e-9))

    def table(self, origins: Sequence[Place], destinations: Sequence[Place]) -> Minutes:
        """Minutes from each origin (row) to each destination (column); equal to `minutes` for every pair.

        Raises KeyError naming the place when a matrix is given and lacks it.
        """
        if self._matrix is not None:
            rows = np.array([self._row[p.key] for p in origins], dtype=np.intp)
            columns = np.array([self._row[p.key] for p in destinations], dtype=np.intp)
            return self._matrix[np.ix_(rows, columns)]
        return self._by_formula(origins, destinations)

    def from_all(self, origins: Sequence[Place]) -> Callable[[Place], Minutes]:
        """A function: minutes from each origin to one destination. Quicker than `table` when asked often."""
        if self._matrix is not None:
            return lambda destination: self.table(origins, [destination])[:, 0]
        lat, lon = np.radians(_degrees(origins)).T.copy()
        cos_lat = np.cos(lat)

        def minutes(destination: Place) -> Minutes:
            to_lat, to_lon = math.radians(destination.lat), math.radians(destination.lon)
            h = np.sin((to_lat - lat) / 2) ** 2 + cos_lat * math.cos(to_lat) * np.sin((to_lon - lon) / 2) ** 2
            km = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(1.0, h)))
            return self._whole(origins, [destination], km[:, None])[:, 0]

        return minutes

    def _by_formula(self, origins: Sequence[Place], destinations: Sequence[Place]) -> Minutes:
        km = _great_circle_km_table(_degrees(origins), _degrees(destinations))
        return self._whole(origins, destinations, km)

    def _whole(self, origins: Sequence[Place], destinations: Sequence[Place], km: NDArray[np.float64]) -> Minutes:
        """Minutes of these kilometres; where the last bits could decide, the scalar form is asked."""
        exact = self._minutes_per_km * km / self._kmh - 1e-9
        table = np.maximum(0, np.ceil(exact)).astype(np.int64)
        for row, column in np.argwhere(np.abs(exact - np.rint(exact)) < NEARLY_WHOLE):
            table[row, column] = self.minutes(origins[row], destinations[column])
        return table
