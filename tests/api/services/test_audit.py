from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api.db import reading, transaction
from api.domain.audit import FIRST_PREVIOUS, entry_hash, first_broken
from api.domain.ids import new_id
from api.models.records import AuditEntry
from api.services.audit import record, write_pending


@dataclass(frozen=True)
class Entry:
    sequence: int
    previous_hash: str
    hash: str
    detail: dict[str, Any]
    at: datetime = datetime(2027, 1, 18, 7, 30, tzinfo=UTC)
    actor_id: str | None = None
    action: str = "run.queue"
    object_kind: str = "run"
    object_id: str = "r1"


def chain(length: int) -> list[Entry]:
    entries: list[Entry] = []
    for sequence in range(1, length + 1):
        content: dict[str, Any] = {
            "sequence": sequence,
            "previous_hash": entries[-1].hash if entries else FIRST_PREVIOUS,
            "detail": {"name": "Ålesund"},
        }
        rest = {"at": Entry.at, "actor_id": None, "action": "run.queue", "object_kind": "run", "object_id": "r1"}
        entries.append(Entry(**content, hash=entry_hash(**content, **rest)))
    return entries


def test_whole_chain_holds() -> None:
    assert first_broken(chain(4)) is None
    assert first_broken([]) is None


@pytest.mark.parametrize(
    "change",
    [{"action": "run.cancel"}, {"detail": {}}, {"actor_id": "u"}, {"object_id": "r2"}, {"at": datetime.now(UTC)}],
)
def test_changed_entry_breaks_the_chain(change: dict[str, Any]) -> None:
    entries = chain(4)
    entries[1] = replace(entries[1], **change)
    assert first_broken(entries) == 2


def test_missing_and_moved_entries_break_the_chain() -> None:
    entries = chain(4)
    assert first_broken(entries[:1] + entries[2:]) == 2
    assert first_broken([entries[0], entries[2], entries[1], entries[3]]) == 2


def test_recorded_entries_make_a_chain(session: Session) -> None:
    for number in range(3):
        record(session, "run.queue", "run", new_id(), detail={"seed": number, "share": 0.5})
    write_pending(session)
    session.expire_all()
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all()
    assert [entry.detail["seed"] for entry in entries] == [0, 1, 2]
    assert first_broken(entries) is None


def test_writers_at_once_make_one_chain(own_database: Engine) -> None:
    def write(_: int) -> None:
        with transaction() as session:
            record(session, "run.queue", "run", new_id())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(20)))
    with reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all()
    assert len(entries) == 20
    assert first_broken(entries) is None


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.sequence)))


def test_entries_of_a_savepoint_go_with_it(own_database: Engine) -> None:
    with transaction() as session:
        record(session, "before", "run", new_id())
        with session.begin_nested() as savepoint:
            record(session, "inside", "run", new_id())
            savepoint.rollback()
        with session.begin_nested():
            record(session, "kept", "run", new_id())
            with session.begin_nested():
                record(session, "deeper", "run", new_id())
        record(session, "after", "run", new_id())
    with reading() as session:
        assert actions(session) == ["before", "kept", "deeper", "after"]


def test_entries_of_a_transaction_go_with_it(own_database: Engine) -> None:
    def fail() -> None:
        with transaction() as session:
            record(session, "run.queue", "run", new_id())
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with transaction() as session:
        record(session, "run.cancel", "run", new_id())
    with reading() as session:
        assert actions(session) == ["run.cancel"]
