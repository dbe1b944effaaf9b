"""Tags of personal columns: why each is kept, how long. docs/data-model.md prints them, a test wants them all."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class Retention(StrEnum):
    """When a value goes. `row` columns say nothing by themselves and go with the row that holds them."""

    ROW = "with the row"
    ACCOUNT = "24 months after the last sign-in"
    CONTACT = "24 months after the last visit or request"
    PUPIL = "90 days after the end of term"
    MENTOR = "24 months after the last term"
    TOKEN = "24 hours past expiry"  # noqa: S105 (a rule, not a secret)
    AUDIT = "24 months"
    PLAN = "24 months; pupils' rows 90 days after the end of term"


Tag = dict[Any, Any]  # SQLAlchemy's type of `info`; has the keys purpose and retention


def tag(purpose: str, retention: Retention) -> Tag:
    """The `info` of a personal column."""
    return {"purpose": purpose, "retention": retention.value}


KEEP = tag("keeps rows apart and changes in order", Retention.ROW)

# Tables that hold a person, or whose rows are about one. Everything in them is tagged.
PERSONAL_TABLES = frozenset(
    {
        "api_token",
        "audit_entry",
        "booking",
        "entry",
        "entry_choice",
        "idempotency_key",
        "lock",
        "lock_role_model",
        "membership",
        "mentor",
        "mentor_level",
        "mentor_session",
        "person",
        "plan_mentor",
        "plan_seat",
        "plan_unserved",
        "plan_visit_role_model",
        "pupil",
        "refusal",
        "role_grant",
        "role_model",
        "role_model_blocked",
        "role_model_free_time",
        "role_model_language",
        "role_model_topic",
        "agreement_role_model",
        "user_account",
        "visit_role_model",
    }
)
