"""The numbers that a study group's programme goes by now."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.programme_rules import GroupRules, group_rules
from api.models.programmes import ProgrammeRuleVersion


def rules_now(session: Session, programme_id: str) -> GroupRules:
    """The newest rules of a programme of study groups; those of the house where it has none."""
    settings = session.scalar(
        select(ProgrammeRuleVersion.settings)
        .where(ProgrammeRuleVersion.programme_id == programme_id)
        .order_by(ProgrammeRuleVersion.number.desc())
        .limit(1)
    )
    return group_rules(settings or {})
