"""Every column of a person says why it is kept and for how long."""

from sqlalchemy import Column, Table

from api.models.personal import PERSONAL_TABLES, Retention
from api.models.registry import metadata

# Rows about something else that point at one person: there the pointing column is tagged.
POINT_AT_A_PERSON = {"company", "request", "run"}
# Tables whose `name` names a thing.
NAMED_THINGS = {
    "api_token",
    "company",
    "county",
    "holiday",
    "municipality",
    "plan_goal",
    "room",
    "school",
    "school_owner",
    "season",
    "site",
    "switch",
}
REACHES_A_PERSON = {"email", "phone", "postcode", "login", "gender"}
OF_A_PLACE = {("school", "postcode")}


def tagged(column: Column[object]) -> bool:
    return bool(column.info.get("purpose")) and column.info.get("retention") in set(Retention)


def points_at_a_person(column: Column[object]) -> bool:
    return any(key.column.table.name in PERSONAL_TABLES for key in column.foreign_keys)


def about_a_person(table: Table) -> bool:
    return any(
        (column.name in REACHES_A_PERSON and (table.name, column.name) not in OF_A_PLACE)
        or (column.name == "name" and table.name not in NAMED_THINGS)
        or (points_at_a_person(column) and table.name not in POINT_AT_A_PERSON)
        for column in table.columns
    )


def test_personal_tables_exist() -> None:
    assert PERSONAL_TABLES - metadata.tables.keys() == set()


def test_personal_columns_are_all_tagged() -> None:
    columns = [column for name in sorted(PERSONAL_TABLES) for column in metadata.tables[name].columns]
    assert [str(column) for column in columns if not tagged(column)] == []


def test_columns_that_point_at_a_person_are_tagged_everywhere() -> None:
    columns = [column for table in metadata.sorted_tables for column in table.columns if points_at_a_person(column)]
    assert [str(column) for column in columns if not tagged(column)] == []


def test_tables_about_a_person_are_listed() -> None:
    assert {table.name for table in metadata.sorted_tables if about_a_person(table)} - PERSONAL_TABLES == set()


def test_an_untagged_column_is_noticed() -> None:
    assert not tagged(Column("nickname"))
    assert not tagged(Column("nickname", info={"purpose": "fun", "retention": "for ever"}))


def test_exceptions_are_needed() -> None:
    assert {
        table.name
        for table in metadata.sorted_tables
        if table.name not in PERSONAL_TABLES and any(points_at_a_person(column) for column in table.columns)
    } == POINT_AT_A_PERSON
