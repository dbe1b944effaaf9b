"""A company's people out of a spreadsheet: first looked at, then taken in, each active by the own yes only."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from api.domain.permissions import Actor
from api.errors import FieldError
from api.models.companies import Company
from api.services.import_role_models import import_role_models
from api.services.sheets import Imported


@dataclass(frozen=True, slots=True)
class Looked:
    """What a sheet would do, or did. faults: what is wrong with rows that are left out, in their order."""

    imported: Imported
    faults: list[FieldError]

    @property
    def right(self) -> int:
        """Rows that can be taken in."""
        return self.imported.created + self.imported.changed + self.imported.same

    @property
    def skipped(self) -> int:
        """Rows that are left out."""
        return len({fault.field.split()[1] for fault in self.faults})


def preview(session: Session, actor: Actor, company: Company, name: str, content: bytes) -> Looked:
    """What taking the sheet in would do; nothing of it stays. name: with .xlsx or .csv at the end.

    Raises InvalidInput for a file that is no such table.
    """
    inside = session.begin_nested()
    try:
        return take_in(session, actor, company, name, content)
    finally:
        inside.rollback()
        session.expire_all()


def take_in(session: Session, actor: Actor, company: Company, name: str, content: bytes) -> Looked:
    """Takes in the rows that are right; new people get a letter and say yes themselves. Raises as `preview`."""
    faults: list[FieldError] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"sheet{Path(name).suffix.lower()[:6]}")
        path.write_bytes(content)
        imported = import_role_models(session, path, actor=actor, own=company, faulty=faults)
    return Looked(imported, sorted(faults, key=lambda fault: int(fault.field.split()[1])))
