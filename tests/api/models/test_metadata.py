"""Habits that every table keeps."""

from sqlalchemy import Enum, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from api.models.base import Base
from api.models.registry import metadata


def column_names(thing: PrimaryKeyConstraint | UniqueConstraint | ForeignKeyConstraint | Index) -> tuple[str, ...]:
    return tuple(column.name for column in thing.columns)


def keys_of(table: Table) -> list[tuple[str, ...]]:
    return [column_names(c) for c in table.constraints if isinstance(c, PrimaryKeyConstraint | UniqueConstraint)]


def test_every_foreign_key_can_be_followed_backwards_by_an_index() -> None:
    missing = []
    for table in metadata.sorted_tables:
        indexed = keys_of(table) + [column_names(index) for index in table.indexes]
        for key in table.foreign_key_constraints:
            names = column_names(key)
            if not any(start[: len(names)] == names for start in indexed):
                missing.append(key.name)
    assert missing == []


def test_no_index_repeats_the_start_of_a_key() -> None:
    repeated = [
        index.name
        for table in metadata.sorted_tables
        for index in table.indexes
        if not index.unique and any(key[: len(index.columns)] == column_names(index) for key in keys_of(table))
    ]
    assert repeated == []


def test_enumerations_are_checked_strings() -> None:
    kinds = [c.type for table in metadata.sorted_tables for c in table.columns if isinstance(c.type, Enum)]
    assert len(kinds) > 20
    assert all(not kind.native_enum and kind.create_constraint and kind.length == 20 for kind in kinds)


def test_every_constraint_has_a_name() -> None:
    assert [str(c) for table in metadata.sorted_tables for c in table.constraints if not c.name] == []


def test_names_fit_postgres() -> None:
    names = [str(c.name) for table in metadata.sorted_tables for c in (*table.constraints, *table.indexes)]
    assert [name for name in names if len(name) > 63] == []


def test_every_class_says_what_a_row_is() -> None:
    assert [mapper.class_.__name__ for mapper in Base.registry.mappers if not mapper.class_.__doc__] == []
