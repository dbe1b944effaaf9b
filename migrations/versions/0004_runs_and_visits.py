"""Runs, heads of plans, requests and visits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    create_run()
    create_plan()
    create_plan_goal()
    create_request()
    create_refusal()
    create_request_option()
    create_request_topic()
    create_lesson()
    create_visit()
    create_visit_role_model()


def downgrade() -> None:
    for table in (
        "visit_role_model",
        "visit",
        "lesson",
        "request_topic",
        "request_option",
        "refusal",
        "request",
        "plan_goal",
        "plan",
        "run",
    ):
        op.drop_table(table)


def create_run() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("season_id", sa.String(36), nullable=False),
        sa.Column("rule_version_id", sa.String(36), nullable=False),
        sa.Column("requested_by_id", sa.String(36)),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("problem", sa.Text()),
        sa.Column("problem_sha256", sa.String(64)),
        sa.Column("worker", sa.String(120)),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("progress", JSON, nullable=False),
        sa.Column("stop_requested", sa.Boolean(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("error_code", sa.String(40)),
        sa.Column("error", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.ForeignKeyConstraint(["requested_by_id"], ["user_account.id"], name=op.f("fk_run_requested_by_id")),
        sa.ForeignKeyConstraint(
            ["rule_version_id"], ["programme_rule_version.id"], name=op.f("fk_run_rule_version_id")
        ),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name=op.f("fk_run_season_id")),
        sa.CheckConstraint("attempt >= 0", name=op.f("ck_run_attempt")),
        sa.CheckConstraint(
            "(state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)", name=op.f("ck_run_finished")
        ),
        sa.CheckConstraint("state <> 'running' OR lease_until IS NOT NULL", name=op.f("ck_run_lease")),
        sa.CheckConstraint("(problem IS NULL) = (problem_sha256 IS NULL)", name=op.f("ck_run_problem")),
        sa.CheckConstraint("kind IN ('visit', 'group')", name=op.f("ck_run_runkind")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_run_runstate")
        ),
    )
    op.create_index(op.f("ix_run_requested_by_id"), "run", ["requested_by_id"])
    op.create_index(op.f("ix_run_rule_version_id"), "run", ["rule_version_id"])
    op.create_index(op.f("ix_run_season_id"), "run", ["season_id"])


def create_plan() -> None:
    op.create_table(
        "plan",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("season_id", sa.String(36), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("problem_sha256", sa.String(64), nullable=False),
        sa.Column("certificate", JSON, nullable=False),
        sa.Column("conflicts", JSON, nullable=False),
        sa.Column("changed_since", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_plan_run_id")),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name=op.f("fk_plan_season_id")),
        sa.UniqueConstraint("run_id", name=op.f("uq_plan_run_id")),
        sa.CheckConstraint(
            "status IN ('optimal', 'feasible', 'infeasible', 'unknown')", name=op.f("ck_plan_planstatus")
        ),
        sa.CheckConstraint("kind IN ('visit', 'group')", name=op.f("ck_plan_runkind")),
    )
    op.create_index(op.f("ix_plan_season_id"), "plan", ["season_id"])


def create_plan_goal() -> None:
    op.create_table(
        "plan_goal",
        sa.Column("plan_id", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("sense", sa.String(20), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("bound", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "position", name=op.f("pk_plan_goal")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_goal_plan_id"), ondelete="CASCADE"),
        sa.UniqueConstraint("plan_id", "name", name=op.f("uq_plan_goal_plan_id_name")),
        sa.CheckConstraint(
            "(sense = 'max' AND value <= bound) OR (sense = 'min' AND value >= bound)", name=op.f("ck_plan_goal_bound")
        ),
        sa.CheckConstraint("sense IN ('max', 'min')", name=op.f("ck_plan_goal_sense")),
    )


def create_request() -> None:
    op.create_table(
        "request",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("reference", sa.String(40), nullable=False),
        sa.Column("season_id", sa.String(36), nullable=False),
        sa.Column("programme_id", sa.String(36), nullable=False),
        sa.Column("window_id", sa.String(36)),
        sa.Column("school_id", sa.String(36), nullable=False),
        sa.Column("contact_id", sa.String(36)),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_on", sa.Date(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("classes", sa.Integer(), nullable=False),
        sa.Column("pupils", sa.Integer()),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("prefers", sa.String(20), nullable=False),
        sa.Column("role_models", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(3)),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("fallback", sa.String(20), nullable=False),
        sa.Column("curriculum", sa.String(200), nullable=False),
        sa.Column("priority", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        sa.ForeignKeyConstraint(["contact_id"], ["person.id"], name=op.f("fk_request_contact_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_request_programme_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_request_school_id")),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name=op.f("fk_request_season_id")),
        sa.ForeignKeyConstraint(["window_id"], ["booking_window.id"], name=op.f("fk_request_window_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_request_reference")),
        sa.CheckConstraint("classes >= 1", name=op.f("ck_request_classes")),
        sa.CheckConstraint(
            "fallback IN ('stand_in', 'digital', 'another_date', 'drop')", name=op.f("ck_request_fallback")
        ),
        sa.CheckConstraint("grade BETWEEN 1 AND 13", name=op.f("ck_request_grade")),
        sa.CheckConstraint("prefers IN ('physical', 'digital')", name=op.f("ck_request_mode")),
        sa.CheckConstraint("pupils >= 0", name=op.f("ck_request_pupils")),
        sa.CheckConstraint("purpose IN ('broaden', 'deepen', 'interest')", name=op.f("ck_request_purpose")),
        sa.CheckConstraint("mode IN ('physical', 'digital', 'either')", name=op.f("ck_request_requestmode")),
        sa.CheckConstraint("state IN ('open', 'visit', 'declined', 'cancelled')", name=op.f("ck_request_requeststate")),
        sa.CheckConstraint("role_models BETWEEN 1 AND 3", name=op.f("ck_request_role_models")),
    )
    op.create_index(op.f("ix_request_contact_id"), "request", ["contact_id"])
    op.create_index(op.f("ix_request_programme_id"), "request", ["programme_id"])
    op.create_index(op.f("ix_request_school_id"), "request", ["school_id"])
    op.create_index(op.f("ix_request_season_id"), "request", ["season_id"])
    op.create_index(op.f("ix_request_window_id"), "request", ["window_id"])


def create_refusal() -> None:
    op.create_table(
        "refusal",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("role_model_id", sa.String(36), nullable=False),
        sa.Column("scope", sa.String(20), nullable=False),
        sa.Column("request_id", sa.String(36)),
        sa.Column("school_id", sa.String(36)),
        sa.Column("starts_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusal")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_refusal_request_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["role_model_id"], ["role_model.id"], name=op.f("fk_refusal_role_model_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_refusal_school_id")),
        sa.CheckConstraint("scope IN ('time', 'request', 'school')", name=op.f("ck_refusal_refusalscope")),
        sa.CheckConstraint(
            (
                "(scope = 'time' AND starts_at IS NOT NULL) OR (scope = 'request' AND request_id IS NOT NULL AND"
                " starts_at IS NULL) OR (scope = 'school' AND school_id IS NOT NULL AND request_id IS NULL AND"
                " starts_at IS NULL)"
            ),
            name=op.f("ck_refusal_scope_given"),
        ),
    )
    op.create_index(op.f("ix_refusal_request_id"), "refusal", ["request_id"])
    op.create_index(op.f("ix_refusal_role_model_id"), "refusal", ["role_model_id"])
    op.create_index(op.f("ix_refusal_school_id"), "refusal", ["school_id"])


def create_request_option() -> None:
    op.create_table(
        "request_option",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_option")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_request_option_request_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("request_id", "id", name=op.f("uq_request_option_request_id_id")),
        sa.UniqueConstraint("request_id", "position", name=op.f("uq_request_option_request_id_position")),
        sa.CheckConstraint("position >= 0", name=op.f("ck_request_option_position")),
    )


def create_request_topic() -> None:
    op.create_table(
        "request_topic",
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("topic_id", sa.String(36), nullable=False),
        sa.Column("use", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("request_id", "topic_id", "use", name=op.f("pk_request_topic")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_request_topic_request_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_request_topic_topic_id")),
        sa.CheckConstraint("use IN ('needed', 'wished')", name=op.f("ck_request_topic_topicuse")),
    )
    op.create_index(op.f("ix_request_topic_topic_id"), "request_topic", ["topic_id"])


def create_lesson() -> None:
    op.create_table(
        "lesson",
        sa.Column("option_id", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("option_id", "position", name=op.f("pk_lesson")),
        sa.ForeignKeyConstraint(
            ["option_id"], ["request_option.id"], name=op.f("fk_lesson_option_id"), ondelete="CASCADE"
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_lesson_order")),
        sa.CheckConstraint("position >= 0", name=op.f("ck_lesson_position")),
    )


def create_visit() -> None:
    op.create_table(
        "visit",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("option_id", sa.String(36), nullable=False),
        sa.Column("plan_id", sa.String(36)),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_visit_plan_id")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_visit_request_id")),
        sa.ForeignKeyConstraint(
            ["request_id", "option_id"],
            ["request_option.request_id", "request_option.id"],
            name=op.f("fk_visit_request_id_option_id"),
        ),
        sa.CheckConstraint("mode IN ('physical', 'digital')", name=op.f("ck_visit_mode")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_visit_order")),
        sa.CheckConstraint(
            "state IN ('planned', 'confirmed', 'held', 'fell_through', 'cancelled')", name=op.f("ck_visit_visitstate")
        ),
    )
    op.create_index(op.f("ix_visit_plan_id"), "visit", ["plan_id"])
    op.create_index(op.f("ix_visit_request_id"), "visit", ["request_id"])
    op.create_index(op.f("ix_visit_request_id_option_id"), "visit", ["request_id", "option_id"])
    op.create_index(
        op.f("uq_visit_live_request"),
        "visit",
        ["request_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('planned', 'confirmed', 'held')"),
        postgresql_where=sa.text("state IN ('planned', 'confirmed', 'held')"),
    )


def create_visit_role_model() -> None:
    op.create_table(
        "visit_role_model",
        sa.Column("visit_id", sa.String(36), nullable=False),
        sa.Column("role_model_id", sa.String(36), nullable=False),
        sa.Column("travel_minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("visit_id", "role_model_id", name=op.f("pk_visit_role_model")),
        sa.ForeignKeyConstraint(["role_model_id"], ["role_model.id"], name=op.f("fk_visit_role_model_role_model_id")),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visit.id"], name=op.f("fk_visit_role_model_visit_id"), ondelete="CASCADE"
        ),
        sa.CheckConstraint("travel_minutes >= 0", name=op.f("ck_visit_role_model_travel")),
    )
    op.create_index(op.f("ix_visit_role_model_role_model_id"), "visit_role_model", ["role_model_id"])
