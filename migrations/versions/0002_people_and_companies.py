"""People, how they sign in, companies and role models."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    create_idempotency_key()
    create_person()
    create_company()
    create_user_account()
    create_agreement()
    create_api_token()
    create_role_model()
    create_agreement_municipality()
    create_agreement_role_model()
    create_agreement_visit_week()
    create_role_model_blocked()
    create_role_model_free_time()
    create_role_model_language()
    create_role_model_topic()


def downgrade() -> None:
    for table in (
        "role_model_topic",
        "role_model_language",
        "role_model_free_time",
        "role_model_blocked",
        "agreement_visit_week",
        "agreement_role_model",
        "agreement_municipality",
        "role_model",
        "api_token",
        "agreement",
        "user_account",
        "company",
        "person",
        "idempotency_key",
    ):
        op.drop_table(table)


def create_idempotency_key() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("response_status", sa.Integer()),
        sa.Column("response_headers", JSON),
        sa.Column("response_body", sa.Text()),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_key")),
        sa.UniqueConstraint("owner", "key", name=op.f("uq_idempotency_key_owner_key")),
    )
    op.create_index(op.f("ix_idempotency_key_expires_at"), "idempotency_key", ["expires_at"])


def create_person() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254)),
        sa.Column("phone", sa.String(32)),
        sa.Column("locale", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.CheckConstraint("locale IN ('nb', 'nn', 'en')", name=op.f("ck_person_locale")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_person_named")),
    )
    op.create_index(op.f("ix_person_email"), "person", ["email"])


def create_company() -> None:
    op.create_table(
        "company",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("orgnr", sa.String(40)),
        sa.Column("quota", sa.Integer()),
        sa.Column("contact_id", sa.String(36)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
        sa.ForeignKeyConstraint(["contact_id"], ["person.id"], name=op.f("fk_company_contact_id")),
        sa.UniqueConstraint("name", name=op.f("uq_company_name")),
        sa.UniqueConstraint("orgnr", name=op.f("uq_company_orgnr")),
        sa.CheckConstraint("quota >= 0", name=op.f("ck_company_quota")),
    )
    op.create_index(op.f("ix_company_contact_id"), "company", ["contact_id"])


def create_user_account() -> None:
    op.create_table(
        "user_account",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("person_id", sa.String(36), nullable=False),
        sa.Column("login", sa.String(254), nullable=False),
        sa.Column("password_hash", sa.String(200)),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_user_account_person_id")),
        sa.UniqueConstraint("login", name=op.f("uq_user_account_login")),
        sa.UniqueConstraint("person_id", name=op.f("uq_user_account_person_id")),
        sa.CheckConstraint("password_hash LIKE '$argon2id$%'", name=op.f("ck_user_account_argon2id")),
        sa.CheckConstraint("login = lower(login) AND login <> ''", name=op.f("ck_user_account_login")),
    )


def create_agreement() -> None:
    op.create_table(
        "agreement",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("company_id", sa.String(36), nullable=False),
        sa.Column("season_id", sa.String(36), nullable=False),
        sa.Column("pledged_people", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_agreement_company_id")),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name=op.f("fk_agreement_season_id")),
        sa.UniqueConstraint("company_id", "season_id", name=op.f("uq_agreement_company_id_season_id")),
        sa.CheckConstraint("pledged_people >= 0", name=op.f("ck_agreement_pledged")),
    )
    op.create_index(op.f("ix_agreement_season_id"), "agreement", ["season_id"])


def create_api_token() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_api_token_user_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index(op.f("ix_api_token_user_id"), "api_token", ["user_id"])


def create_role_model() -> None:
    op.create_table(
        "role_model",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("person_id", sa.String(36), nullable=False),
        sa.Column("company_id", sa.String(36)),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("max_travel_minutes", sa.Integer(), nullable=False),
        sa.Column("lowest_grade", sa.Integer(), nullable=False),
        sa.Column("highest_grade", sa.Integer(), nullable=False),
        sa.Column("physical", sa.Boolean(), nullable=False),
        sa.Column("digital", sa.Boolean(), nullable=False),
        sa.Column("max_lessons", sa.Integer(), nullable=False),
        sa.Column("max_per_day", sa.Integer(), nullable=False),
        sa.Column("max_per_week", sa.Integer(), nullable=False),
        sa.Column("max_per_term", sa.Integer(), nullable=False),
        sa.Column("trained_on", sa.Date()),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("away_until", sa.Date()),
        sa.Column("paused_until", sa.Date()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_model")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_role_model_company_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_role_model_person_id")),
        sa.UniqueConstraint("person_id", name=op.f("uq_role_model_person_id")),
        sa.CheckConstraint(
            "lowest_grade >= 1 AND lowest_grade <= highest_grade AND highest_grade <= 13",
            name=op.f("ck_role_model_grades"),
        ),
        sa.CheckConstraint(
            "max_lessons >= 0 AND max_per_day >= 0 AND max_per_week >= 0 AND max_per_term >= 0",
            name=op.f("ck_role_model_limits"),
        ),
        sa.CheckConstraint("physical OR digital", name=op.f("ck_role_model_modes")),
        sa.CheckConstraint("lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180", name=op.f("ck_role_model_placed")),
        sa.CheckConstraint("max_travel_minutes >= 0", name=op.f("ck_role_model_travel")),
    )
    op.create_index(op.f("ix_role_model_company_id"), "role_model", ["company_id"])


def create_agreement_municipality() -> None:
    op.create_table(
        "agreement_municipality",
        sa.Column("agreement_id", sa.String(36), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("agreement_id", "municipality_id", name=op.f("pk_agreement_municipality")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_municipality_agreement_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_agreement_municipality_municipality_id")
        ),
    )
    op.create_index(op.f("ix_agreement_municipality_municipality_id"), "agreement_municipality", ["municipality_id"])


def create_agreement_role_model() -> None:
    op.create_table(
        "agreement_role_model",
        sa.Column("agreement_id", sa.String(36), nullable=False),
        sa.Column("role_model_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("agreement_id", "role_model_id", name=op.f("pk_agreement_role_model")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_role_model_agreement_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["role_model_id"], ["role_model.id"], name=op.f("fk_agreement_role_model_role_model_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_agreement_role_model_role_model_id"), "agreement_role_model", ["role_model_id"])


def create_agreement_visit_week() -> None:
    op.create_table(
        "agreement_visit_week",
        sa.Column("agreement_id", sa.String(36), nullable=False),
        sa.Column("visit_week_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("agreement_id", "visit_week_id", name=op.f("pk_agreement_visit_week")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_visit_week_agreement_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["visit_week_id"], ["visit_week.id"], name=op.f("fk_agreement_visit_week_visit_week_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_agreement_visit_week_visit_week_id"), "agreement_visit_week", ["visit_week_id"])


def create_role_model_blocked() -> None:
    op.create_table(
        "role_model_blocked",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("role_model_id", sa.String(36), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_model_blocked")),
        sa.ForeignKeyConstraint(
            ["role_model_id"], ["role_model.id"], name=op.f("fk_role_model_blocked_role_model_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint(
            "role_model_id", "from_date", "to_date", name=op.f("uq_role_model_blocked_role_model_id_from_date_to_date")
        ),
        sa.CheckConstraint("from_date <= to_date", name=op.f("ck_role_model_blocked_order")),
    )


def create_role_model_free_time() -> None:
    op.create_table(
        "role_model_free_time",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("role_model_id", sa.String(36), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_model_free_time")),
        sa.ForeignKeyConstraint(
            ["role_model_id"], ["role_model.id"], name=op.f("fk_role_model_free_time_role_model_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint(
            "role_model_id", "weekday", "starts", name=op.f("uq_role_model_free_time_role_model_id_weekday_starts")
        ),
        sa.CheckConstraint("starts < ends", name=op.f("ck_role_model_free_time_order")),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name=op.f("ck_role_model_free_time_weekday")),
    )


def create_role_model_language() -> None:
    op.create_table(
        "role_model_language",
        sa.Column("role_model_id", sa.String(36), nullable=False),
        sa.Column("language", sa.String(3), nullable=False),
        sa.PrimaryKeyConstraint("role_model_id", "language", name=op.f("pk_role_model_language")),
        sa.ForeignKeyConstraint(
            ["role_model_id"], ["role_model.id"], name=op.f("fk_role_model_language_role_model_id"), ondelete="CASCADE"
        ),
    )


def create_role_model_topic() -> None:
    op.create_table(
        "role_model_topic",
        sa.Column("role_model_id", sa.String(36), nullable=False),
        sa.Column("topic_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("role_model_id", "topic_id", name=op.f("pk_role_model_topic")),
        sa.ForeignKeyConstraint(
            ["role_model_id"], ["role_model.id"], name=op.f("fk_role_model_topic_role_model_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_role_model_topic_topic_id")),
    )
    op.create_index(op.f("ix_role_model_topic_topic_id"), "role_model_topic", ["topic_id"])
