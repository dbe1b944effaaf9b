"""How many statements a block sends to the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session


@dataclass
class Count:
    total: int = 0


@contextmanager
def count_queries(session: Session) -> Iterator[Count]:
    counted = Count()

    def one_more(*_: Any) -> None:
        counted.total += 1

    engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", one_more)
    try:
        yield counted
    finally:
        event.remove(engine, "before_cursor_execute", one_more)
