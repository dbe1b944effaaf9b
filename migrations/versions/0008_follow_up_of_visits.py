"""What follows a plan of visits: approval, invitations, silence, exceptions, pledges."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    create_exception_item()
    create_pledge_slot()
    create_call_note()
    create_plan_approval()
    create_evaluation()
    create_invitation()
    create_alternative()
    create_silence_episode()


def downgrade() -> None:
    op.drop_table("silence_episode")
    op.drop_table("alternative")
    op.drop_table("invitation")
    op.drop_table("evaluation")
    op.drop_table("plan_approval")
    op.drop_table("call_note")
    op.drop_table("pledge_slot")
    op.drop_table("exception_item")


def create_exception_item() -> None:
    op.create_table(
        "exception_item",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("season_id", sa.String(length=36), nullable=True),
        sa.Column("site_id", sa.String(length=36), nullable=True),
        sa.Column("object_kind", sa.String(length=40), nullable=False),
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("reason", JSON, nullable=False),
        sa.Column("remedy", JSON, nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "resolved", name="exceptionstate", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by_id", sa.String(length=36), nullable=True),
        sa.Column("resolution", sa.String(length=40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'resolved') = (resolved_at IS NOT NULL)", name=op.f("ck_exception_item_resolved")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_exception_item_person_id")),
        sa.ForeignKeyConstraint(["resolved_by_id"], ["user_account.id"], name=op.f("fk_exception_item_resolved_by_id")),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name=op.f("fk_exception_item_season_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_exception_item_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exception_item")),
    )
    op.create_index(
        "ix_exception_item_object_kind_object_id", "exception_item", ["object_kind", "object_id"], unique=False
    )
    op.create_index(op.f("ix_exception_item_person_id"), "exception_item", ["person_id"], unique=False)
    op.create_index(op.f("ix_exception_item_resolved_by_id"), "exception_item", ["resolved_by_id"], unique=False)
    op.create_index(op.f("ix_exception_item_season_id"), "exception_item", ["season_id"], unique=False)
    op.create_index(op.f("ix_exception_item_site_id"), "exception_item", ["site_id"], unique=False)
    op.create_index(
        "uq_exception_item_open",
        "exception_item",
        ["kind", "object_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def create_pledge_slot() -> None:
    op.create_table(
        "pledge_slot",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("agreement_id", sa.String(length=36), nullable=False),
        sa.Column("role_model_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts < ends", name=op.f("ck_pledge_slot_order")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_pledge_slot_agreement_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["role_model_id"], ["role_model.id"], name=op.f("fk_pledge_slot_role_model_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge_slot")),
        sa.UniqueConstraint("role_model_id", "day", "starts", name=op.f("uq_pledge_slot_role_model_id_day_starts")),
    )
    op.create_index(op.f("ix_pledge_slot_agreement_id"), "pledge_slot", ["agreement_id"], unique=False)


def create_call_note() -> None:
    op.create_table(
        "call_note",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("exception_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.String(length=36), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum("answered", "no_answer", name="calloutcome", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_call_note_by_id")),
        sa.ForeignKeyConstraint(
            ["exception_id"], ["exception_item.id"], name=op.f("fk_call_note_exception_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_note")),
    )
    op.create_index(op.f("ix_call_note_by_id"), "call_note", ["by_id"], unique=False)
    op.create_index(op.f("ix_call_note_exception_id"), "call_note", ["exception_id"], unique=False)


def create_plan_approval() -> None:
    op.create_table(
        "plan_approval",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("plan_id", sa.String(length=36), nullable=False),
        sa.Column("approved_by_id", sa.String(length=36), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "approved", "sent", "undone", name="approvalstate", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("send_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("items", JSON, nullable=False),
        sa.Column("dropped", JSON, nullable=False),
        sa.Column("sent_items", JSON, nullable=False),
        sa.Column("moved", JSON, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["approved_by_id"], ["user_account.id"], name=op.f("fk_plan_approval_approved_by_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_approval_plan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_approval")),
    )
    op.create_index(op.f("ix_plan_approval_approved_by_id"), "plan_approval", ["approved_by_id"], unique=False)
    op.create_index(op.f("ix_plan_approval_plan_id"), "plan_approval", ["plan_id"], unique=False)


def create_evaluation() -> None:
    op.create_table(
        "evaluation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("visit_id", sa.String(length=36), nullable=False),
        sa.Column(
            "side",
            sa.Enum("school", "role_model", name="side", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("role_model_id", sa.String(length=36), nullable=True),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(side = 'role_model') = (role_model_id IS NOT NULL)", name=op.f("ck_evaluation_whose")),
        sa.ForeignKeyConstraint(["role_model_id"], ["role_model.id"], name=op.f("fk_evaluation_role_model_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_evaluation_visit_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
        sa.UniqueConstraint(
            "visit_id", "side", "role_model_id", name=op.f("uq_evaluation_visit_id_side_role_model_id")
        ),
    )
    op.create_index(op.f("ix_evaluation_role_model_id"), "evaluation", ["role_model_id"], unique=False)
    op.create_index(
        "uq_evaluation_school",
        "evaluation",
        ["visit_id"],
        unique=True,
        sqlite_where=sa.text("side = 'school'"),
        postgresql_where=sa.text("side = 'school'"),
    )


def create_invitation() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("visit_id", sa.String(length=36), nullable=False),
        sa.Column("role_model_id", sa.String(length=36), nullable=False),
        sa.Column("approval_id", sa.String(length=36), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "ask", "notice", "direct", name="invitationkind", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "sent",
                "accepted",
                "declined",
                "expired",
                "withdrawn",
                "fell_through",
                name="invitationstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "decline_scope",
            sa.Enum(
                "time", "request", "school", name="refusalscope", native_enum=False, create_constraint=True, length=20
            ),
            nullable=True,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state <> 'sent' OR (sent_at IS NOT NULL AND answer_by IS NOT NULL)", name=op.f("ck_invitation_sent")
        ),
        sa.CheckConstraint("reminders >= 0 AND turn >= 1", name=op.f("ck_invitation_counts")),
        sa.ForeignKeyConstraint(["approval_id"], ["plan_approval.id"], name=op.f("fk_invitation_approval_id")),
        sa.ForeignKeyConstraint(["role_model_id"], ["role_model.id"], name=op.f("fk_invitation_role_model_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_invitation_visit_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
    )
    op.create_index(op.f("ix_invitation_approval_id"), "invitation", ["approval_id"], unique=False)
    op.create_index(op.f("ix_invitation_role_model_id"), "invitation", ["role_model_id"], unique=False)
    op.create_index("ix_invitation_state_answer_by", "invitation", ["state", "answer_by"], unique=False)
    op.create_index(op.f("ix_invitation_visit_id"), "invitation", ["visit_id"], unique=False)
    op.create_index(
        "uq_invitation_live",
        "invitation",
        ["visit_id", "role_model_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('queued', 'sent', 'accepted')"),
        postgresql_where=sa.text("state IN ('queued', 'sent', 'accepted')"),
    )


def create_alternative() -> None:
    op.create_table(
        "alternative",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "date", "mode", "topic", name="alternativekind", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "chosen",
                "lapsed",
                "taken",
                name="alternativestate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("role_model_id", sa.String(length=36), nullable=False),
        sa.Column("booking_id", sa.String(length=36), nullable=True),
        sa.Column(
            "mode",
            sa.Enum("physical", "digital", name="mode", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_alternative_order")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_alternative_booking_id")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_alternative_request_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["role_model_id"], ["role_model.id"], name=op.f("fk_alternative_role_model_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alternative")),
        sa.UniqueConstraint("request_id", "rank", name=op.f("uq_alternative_request_id_rank")),
    )
    op.create_index(op.f("ix_alternative_booking_id"), "alternative", ["booking_id"], unique=False)
    op.create_index(op.f("ix_alternative_role_model_id"), "alternative", ["role_model_id"], unique=False)
    op.create_index("ix_alternative_state_held_until", "alternative", ["state", "held_until"], unique=False)


def create_silence_episode() -> None:
    op.create_table(
        "silence_episode",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("role_model_id", sa.String(length=36), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("invitation_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_silence_episode_invitation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["role_model_id"], ["role_model.id"], name=op.f("fk_silence_episode_role_model_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silence_episode")),
        sa.UniqueConstraint("role_model_id", "week", name=op.f("uq_silence_episode_role_model_id_week")),
    )
    op.create_index(op.f("ix_silence_episode_invitation_id"), "silence_episode", ["invitation_id"], unique=False)
