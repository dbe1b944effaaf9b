"""Places, programmes and seasons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    create_county()
    create_holiday()
    create_level()
    create_programme()
    create_season()
    create_topic()
    create_booking_window()
    create_level_cover()
    create_municipality()
    create_programme_rule_version()
    create_municipality_code()
    create_school_owner()
    create_visit_week()
    create_school()
    create_blocked_day()
    create_school_identifier()


def downgrade() -> None:
    for table in (
        "school_identifier",
        "blocked_day",
        "school",
        "visit_week",
        "school_owner",
        "municipality_code",
        "programme_rule_version",
        "municipality",
        "level_cover",
        "booking_window",
        "topic",
        "season",
        "programme",
        "level",
        "holiday",
        "county",
    ):
        op.drop_table(table)


def create_county() -> None:
    op.create_table(
        "county",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_county")),
        sa.UniqueConstraint("code", name=op.f("uq_county_code")),
    )


def create_holiday() -> None:
    op.create_table(
        "holiday",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_holiday")),
    )


def create_level() -> None:
    op.create_table(
        "level",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name_nb", sa.String(200), nullable=False),
        sa.Column("name_nn", sa.String(200), nullable=False),
        sa.Column("name_en", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_level")),
        sa.UniqueConstraint("code", name=op.f("uq_level_code")),
    )


def create_programme() -> None:
    op.create_table(
        "programme",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name_nb", sa.String(200), nullable=False),
        sa.Column("name_nn", sa.String(200), nullable=False),
        sa.Column("name_en", sa.String(200), nullable=False),
        sa.Column("audience", sa.String(200), nullable=False),
        sa.Column("controller", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("code", name=op.f("uq_programme_code")),
        sa.CheckConstraint(
            "kind IN ('school_visit', 'company_day', 'study_group', 'drop_in')", name=op.f("ck_programme_programmekind")
        ),
    )


def create_season() -> None:
    op.create_table(
        "season",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_season")),
        sa.UniqueConstraint("code", name=op.f("uq_season_code")),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_season_order")),
    )


def create_topic() -> None:
    op.create_table(
        "topic",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name_nb", sa.String(200), nullable=False),
        sa.Column("name_nn", sa.String(200), nullable=False),
        sa.Column("name_en", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
        sa.UniqueConstraint("code", name=op.f("uq_topic_code")),
    )


def create_booking_window() -> None:
    op.create_table(
        "booking_window",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("season_id", sa.String(36), nullable=False),
        sa.Column("programme_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_window")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_booking_window_programme_id")),
        sa.ForeignKeyConstraint(
            ["season_id"], ["season.id"], name=op.f("fk_booking_window_season_id"), ondelete="CASCADE"
        ),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_booking_window_order")),
        sa.CheckConstraint("kind IN ('request', 'registration')", name=op.f("ck_booking_window_windowkind")),
    )
    op.create_index(op.f("ix_booking_window_programme_id"), "booking_window", ["programme_id"])
    op.create_index(op.f("ix_booking_window_season_id"), "booking_window", ["season_id"])


def create_level_cover() -> None:
    op.create_table(
        "level_cover",
        sa.Column("level_id", sa.String(36), nullable=False),
        sa.Column("covers_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("level_id", "covers_id", name=op.f("pk_level_cover")),
        sa.ForeignKeyConstraint(["covers_id"], ["level.id"], name=op.f("fk_level_cover_covers_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["level_id"], ["level.id"], name=op.f("fk_level_cover_level_id"), ondelete="CASCADE"),
        sa.CheckConstraint("level_id <> covers_id", name=op.f("ck_level_cover_other")),
    )
    op.create_index(op.f("ix_level_cover_covers_id"), "level_cover", ["covers_id"])


def create_municipality() -> None:
    op.create_table(
        "municipality",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("county_id", sa.String(36)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipality")),
        sa.ForeignKeyConstraint(["county_id"], ["county.id"], name=op.f("fk_municipality_county_id")),
    )
    op.create_index(op.f("ix_municipality_county_id"), "municipality", ["county_id"])


def create_programme_rule_version() -> None:
    op.create_table(
        "programme_rule_version",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("programme_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_rule_version")),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_programme_rule_version_programme_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("programme_id", "number", name=op.f("uq_programme_rule_version_programme_id_number")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_programme_rule_version_number")),
    )


def create_municipality_code() -> None:
    op.create_table(
        "municipality_code",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("code", "year", name=op.f("pk_municipality_code")),
        sa.ForeignKeyConstraint(
            ["municipality_id"],
            ["municipality.id"],
            name=op.f("fk_municipality_code_municipality_id"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("municipality_id", "year", name=op.f("uq_municipality_code_municipality_id_year")),
    )


def create_school_owner() -> None:
    op.create_table(
        "school_owner",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("orgnr", sa.String(40)),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("municipality_id", sa.String(36)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_owner")),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipality.id"], name=op.f("fk_school_owner_municipality_id")),
        sa.UniqueConstraint("orgnr", name=op.f("uq_school_owner_orgnr")),
        sa.CheckConstraint(
            "kind IN ('municipality', 'county', 'state', 'private')", name=op.f("ck_school_owner_ownerkind")
        ),
    )
    op.create_index(op.f("ix_school_owner_municipality_id"), "school_owner", ["municipality_id"])


def create_visit_week() -> None:
    op.create_table(
        "visit_week",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("season_id", sa.String(36), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("monday", sa.Date(), nullable=False),
        sa.Column("window_id", sa.String(36)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_week")),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipality.id"], name=op.f("fk_visit_week_municipality_id")),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name=op.f("fk_visit_week_season_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["window_id"], ["booking_window.id"], name=op.f("fk_visit_week_window_id")),
        sa.UniqueConstraint(
            "season_id", "municipality_id", "monday", name=op.f("uq_visit_week_season_id_municipality_id_monday")
        ),
    )
    op.create_index(op.f("ix_visit_week_municipality_id"), "visit_week", ["municipality_id"])
    op.create_index(op.f("ix_visit_week_window_id"), "visit_week", ["window_id"])


def create_school() -> None:
    op.create_table(
        "school",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("owner_id", sa.String(36)),
        sa.Column("ownership", sa.String(20), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lowest_grade", sa.Integer()),
        sa.Column("highest_grade", sa.Integer()),
        sa.Column("pupils", sa.Integer()),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("source_hash", sa.String(64)),
        sa.Column("source_seen_at", sa.DateTime(timezone=True)),
        sa.Column("overrides", JSON, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school")),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipality.id"], name=op.f("fk_school_municipality_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["school_owner.id"], name=op.f("fk_school_owner_id")),
        sa.CheckConstraint(
            (
                "(lowest_grade IS NULL) = (highest_grade IS NULL) AND lowest_grade >= 1 AND lowest_grade <="
                " highest_grade AND highest_grade <= 13"
            ),
            name=op.f("ck_school_grades"),
        ),
        sa.CheckConstraint("ownership IN ('public', 'private')", name=op.f("ck_school_ownership")),
        sa.CheckConstraint("lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180", name=op.f("ck_school_placed")),
        sa.CheckConstraint("pupils >= 0", name=op.f("ck_school_pupils")),
        sa.CheckConstraint("status IN ('active', 'closed')", name=op.f("ck_school_schoolstatus")),
    )
    op.create_index(op.f("ix_school_municipality_id"), "school", ["municipality_id"])
    op.create_index(op.f("ix_school_owner_id"), "school", ["owner_id"])


def create_blocked_day() -> None:
    op.create_table(
        "blocked_day",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("county_id", sa.String(36)),
        sa.Column("municipality_id", sa.String(36)),
        sa.Column("school_id", sa.String(36)),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked_day")),
        sa.ForeignKeyConstraint(
            ["county_id"], ["county.id"], name=op.f("fk_blocked_day_county_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_blocked_day_municipality_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_blocked_day_school_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint(
            "county_id", "from_date", "to_date", name=op.f("uq_blocked_day_county_id_from_date_to_date")
        ),
        sa.UniqueConstraint(
            "municipality_id", "from_date", "to_date", name=op.f("uq_blocked_day_municipality_id_from_date_to_date")
        ),
        sa.UniqueConstraint(
            "school_id", "from_date", "to_date", name=op.f("uq_blocked_day_school_id_from_date_to_date")
        ),
        sa.CheckConstraint(
            (
                "(CASE WHEN county_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN municipality_id IS NULL THEN 0"
                " ELSE 1 END) + (CASE WHEN school_id IS NULL THEN 0 ELSE 1 END) = 1"
            ),
            name=op.f("ck_blocked_day_one_owner"),
        ),
        sa.CheckConstraint("from_date <= to_date", name=op.f("ck_blocked_day_order")),
    )


def create_school_identifier() -> None:
    op.create_table(
        "school_identifier",
        sa.Column("scheme", sa.String(20), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.Column("school_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("scheme", "value", name=op.f("pk_school_identifier")),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_school_identifier_school_id"), ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "scheme IN ('orgnr', 'nsr', 'geonorge', 'place')", name=op.f("ck_school_identifier_identifierscheme")
        ),
    )
    op.create_index(op.f("ix_school_identifier_school_id"), "school_identifier", ["school_id"])
