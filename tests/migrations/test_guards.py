"""What the migrations put beside the tables: rows that are written once, times that do not overlap."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api import db
from tests.migrations.filled import fill

WRITTEN_ONCE = {
    "audit_entry": "action",
    "plan": "status",
    "plan_goal": "value",
    "plan_mentor": "mentor_id",
    "plan_seat": "choice",
    "plan_session": "session_id",
    "plan_unserved": "ahead",
    "plan_visit": "mode",
    "plan_visit_role_model": "travel_minutes",
    "programme_rule_version": "settings",
}
NO_OVERLAP = {
    "sqlite": {f"{table}_no_overlap_{event}" for table in ("booking", "meeting") for event in ("insert", "update")},
    "postgresql": {"ex_booking_person_id", "ex_meeting_room_id", "booking_take_turns", "meeting_take_turns"},
}


@pytest.mark.parametrize(("table", "column"), WRITTEN_ONCE.items())
def test_row_is_written_once(session: Session, table: str, column: str) -> None:
    fill(session, rounds=1)
    with pytest.raises(IntegrityError, match=f"{table} is written once"):
        session.execute(text(f"UPDATE {table} SET {column} = {column}"))


def test_guards_are_back_after_down_and_up(own_database: Engine) -> None:
    before = guards(own_database)
    db.downgrade(own_database.url, "base")
    assert guards(own_database) == set()
    db.upgrade(own_database.url)
    assert guards(own_database) == before
    assert before == {f"{table}_written_once" for table in WRITTEN_ONCE} | NO_OVERLAP[own_database.dialect.name]


def guards(engine: Engine) -> set[str]:
    """Names of triggers and exclusion constraints."""
    statement = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        " UNION SELECT conname FROM pg_constraint WHERE contype = 'x'",
    }[engine.dialect.name]
    with engine.connect() as connection:
        return set(connection.scalars(text(statement)))
