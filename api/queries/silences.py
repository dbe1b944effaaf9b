"""How likely each role model is not to come: their own answers so far, drawn towards the usual where these are few."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.enums import InvitationState
from api.models.follow_up import Invitation

USUAL, AS_MANY = 0.15, 7
"""Of seven who are asked one does not come (matcher.visits.stand_ins has the same for who was never asked)."""

MISSED = (InvitationState.EXPIRED, InvitationState.FELL_THROUGH)
ENDED = (InvitationState.ACCEPTED, InvitationState.DECLINED, *MISSED)


def silences(session: Session) -> dict[str, float]:
    """For each role model who has been asked: (7 · 0.15 + not answered or fallen through) / (7 + asked), 0 to 1."""
    rows = session.execute(
        select(
            Invitation.role_model_id,
            func.count().label("asked"),
            func.count().filter(Invitation.state.in_(MISSED)).label("missed"),
        )
        .where(Invitation.state.in_(ENDED))
        .group_by(Invitation.role_model_id)
    )
    return {row.role_model_id: round((AS_MANY * USUAL + row.missed) / (AS_MANY + row.asked), 3) for row in rows}
