"""What the choice rule of study groups costs and gives, as the newest plan of a programme found it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.models.planning import Plan, Run
from api.models.programmes import ProgrammeRuleVersion
from api.queries import seasons


@dataclass(frozen=True, slots=True)
class RulePrice:
    """One choice rule on the plan's mentors and evenings, as `matcher.price.Price`. served: pupils by class."""

    placement: str
    served: tuple[int, ...]
    first_choice: int
    envy: int

    @property
    def pupils(self) -> int:
        return sum(self.served)


@dataclass(frozen=True, slots=True)
class Prices:
    """Both rules, `most_served` first. planned_at: when the plan was made."""

    planned_at: datetime
    rules: Sequence[RulePrice]


def newest(session: Session, programme_id: str) -> Prices | None:
    """The figures of the programme's newest plan; None without a plan that has them."""
    found = session.execute(
        select(Plan.certificate, Plan.created_at)
        .join(Run, Plan.run_id == Run.id)
        .join(ProgrammeRuleVersion, Run.rule_version_id == ProgrammeRuleVersion.id)
        .where(ProgrammeRuleVersion.programme_id == programme_id, Plan.status.in_(seasons.USABLE))
        .order_by(Plan.created_at.desc(), Plan.id.desc())
        .limit(1)
    ).first()
    if found is None or "placements" not in found[0]:
        return None
    return Prices(found[1], [_rule(one) for one in found[0]["placements"]])


def _rule(one: dict[str, Any]) -> RulePrice:
    return RulePrice(one["placement"], tuple(one["served"]), one["first_choice"], one["envy"])
