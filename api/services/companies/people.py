"""A company's people out of a spreadsheet: first looked at, then taken in, each active by the own yes only.

A company's sheet needs a name, an address and a place: the position follows from postcode or place, and the rest has
defaults for somebody new and stays as it is for somebody known.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from api import clock
from api.domain.enums import ProfileState
from api.domain.permissions import Actor
from api.errors import FieldError, InvalidInput
from api.i18n import gettext as _
from api.models.companies import Company
from api.models.role_models import RoleModel
from api.queries.profiles import place_at
from api.services.import_role_models import COLUMNS, example, import_role_models
from api.services.profiles import letters
from api.services.profiles.reconfirm import is_stale
from api.services.sheets import Column, Imported, plain, template
from api.services.tables import read_table, write_csv

POSTCODE = Column("postcode", "Postnummer", "Write four digits such as 7030.", ("postnr", "zip"))
_ASKED = ("name", "email", "phone", "title", "place", "topics", "languages", "grades", "max_travel_minutes", "modes")
SHEET = tuple(column for name in _ASKED for column in COLUMNS if column.name == name)
TEMPLATE = (*SHEET[:5], POSTCODE, *SHEET[5:])
MOST_ROWS = 500
NEW = {"max_travel_minutes": "45", "grades": "8-13"}
_FOUR_DIGITS = re.compile(r"\d{4}", re.ASCII)


@dataclass(slots=True)
class Row:
    """A row of a sheet. number: as the spreadsheet counts. cells: text by column. faulty: columns that are wrong.

    known: whether somebody of this company has the address already.
    """

    number: int
    cells: dict[str, str]
    known: bool = False
    faulty: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a sheet would do, or did: its rows in order, and counts of those that are right."""

    imported: Imported
    rows: list[Row]

    @property
    def faulty(self) -> list[Row]:
        """Rows that are left out."""
        return [row for row in self.rows if row.faulty]

    @property
    def right(self) -> int:
        """Rows that can be taken in."""
        return len(self.rows) - len(self.faulty)

    @property
    def skipped(self) -> int:
        """How many rows are left out."""
        return len(self.faulty)


def read(name: str, content: bytes) -> list[Row]:
    """The rows of a company's sheet. name: with .xlsx or .csv at the end.

    Raises InvalidInput for a file that is no such table, has no rows or too many, or has a heading that is not known.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"sheet{Path(name).suffix.lower()[:6]}")
        path.write_bytes(content)
        headings, table = read_table(path)
    columns = _columns(headings)
    if not table or len(table) > MOST_ROWS:
        raise InvalidInput(_("The sheet has no rows, or more than %(most)s.", most=MOST_ROWS), field="sheet")
    return [
        Row(row.number, {column: row.cells[heading] for heading, column in columns.items() if row.cells[heading]})
        for row in table
    ]


def preview(session: Session, actor: Actor, company: Company, rows: Sequence[Row]) -> Looked:
    """What taking the rows in would do; nothing of it stays."""
    inside = session.begin_nested()
    try:
        return take_in(session, actor, company, rows)
    finally:
        inside.rollback()
        session.expire_all()


def take_in(session: Session, actor: Actor, company: Company, rows: Sequence[Row]) -> Looked:
    """Takes in the rows that are right; new people get a letter and say yes themselves."""
    known = {
        (one.person.email or "").casefold(): one
        for one in session.scalars(
            select(RoleModel).where(RoleModel.company_id == company.id).options(joinedload(RoleModel.person))
        )
    }
    lines = [_whole(session, row, known.get(row.cells.get("email", "").casefold())) for row in rows]
    faults: list[FieldError] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sheet.csv")
        path.write_bytes(write_csv([_HEADINGS, *([line.get(one, "") for one in _HEADINGS] for line in lines)]))
        imported = import_role_models(session, path, actor=actor, own=company, faulty=faults)
    for fault in faults:
        _word, number, *heading = fault.field.split(" ", 2)
        row, column = rows[int(number) - 2], _column_of(heading[0] if heading else "", fault)
        if column != "email" or not (row.faulty & {"place", "postcode"} and row.cells.get("email")):
            row.faulty.add(column)
    return Looked(imported, list(rows))


def as_file(rows: Sequence[Row], only: Sequence[Row] | None = None) -> bytes:
    """The rows as a CSV of a company's sheet, to be sent along, or to be put right and sent again. only: these."""
    lines = [[row.cells.get(column.name, "") for column in TEMPLATE] for row in (rows if only is None else only)]
    return write_csv([[column.heading for column in TEMPLATE], *lines])


