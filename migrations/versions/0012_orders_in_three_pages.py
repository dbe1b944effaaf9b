"""Orders in three pages: drafts, several grades, what the classes are called, a note to the role model."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)
LISTS = ("more_grades", "class_list")


def upgrade() -> None:
    for column in LISTS:
        op.add_column("request", sa.Column(column, JSON, server_default="[]", nullable=False))
    op.add_column("request", sa.Column("note", sa.Text()))
    op.create_table(
        "order_draft",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("values", JSON, nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("request_id", sa.String(36)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_order_draft_request_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_draft")),
    )
    op.create_index(op.f("ix_order_draft_expires_at"), "order_draft", ["expires_at"])
    op.create_index(op.f("ix_order_draft_request_id"), "order_draft", ["request_id"])


def downgrade() -> None:
    op.drop_table("order_draft")
    for column in ("note", *LISTS):
        op.drop_column("request", column)
