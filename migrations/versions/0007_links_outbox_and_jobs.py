"""Links in mails, the outbox, the ledger of jobs, and further ways to sign in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    create_erasure_log()
    create_job_run()
    create_switch()
    create_season_count()
    create_link_token()
    create_outbox_message()
    create_unsubscription()
    create_external_identity()
    create_sign_in_session()
    create_totp()
    create_contact()
    create_mail_domain()


def downgrade() -> None:
    op.drop_table("mail_domain")
    op.drop_table("contact")
    op.drop_table("totp")
    op.drop_table("sign_in_session")
    op.drop_table("external_identity")
    op.drop_table("unsubscription")
    op.drop_table("outbox_message")
    op.drop_table("link_token")
    op.drop_table("season_count")
    op.drop_table("switch")
    op.drop_table("job_run")
    op.drop_table("erasure_log")


def create_erasure_log() -> None:
    op.create_table(
        "erasure_log",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("object_kind", sa.String(length=40), nullable=False),
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_log")),
    )
    op.create_index(op.f("ix_erasure_log_erased_at"), "erasure_log", ["erased_at"], unique=False)
    op.create_index("ix_erasure_log_object_kind_object_id", "erasure_log", ["object_kind", "object_id"], unique=False)


def create_job_run() -> None:
    op.create_table(
        "job_run",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("job", sa.String(length=40), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum("running", "done", "failed", name="jobstate", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'running') = (finished_at IS NULL)", name=op.f("ck_job_run_finished")),
        sa.CheckConstraint("items >= 0", name=op.f("ck_job_run_items")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
        sa.UniqueConstraint("job", "due_at", name=op.f("uq_job_run_job_due_at")),
    )


def create_switch() -> None:
    op.create_table(
        "switch",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_switch")),
    )


def create_season_count() -> None:
    op.create_table(
        "season_count",
        sa.Column("season_id", sa.String(length=36), nullable=False),
        sa.Column("programme_id", sa.String(length=36), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("of", sa.String(length=40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("count >= 1", name=op.f("ck_season_count_count")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_season_count_programme_id")),
        sa.ForeignKeyConstraint(["season_id"], ["season.id"], name=op.f("fk_season_count_season_id")),
        sa.PrimaryKeyConstraint("season_id", "programme_id", "what", "of", name=op.f("pk_season_count")),
    )
    op.create_index("ix_season_count_programme_id", "season_count", ["programme_id"], unique=False)


def create_link_token() -> None:
    op.create_table(
        "link_token",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "login",
                "confirm_request",
                "request",
                "invitation",
                "visit",
                "profile",
                "company",
                "entry",
                "offer",
                "guardian",
                "mentor",
                "evaluation",
                "feed",
                "unsubscribe",
                name="linkpurpose",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("object_kind", sa.String(length=40), nullable=False),
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_link_token_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_link_token_token_hash")),
    )
    op.create_index(op.f("ix_link_token_expires_at"), "link_token", ["expires_at"], unique=False)
    op.create_index("ix_link_token_object_kind_object_id", "link_token", ["object_kind", "object_id"], unique=False)
    op.create_index(op.f("ix_link_token_person_id"), "link_token", ["person_id"], unique=False)


def create_outbox_message() -> None:
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column(
            "channel",
            sa.Enum("mail", "sms", name="channel", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column(
            "locale",
            sa.Enum("nb", "nn", "en", name="locale", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("values", JSON, nullable=True),
        sa.Column("about_kind", sa.String(length=40), nullable=False),
        sa.Column("about_id", sa.String(length=36), nullable=False),
        sa.Column("dedupe_key", sa.String(length=200), nullable=True),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "sending",
                "sent",
                "failed",
                "withdrawn",
                name="outboxstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_outbox_message_sent")),
        sa.CheckConstraint("state <> 'sending' OR lease_until IS NOT NULL", name=op.f("ck_outbox_message_lease")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_outbox_message_attempts")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_outbox_message_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_message_dedupe_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_message_id")),
    )
    op.create_index("ix_outbox_message_about_kind_about_id", "outbox_message", ["about_kind", "about_id"], unique=False)
    op.create_index(op.f("ix_outbox_message_person_id"), "outbox_message", ["person_id"], unique=False)
    op.create_index("ix_outbox_message_state_not_before", "outbox_message", ["state", "not_before"], unique=False)


def create_unsubscription() -> None:
    op.create_table(
        "unsubscription",
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_unsubscription_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "topic", name=op.f("pk_unsubscription")),
    )


def create_external_identity() -> None:
    op.create_table(
        "external_identity",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_external_identity_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_external_identity_issuer_subject")),
    )
    op.create_index(op.f("ix_external_identity_user_id"), "external_identity", ["user_id"], unique=False)


def create_sign_in_session() -> None:
    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_factor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_sign_in_session_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_session")),
    )
    op.create_index(op.f("ix_sign_in_session_expires_at"), "sign_in_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sign_in_session_user_id"), "sign_in_session", ["user_id"], unique=False)


def create_totp() -> None:
    op.create_table(
        "totp",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("secret", sa.String(length=400), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("recovery_hashes", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_totp_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_totp")),
    )


def create_contact() -> None:
    op.create_table(
        "contact",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("school_id", sa.String(length=36), nullable=True),
        sa.Column("company_id", sa.String(length=36), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "verified_by",
            sa.Enum(
                "mail_domain",
                "feide",
                "call_back",
                "mail_link",
                name="verifiedby",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("verified_by_user_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(school_id IS NULL) <> (company_id IS NULL)", name=op.f("ck_contact_one_thing")),
        sa.CheckConstraint("(verified_at IS NULL) = (verified_by IS NULL)", name=op.f("ck_contact_verified")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_contact_company_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_contact_person_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_contact_school_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["verified_by_user_id"], ["user_account.id"], name=op.f("fk_contact_verified_by_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint("person_id", "company_id", name=op.f("uq_contact_person_id_company_id")),
        sa.UniqueConstraint("person_id", "school_id", name=op.f("uq_contact_person_id_school_id")),
    )
    op.create_index(op.f("ix_contact_company_id"), "contact", ["company_id"], unique=False)
    op.create_index(op.f("ix_contact_school_id"), "contact", ["school_id"], unique=False)
    op.create_index(op.f("ix_contact_verified_by_user_id"), "contact", ["verified_by_user_id"], unique=False)


def create_mail_domain() -> None:
    op.create_table(
        "mail_domain",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("domain", sa.String(length=200), nullable=False),
        sa.Column("school_id", sa.String(length=36), nullable=True),
        sa.Column("owner_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(school_id IS NULL) <> (owner_id IS NULL)", name=op.f("ck_mail_domain_one_thing")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["school_owner.id"], name=op.f("fk_mail_domain_owner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_mail_domain_school_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_domain")),
        sa.UniqueConstraint("domain", "owner_id", name=op.f("uq_mail_domain_domain_owner_id")),
        sa.UniqueConstraint("domain", "school_id", name=op.f("uq_mail_domain_domain_school_id")),
    )
    op.create_index(op.f("ix_mail_domain_owner_id"), "mail_domain", ["owner_id"], unique=False)
    op.create_index(op.f("ix_mail_domain_school_id"), "mail_domain", ["school_id"], unique=False)
