"""What the follow-up of visits asks of the rows: rules, calendar, who is asked, who answers for a school."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import ColumnElement, Text, cast, exists, func, select
from sqlalchemy.orm import Session

from api.domain.enums import ApprovalState, InvitationState
from api.domain.programme_rules import VisitRules, visit_rules
from api.domain.school_days import days
from api.models.follow_up import Invitation, PlanApproval
from api.models.places import BlockedDay, Holiday, Municipality, School
from api.models.programmes import ProgrammeRuleVersion
from api.models.role_models import RoleModelBlocked
from api.models.sign_in import Contact
from api.models.visits import Request, Visit, VisitRoleModel

OPEN_STATES = (InvitationState.SENT,)
LIVE_STATES = (InvitationState.QUEUED, InvitationState.SENT, InvitationState.ACCEPTED)


def settings_of(session: Session, programme_id: str) -> dict[str, object]:
    """The newest settings of a programme; none where it has no version of its rules."""
    found = session.scalar(
        select(ProgrammeRuleVersion.settings)
        .where(ProgrammeRuleVersion.programme_id == programme_id)
        .order_by(ProgrammeRuleVersion.number.desc())
        .limit(1)
    )
    return dict(found or {})


def rules_of(session: Session, programme_id: str) -> VisitRules:
    """The newest rules of a programme of visits."""
    return visit_rules(settings_of(session, programme_id))


def holidays(session: Session) -> frozenset[date]:
    """All public holidays that are known."""
    return frozenset(session.scalars(select(Holiday.day)))


def days_off(session: Session, role_model_id: str, school_id: str, first: date, last: date) -> set[date]:
    """Days from first to last that the role model has blocked, or on which the school has no lessons."""
    blocked: Iterable[RoleModelBlocked | BlockedDay] = session.scalars(
        select(RoleModelBlocked).where(
            RoleModelBlocked.role_model_id == role_model_id,
            RoleModelBlocked.to_date >= first,
            RoleModelBlocked.from_date <= last,
        )
    ).all()
    town, county = session.execute(
        select(School.municipality_id, Municipality.county_id)
        .join(Municipality, School.municipality_id == Municipality.id)
        .where(School.id == school_id)
    ).one()
    closed = session.scalars(
        select(BlockedDay).where(
            BlockedDay.to_date >= first,
            BlockedDay.from_date <= last,
            (BlockedDay.school_id == school_id)
            | (BlockedDay.municipality_id == town)
            | (BlockedDay.county_id == county),
        )
    ).all()
    return {day for row in (*blocked, *closed) for day in days(max(row.from_date, first), min(row.to_date, last))}


def visit(session: Session, visit_id: str) -> Visit | None:
    """The visit as the database has it now."""
    return session.scalar(select(Visit).where(Visit.id == visit_id).execution_options(populate_existing=True))


def live_visit(session: Session, request_id: str) -> Visit | None:
    """The request's visit that is to be, or was held."""
    states = ("planned", "confirmed", "held")
    return session.scalar(select(Visit).where(Visit.request_id == request_id, Visit.state.in_(states)))


def people_of(session: Session, visit_id: str) -> list[str]:
    """Role models of a visit, in the order of their ids."""
    return list(
        session.scalars(
            select(VisitRoleModel.role_model_id)
            .where(VisitRoleModel.visit_id == visit_id)
            .order_by(VisitRoleModel.role_model_id)
        )
    )


def live_invitations(session: Session, visit_id: str) -> list[Invitation]:
    """Invitations to a visit that are queued, sent or accepted, by role model."""
    return list(
        session.scalars(
            select(Invitation)
            .where(Invitation.visit_id == visit_id, Invitation.state.in_(LIVE_STATES))
            .order_by(Invitation.role_model_id)
        )
    )


def open_count(session: Session, role_model_id: str) -> int:
    """How many invitations wait for this role model's answer."""
    statement = select(func.count()).select_from(Invitation)
    found = session.scalar(
        statement.where(Invitation.role_model_id == role_model_id, Invitation.state.in_(OPEN_STATES))
    )
    return found or 0


def queued_for(session: Session, role_model_id: str) -> list[Invitation]:
    """Invitations that may leave when it is this role model's turn: earliest visit first."""
    return list(
        session.scalars(
            select(Invitation)
            .join(Visit, Invitation.visit_id == Visit.id)
            .outerjoin(PlanApproval, Invitation.approval_id == PlanApproval.id)
            .where(
                Invitation.role_model_id == role_model_id,
                Invitation.state == InvitationState.QUEUED,
                (PlanApproval.id.is_(None)) | ((PlanApproval.state == ApprovalState.SENT) & ~is_unsent()),
            )
            .order_by(Visit.starts_at, Invitation.id)
        )
    )


def is_verified(session: Session, request: Request) -> bool:
    """Whether the request's contact is known to belong to the school: names are shown only then."""
    return (
        session.scalar(
            select(Contact.id).where(
                Contact.person_id == request.contact_id,
                Contact.school_id == request.school_id,
                Contact.verified_at.is_not(None),
            )
        )
        is not None
    )


def failed_in_a_row(session: Session, request_id: str) -> int:
    """How many people in a row, the last ones asked for a request, have said no or nothing."""
    answered = session.execute(
        select(Invitation.state, func.coalesce(Invitation.answered_at, Invitation.answer_by))
        .join(Visit, Invitation.visit_id == Visit.id)
        .where(Visit.request_id == request_id)
        .where(
            Invitation.state.in_((InvitationState.DECLINED, InvitationState.EXPIRED))
            | ((Invitation.state == InvitationState.ACCEPTED) & (Invitation.answered_at.is_not(None)))
        )
        .order_by(func.coalesce(Invitation.answered_at, Invitation.answer_by).desc(), Invitation.turn.desc())
    ).all()
    count = 0
    for state, _at in answered:
        if state is InvitationState.ACCEPTED:
            break
        count += 1
    return count


def is_unsent() -> ColumnElement[bool]:
    """Of a PlanApproval and a Visit of it in a statement: nothing about the visit may leave yet.

    The approval can be undone, or it is being sent, visit by visit, and this one's turn has not come. One that counts
    no visits was sent whole.
    """
    sent = cast(PlanApproval.sent_items, Text)
    being_sent = (PlanApproval.state == ApprovalState.SENT) & sent.contains('"') & ~sent.contains(Visit.request_id)
    return (PlanApproval.state == ApprovalState.APPROVED) | being_sent


def waiting_approval(session: Session, visit_id: str) -> PlanApproval | None:
    """The approval of a visit that is not sent yet: nothing about the visit may leave before."""
    return session.scalar(
        select(PlanApproval)
        .join(Invitation, Invitation.approval_id == PlanApproval.id)
        .join(Visit, Invitation.visit_id == Visit.id)
        .where(Visit.id == visit_id, is_unsent())
        .limit(1)
    )


def is_waiting() -> ColumnElement[bool]:
    """Of a Visit in a statement: it belongs to such an approval."""
    return (
        exists()
        .where(Invitation.visit_id == Visit.id, Invitation.approval_id == PlanApproval.id)
        .where(is_unsent())
        .correlate(Visit)
    )


def told_visit(session: Session, request_id: str) -> Visit | None:
    """The request's live visit as the school may know it: none before its approval is sent."""
    found = live_visit(session, request_id)
    return None if found is None or waiting_approval(session, found.id) is not None else found
