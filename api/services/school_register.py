"""Schools as registers list them, out of files: the CSV extract and Geonorge's GeoJSON."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from api.domain.enums import IdentifierScheme, Ownership
from api.errors import FieldError, InvalidInput
from api.services.tables import read_table, read_text

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Number = Annotated[str, Field(pattern=r"^\d{9}$")]
Code = Annotated[str, Field(pattern=r"^\d{4}$")]
CSV_COLUMNS = (
    "orgnr",
    "name",
    "municipality_code_2020",
    "municipality",
    "municipality_code_2024",
    "address",
    "pupils",
    "lowest_grade",
    "highest_grade",
    "ownership",
    "lat",
    "lon",
)
OPTIONAL_COLUMNS = ("postcode",)
LAST_GRADE = 13


class RegisterSchool(BaseModel):
    """One school of a register. Codes of its municipality by year; grades 1 to 13, both None where not said.

    municipality_of_owner: its name, where only the owner says it. Places in degrees (EPSG:4326).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: Text
    orgnr: Number | None = None
    other_ids: dict[IdentifierScheme, Text] = {}
    municipality: str = Field(default="", max_length=200)
    municipality_codes: dict[int, Code] = {}
    address: str = Field(default="", max_length=200)
    postcode: Code | None = None
    pupils: int | None = Field(default=None, ge=0)
    lowest_grade: int | None = Field(default=None, ge=1, le=LAST_GRADE)
    highest_grade: int | None = Field(default=None, ge=1, le=LAST_GRADE)
    ownership: Ownership = Ownership.PUBLIC
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)

    @model_validator(mode="after")
    def _grades_in_order(self) -> RegisterSchool:
        low, high = self.lowest_grade, self.highest_grade
        if (low is None) != (high is None) or (low is not None and high is not None and low > high):
            raise ValueError(f"lowest_grade {low} and highest_grade {high} do not go together")
        return self


@dataclass(frozen=True, slots=True)
class Register:
    """What a register holds. source: its kind, as rows remember it. notices: what was left out, and why.

    left_out: numbers of schools that the register lists in a way that cannot be used; they are not missing.
    """

    source: str
    schools: list[RegisterSchool]
    notices: list[str] = dataclasses.field(default_factory=list)
    left_out: list[str] = dataclasses.field(default_factory=list)


def read_register(path: Path) -> Register:
    """The schools of a file. Raises InvalidInput with every faulty row; nothing is guessed and none left out."""
    if path.suffix.lower() in (".geojson", ".json"):
        return Register("geonorge", _checked(_geojson_rows(path)))
    return Register("csv", _checked(_csv_rows(path)))


def postcode_or_none(given: Any) -> str | None:
    """Four digits, or nothing: a school is not left out for its postcode."""
    return given if isinstance(given, str) and re.fullmatch(r"[0-9]{4}", given) else None


def _csv_rows(path: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    headings, rows = read_table(path)
    if missing := [column for column in CSV_COLUMNS if column not in headings]:
        raise InvalidInput(
            f"The columns {', '.join(missing)} are missing.",
            field="row 1",
            remedy=f"Give the columns {', '.join(CSV_COLUMNS)}.",
        )
    for row in rows:
        columns = (*CSV_COLUMNS, *(column for column in OPTIONAL_COLUMNS if column in headings))
        given: dict[str, Any] = {column: row.cells[column] or None for column in columns}
        years = {2020: given.pop("municipality_code_2020"), 2024: given.pop("municipality_code_2024")}
        given["municipality_codes"] = {year: code for year, code in years.items() if code}
        for text in ("municipality", "address"):
            given[text] = given[text] or ""
        for grade in ("lowest_grade", "highest_grade"):  # 0 to 0 means that the register names no grades
            given[grade] = None if given[grade] == "0" else given[grade]
        yield f"row {row.number}", given


def _geojson_rows(path: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    try:
        data = json.loads(read_text(path))
        features = data["features"]
        for number, feature in enumerate(features, start=1):
            lon, lat = feature["geometry"]["coordinates"][:2]
            yield f"feature {number}", _geonorge(feature["properties"]) | {"lat": lat, "lon": lon}
    except (json.JSONDecodeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(
            f"The file is not the GeoJSON of Geonorge ({type(error).__name__}: {str(error)[:80]}).",
            remedy="Download the data set Grunnskoler as GeoJSON, EPSG:4326.",
        ) from None


def _geonorge(given: Mapping[str, Any]) -> dict[str, Any]:
    """Geonorge's property names as ours. Their owner is named `<municipality> kommune` where it is one."""
    owner = str(given.get("eier_Skoleeier_organisasjonsnavn") or "")
    code = given.get("kommunenummer")
    return {
        "name": given.get("skolenavn"),
        "orgnr": given.get("organisasjonsnummer") or None,
        "other_ids": {
            scheme: str(given[key])
            for scheme, key in (
                (IdentifierScheme.NSR, "nsrId"),
                (IdentifierScheme.GEONORGE, "identifikasjon_Identifikasjon_lokalId"),
            )
            if given.get(key)
        },
        "municipality": owner.removesuffix(" kommune") if owner.endswith(" kommune") else "",
        "municipality_codes": {2024: str(code)} if code else {},
        "address": given.get("besøksadresse_Besøksadresse_adressenavn") or "",
        "postcode": postcode_or_none(given.get("besøksadresse_Besøksadresse_postnummer")),
        "pupils": given.get("antallElever"),
        "lowest_grade": given.get("trinn_Trinn_lavesteTrinn") or None,
        "highest_grade": given.get("trinn_Trinn_høyesteTrinn") or None,
    }


def _checked(rows: Iterable[tuple[str, dict[str, Any]]]) -> list[RegisterSchool]:
    schools, errors = [], []
    for where, given in rows:
        try:
            schools.append(RegisterSchool.model_validate(given))
        except ValidationError as error:
            errors += [
                FieldError(" ".join([where, *map(str, fault["loc"])]), f"{fault['msg']}.", _got(fault["input"]))
                for fault in error.errors()
            ]
    if errors:
        raise InvalidInput("Nothing was imported.", remedy="Correct the rows and import again.", errors=errors)
    return schools


def _got(value: Any) -> str | None:
    return None if isinstance(value, dict) else f"It is {str(value)[:40]!r}."
