"""Films of the training one by one, and who pays a role model's travel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PAYERS = ("school", "employer", "self")


def upgrade() -> None:
    op.create_table(
        "role_model_film",
        sa.Column("role_model_id", sa.String(length=36), nullable=False),
        sa.Column("film", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.CheckConstraint("film >= 1", name=op.f("ck_role_model_film_film")),
        sa.ForeignKeyConstraint(
            ["role_model_id"], ["role_model.id"], name=op.f("fk_role_model_film_role_model_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("role_model_id", "film", name=op.f("pk_role_model_film")),
    )
    with op.batch_alter_table("role_model") as batch:
        batch.add_column(sa.Column("travel_payer", sa.String(length=20)))
        batch.create_check_constraint(op.f("ck_role_model_travelpayer"), sa.column("travel_payer").in_(PAYERS))


def downgrade() -> None:
    with op.batch_alter_table("role_model") as batch:
        batch.drop_constraint(op.f("ck_role_model_travelpayer"), type_="check")
        batch.drop_column("travel_payer")
    op.drop_table("role_model_film")
