"""Where a postcode roughly is: there is no table of postcodes, but schools have one each."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.models.places import School

DIGITS_SHARED = (4, 3, 2)
PLACE_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class RoughPlace:
    """The middle of the schools nearest by postcode, in degrees. digits: of the postcode that they share, 4 to 2."""

    lat: float
    lon: float
    digits: int


def place_of_postcode(session: Session, postcode: str) -> RoughPlace | None:
    """The middle of the schools with this postcode, else of those that share its first three, then two digits.

    postcode: four digits. None where no school does.
    """
    middle = select(func.avg(School.lat), func.avg(School.lon))
    for digits in DIGITS_SHARED:
        lat, lon = session.execute(middle.where(School.postcode.startswith(postcode[:digits], autoescape=True))).one()
        if lat is not None:
            return RoughPlace(round(float(lat), PLACE_DECIMALS), round(float(lon), PLACE_DECIMALS), digits)
    return None
