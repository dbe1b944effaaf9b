"""Names sorted by the database as `api.domain.name_order` tells: `order_by(by_name(School.name), School.id)`."""

from typing import Any

from sqlalchemy import String, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from api.domain.name_order import LETTERS, SORTED_AS, TWO_LETTERS


class by_name(FunctionElement[str]):  # noqa: N801  (used as a function, like those of SQLAlchemy's `func`)
    """What a column of names sorts by. SQLite gets the function from `api.db`, Postgres makes the key itself."""

    type = String()
    inherit_cache = True


@compiles(by_name)
def _in_sqlite(element: by_name, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(func.name_key(*element.clauses), **options)


@compiles(by_name, "postgresql")
def _in_postgres(element: by_name, compiler: SQLCompiler, **options: Any) -> str:
    letters = func.translate(*element.clauses, LETTERS, SORTED_AS)
    return compiler.process(func.replace(func.lower(letters), *TWO_LETTERS).collate("C"), **options)
