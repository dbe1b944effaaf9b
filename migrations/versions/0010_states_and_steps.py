"""States and steps of what part 1 made: requests, visits, role models, pupils and their seats."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
# Table, its check, the states until now, and what those become that came with this migration.
STATES = (
    ("request", "ck_request_requeststate", ["open", "visit", "declined", "cancelled"], "cancelled"),
    ("entry", "ck_entry_entrystate", ["waiting", "placed", "left"], "left"),
)
NEW_STATE = "unconfirmed"
REFERENCES = {
    "ordered_by_id": "user_account",
    "previous_id": "request",
    "merged_into_id": "request",
    "invited_id": "role_model",
}
STEPS: tuple[tuple[str, str, sa.types.TypeEngine], ...] = (
    ("visit", "school_ready_at", MOMENT),
    ("visit", "school_held_at", MOMENT),
    ("visit", "questions", sa.Text()),
    ("visit", "call_asked_at", MOMENT),
    ("visit", "ready_asked_at", MOMENT),
    ("visit", "day_before_told_at", MOMENT),
    ("visit", "held_asked_at", MOMENT),
    ("visit_role_model", "called_at", MOMENT),
    ("visit_role_model", "ready_at", MOMENT),
    ("visit_role_model", "held_at", MOMENT),
    ("pupil", "birth_year", sa.Integer()),
    ("role_model", "confirm_asked_at", MOMENT),
    ("entry", "confirmed_at", MOMENT),
    ("request", "answered_at", MOMENT),
    ("request", "late_told_at", MOMENT),
)
STATE_COLUMNS = (
    ("role_model", "ck_role_model_profilestate", ["unconfirmed", "active", "paused", "left"]),
    ("membership", "ck_membership_membershipstate", ["active", "ended"]),
)


def upgrade() -> None:
    for table, check, states, _lesser in STATES:
        allow_states(table, check, [NEW_STATE, *states])
    with op.batch_alter_table("request") as batch:
        for column, target in REFERENCES.items():
            batch.add_column(sa.Column(column, sa.String(36)))
            batch.create_foreign_key(op.f(f"fk_request_{column}"), target, [column], ["id"])
            batch.create_index(op.f(f"ix_request_{column}"), [column])
    for table, column, kind in STEPS:
        op.add_column(table, sa.Column(column, kind))
    op.add_column("entry", sa.Column("stays_in_line", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("entry", sa.Column("silences", sa.Integer(), server_default="0", nullable=False))
    for table, check, states in STATE_COLUMNS:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("state", sa.String(20), server_default="active", nullable=False))
            batch.create_check_constraint(op.f(check), one_of(states))


def downgrade() -> None:
    for table, check, _states in STATE_COLUMNS:
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(check), type_="check")
            batch.drop_column("state")
    for table, column, _kind in (*STEPS, ("entry", "stays_in_line", None), ("entry", "silences", None)):
        op.drop_column(table, column)
    with op.batch_alter_table("request") as batch:
        for column in REFERENCES:
            batch.drop_index(op.f(f"ix_request_{column}"))
            batch.drop_constraint(op.f(f"fk_request_{column}"), type_="foreignkey")
            batch.drop_column(column)
    for table, check, states, lesser in STATES:
        rows = sa.table(table, sa.column("state"))
        op.execute(sa.update(rows).where(rows.c.state == NEW_STATE).values(state=lesser))
        allow_states(table, check, states)


def allow_states(table: str, check: str, states: list[str]) -> None:
    """Let the table's states be these and no others."""
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(check), type_="check")
        batch.create_check_constraint(op.f(check), one_of(states))


def one_of(states: list[str]) -> sa.ColumnElement[bool]:
    return sa.column("state").in_(states)
