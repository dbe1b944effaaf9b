"""Sheets that people fill in: Norwegian or English headings, rows as checked models, every fault at once, templates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo
from sqlalchemy.orm import Session

from api.errors import FieldError, InvalidInput
from api.services.audit import record
from api.services.tables import read_table, write_csv, write_xlsx

_FORMULA = ("=", "+", "-", "@")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


class SheetRow(BaseModel):
    """One row, its cells checked and looked up. A cell that is empty or has no column is not in `model_fields_set`."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def given(self, *names: str) -> dict[str, Any]:
        """Those of the named fields that the sheet gives."""
        return {name: getattr(self, name) for name in names if name in self.model_fields_set}


RowT = TypeVar("RowT", bound=SheetRow)
NamesT = TypeVar("NamesT")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet.

    name: the row's field and, spaces for underscores, the English heading. heading: the Norwegian one, as templates
    have it. hint: what to write, given as the remedy for a faulty cell. also: other headings that mean it. private: its
    cells say who somebody is, and are never repeated in a message.
    """

    name: str
    heading: str
    hint: str
    also: tuple[str, ...] = ()
    private: bool = False


@dataclass(slots=True)
class Faults:
    """What is wrong with a sheet, row by row."""

    columns: Sequence[Column]
    errors: list[FieldError] = field(default_factory=list)

    def add(self, number: int, name: str | None, sentence: str, remedy: str | None = None) -> None:
        """A fault of a row, in the column of this name if one; its hint is the remedy unless another is given."""
        column = next((column for column in self.columns if column.name == name), None)
        if column is None:
            self.errors.append(FieldError(f"row {number}", sentence, remedy))
        else:
            self.errors.append(FieldError(f"row {number} {column.heading}", sentence, remedy or column.hint))

    def refuse(self) -> None:
        """Raises InvalidInput with all faults in the order of rows, if there are any."""
        if self.errors:
            in_order = sorted(self.errors, key=lambda fault: int(fault.field.split()[1]))
            raise InvalidInput("Nothing was imported.", remedy="Correct the rows and import again.", errors=in_order)


@dataclass(frozen=True, slots=True)
class Sheet(Generic[RowT]):
    """The rows of a file that are right by themselves, by row number, and the faults of the others."""

    kind: str
    rows: list[tuple[int, RowT]]
    faults: Faults

    def refuse_repeats(self, key: Callable[[RowT], object], remedy: str) -> None:
        """A fault for each row that means the same as an earlier one."""
        first: dict[object, int] = {}
        for number, row in self.rows:
            known = first.setdefault(key(row), number)
            if known != number:
                self.faults.add(number, None, f"It means the same as row {known}.", remedy)


@dataclass(slots=True)
class Imported:
    """What an import did, as counts, and what a person should look at."""

    what: str
    created: int = 0
    changed: int = 0
    same: int = 0
    notices: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = f"{self.what}: {self.created} new, {self.changed} changed, {self.same} the same."
        return "\n".join([counts, *self.notices])

    def audited(self, session: Session, kind: str, source: str, **more: int) -> Imported:
        """Writes the one audit entry of an import: counts only. kind: the table. source: csv or xlsx."""
        counts = {"created": self.created, "changed": self.changed, "same": self.same, **more}
        record(session, f"{kind}.import", kind, source, detail=counts)
        return self


def read_sheet(path: Path, columns: Sequence[Column], model: type[RowT], names: object) -> Sheet[RowT]:
    """The rows of a CSV or XLSX file. names: what the model's fields look rows of the database up in.

    Raises InvalidInput for a file that is no table, and for headings that are unknown, double or missing; faults of
    cells are collected in the result.
    """
    headings, table = read_table(path)
    column_of = _columns_by_heading(headings, columns, model)
    sheet: Sheet[RowT] = Sheet(path.suffix.lower().lstrip(".") or "csv", [], Faults(columns))
    for row in table:
        cells = {column.name: row.cells[heading] for heading, column in column_of.items() if row.cells[heading]}
        try:
            sheet.rows.append((row.number, model.model_validate(cells, context=names)))
        except ValidationError as error:
            for fault in error.errors():
                name = str(fault["loc"][0]) if fault["loc"] else None
                sheet.faults.add(row.number, name, _sentence(fault, name, columns))
    return sheet


def names_of(info: ValidationInfo, kind: type[NamesT]) -> NamesT:
    """What `read_sheet` was given to look rows up in, for a validator."""
    assert isinstance(info.context, kind)
    return info.context


def template(columns: Sequence[Column], example: Mapping[str, str], suffix: str) -> bytes:
    """A sheet with the Norwegian headings and one row. suffix: .xlsx or .csv. Raises InvalidInput for another."""
    lines = [[column.heading for column in columns], [example.get(column.name, "") for column in columns]]
    match suffix.lower():
        case ".xlsx":
            return write_xlsx(lines)
        case ".csv":
            return write_csv([[_no_formula(text) for text in line] for line in lines])
    raise InvalidInput("A template is XLSX or CSV.", remedy="Give a file name that ends in .xlsx or .csv.")


def plain(text: str) -> str:
    """What of a word matters when it is compared: no letter case, no spaces, no signs."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def set_different(row: object, values: Mapping[str, Any]) -> bool:
    """Sets the values that differ from the row's; true when any did."""
    different = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    return bool(different)


def _columns_by_heading(headings: Sequence[str], columns: Sequence[Column], model: type[SheetRow]) -> dict[str, Column]:
    meaning = {plain(text): column for column in columns for text in (column.name, column.heading, *column.also)}
    found: dict[str, Column] = {}
    errors = []
    known = ", ".join(column.heading for column in columns)
    for heading in filter(None, headings):
        column = meaning.get(plain(heading))
        if column is None:
            errors.append(FieldError("row 1", f"The heading {heading[:60]!r} is not known.", f"Known are {known}."))
        elif column in found.values():
            sentence = f"The heading {heading!r} means the same as another."
            errors.append(FieldError("row 1", sentence, "Keep one of them."))
        else:
            found[heading] = column
    for column in columns:
        if model.model_fields[column.name].is_required() and column not in found.values():
            errors.append(
                FieldError("row 1", f"The column {column.heading} is missing.", "Add it, or start from --template.")
            )
    if errors:
        raise InvalidInput("Nothing was imported.", remedy="Correct the headings and import again.", errors=errors)
    return found


def _sentence(fault: Any, name: str | None, columns: Sequence[Column]) -> str:
    if fault["type"] == "missing":
        return "The cell is empty."
    raised = fault.get("ctx", {}).get("error")
    if isinstance(raised, ValueError):
        return str(raised)
    private = any(column.private for column in columns if column.name == name)
    value = "" if private else f", not {str(fault['input'])[:40]!r}"
    return f"{fault['msg']}{value}."


def _no_formula(text: str) -> str:
    """Nothing for what a spreadsheet would calculate when it opens a CSV."""
    return "" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text
