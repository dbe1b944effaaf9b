"""The audit trail, and what the database refuses by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
# Rows that are written once and never changed.
WRITTEN_ONCE = (
    "audit_entry",
    "plan",
    "plan_goal",
    "plan_mentor",
    "plan_seat",
    "plan_session",
    "plan_unserved",
    "plan_visit",
    "plan_visit_role_model",
    "programme_rule_version",
)
# Nothing may be taken twice at overlapping times: table, what is taken and its own table, and which rows count.
NO_OVERLAP = (
    ("booking", "person_id", "person", "released_at", "{row}released_at IS NULL"),
    ("meeting", "room_id", "room", "state", "{row}state <> 'cancelled'"),
)


def upgrade() -> None:
    create_audit_entry()
    create_rate_bucket()
    if op.get_bind().dialect.name == "postgresql":
        guard_postgres()
    else:
        guard_sqlite()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        unguard_postgres()
    else:
        unguard_sqlite()
    op.drop_table("rate_bucket")
    op.drop_table("audit_entry")


def create_rate_bucket() -> None:
    op.create_table(
        "rate_bucket",
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_rate_bucket")),
        sa.CheckConstraint("hits >= 0", name=op.f("ck_rate_bucket_hits")),
    )
    op.create_index(op.f("ix_rate_bucket_expires_at"), "rate_bucket", ["expires_at"])


def create_audit_entry() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.String(36)),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("object_kind", sa.String(40), nullable=False),
        sa.Column("object_id", sa.String(36), nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name=op.f("fk_audit_entry_actor_id")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_entry_hash")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_audit_entry_previous_hash")),
        sa.UniqueConstraint("sequence", name=op.f("uq_audit_entry_sequence")),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_audit_entry_sequence")),
    )
    op.create_index(op.f("ix_audit_entry_actor_id"), "audit_entry", ["actor_id"])
    op.create_index(op.f("ix_audit_entry_object_kind_object_id"), "audit_entry", ["object_kind", "object_id"])


def guard_postgres() -> None:
    # Two writers that insert at once would each wait for the other's row and one would end by deadlock, so a trigger
    # locks what they take first. A row lock, since advisory locks of a whole season would fill the server's lock table.
    op.execute(
        "CREATE FUNCTION take_turns() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " EXECUTE format('SELECT 1 FROM %I WHERE id = $1 FOR NO KEY UPDATE', TG_ARGV[0])"
        " USING to_jsonb(NEW) ->> TG_ARGV[1]; RETURN NEW; END $$"
    )
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    for table, taken, parent, _state, live in NO_OVERLAP:
        op.execute(
            f"CREATE TRIGGER {table}_take_turns BEFORE INSERT OR UPDATE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION take_turns('{parent}', '{taken}')"
        )
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT ex_{table}_{taken} EXCLUDE USING gist"
            f" ({taken} WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE ({live.format(row='')})"
        )
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION '% is written once', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in WRITTEN_ONCE:
        op.execute(
            f"CREATE TRIGGER {table}_written_once BEFORE UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def unguard_postgres() -> None:
    for table in WRITTEN_ONCE:
        op.execute(f"DROP TRIGGER {table}_written_once ON {table}")
    op.execute("DROP FUNCTION refuse_change")
    for table, taken, _parent, _state, _live in NO_OVERLAP:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ex_{table}_{taken}")
        op.execute(f"DROP TRIGGER {table}_take_turns ON {table}")
    op.execute("DROP FUNCTION take_turns")


def guard_sqlite() -> None:
    for table, taken, _parent, state, live in NO_OVERLAP:
        refusal = (
            f" WHEN {live.format(row='NEW.')} AND EXISTS (SELECT 1 FROM {table} AS other"  # noqa: S608 (literals above)
            f" WHERE other.{taken} = NEW.{taken} AND other.id <> NEW.id AND {live.format(row='other.')}"
            " AND other.starts_at < NEW.ends_at AND NEW.starts_at < other.ends_at)"
            f" BEGIN SELECT RAISE(ABORT, 'ex_{table}_{taken}'); END"
        )
        op.execute(f"CREATE TRIGGER {table}_no_overlap_insert BEFORE INSERT ON {table}{refusal}")
        op.execute(
            f"CREATE TRIGGER {table}_no_overlap_update"
            f" BEFORE UPDATE OF {taken}, starts_at, ends_at, {state} ON {table}{refusal}"
        )
    for table in WRITTEN_ONCE:
        op.execute(
            f"CREATE TRIGGER {table}_written_once BEFORE UPDATE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is written once'); END"
        )


def unguard_sqlite() -> None:
    for table in WRITTEN_ONCE:
        op.execute(f"DROP TRIGGER {table}_written_once")
    for table, _taken, _parent, _state, _live in NO_OVERLAP:
        op.execute(f"DROP TRIGGER {table}_no_overlap_insert")
        op.execute(f"DROP TRIGGER {table}_no_overlap_update")
