"""Pages of rows: counted, sorted and cut in SQL. The same `Page` feeds a table and the API."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, String, func, select
from sqlalchemy.orm import Session

from api.models.base import NAME_LENGTH
from api.queries.names import by_name

MAX_SIZE = 200

Item = TypeVar("Item")
Shown = TypeVar("Shown")
SortColumns = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is asked for: page `number` from 1, `size` rows, sorted by the key `sort`."""

    number: int = 1
    size: int = 25
    sort: str = ""
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list of `total` rows. A page beyond the last one is empty."""

    items: Sequence[Item]
    total: int
    number: int
    size: int
    sort: str
    descending: bool

    @property
    def pages(self) -> int:
        """How many pages there are, at least 1."""
        return max(1, -(-self.total // self.size))

    def shown_numbers(self) -> list[int | None]:
        """Page numbers to link to: the first, the last, those around this one; None stands for a leap."""
        near = {1, self.pages, *range(self.number - 1, self.number + 2)}
        shown: list[int | None] = []
        for number in sorted(number for number in near if 1 <= number <= self.pages):
            if shown and shown[-1] != number - 1:
                shown.append(None)
            shown.append(number)
        return shown

    def map(self, shape: Callable[[Item], Shown]) -> "Page[Shown]":
        """The same page with each row in another shape."""
        items = [shape(item) for item in self.items]
        return Page(items, self.total, self.number, self.size, self.sort, self.descending)


def window(number: int, size: int, sort: str | None, allowed: Sequence[str]) -> Window:
    """A window from what a reader asked for: `sort` is a key, with `-` before it for falling order.

    Anything out of range or unknown becomes the nearest thing that works: the first of `allowed`, page 1, 200 rows.
    """
    key = (sort or "").removeprefix("-")
    if key not in allowed:
        return Window(max(1, number), min(max(1, size), MAX_SIZE), allowed[0], False)
    return Window(max(1, number), min(max(1, size), MAX_SIZE), key, str(sort).startswith("-"))


def page_of(session: Session, statement: Select[*tuple[Any, ...]], asked: Window, columns: SortColumns) -> Page[Any]:
    """Two queries: the count and the rows. `columns` maps a sort key to what it sorts by, ending in something unique.

    The first key holds where `asked.sort` is none of them. Names sort as people expect (`by_name`). A statement of one
    entity or column gives those, one of several gives rows.
    """
    total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    key = asked.sort if asked.sort in columns else next(iter(columns))
    sorted_by = [_as_people_sort(column) for column in columns[key]]
    order = [column.desc() if asked.descending else column.asc() for column in sorted_by]
    offset = min((asked.number - 1) * asked.size, 2**62)
    result = session.execute(statement.order_by(None).order_by(*order).limit(asked.size).offset(offset)).unique()
    single = len(statement.column_descriptions) == 1
    items = result.scalars().all() if single else result.all()
    return Page(items, total, asked.number, asked.size, key, asked.descending)


def _as_people_sort(column: Any) -> Any:
    is_name = type(column.type) is String and column.type.length == NAME_LENGTH
    return by_name(column) if is_name else column
