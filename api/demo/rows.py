"""Rows in waiting: collected by table, with ids that repeat for a seed, and put into the database in bulk."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from api.domain.ids import RANDOM_BITS, make_id
from api.models.base import Base
from api.models.people import Person

BATCH = 5_000


class Rows:
    """What a demo season puts into each table. `chance` is its one source of random numbers."""

    def __init__(self, seed: int, milliseconds: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 (made-up data, not secrets)
        self._milliseconds = milliseconds
        self._tables: defaultdict[Table, list[dict[str, Any]]] = defaultdict(list)
        self._people = 0

    def add(self, where: Any, **values: Any) -> str:
        """A row for a model or a table. Returns its id, a fresh one where the table has ids and none is given."""
        table: Table = getattr(where, "__table__", where)
        if "id" in table.c and "id" not in values:
            self._milliseconds += 1
            values["id"] = make_id(self._milliseconds, self.chance.getrandbits(RANDOM_BITS))
        self._tables[table].append(values)
        return str(values.get("id", ""))

    def add_person(self, role: str, number: int) -> str:
        """Nobody who could exist: a role and a number, mail at example.org, no phone."""
        mail = f"{role.lower().replace(' ', '').replace('æ', 'ae').replace('ø', 'o')}{number}@example.org"
        return self.add(Person, name=f"{role} {number}", email=mail)

    def count(self, model: Any) -> int:
        """How many rows wait for a model's table."""
        return len(self._tables[model.__table__])

    def of(self, model: Any) -> list[dict[str, Any]]:
        """The rows that wait for a model or a table, open to change."""
        return self._tables[getattr(model, "__table__", model)]

    def insert(self, session: Session) -> None:
        """Put all of them in, parents first."""
        for table in Base.metadata.sorted_tables:
            shapes: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
            for row in self._tables[table]:
                shapes[tuple(row)].append(row)
            for rows in shapes.values():
                for first in range(0, len(rows), BATCH):
                    session.execute(insert(table), rows[first : first + BATCH])
