"""The plan's text as it was solved, beside the problem's, for whoever judges it anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("document", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("run", "document")