def empty_sheet(session: Session, suffix: str) -> bytes:
    """The sheet to fill in, with one row as an example. suffix: .xlsx or .csv."""
    return template(TEMPLATE, example(session) | {"postcode": "0150", "max_travel_minutes": "45"}, suffix)


def remind(session: Session, role_model: RoleModel) -> bool:
    """Writes to somebody whose profile waits for something, once a day; false when that is done, or nothing waits.

    About the yes, the films, or whether the profile still holds.
    """
    if role_model.state is ProfileState.LEFT:
        return False
    kind = "profile_confirm"
    if role_model.state is ProfileState.UNCONFIRMED:
        kind = "profile_reminder"
    elif role_model.state is ProfileState.ACTIVE and not is_stale(session, role_model, clock.now()):
        if role_model.trained_on is not None:
            return False
        kind = "profile_films"
    dedupe = f"{kind}:{role_model.id}:{clock.today()}"
    return letters.tell(session, kind, role_model, dedupe=dedupe) is not None


_HEADINGS = [column.name for column in COLUMNS if column.name != "company"]


def _columns(headings: Sequence[str]) -> dict[str, str]:
    allowed = [column for column in COLUMNS if column.name != "company"] + [POSTCODE]
    meaning = {plain(text): one.name for one in allowed for text in (one.name, one.heading, *one.also)}
    found = {heading: meaning.get(plain(heading)) for heading in headings if heading}
    unknown = next((heading for heading, name in found.items() if name is None), None)
    if unknown is not None:
        raise InvalidInput(
            _("We do not know the heading «%(heading)s».", heading=unknown[:60]),
            field="sheet",
            remedy=_("Start from the sheet that you can download here."),
        )
    named = {heading: name for heading, name in found.items() if name is not None}
    if len(set(named.values())) < len(named) or not {"name", "email"} <= set(named.values()):
        raise InvalidInput(
            _("The sheet needs one column for name and one for e-mail address."),
            field="sheet",
            remedy=_("Start from the sheet that you can download here."),
        )
    return named


def _whole(session: Session, row: Row, known: RoleModel | None) -> dict[str, str]:
    """The row as the import takes it, with a position; where there is none the column that is wrong is marked."""
    row.known, row.faulty = known is not None, set()
    line = {name: text for name, text in row.cells.items() if name != "postcode"}
    code, place = row.cells.get("postcode", ""), row.cells.get("place", "")
    if code and code.isascii() and code.isdigit() and len(code) == 3:
        code = row.cells["postcode"] = f"0{code}"  # a spreadsheet takes 0150 for the number 150
    if "lat" not in line or "lon" not in line:
        asked = code or place
        right = _FOUR_DIGITS.fullmatch(code) if code else True
        at = place_at(session, asked) if asked and right else None
        if at is None and known is not None and not asked:
            at = known.lat, known.lon
        if at is None:
            row.faulty.add("postcode" if code or not place else "place")
            at = 60.0, 10.0
        line |= {"lat": str(at[0]), "lon": str(at[1])}
        if row.faulty:
            line["email"] = ""  # the import leaves it out, too
    if known is not None:
        stored = {
            "max_travel_minutes": str(known.max_travel_minutes),
            "grades": f"{known.lowest_grade}-{known.highest_grade}",
        }
        return stored | line
    return NEW | ({"place": code} if code and not place else {}) | line


def _column_of(heading: str, fault: FieldError) -> str:
    found = next((column.name for column in COLUMNS if column.heading == heading), "")
    return found or ("email" if "same as row" in fault.sentence else "name")


def cells_with(rows: Sequence[Row], typed: Mapping[tuple[int, str], str]) -> None:
    """Puts what was typed in the preview into the rows. typed: (number, column) → text."""
    for row in rows:
        for column in TEMPLATE:
            if (row.number, column.name) in typed:
                row.cells[column.name] = typed[row.number, column.name]
