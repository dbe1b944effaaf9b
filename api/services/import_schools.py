"""Bringing a school register in: each school finds its row, what people set by hand stays, nothing is deleted."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import IdentifierScheme, SchoolStatus
from api.domain.ids import new_id
from api.errors import FieldError, InvalidInput
from api.models.places import Municipality, MunicipalityCode, School, SchoolIdentifier
from api.services.audit import record
from api.services.school_register import Register, RegisterSchool, read_register

VALUES = (
    "name",
    "municipality_id",
    "ownership",
    "address",
    "postcode",
    "lat",
    "lon",
    "lowest_grade",
    "highest_grade",
    "pupils",
)
PLACE_DECIMALS = 3  # about 100 m
_ROWS = cast(Table, School.__table__)


@dataclass(slots=True)
class SchoolsImported:
    """What an import did, as counts, and what a person should look at."""

    created: int = 0
    changed: int = 0
    same: int = 0
    closed: int = 0
    notices: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = f"{self.created} new, {self.changed} changed, {self.same} the same, {self.closed} closed"
        return "\n".join([f"Schools: {counts}.", *self.notices])


def import_schools(session: Session, path: Path, *, complete: bool = False) -> SchoolsImported:
    """Brings the register in a file in; see `store_register`. Raises InvalidInput for a file with a faulty row."""
    return store_register(session, read_register(path), complete=complete)


def store_register(session: Session, register: Register, *, complete: bool = False) -> SchoolsImported:
    """Makes and changes schools so that they are as the register says.

    A school is known again by its organisation number or another number of a register, else by name, municipality and
    place rounded to 100 m. Columns that a person has set here (`overrides`) keep that value. complete: schools of this
    register that it no longer names are marked closed. One audit entry tells of the whole import.
    """
    result = SchoolsImported(notices=list(register.notices))
    places = _Municipalities(session, result)
    places.learn(register.schools)
    known = _Known(session)
    seen: set[str] = set()
    new: list[dict[str, Any]] = []
    stamps: list[dict[str, Any]] = []
    identifiers: list[dict[str, Any]] = []
    now = clock.now()
    for school, municipality_id, place_key in _keyed(register.schools, places, result):
        ids = {IdentifierScheme.ORGNR: school.orgnr, **school.other_ids, IdentifierScheme.PLACE: place_key}
        row = known.find(ids, seen)
        values = school.model_dump(include=set(VALUES)) | {"municipality_id": municipality_id}
        stamp = {"source": register.source, "source_hash": _hash(values), "source_seen_at": now}
        if row is None:
            school_id = new_id()
            new.append({"id": school_id, **values, **stamp})
        else:
            school_id = row.id
            if school.postcode is None:  # a register without postcodes takes none away
                del values["postcode"]
            _apply(row, values, result)
            stamps.append({"b_id": school_id, **stamp})
        seen.add(school_id)
        identifiers += known.claim(school_id, ids)
    result.created = len(new)
    if new:
        session.execute(insert(School), new)
    if stamps:  # beside the ORM: that a register was read again is no change of a school's version
        session.flush()
        session.connection().execute(update(_ROWS).where(_ROWS.c.id == bindparam("b_id")), stamps)
    if identifiers:
        session.execute(insert(SchoolIdentifier), identifiers)
    if complete:
        result.closed = known.close_missing(register.source, seen | known.of_numbers(register.left_out))
    counts = {"created": result.created, "changed": result.changed, "same": result.same, "closed": result.closed}
    record(session, "school.import", "school", register.source, detail=counts)
    return result


class _Known:
    """Schools that are there, by every identifier they have."""

    def __init__(self, session: Session) -> None:
        self._rows = {school.id: school for school in session.scalars(select(School))}
        self._ids = {(i.scheme, i.value): i.school_id for i in session.scalars(select(SchoolIdentifier))}
        self._orgnrs = {
            owner: value for (scheme, value), owner in self._ids.items() if scheme == IdentifierScheme.ORGNR
        }

    def find(self, ids: dict[IdentifierScheme, str | None], taken: set[str]) -> School | None:
        """The row that these identifiers mean, strongest first; a place means nobody with another number."""
        for scheme in IdentifierScheme:
            value = ids.get(scheme)
            school_id = self._ids.get((scheme, value)) if value else None
            if school_id is None or school_id in taken or school_id not in self._rows:
                continue
            number, its_number = ids[IdentifierScheme.ORGNR], self._orgnrs.get(school_id)
            if scheme is not IdentifierScheme.ORGNR and number and its_number and number != its_number:
                continue
            return self._rows[school_id]
        return None

    def claim(self, school_id: str, ids: dict[IdentifierScheme, str | None]) -> list[dict[str, Any]]:
        """New identifier rows for a school; one that another school has stays with that school."""
        fresh = [(scheme, value) for scheme, value in ids.items() if value and (scheme, value) not in self._ids]
        for key in fresh:
            self._ids[key] = school_id
        return [{"scheme": scheme, "value": value, "school_id": school_id} for scheme, value in fresh]

    def of_numbers(self, numbers: Iterable[str]) -> set[str]:
        """The ids of the schools with these organisation numbers."""
        orgnr = IdentifierScheme.ORGNR
        return {self._ids[orgnr, number] for number in numbers if (orgnr, number) in self._ids}

    def close_missing(self, source: str, seen: set[str]) -> int:
        """Marks the open schools of a register that were not seen closed, but for those a person keeps open."""
        gone = [
            row
            for row in self._rows.values()
            if row.source == source
            and row.status is SchoolStatus.ACTIVE
            and row.id not in seen
            and "status" not in row.overrides
        ]
        for row in gone:
            row.status = SchoolStatus.CLOSED
        return len(gone)


class _Municipalities:
    """Finds the municipality of a school by its codes of 2024 and 2020, else by name; makes those that are missing."""

    def __init__(self, session: Session, result: SchoolsImported) -> None:
        self._session = session
        self._result = result
        codes = session.execute(select(MunicipalityCode.year, MunicipalityCode.code, MunicipalityCode.municipality_id))
        self._by_code: dict[tuple[int, str], str] = {(year, code): owner for year, code, owner in codes}
        names: dict[str, list[str]] = defaultdict(list)
        for municipality_id, name in session.execute(select(Municipality.id, Municipality.name)):
            names[name.casefold()].append(municipality_id)
        self._by_name = {name: owners[0] for name, owners in names.items() if len(owners) == 1}
        self._old_of = {owner: code for (year, code), owner in self._by_code.items() if year == 2020}

    def learn(self, schools: Sequence[RegisterSchool]) -> None:
        """Makes the municipalities that these schools' codes name, each with the codes and the name most schools give.

        A code of 2020 that was split belongs to the part with most schools; the others have only their code of 2024.
        """
        pairs = Counter((s.municipality_codes.get(2024), s.municipality_codes.get(2020)) for s in schools)
        names: dict[tuple[str | None, str | None], str] = {}
        for school in schools:
            key = (school.municipality_codes.get(2024), school.municipality_codes.get(2020))
            names[key] = names.get(key) or school.municipality
        # Pairs with both codes first, and of those the ones that most schools share.
        for (new, old), _ in sorted(pairs.items(), key=lambda item: (not all(item[0]), -item[1], str(item[0]))):
            self._make(new, old, names[new, old])

    def _make(self, new: str | None, old: str | None, name: str) -> None:
        owner = self._by_code.get((2024, new or "")) or (None if new else self._by_code.get((2020, old or "")))
        if owner is None and (new or old):
            owner = self._by_name.get(name.casefold())
            if owner is None or any(where == owner for where in self._by_code.values()):
                owner = new_id()
                self._session.execute(insert(Municipality), [{"id": owner, "name": name or f"Kommune {new or old}"}])
            self._by_name.setdefault(name.casefold(), owner)
        for year, code in ((2024, new), (2020, old)):
            free = code and (year, code) not in self._by_code and not self._has(owner, year)
            if owner and code and free:
                self._by_code[year, code] = owner
                row = {"code": code, "year": year, "municipality_id": owner}
                self._session.execute(insert(MunicipalityCode), [row])
                if year == 2020:
                    self._old_of[owner] = code

    def _has(self, owner: str | None, year: int) -> bool:
        return any(where == owner and when == year for (when, _), where in self._by_code.items())

    def of(self, school: RegisterSchool) -> str | None:
        """The municipality's row id; None where the school names none that is known."""
        new, old = school.municipality_codes.get(2024), school.municipality_codes.get(2020)
        by_new = self._by_code.get((2024, new or ""))
        by_old = self._by_code.get((2020, old or ""))
        if by_new and by_old and by_new != by_old and self._old_of.get(by_new) not in (None, old):
            self._result.notices.append(
                f"Look at {school.name}: the codes {old} (2020) and {new} (2024) are different municipalities; "
                f"{old} was used."
            )
            return by_old
        return by_new or by_old or self._by_name.get(school.municipality.casefold())


