"""What follows a plan of visits: approval, invitations, silence, steps after the yes, exceptions and calls."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api import clock
from api.domain.enums import (
    AlternativeKind,
    AlternativeState,
    ApprovalState,
    CallOutcome,
    ExceptionState,
    InvitationKind,
    InvitationState,
    Mode,
    RefusalScope,
    Side,
)
from api.models.access import User
from api.models.base import Base, Code, Created, Identified, JsonList, JsonObject, Name, Versioned, ref
from api.models.bookings import Booking
from api.models.companies import Agreement
from api.models.groups import Site
from api.models.people import Person
from api.models.personal import Retention, tag
from api.models.planning import Plan
from api.models.programmes import Season
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit

_ASKED = tag("follow up each invitation", Retention.CONTACT)
_APPROVED = tag("show who approved what", Retention.AUDIT)
_MINUTE = tag("learn from each visit", Retention.CONTACT)
_CALL = tag("know who was called and what came of it", Retention.CONTACT)
_PLEDGE = tag("keep what a company set aside", Retention.CONTACT)
LIVE_INVITATION = "state IN ('queued', 'sent', 'accepted')"
OPEN_EXCEPTION = "state = 'open'"


class PlanApproval(Identified, Versioned, Created, Base):
    """An approval of a plan or a part of it.

    send_at: nothing leaves before; until then it can be undone. items: ids of the approved requests (visits) or sites
    (groups). dropped: [{code, ...}], pairs whose rows had changed since the plan. sent_items: items that are sent so
    far, one a transaction; none where all was sent at once. moved: entry → session, pupils who sit with friends rather
    than where the plan has them.
    """

    __tablename__ = "plan_approval"

    plan_id: Mapped[str] = ref(Plan.id, owned=True, info=_APPROVED)
    approved_by_id: Mapped[str | None] = ref(User.id, info=_APPROVED)
    state: Mapped[ApprovalState] = mapped_column(default=ApprovalState.APPROVED, info=_APPROVED)
    send_at: Mapped[datetime] = mapped_column(info=_APPROVED)
    sent_at: Mapped[datetime | None] = mapped_column(info=_APPROVED)
    undone_at: Mapped[datetime | None] = mapped_column(info=_APPROVED)
    items: Mapped[JsonList] = mapped_column(info=_APPROVED)
    dropped: Mapped[JsonList] = mapped_column(default=list, info=_APPROVED)
    sent_items: Mapped[JsonList] = mapped_column(default=list, info=_APPROVED)
    moved: Mapped[JsonObject] = mapped_column(default=dict, info=_APPROVED)

    plan: Mapped[Plan] = relationship()


class Invitation(Identified, Versioned, Created, Base):
    """Asking, or telling, a role model about a visit.

    answer_by: when silence counts as no; for a notice, until when an objection is heard. reminders: how many have been
    sent. turn: 1 for the first person asked for this place in the visit, and so on.
    """

    __tablename__ = "invitation"

    visit_id: Mapped[str] = ref(Visit.id, owned=True, info=_ASKED)
    role_model_id: Mapped[str] = ref(RoleModel.id, info=_ASKED)
    approval_id: Mapped[str | None] = ref(PlanApproval.id, info=_ASKED)
    kind: Mapped[InvitationKind] = mapped_column(default=InvitationKind.ASK, info=_ASKED)
    state: Mapped[InvitationState] = mapped_column(default=InvitationState.QUEUED, info=_ASKED)
    turn: Mapped[int] = mapped_column(default=1, info=_ASKED)
    sent_at: Mapped[datetime | None] = mapped_column(info=_ASKED)
    answer_by: Mapped[datetime | None] = mapped_column(info=_ASKED)
    reminders: Mapped[int] = mapped_column(default=0, info=_ASKED)
    answered_at: Mapped[datetime | None] = mapped_column(info=_ASKED)
    decline_scope: Mapped[RefusalScope | None] = mapped_column(info=_ASKED)

    visit: Mapped[Visit] = relationship()
    role_model: Mapped[RoleModel] = relationship()

    __table_args__ = (
        Index(
            "uq_invitation_live",
            "visit_id",
            "role_model_id",
            unique=True,
            sqlite_where=text(LIVE_INVITATION),
            postgresql_where=text(LIVE_INVITATION),
        ),
        Index("ix_invitation_state_answer_by", "state", "answer_by"),
        CheckConstraint("reminders >= 0 AND turn >= 1", name="counts"),
        CheckConstraint("state <> 'sent' OR (sent_at IS NOT NULL AND answer_by IS NOT NULL)", name="sent"),
    )


class SilenceEpisode(Identified, Created, Base):
    """A week in which a role model did not answer; two pause the profile. week: its Monday."""

    __tablename__ = "silence_episode"

    role_model_id: Mapped[str] = ref(RoleModel.id, owned=True, index=False, info=_ASKED)
    week: Mapped[date] = mapped_column(info=_ASKED)
    invitation_id: Mapped[str | None] = ref(Invitation.id, owned=True, info=_ASKED)

    __table_args__ = (UniqueConstraint("role_model_id", "week"),)


class Alternative(Identified, Versioned, Created, Base):
    """One of two or three concrete offers that come with a no, held for the school until held_until."""

    __tablename__ = "alternative"

    request_id: Mapped[str] = ref(Request.id, owned=True, index=False, info=_ASKED)
    rank: Mapped[int] = mapped_column(info=_ASKED)
    kind: Mapped[AlternativeKind] = mapped_column(info=_ASKED)
    state: Mapped[AlternativeState] = mapped_column(default=AlternativeState.OPEN, info=_ASKED)
    role_model_id: Mapped[str] = ref(RoleModel.id, info=_ASKED)
    booking_id: Mapped[str | None] = ref(Booking.id, info=_ASKED)
    mode: Mapped[Mode] = mapped_column(info=_ASKED)
    starts_at: Mapped[datetime] = mapped_column(info=_ASKED)
    ends_at: Mapped[datetime] = mapped_column(info=_ASKED)
    held_until: Mapped[datetime] = mapped_column(info=_ASKED)

    request: Mapped[Request] = relationship()
    role_model: Mapped[RoleModel] = relationship()

    __table_args__ = (
        UniqueConstraint("request_id", "rank"),
        Index("ix_alternative_state_held_until", "state", "held_until"),
        CheckConstraint("starts_at < ends_at", name="order"),
    )


class Evaluation(Identified, Created, Base):
    """One side's minute after a visit. answers: {question code: 1 to 5}; no free text."""

    __tablename__ = "evaluation"

    visit_id: Mapped[str] = ref(Visit.id, owned=True, index=False, info=_MINUTE)
    side: Mapped[Side] = mapped_column(info=_MINUTE)
    role_model_id: Mapped[str | None] = ref(RoleModel.id, info=_MINUTE)
    answers: Mapped[JsonObject] = mapped_column(info=_MINUTE)

    __table_args__ = (
        UniqueConstraint("visit_id", "side", "role_model_id"),
        Index(
            "uq_evaluation_school",
            "visit_id",
            unique=True,
            sqlite_where=text("side = 'school'"),
            postgresql_where=text("side = 'school'"),
        ),
        CheckConstraint("(side = 'role_model') = (role_model_id IS NOT NULL)", name="whose"),
    )


