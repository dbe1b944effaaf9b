"""Schools without a request that somebody has asked this season."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATES = ("asked", "no_answer", "will_order", "not_now", "not_asked")


def upgrade() -> None:
    op.create_table(
        "school_asking",
        sa.Column("season_id", sa.String(36), nullable=False),
        sa.Column("school_id", sa.String(36), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="askingstate", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["season_id"], ["season.id"], name=op.f("fk_school_asking_season_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_school_asking_school_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_asking")),
        sa.UniqueConstraint("season_id", "school_id", name=op.f("uq_school_asking_season_id_school_id")),
    )
    op.create_index(op.f("ix_school_asking_school_id"), "school_asking", ["school_id"])


def downgrade() -> None:
    op.drop_table("school_asking")
