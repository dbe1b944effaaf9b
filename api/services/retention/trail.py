"""The audit trail after 24 months: its oldest entries go, and the newest entry of the kind says where it begins now."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from api.domain.audit import FIRST_PREVIOUS
from api.models.records import AuditEntry
from api.services import audit

CUT = "audit_entry.cut"
TWO_YEARS = timedelta(days=730)


def due(now: datetime) -> Select[str]:
    """Entries that are old enough to go, oldest first; the newest cut stays, whatever its age."""
    return select(AuditEntry.id).where(AuditEntry.at < now - TWO_YEARS).order_by(AuditEntry.sequence)


def forget(session: Session, keys: list[str], now: datetime) -> None:
    """Cuts the beginning off up to the last of these, and says so at the end of the trail."""
    through = select(func.max(AuditEntry.sequence)).where(AuditEntry.id.in_(keys)).scalar_subquery()
    last = session.execute(
        select(AuditEntry.id, AuditEntry.sequence, AuditEntry.hash).where(AuditEntry.sequence == through)
    ).one()
    audit.record(session, CUT, "audit_entry", last.id, detail={"through": last.sequence, "hash": last.hash})
    audit.write_pending(session)
    session.execute(
        delete(AuditEntry).where(AuditEntry.sequence <= last.sequence),
        execution_options={"synchronize_session": "fetch"},
    )


def beginning(session: Session) -> tuple[int, str]:
    """Sequence and hash of the last entry that was cut off, for `first_broken(entries, after=...)`."""
    cut = session.scalars(
        select(AuditEntry).where(AuditEntry.action == CUT).order_by(AuditEntry.sequence.desc()).limit(1)
    ).first()
    return (cut.detail["through"], cut.detail["hash"]) if cut else (0, FIRST_PREVIOUS)
