"""What follows a plan of study groups: offers, the queue's moves, rosters, attendance, guardians."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    create_clearance()
    create_exam_block()
    create_guardian_link()
    create_mentor_assignment()
    create_attendance()
    create_duty()
    create_friend_code()
    create_queue_event()
    create_seat_offer()


def downgrade() -> None:
    op.drop_table("seat_offer")
    op.drop_table("queue_event")
    op.drop_table("friend_code")
    op.drop_table("duty")
    op.drop_table("attendance")
    op.drop_table("mentor_assignment")
    op.drop_table("guardian_link")
    op.drop_table("exam_block")
    op.drop_table("clearance")


def create_clearance() -> None:
    op.create_table(
        "clearance",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("mentor_id", sa.String(length=36), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("seen_by_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("issued_on <= seen_on", name=op.f("ck_clearance_order")),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name=op.f("fk_clearance_mentor_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["seen_by_id"], ["user_account.id"], name=op.f("fk_clearance_seen_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearance")),
    )
    op.create_index(op.f("ix_clearance_mentor_id"), "clearance", ["mentor_id"], unique=False)
    op.create_index(op.f("ix_clearance_seen_by_id"), "clearance", ["seen_by_id"], unique=False)


def create_exam_block() -> None:
    op.create_table(
        "exam_block",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("mentor_id", sa.String(length=36), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("from_date <= to_date", name=op.f("ck_exam_block_order")),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name=op.f("fk_exam_block_mentor_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_block")),
        sa.UniqueConstraint("mentor_id", "from_date", name=op.f("uq_exam_block_mentor_id_from_date")),
    )


def create_guardian_link() -> None:
    op.create_table(
        "guardian_link",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("pupil_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_guardian_link_person_id")),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_guardian_link_pupil_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guardian_link")),
        sa.UniqueConstraint("pupil_id", "person_id", name=op.f("uq_guardian_link_pupil_id_person_id")),
    )
    op.create_index(op.f("ix_guardian_link_person_id"), "guardian_link", ["person_id"], unique=False)


def create_mentor_assignment() -> None:
    op.create_table(
        "mentor_assignment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("mentor_id", sa.String(length=36), nullable=False),
        sa.Column("plan_id", sa.String(length=36), nullable=True),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("from_date <= to_date", name=op.f("ck_mentor_assignment_order")),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name=op.f("fk_mentor_assignment_mentor_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_mentor_assignment_plan_id")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["group_session.id"], name=op.f("fk_mentor_assignment_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentor_assignment")),
    )
    op.create_index(op.f("ix_mentor_assignment_mentor_id"), "mentor_assignment", ["mentor_id"], unique=False)
    op.create_index(op.f("ix_mentor_assignment_plan_id"), "mentor_assignment", ["plan_id"], unique=False)
    op.create_index(op.f("ix_mentor_assignment_session_id"), "mentor_assignment", ["session_id"], unique=False)
    op.create_index(
        "uq_mentor_assignment_standing",
        "mentor_assignment",
        ["session_id", "mentor_id"],
        unique=True,
        sqlite_where=sa.text("to_date IS NULL"),
        postgresql_where=sa.text("to_date IS NULL"),
    )


def create_attendance() -> None:
    op.create_table(
        "attendance",
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.Column(
            "presence",
            sa.Enum("here", "told", "not_told", name="presence", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("walk_in", sa.Boolean(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("marked_by_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_attendance_entry_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["marked_by_id"], ["user_account.id"], name=op.f("fk_attendance_marked_by_id")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_attendance_meeting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("meeting_id", "entry_id", name=op.f("pk_attendance")),
    )
    op.create_index("ix_attendance_entry_id", "attendance", ["entry_id"], unique=False)
    op.create_index(op.f("ix_attendance_marked_by_id"), "attendance", ["marked_by_id"], unique=False)


def create_duty() -> None:
    op.create_table(
        "duty",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("mentor_id", sa.String(length=36), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "planned",
                "declined",
                "withdrawn",
                "away",
                "present",
                name="dutystate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("substitute", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_duty_meeting_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name=op.f("fk_duty_mentor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
        sa.UniqueConstraint("meeting_id", "mentor_id", name=op.f("uq_duty_meeting_id_mentor_id")),
    )
    op.create_index(op.f("ix_duty_mentor_id"), "duty", ["mentor_id"], unique=False)


def create_friend_code() -> None:
    op.create_table(
        "friend_code",
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("position BETWEEN 1 AND 3", name=op.f("ck_friend_code_position")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_friend_code_entry_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_friend_code")),
        sa.UniqueConstraint("code", "position", name=op.f("uq_friend_code_code_position")),
    )


def create_queue_event() -> None:
    op.create_table(
        "queue_event",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "move",
            sa.Enum(
                "joined",
                "drawn",
                "offered",
                "accepted",
                "declined",
                "expired",
                "moved_back",
                "skipped",
                "swapped",
                "changed",
                "released",
                "left",
                name="queuemove",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=True),
        sa.Column("detail", JSON, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_queue_event_entry_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session_id"], ["group_session.id"], name=op.f("fk_queue_event_session_id")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_queue_event_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_event")),
        sa.UniqueConstraint("entry_id", "number", name=op.f("uq_queue_event_entry_id_number")),
    )
    op.create_index(op.f("ix_queue_event_session_id"), "queue_event", ["session_id"], unique=False)


def create_seat_offer() -> None:
    op.create_table(
        "seat_offer",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("mentor_id", sa.String(length=36), nullable=True),
        sa.Column("plan_id", sa.String(length=36), nullable=True),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "plan",
                "queue",
                "swap",
                "same_day",
                name="offerreason",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "accepted",
                "declined",
                "expired",
                "withdrawn",
                name="offerstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stays_in_line", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("offered_at < expires_at", name=op.f("ck_seat_offer_order")),
        sa.CheckConstraint("seat >= 1", name=op.f("ck_seat_offer_seat")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_seat_offer_entry_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name=op.f("fk_seat_offer_mentor_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_seat_offer_plan_id")),
        sa.ForeignKeyConstraint(["session_id"], ["group_session.id"], name=op.f("fk_seat_offer_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_offer")),
    )
    op.create_index(op.f("ix_seat_offer_entry_id"), "seat_offer", ["entry_id"], unique=False)
    op.create_index(op.f("ix_seat_offer_mentor_id"), "seat_offer", ["mentor_id"], unique=False)
    op.create_index(op.f("ix_seat_offer_plan_id"), "seat_offer", ["plan_id"], unique=False)
    op.create_index(op.f("ix_seat_offer_session_id"), "seat_offer", ["session_id"], unique=False)
    op.create_index("ix_seat_offer_state_expires_at", "seat_offer", ["state", "expires_at"], unique=False)
    op.create_index(
        "uq_seat_offer_open_entry",
        "seat_offer",
        ["entry_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "uq_seat_offer_open_seat",
        "seat_offer",
        ["session_id", "seat"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
