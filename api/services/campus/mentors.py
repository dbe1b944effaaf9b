"""Mentors of a campus: who may stand before pupils, and when."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.programme_rules import GroupRules
from api.models.group_life import Clearance, ExamBlock
from api.models.groups import Mentor


def may_teach(session: Session, mentor: Mentor, rules: GroupRules, day: date) -> bool:
    """Active, trained by that day, and with a certificate seen where the programme names its statute."""
    if not mentor.is_active or mentor.trained_on is None or mentor.trained_on > day:
        return False
    if not rules.statute:
        return True
    return session.scalar(select(Clearance.id).where(Clearance.mentor_id == mentor.id).limit(1)) is not None


def has_exams(session: Session, mentor: Mentor, day: date) -> bool:
    """Whether the mentor has said that exams take the day."""
    block = select(ExamBlock.id).where(
        ExamBlock.mentor_id == mentor.id, ExamBlock.from_date <= day, ExamBlock.to_date >= day
    )
    return session.scalar(block.limit(1)) is not None
