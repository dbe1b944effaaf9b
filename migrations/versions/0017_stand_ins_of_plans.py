"""Whom a plan of visits keeps in reserve, beside the problem it was worked out from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("run", sa.Column("stand_ins", JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("run", "stand_ins")
