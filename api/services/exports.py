"""Lists as files: CSV and XLSX with cells that no spreadsheet calculates, for every page that lets its list be fetched.

A page hands over what it shows, with the reader's own rights and scope already in its query; here it only becomes a
file. Texts stay texts: a cell that a spreadsheet would calculate stands behind an apostrophe in the CSV, and is a text
cell in the XLSX. Numbers, dates and moments stay what they are, so that they can be added up and sorted.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from api import clock
from api.errors import InvalidInput
from api.i18n import gettext as _
from api.i18n import number

SUFFIXES = ("xlsx", "csv")
MOST_ROWS = 20_000
WIDEST = 60
# What makes a spreadsheet take a text for a formula, also in the wide letters of East Asian keyboards.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_FORMATS = {int: "0", float: "0.00", date: "yyyy-mm-dd", datetime: "yyyy-mm-dd hh:mm"}

Cell = str | int | float | date | datetime | None


def write(suffix: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The file of a list. suffix: `xlsx` or `csv`. headings: in the reader's language, one a column.

    A bool becomes yes or no, None an empty cell, a moment Norwegian time. Raises InvalidInput for another suffix and
    for more than 20,000 rows.
    """
    if suffix not in SUFFIXES:
        raise InvalidInput(_("The sheet is CSV or XLSX."), field="format", remedy=_("Ask for csv or xlsx."))
    limited = _limited(rows)
    return _xlsx(headings, limited) if suffix == "xlsx" else _csv(headings, limited)


def plain_text(text: str) -> str:
    """The text as a CSV cell that no spreadsheet calculates."""
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def _limited(rows: Iterable[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
    for count, row in enumerate(rows):
        if count == MOST_ROWS:
            raise InvalidInput(
                _("The list has more than %(most)s rows.", most=number(MOST_ROWS)),
                remedy=_("Filter the list, and download it in parts."),
            )
        yield row


def _csv(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO(newline="")
    lines = ([_csv_cell(cell) for cell in row] for row in chain([headings], rows))
    csv.writer(text, delimiter=";").writerows(lines)
    return text.getvalue().encode("utf-8-sig", "replace")


def _csv_cell(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return _("yes") if cell else _("no")
        case str():
            return plain_text(cell.replace("\x00", ""))
        case float():
            return number(cell, 2).replace("\N{NO-BREAK SPACE}", "")
        case datetime():
            return _local(cell).isoformat(sep=" ", timespec="minutes")
        case date():
            return cell.isoformat()
    return str(cell)


def _xlsx(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """One sheet: bold headings that stay in sight, and columns as wide as what is in them."""
    lines = [[_xlsx_value(cell) for cell in row] for row in rows]
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    for position, heading in enumerate(headings):
        longest = max((len(str(line[position])) for line in lines[:200] if position < len(line)), default=0)
        sheet.column_dimensions[get_column_letter(position + 1)].width = min(WIDEST, max(len(heading), longest) + 2)
    titles = [_xlsx_cell(sheet, heading) for heading in headings]
    for title in titles:
        title.font = Font(bold=True)
    sheet.append(titles)
    for line in lines:
        sheet.append([_xlsx_cell(sheet, cell) for cell in line])
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _xlsx_value(cell: Cell) -> Cell:
    match cell:
        case bool():
            return _("yes") if cell else _("no")
        case str():
            return str(ILLEGAL_CHARACTERS_RE.sub("", cell))
        case datetime():
            return _local(cell)
    return cell


def _xlsx_cell(sheet: object, value: Cell) -> WriteOnlyCell:
    """A cell of the value's own kind; a text is marked as one, whatever it begins with."""
    made = WriteOnlyCell(sheet, value)
    if isinstance(value, str):
        made.data_type, made.number_format = "s", "@"
    elif value is not None:
        made.number_format = _FORMATS[type(value)]
    return made


def _local(moment: datetime) -> datetime:
    return (clock.to_local(moment) if moment.tzinfo else moment).replace(tzinfo=None)
