"""Schools out of Nasjonalt skoleregister (NSR), version 4 of its API.

The list names the units (`/enheter?sidenummer=1&antallperside=1000`, answers with AntallSider and EnhetListe), each
unit's own page (`/enhet/<organisasjonsnummer>`) has grades, address and place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests
from pydantic import ValidationError
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from api.domain.enums import Ownership
from api.errors import AppError
from api.services.school_register import Register, RegisterSchool, postcode_or_none

NSR_URL = "https://data-nsr.udir.no/v4"
PAGE_SIZE = 1000
TIMEOUT_SECONDS = 30
FIRST_UPPER_SECONDARY_GRADE = 11
OnSchool = Callable[[int, int], None]


class RegisterUnreachable(AppError):
    """The register does not answer, or not in the way its documentation says."""

    default_code = "register_unreachable"


def read_nsr(on_school: OnSchool, *, url: str = NSR_URL) -> Register:
    """All active primary, lower and upper secondary schools of the register.

    on_school: called with how many are read and how many there are. A school that the register gives no usable place
    or name for is left out and named in the notices. Raises RegisterUnreachable, and then nothing was read.
    """
    retry = Retry(total=4, backoff_factor=1, status_forcelist=(429, 500, 502, 503, 504))
    with requests.Session() as http:
        http.mount("https://", HTTPAdapter(max_retries=retry))
        numbers = [unit["Organisasjonsnummer"] for unit in _units(http, url) if _is_school(unit)]
        schools, notices, left_out = [], [], []
        for read, number in enumerate(numbers, start=1):
            unit = _get(http, f"{url}/enhet/{number}")
            try:
                schools.append(RegisterSchool.model_validate(_values(unit)))
            except ValidationError as error:
                left_out.append(str(number))
                fields = ", ".join(
                    sorted({str(fault["loc"][0]) if fault["loc"] else "grades" for fault in error.errors()})
                )
                notices.append(f"Left out {unit.get('Navn')} ({number}): the register's {fields} cannot be used.")
            on_school(read, len(numbers))
    return Register("nsr", schools, notices, left_out)


def _units(http: requests.Session, url: str) -> Iterator[Mapping[str, Any]]:
    page, pages = 0, 1
    while page < pages:
        page += 1
        answer = _get(http, f"{url}/enheter?sidenummer={page}&antallperside={PAGE_SIZE}")
        try:
            pages = int(answer["AntallSider"])
            yield from answer["EnhetListe"]
        except (KeyError, TypeError, ValueError) as error:
            raise RegisterUnreachable(
                f"The list of the school register has no {error}.", remedy="Import its CSV or GeoJSON extract."
            ) from error


def _is_school(unit: Mapping[str, Any]) -> bool:
    taught = unit.get("ErGrunnskole") or unit.get("ErVideregaaendeSkole")
    return bool(unit.get("ErAktiv") and unit.get("ErSkole") and taught and unit.get("Organisasjonsnummer"))


def _values(unit: Mapping[str, Any]) -> dict[str, Any]:
    """A unit's page as our columns; Vg1 to Vg3 are the grades 11 to 13, and a place at 0, 0 is none."""
    municipality = unit.get("Kommune") or {}
    place = unit.get("Koordinat") or {}
    address = unit.get("Beliggenhetsadresse") or {}
    upper = [_upper_secondary(unit.get(key)) for key in ("SkoletrinnVGSFra", "SkoletrinnVGSTil")]
    lower = [unit.get(key) or None for key in ("SkoletrinnGSFra", "SkoletrinnGSTil")]
    grades = [grade for grade in (*lower, *upper) if grade]
    code = municipality.get("Kommunenummer")
    return {
        "name": unit.get("Navn"),
        "orgnr": unit.get("Organisasjonsnummer"),
        "municipality": municipality.get("Navn") or "",
        "municipality_codes": {2024: code} if code else {},
        "address": address.get("Adresse") or "",
        "postcode": postcode_or_none(address.get("Postnummer")),
        "pupils": unit.get("Elevtall"),
        "lowest_grade": min(grades, default=None),
        "highest_grade": max(grades, default=None),
        "ownership": Ownership.PRIVATE if unit.get("ErPrivatskole") else Ownership.PUBLIC,
        "lat": place.get("Breddegrad") or None,
        "lon": place.get("Lengdegrad") or None,
    }


def _upper_secondary(year: int | None) -> int | None:
    if not year:
        return None
    return year if year >= FIRST_UPPER_SECONDARY_GRADE else year + FIRST_UPPER_SECONDARY_GRADE - 1


def _get(http: requests.Session, url: str) -> Any:
    try:
        answer = http.get(url, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.json()
    except requests.RequestException as error:
        raise RegisterUnreachable(
            f"The school register does not answer ({type(error).__name__}).",
            remedy="Try again later, or import its CSV or GeoJSON extract.",
        ) from error
