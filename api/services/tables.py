"""Tables out of files: CSV (semicolon or comma, UTF-8 or cp1252) and XLSX, as texts by heading."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from api.errors import FieldError, InvalidInput

MAX_BYTES = 50_000_000
MAX_ROWS = 200_000
# What openpyxl lets through of a file that is broken, from its zip to its XML, while it is read row by row.
_BROKEN_XLSX = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    InvalidFileException,
    LookupError,
    TypeError,
    ValueError,
    EOFError,
    OSError,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table. number: as the spreadsheet counts, headings are row 1. cells: text by heading, trimmed."""

    number: int
    cells: dict[str, str]


def read_table(path: Path) -> tuple[list[str], list[Row]]:
    """The headings and the rows that hold anything. Raises InvalidInput for a file that is no table."""
    lines = _xlsx_lines(path) if path.suffix.lower() in (".xlsx", ".xlsm") else _csv_lines(path)
    headings = [" ".join(text.split()) for text in next(lines, [])]
    while headings and not headings[-1]:
        headings.pop()
    if not any(headings):
        raise InvalidInput("The file is empty.", field="row 1", remedy="Put the headings in the first row.")
    _check_headings(headings)
    rows, errors = [], []
    for number, texts in enumerate(lines, start=2):
        if number > MAX_ROWS:
            raise InvalidInput(f"The file has more than {MAX_ROWS} rows.", remedy="Split it.")
        if not any(texts):
            continue
        if any(texts[len(headings) :]):
            errors.append(
                FieldError(f"row {number}", "There are more cells than headings.", "Put quotes around texts.")
            )
        padded = [*texts, *[""] * len(headings)]
        rows.append(Row(number, {heading: padded[i] for i, heading in enumerate(headings) if heading}))
    if errors:
        raise InvalidInput("Nothing was read.", errors=errors)
    return headings, rows


def read_text(path: Path) -> str:
    """The text of a file in UTF-8 (with or without a byte order mark), else in cp1252."""
    data = _bytes(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        raise InvalidInput("The file is no text.", remedy="Save it as CSV in UTF-8, or as XLSX.") from None


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InvalidInput(f"The file is larger than {MAX_BYTES // 1_000_000} MB.", remedy="Split it.")
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"The file cannot be read ({error.strerror}).", remedy="Check its name.") from None


def _csv_lines(path: Path) -> Iterator[list[str]]:
    text = read_text(path)
    if "\0" in text:
        raise InvalidInput("The file is no text.", remedy="Save it as CSV in UTF-8, or as XLSX.")
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield [cell.strip() for cell in cells]
    except csv.Error as error:
        raise InvalidInput(f"The file is no CSV ({error}).", remedy="Save it anew from the spreadsheet.") from None


def _xlsx_lines(path: Path) -> Iterator[list[str]]:
    data = _bytes(path)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > 4 * MAX_BYTES:
                raise InvalidInput("The spreadsheet unpacks to too much.", remedy="Save only the rows, as CSV.")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # some programs write a wrong size, and cells outside it would be lost
        for cells in sheet.iter_rows(values_only=True):
            yield [_cell_text(cell) for cell in cells]
    except _BROKEN_XLSX:
        raise InvalidInput("The file is no spreadsheet.", remedy="Save it as XLSX or CSV.") from None


def _cell_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "ja" if value else "nei"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ", timespec="minutes")
        case date():
            return value.isoformat()
        case time():
            return value.isoformat(timespec="minutes")
    return str(value).strip()


def _check_headings(headings: Sequence[str]) -> None:
    seen: set[str] = set()
    for heading in filter(None, headings):
        if heading.casefold() in seen:
            raise InvalidInput(f"The heading {heading!r} stands twice.", field="row 1", remedy="Keep one of them.")
        seen.add(heading.casefold())


def write_csv(lines: Iterable[Sequence[str]]) -> bytes:
    """A table as Norwegian spreadsheets open it: semicolons, UTF-8 with a byte order mark."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(lines)
    return text.getvalue().encode("utf-8-sig")


def write_xlsx(lines: Iterable[Sequence[str]]) -> bytes:
    """A spreadsheet whose cells are all text: `8-13` becomes no date, and `=1` no formula."""
    book = Workbook()
    sheet = book.worksheets[0]
    for number, line in enumerate(lines, start=1):
        for position, text in enumerate(line, start=1):
            cell = sheet.cell(number, position)
            cell.value, cell.data_type, cell.number_format = text, "s", "@"
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()
