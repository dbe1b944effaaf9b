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
    DRAFT = "14 days after the last change; what was typed when it is sent"
    MESSAGE = "texts 7 days after sending, the rest 24 months"
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
        "agreement_role_model",
        "alternative",
        "api_token",
        "attendance",
        "audit_entry",
        "booking",
        "call_note",
        "clearance",
        "contact",
        "duty",
        "entry",
        "entry_choice",
        "evaluation",
        "exam_block",
        "exception_item",
        "external_identity",
        "friend_code",
        "guardian_link",
        "idempotency_key",
        "invitation",
        "link_token",
        "lock",
        "lock_role_model",
        "membership",
        "mentor",
        "mentor_assignment",
        "mentor_level",
        "mentor_session",
        "order_draft",
        "outbox_message",
        "person",
        "plan_approval",
        "plan_mentor",
        "plan_seat",
        "plan_unserved",
        "plan_visit_role_model",
        "pledge_slot",
        "pupil",
        "queue_event",
        "refusal",
        "role_grant",
        "role_model",
        "role_model_blocked",
        "role_model_film",
        "role_model_free_time",
        "role_model_language",
        "role_model_topic",
        "seat_offer",
        "sign_in_session",
        "silence_episode",
        "totp",
        "unsubscription",
        "user_account",
        "visit_role_model",
    }
)
