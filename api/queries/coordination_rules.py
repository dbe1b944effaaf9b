"""Programmes with their rules, and the history of the rules: who changed what, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.models.access import User
from api.models.people import Person
from api.models.planning import Run
from api.models.programmes import Programme, ProgrammeRuleVersion
from api.models.records import AuditEntry

SHOWN = 50


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A version of a programme's rules. who: None where it came with the programme. changed: {name: [old, new]}."""

    number: int
    created_at: datetime
    who: str | None
    changed: dict[str, list[Any]]
    runs: int


def programmes(session: Session) -> list[tuple[Programme, int]]:
    """Every programme with the number of its newest rules, 0 without any; by name."""
    newest = (
        select(func.max(ProgrammeRuleVersion.number))
        .where(ProgrammeRuleVersion.programme_id == Programme.id)
        .correlate(Programme)
        .scalar_subquery()
    )
    rows = session.execute(select(Programme, func.coalesce(newest, 0)).order_by(Programme.name_nb, Programme.id))
    return [(row[0], row[1]) for row in rows]


def history(session: Session, programme_id: str) -> Sequence[RuleVersion]:
    """The last 50 versions, newest first, with who made them and how many runs used them; two queries."""
    used = (
        select(func.count(Run.id))
        .where(Run.rule_version_id == ProgrammeRuleVersion.id)
        .correlate(ProgrammeRuleVersion)
        .scalar_subquery()
    )
    versions = session.execute(
        select(ProgrammeRuleVersion.number, ProgrammeRuleVersion.created_at, used.label("runs"))
        .where(ProgrammeRuleVersion.programme_id == programme_id)
        .order_by(ProgrammeRuleVersion.number.desc())
        .limit(SHOWN)
    ).all()
    entries = session.execute(
        select(AuditEntry.detail, Person.name)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .outerjoin(Person, Person.id == User.person_id)
        .where(AuditEntry.object_kind == "programme", AuditEntry.object_id == programme_id)
        .where(AuditEntry.action == "programme.rules")
        .order_by(AuditEntry.sequence.desc())
        .limit(SHOWN)
    )
    told = {row.detail["number"]: row for row in entries}
    return [
        RuleVersion(
            row.number,
            row.created_at,
            told[row.number].name if row.number in told else None,
            told[row.number].detail["changed"] if row.number in told else {},
            row.runs,
        )
        for row in versions
    ]
