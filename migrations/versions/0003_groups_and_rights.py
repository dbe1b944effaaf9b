"""Sites, sessions and mentors; who may do what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_site()
    create_mentor()
    create_room()
    create_group_session()
    create_mentor_level()
    create_role_grant()
    create_meeting()
    create_mentor_session()


def downgrade() -> None:
    for table in (
        "mentor_session",
        "meeting",
        "role_grant",
        "mentor_level",
        "group_session",
        "room",
        "mentor",
        "site",
    ):
        op.drop_table(table)


def create_site() -> None:
    op.create_table(
        "site",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("institution", sa.String(200), nullable=False),
        sa.Column("municipality_id", sa.String(36)),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("digital", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipality.id"], name=op.f("fk_site_municipality_id")),
        sa.UniqueConstraint("code", name=op.f("uq_site_code")),
        sa.CheckConstraint("lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180", name=op.f("ck_site_placed")),
    )
    op.create_index(op.f("ix_site_municipality_id"), "site", ["municipality_id"])


def create_mentor() -> None:
    op.create_table(
        "mentor",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("person_id", sa.String(36), nullable=False),
        sa.Column("site_id", sa.String(36), nullable=False),
        sa.Column("contracted", sa.Integer(), nullable=False),
        sa.Column("max_sessions", sa.Integer(), nullable=False),
        sa.Column("trained_on", sa.Date()),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentor")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mentor_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_mentor_site_id")),
        sa.UniqueConstraint("person_id", name=op.f("uq_mentor_person_id")),
        sa.CheckConstraint("contracted >= 0 AND contracted <= max_sessions", name=op.f("ck_mentor_hours")),
    )
    op.create_index(op.f("ix_mentor_site_id"), "mentor", ["site_id"])


def create_room() -> None:
    op.create_table(
        "room",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("site_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_room_site_id"), ondelete="CASCADE"),
        sa.UniqueConstraint("site_id", "name", name=op.f("uq_room_site_id_name")),
        sa.CheckConstraint("seats >= 0", name=op.f("ck_room_seats")),
    )


def create_group_session() -> None:
    op.create_table(
        "group_session",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("season_id", sa.String(36), nullable=False),
        sa.Column("programme_id", sa.String(36), nullable=False),
        sa.Column("site_id", sa.String(36), nullable=False),
        sa.Column("room_id", sa.String(36)),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("ratio", sa.Integer(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("min_mentors", sa.Integer(), nullable=False),
        sa.Column("min_pupils", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_session")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_group_session_programme_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_group_session_room_id")),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name=op.f("fk_group_session_season_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_group_session_site_id")),
        sa.CheckConstraint("min_mentors >= 0 AND min_pupils >= 0", name=op.f("ck_group_session_minimums")),
        sa.CheckConstraint("starts < ends", name=op.f("ck_group_session_order")),
        sa.CheckConstraint("state IN ('active', 'cancelled')", name=op.f("ck_group_session_sessionstate")),
        sa.CheckConstraint("seats >= 0 AND ratio >= 1 AND target >= 1", name=op.f("ck_group_session_sizes")),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name=op.f("ck_group_session_weekday")),
    )
    op.create_index(op.f("ix_group_session_programme_id"), "group_session", ["programme_id"])
    op.create_index(op.f("ix_group_session_room_id"), "group_session", ["room_id"])
    op.create_index(op.f("ix_group_session_season_id"), "group_session", ["season_id"])
    op.create_index(op.f("ix_group_session_site_id"), "group_session", ["site_id"])


def create_mentor_level() -> None:
    op.create_table(
        "mentor_level",
        sa.Column("mentor_id", sa.String(36), nullable=False),
        sa.Column("level_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("mentor_id", "level_id", name=op.f("pk_mentor_level")),
        sa.ForeignKeyConstraint(["level_id"], ["level.id"], name=op.f("fk_mentor_level_level_id")),
        sa.ForeignKeyConstraint(
            ["mentor_id"], ["mentor.id"], name=op.f("fk_mentor_level_mentor_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_mentor_level_level_id"), "mentor_level", ["level_id"])


def create_role_grant() -> None:
    op.create_table(
        "role_grant",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("site_id", sa.String(36)),
        sa.Column("school_id", sa.String(36)),
        sa.Column("company_id", sa.String(36)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_role_grant_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_role_grant_school_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_role_grant_site_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_role_grant_user_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("user_id", "role", "company_id", name=op.f("uq_role_grant_user_id_role_company_id")),
        sa.UniqueConstraint("user_id", "role", "school_id", name=op.f("uq_role_grant_user_id_role_school_id")),
        sa.UniqueConstraint("user_id", "role", "site_id", name=op.f("uq_role_grant_user_id_role_site_id")),
        sa.CheckConstraint("(role = 'company_contact') = (company_id IS NOT NULL)", name=op.f("ck_role_grant_company")),
        sa.CheckConstraint(
            (
                "role IN ('admin', 'coordinator', 'deputy', 'assistant', 'site_leader', 'mentor',"
                " 'school_contact', 'company_contact', 'role_model', 'pupil', 'guardian')"
            ),
            name=op.f("ck_role_grant_role"),
        ),
        sa.CheckConstraint("(role = 'school_contact') = (school_id IS NOT NULL)", name=op.f("ck_role_grant_school")),
        sa.CheckConstraint(
            "(role IN ('site_leader', 'mentor')) = (site_id IS NOT NULL)", name=op.f("ck_role_grant_site")
        ),
    )
    op.create_index(op.f("ix_role_grant_company_id"), "role_grant", ["company_id"])
    op.create_index(op.f("ix_role_grant_school_id"), "role_grant", ["school_id"])
    op.create_index(op.f("ix_role_grant_site_id"), "role_grant", ["site_id"])
    op.create_index(
        op.f("uq_role_grant_national"),
        "role_grant",
        ["user_id", "role"],
        unique=True,
        sqlite_where=sa.text("site_id IS NULL AND school_id IS NULL AND company_id IS NULL"),
        postgresql_where=sa.text("site_id IS NULL AND school_id IS NULL AND company_id IS NULL"),
    )


def create_meeting() -> None:
    op.create_table(
        "meeting",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("session_id", sa.String(36), nullable=False),
        sa.Column("room_id", sa.String(36)),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_meeting_room_id")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["group_session.id"], name=op.f("fk_meeting_session_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("session_id", "starts_at", name=op.f("uq_meeting_session_id_starts_at")),
        sa.CheckConstraint("state IN ('planned', 'held', 'cancelled')", name=op.f("ck_meeting_meetingstate")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_meeting_order")),
    )
    op.create_index(op.f("ix_meeting_room_id"), "meeting", ["room_id"])


def create_mentor_session() -> None:
    op.create_table(
        "mentor_session",
        sa.Column("mentor_id", sa.String(36), nullable=False),
        sa.Column("session_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("mentor_id", "session_id", name=op.f("pk_mentor_session")),
        sa.ForeignKeyConstraint(
            ["mentor_id"], ["mentor.id"], name=op.f("fk_mentor_session_mentor_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["group_session.id"], name=op.f("fk_mentor_session_session_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_mentor_session_session_id"), "mentor_session", ["session_id"])
