"""The year in figures: targets, factors, surveys with counted answers, "you said, we did"."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.String(36)
MOMENT = sa.DateTime(timezone=True)
MEASURES = (
    "registered", "offered", "schools", "visits", "pupils_met", "events", "participants",
    "satisfied", "mentors", "better_grade", "inspired",
)  # fmt: skip
FACTORS = ("interests", "attitudes", "knowledge", "relations")
AUDIENCES = ("pupils", "schools")
TEXTS = ("said_nb", "done_nb", "said_nn", "done_nn", "said_en", "done_en")


def upgrade() -> None:
    create_yearly_figure()
    op.create_table(
        "programme_factor",
        sa.Column("programme_id", ID, nullable=False),
        sa.Column("factor", words("factor", FACTORS), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_programme_factor_programme_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("programme_id", "factor", name=op.f("pk_programme_factor")),
    )
    create_said_and_done()
    create_survey()
    op.create_table(
        "survey_answer",
        sa.Column("survey_id", ID, nullable=False),
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("question", sa.String(40), nullable=False),
        sa.Column("value", sa.String(40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("count >= 1", name=op.f("ck_survey_answer_count")),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["survey.id"], name=op.f("fk_survey_answer_survey_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("survey_id", "site", "question", "value", name=op.f("pk_survey_answer")),
    )


def downgrade() -> None:
    for table in ("survey_answer", "survey", "said_and_done", "programme_factor", "yearly_figure"):
        op.drop_table(table)


def words(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def create_yearly_figure() -> None:
    op.create_table(
        "yearly_figure",
        sa.Column("id", ID, nullable=False),
        sa.Column("programme_id", ID, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("measure", words("measure", MEASURES), nullable=False),
        sa.Column("target", sa.Integer()),
        sa.Column("counted", sa.Integer()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("year BETWEEN 2000 AND 2199", name=op.f("ck_yearly_figure_year")),
        sa.CheckConstraint("target >= 0 AND counted >= 0", name=op.f("ck_yearly_figure_counts")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_yearly_figure_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_yearly_figure")),
        sa.UniqueConstraint("programme_id", "year", "measure", name=op.f("uq_yearly_figure_programme_id_year_measure")),
    )


def create_said_and_done() -> None:
    op.create_table(
        "said_and_done",
        sa.Column("id", ID, nullable=False),
        sa.Column("season_id", ID, nullable=False),
        sa.Column("audience", words("audience", AUDIENCES), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        *(sa.Column(text, sa.Text(), nullable=False) for text in TEXTS),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("position BETWEEN 1 AND 3", name=op.f("ck_said_and_done_position")),
        sa.ForeignKeyConstraint(
            ["season_id"], ["season.id"], name=op.f("fk_said_and_done_season_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_said_and_done")),
        sa.UniqueConstraint(
            "season_id", "audience", "position", name=op.f("uq_said_and_done_season_id_audience_position")
        ),
    )


def create_survey() -> None:
    op.create_table(
        "survey",
        sa.Column("id", ID, nullable=False),
        sa.Column("season_id", ID, nullable=False),
        sa.Column("programme_id", ID, nullable=False),
        sa.Column("opens_at", MOMENT, nullable=False),
        sa.Column("closes_at", MOMENT, nullable=False),
        sa.Column("invited", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_survey_order")),
        sa.CheckConstraint("invited >= 0", name=op.f("ck_survey_invited")),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name=op.f("fk_survey_season_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_survey_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
        sa.UniqueConstraint("season_id", "programme_id", name=op.f("uq_survey_season_id_programme_id")),
    )
    op.create_index(op.f("ix_survey_closes_at"), "survey", ["closes_at"])
    op.create_index(op.f("ix_survey_programme_id"), "survey", ["programme_id"])