def _keyed(
    schools: Sequence[RegisterSchool], places: _Municipalities, result: SchoolsImported
) -> Iterable[tuple[RegisterSchool, str, str]]:
    """Each school with its municipality and its place key; schools that share a key are numbered, largest first."""
    errors = []
    shared: dict[str, list[tuple[RegisterSchool, str]]] = defaultdict(list)
    for number, school in enumerate(schools, start=1):
        municipality_id = places.of(school)
        if municipality_id is None:
            sentence = f"The municipality of {school.name} is not known ({school.municipality or 'no name'})."
            errors.append(FieldError(f"school {number}", sentence, "Give its number, or import a register that does."))
            continue
        place = f"{school.lat:.{PLACE_DECIMALS}f}|{school.lon:.{PLACE_DECIMALS}f}"
        shared[f"{school.name.casefold()}|{municipality_id}|{place}"].append((school, municipality_id))
    if errors:
        raise InvalidInput("Nothing was imported.", errors=errors)
    for key, group in shared.items():
        if len(group) > 1:
            result.notices.append(f"Look at {group[0][0].name}: it stands {len(group)} times at the same place.")
        group.sort(key=lambda item: (-(item[0].pupils or 0), item[0].orgnr or "", item[0].lat, item[0].lon))
        for nth, (school, municipality_id) in enumerate(group, start=1):
            yield school, municipality_id, key if nth == 1 else f"{key}|{nth}"


def _apply(row: School, values: dict[str, Any], result: SchoolsImported) -> None:
    """Sets what differs, but for what a person set; a school that is named again is open again."""
    wanted = {name: value for name, value in values.items() if name not in row.overrides}
    if "status" not in row.overrides:
        wanted["status"] = SchoolStatus.ACTIVE
    different = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    result.changed += bool(different)
    result.same += not different


def _hash(values: dict[str, Any]) -> str:
    return hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()
