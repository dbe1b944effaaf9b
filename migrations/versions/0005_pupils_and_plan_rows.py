"""Pupils and their queue, bookings, rows of plans, locks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    create_lottery()
    create_pupil()
    create_entry()
    create_plan_session()
    create_entry_choice()
    create_lock()
    create_membership()
    create_plan_mentor()
    create_plan_unserved()
    create_plan_visit()
    create_booking()
    create_lock_role_model()
    create_plan_seat()
    create_plan_visit_role_model()


def downgrade() -> None:
    for table in (
        "plan_visit_role_model",
        "plan_seat",
        "lock_role_model",
        "booking",
        "plan_visit",
        "plan_unserved",
        "plan_mentor",
        "membership",
        "lock",
        "entry_choice",
        "plan_session",
        "entry",
        "pupil",
        "lottery",
    ):
        op.drop_table(table)


def create_lottery() -> None:
    op.create_table(
        "lottery",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("season_id", sa.String(36), nullable=False),
        sa.Column("programme_id", sa.String(36), nullable=False),
        sa.Column("seed_hash", sa.String(64), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seed", sa.String(64)),
        sa.Column("revealed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lottery")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_lottery_programme_id")),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name=op.f("fk_lottery_season_id")),
        sa.UniqueConstraint("season_id", "programme_id", name=op.f("uq_lottery_season_id_programme_id")),
        sa.CheckConstraint("committed_at < revealed_at", name=op.f("ck_lottery_order")),
        sa.CheckConstraint("(seed IS NULL) = (revealed_at IS NULL)", name=op.f("ck_lottery_revealed")),
    )
    op.create_index(op.f("ix_lottery_programme_id"), "lottery", ["programme_id"])


def create_pupil() -> None:
    op.create_table(
        "pupil",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("person_id", sa.String(36), nullable=False),
        sa.Column("school_id", sa.String(36)),
        sa.Column("postcode", sa.String(40)),
        sa.Column("lat", sa.Double()),
        sa.Column("lon", sa.Double()),
        sa.Column("gender", sa.String(20)),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pupil")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_pupil_person_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_pupil_school_id")),
        sa.UniqueConstraint("person_id", name=op.f("uq_pupil_person_id")),
        sa.CheckConstraint("gender IN ('girl', 'boy', 'other')", name=op.f("ck_pupil_gender")),
        sa.CheckConstraint(
            "(lat IS NULL) = (lon IS NULL) AND lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180",
            name=op.f("ck_pupil_placed"),
        ),
    )
    op.create_index(op.f("ix_pupil_school_id"), "pupil", ["school_id"])


def create_entry() -> None:
    op.create_table(
        "entry",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("pupil_id", sa.String(36), nullable=False),
        sa.Column("season_id", sa.String(36), nullable=False),
        sa.Column("programme_id", sa.String(36), nullable=False),
        sa.Column("level_id", sa.String(36), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("priority_class", sa.Integer(), nullable=False),
        sa.Column("priority_reason", sa.String(20), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("lottery_number", sa.Integer()),
        sa.Column("max_travel_minutes", sa.Integer()),
        sa.Column("mentor_id", sa.String(36)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.ForeignKeyConstraint(["level_id"], ["level.id"], name=op.f("fk_entry_level_id")),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name=op.f("fk_entry_mentor_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_entry_programme_id")),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_entry_pupil_id")),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name=op.f("fk_entry_season_id")),
        sa.UniqueConstraint(
            "pupil_id", "season_id", "programme_id", name=op.f("uq_entry_pupil_id_season_id_programme_id")
        ),
        sa.UniqueConstraint(
            "season_id", "programme_id", "lottery_number", name=op.f("uq_entry_season_id_programme_id_lottery_number")
        ),
        sa.CheckConstraint("state IN ('waiting', 'placed', 'left')", name=op.f("ck_entry_entrystate")),
        sa.CheckConstraint("grade BETWEEN 8 AND 13", name=op.f("ck_entry_grade")),
        sa.CheckConstraint("priority_class >= 0", name=op.f("ck_entry_priority_class")),
        sa.CheckConstraint(
            "priority_reason IN ('returning', 'grade_10', 'exam_year', 'rest')", name=op.f("ck_entry_priorityreason")
        ),
        sa.CheckConstraint("max_travel_minutes >= 0", name=op.f("ck_entry_travel")),
    )
    op.create_index(op.f("ix_entry_level_id"), "entry", ["level_id"])
    op.create_index(op.f("ix_entry_mentor_id"), "entry", ["mentor_id"])
    op.create_index(op.f("ix_entry_programme_id"), "entry", ["programme_id"])


def create_plan_session() -> None:
    op.create_table(
        "plan_session",
        sa.Column("plan_id", sa.String(36), nullable=False),
        sa.Column("session_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "session_id", name=op.f("pk_plan_session")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_session_plan_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session_id"], ["group_session.id"], name=op.f("fk_plan_session_session_id")),
    )
    op.create_index(op.f("ix_plan_session_session_id"), "plan_session", ["session_id"])


def create_entry_choice() -> None:
    op.create_table(
        "entry_choice",
        sa.Column("entry_id", sa.String(36), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("session_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "rank", name=op.f("pk_entry_choice")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_entry_choice_entry_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session_id"], ["group_session.id"], name=op.f("fk_entry_choice_session_id")),
        sa.UniqueConstraint("entry_id", "session_id", name=op.f("uq_entry_choice_entry_id_session_id")),
        sa.CheckConstraint("rank BETWEEN 1 AND 5", name=op.f("ck_entry_choice_rank")),
    )
    op.create_index(op.f("ix_entry_choice_session_id"), "entry_choice", ["session_id"])


def create_lock() -> None:
    op.create_table(
        "lock",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("season_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("request_id", sa.String(36)),
        sa.Column("option_id", sa.String(36)),
        sa.Column("mode", sa.String(20)),
        sa.Column("mentor_id", sa.String(36)),
        sa.Column("entry_id", sa.String(36)),
        sa.Column("session_id", sa.String(36)),
        sa.Column("created_by_id", sa.String(36)),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lock")),
        sa.ForeignKeyConstraint(["created_by_id"], ["user_account.id"], name=op.f("fk_lock_created_by_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_lock_entry_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name=op.f("fk_lock_mentor_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_lock_request_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["request_id", "option_id"],
            ["request_option.request_id", "request_option.id"],
            name=op.f("fk_lock_request_id_option_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name=op.f("fk_lock_season_id")),
        sa.ForeignKeyConstraint(["session_id"], ["group_session.id"], name=op.f("fk_lock_session_id")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_lock_entry_id")),
        sa.UniqueConstraint("mentor_id", "session_id", name=op.f("uq_lock_mentor_id_session_id")),
        sa.UniqueConstraint("request_id", name=op.f("uq_lock_request_id")),
        sa.CheckConstraint("kind IN ('visit', 'mentor', 'pupil')", name=op.f("ck_lock_lockkind")),
        sa.CheckConstraint("mode IN ('physical', 'digital')", name=op.f("ck_lock_mode")),
        sa.CheckConstraint(
            (
                "(kind = 'visit' AND request_id IS NOT NULL AND option_id IS NOT NULL AND mode IS NOT NULL AND"
                " mentor_id IS NULL AND entry_id IS NULL AND session_id IS NULL) OR (kind = 'mentor' AND"
                " mentor_id IS NOT NULL AND session_id IS NOT NULL AND request_id IS NULL AND entry_id IS NULL)"
                " OR (kind = 'pupil' AND entry_id IS NOT NULL AND session_id IS NOT NULL AND request_id IS NULL"
                " AND mentor_id IS NULL)"
            ),
            name=op.f("ck_lock_one_thing"),
        ),
    )
    op.create_index(op.f("ix_lock_created_by_id"), "lock", ["created_by_id"])
    op.create_index(op.f("ix_lock_request_id_option_id"), "lock", ["request_id", "option_id"])
    op.create_index(op.f("ix_lock_season_id"), "lock", ["season_id"])
    op.create_index(op.f("ix_lock_session_id"), "lock", ["session_id"])


def create_membership() -> None:
    op.create_table(
        "membership",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("entry_id", sa.String(36), nullable=False),
        sa.Column("session_id", sa.String(36), nullable=False),
        sa.Column("mentor_id", sa.String(36)),
        sa.Column("plan_id", sa.String(36)),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date()),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_membership_entry_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name=op.f("fk_membership_mentor_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_membership_plan_id")),
        sa.ForeignKeyConstraint(["session_id"], ["group_session.id"], name=op.f("fk_membership_session_id")),
        sa.CheckConstraint("reason IN ('plan', 'queue', 'moved')", name=op.f("ck_membership_membershipreason")),
        sa.CheckConstraint("from_date <= to_date", name=op.f("ck_membership_order")),
        sa.CheckConstraint("seat >= 1", name=op.f("ck_membership_seat")),
    )
    op.create_index(op.f("ix_membership_entry_id"), "membership", ["entry_id"])
    op.create_index(op.f("ix_membership_mentor_id"), "membership", ["mentor_id"])
    op.create_index(op.f("ix_membership_plan_id"), "membership", ["plan_id"])
    op.create_index(op.f("ix_membership_session_id"), "membership", ["session_id"])
    op.create_index(
        op.f("uq_membership_seat"),
        "membership",
        ["session_id", "seat"],
        unique=True,
        sqlite_where=sa.text("to_date IS NULL"),
        postgresql_where=sa.text("to_date IS NULL"),
    )
    op.create_index(
        op.f("uq_membership_seated_entry"),
        "membership",
        ["entry_id"],
        unique=True,
        sqlite_where=sa.text("to_date IS NULL"),
        postgresql_where=sa.text("to_date IS NULL"),
    )


def create_plan_mentor() -> None:
    op.create_table(
        "plan_mentor",
        sa.Column("plan_id", sa.String(36), nullable=False),
        sa.Column("session_id", sa.String(36), nullable=False),
        sa.Column("mentor_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "session_id", "mentor_id", name=op.f("pk_plan_mentor")),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name=op.f("fk_plan_mentor_mentor_id")),
        sa.ForeignKeyConstraint(
            ["plan_id", "session_id"],
            ["plan_session.plan_id", "plan_session.session_id"],
            name=op.f("fk_plan_mentor_plan_id_session_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("ix_plan_mentor_mentor_id"), "plan_mentor", ["mentor_id"])


def create_plan_unserved() -> None:
    op.create_table(
        "plan_unserved",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("plan_id", sa.String(36), nullable=False),
        sa.Column("request_id", sa.String(36)),
        sa.Column("entry_id", sa.String(36)),
        sa.Column("ahead", sa.Integer()),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("smallest_change", JSON),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_unserved")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_plan_unserved_entry_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_unserved_plan_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_plan_unserved_request_id")),
        sa.UniqueConstraint("plan_id", "entry_id", name=op.f("uq_plan_unserved_plan_id_entry_id")),
        sa.UniqueConstraint("plan_id", "request_id", name=op.f("uq_plan_unserved_plan_id_request_id")),
        sa.CheckConstraint("(entry_id IS NULL) = (ahead IS NULL)", name=op.f("ck_plan_unserved_ahead")),
        sa.CheckConstraint("(request_id IS NULL) <> (entry_id IS NULL)", name=op.f("ck_plan_unserved_one_thing")),
    )
    op.create_index(op.f("ix_plan_unserved_entry_id"), "plan_unserved", ["entry_id"])
    op.create_index(op.f("ix_plan_unserved_request_id"), "plan_unserved", ["request_id"])


def create_plan_visit() -> None:
    op.create_table(
        "plan_visit",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("plan_id", sa.String(36), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("option_id", sa.String(36), nullable=False),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_visit")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_visit_plan_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_plan_visit_request_id")),
        sa.ForeignKeyConstraint(
            ["request_id", "option_id"],
            ["request_option.request_id", "request_option.id"],
            name=op.f("fk_plan_visit_request_id_option_id"),
        ),
        sa.UniqueConstraint("plan_id", "request_id", name=op.f("uq_plan_visit_plan_id_request_id")),
        sa.CheckConstraint("mode IN ('physical', 'digital')", name=op.f("ck_plan_visit_mode")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_plan_visit_order")),
    )
    op.create_index(op.f("ix_plan_visit_request_id_option_id"), "plan_visit", ["request_id", "option_id"])


def create_booking() -> None:
    op.create_table(
        "booking",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("person_id", sa.String(36), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visit_id", sa.String(36)),
        sa.Column("meeting_id", sa.String(36)),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_booking_meeting_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_booking_person_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_booking_visit_id"), ondelete="CASCADE"),
        sa.CheckConstraint("visit_id IS NULL OR meeting_id IS NULL", name=op.f("ck_booking_one_cause")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_booking_order")),
    )
    op.create_index(op.f("ix_booking_meeting_id"), "booking", ["meeting_id"])
    op.create_index(op.f("ix_booking_person_id_starts_at"), "booking", ["person_id", "starts_at"])
    op.create_index(op.f("ix_booking_visit_id"), "booking", ["visit_id"])


def create_lock_role_model() -> None:
    op.create_table(
        "lock_role_model",
        sa.Column("lock_id", sa.String(36), nullable=False),
        sa.Column("role_model_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("lock_id", "role_model_id", name=op.f("pk_lock_role_model")),
        sa.ForeignKeyConstraint(["lock_id"], ["lock.id"], name=op.f("fk_lock_role_model_lock_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["role_model_id"], ["role_model.id"], name=op.f("fk_lock_role_model_role_model_id")),
    )
    op.create_index(op.f("ix_lock_role_model_role_model_id"), "lock_role_model", ["role_model_id"])


def create_plan_seat() -> None:
    op.create_table(
        "plan_seat",
        sa.Column("plan_id", sa.String(36), nullable=False),
        sa.Column("entry_id", sa.String(36), nullable=False),
        sa.Column("session_id", sa.String(36), nullable=False),
        sa.Column("mentor_id", sa.String(36), nullable=False),
        sa.Column("choice", sa.Integer()),
        sa.PrimaryKeyConstraint("plan_id", "entry_id", name=op.f("pk_plan_seat")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_plan_seat_entry_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["plan_id", "session_id", "mentor_id"],
            ["plan_mentor.plan_id", "plan_mentor.session_id", "plan_mentor.mentor_id"],
            name=op.f("fk_plan_seat_plan_id_session_id_mentor_id"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("choice BETWEEN 0 AND 4", name=op.f("ck_plan_seat_choice")),
    )
    op.create_index(op.f("ix_plan_seat_entry_id"), "plan_seat", ["entry_id"])
    op.create_index(
        op.f("ix_plan_seat_plan_id_session_id_mentor_id"), "plan_seat", ["plan_id", "session_id", "mentor_id"]
    )


def create_plan_visit_role_model() -> None:
    op.create_table(
        "plan_visit_role_model",
        sa.Column("plan_visit_id", sa.String(36), nullable=False),
        sa.Column("role_model_id", sa.String(36), nullable=False),
        sa.Column("travel_minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("plan_visit_id", "role_model_id", name=op.f("pk_plan_visit_role_model")),
        sa.ForeignKeyConstraint(
            ["plan_visit_id"],
            ["plan_visit.id"],
            name=op.f("fk_plan_visit_role_model_plan_visit_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["role_model_id"], ["role_model.id"], name=op.f("fk_plan_visit_role_model_role_model_id")
        ),
        sa.CheckConstraint("travel_minutes >= 0", name=op.f("ck_plan_visit_role_model_travel")),
    )
    op.create_index(op.f("ix_plan_visit_role_model_role_model_id"), "plan_visit_role_model", ["role_model_id"])