class ExceptionItem(Identified, Versioned, Created, Base):
    """A line of Monday's list: what only a person can solve, whom to call, and one proposed remedy.

    kind: what went wrong. object_kind, object_id: table and row it is about. reason: {code, ...}. remedy: {code, ...}.
    person_id: whom to call. site_id: whose leader it is for; None for the coordinator. One open line a kind and object.
    """

    __tablename__ = "exception_item"

    kind: Mapped[Code] = mapped_column(info=_CALL)
    season_id: Mapped[str | None] = ref(Season.id, info=_CALL)
    site_id: Mapped[str | None] = ref(Site.id, info=_CALL)
    object_kind: Mapped[Code] = mapped_column(info=_CALL)
    object_id: Mapped[str] = mapped_column(String(36), info=_CALL)
    person_id: Mapped[str | None] = ref(Person.id, info=_CALL)
    reason: Mapped[JsonObject] = mapped_column(info=_CALL)
    remedy: Mapped[JsonObject] = mapped_column(info=_CALL)
    state: Mapped[ExceptionState] = mapped_column(default=ExceptionState.OPEN, info=_CALL)
    due_on: Mapped[date | None] = mapped_column(info=_CALL)
    resolved_at: Mapped[datetime | None] = mapped_column(info=_CALL)
    resolved_by_id: Mapped[str | None] = ref(User.id, info=_CALL)
    resolution: Mapped[Code | None] = mapped_column(info=_CALL)

    person: Mapped[Person | None] = relationship()
    calls: Mapped[list[CallNote]] = relationship(
        order_by="CallNote.at", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (
        Index(
            "uq_exception_item_open",
            "kind",
            "object_id",
            unique=True,
            sqlite_where=text(OPEN_EXCEPTION),
            postgresql_where=text(OPEN_EXCEPTION),
        ),
        Index("ix_exception_item_object_kind_object_id", "object_kind", "object_id"),
        CheckConstraint("(state = 'resolved') = (resolved_at IS NOT NULL)", name="resolved"),
    )


class CallNote(Identified, Base):
    """A call that was made about an exception. note: a few words, about the matter and not about pupils."""

    __tablename__ = "call_note"

    exception_id: Mapped[str] = ref(ExceptionItem.id, owned=True, info=_CALL)
    at: Mapped[datetime] = mapped_column(default=clock.now, info=_CALL)
    by_id: Mapped[str | None] = ref(User.id, info=_CALL)
    outcome: Mapped[CallOutcome] = mapped_column(info=_CALL)
    note: Mapped[Name] = mapped_column(default="", info=_CALL)


class PledgeSlot(Identified, Versioned, Created, Base):
    """A time that a company's role model has set aside for its agreement, on one day, Norwegian wall clock."""

    __tablename__ = "pledge_slot"

    agreement_id: Mapped[str] = ref(Agreement.id, owned=True, info=_PLEDGE)
    role_model_id: Mapped[str] = ref(RoleModel.id, owned=True, index=False, info=_PLEDGE)
    day: Mapped[date] = mapped_column(info=_PLEDGE)
    starts: Mapped[time] = mapped_column(info=_PLEDGE)
    ends: Mapped[time] = mapped_column(info=_PLEDGE)

    role_model: Mapped[RoleModel] = relationship()

    __table_args__ = (
        UniqueConstraint("role_model_id", "day", "starts"),
        CheckConstraint("starts < ends", name="order"),
    )
