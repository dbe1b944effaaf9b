"""Postcodes of schools: where a pupil lives, roughly, follows from the schools with the same postcode."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("school", sa.Column("postcode", sa.String(40)))


def downgrade() -> None:
    op.drop_column("school", "postcode")
