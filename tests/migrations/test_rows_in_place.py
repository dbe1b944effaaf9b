"""Up, down and up again leave every row that keeps its table exactly as it was."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, func, select
from sqlalchemy.orm import Session

from api import db
from api.db import transaction
from api.models.registry import metadata
from tests import factories as make
from tests.migrations.filled import fill

REBUILD = '''"""A later change that makes Alembic rebuild a parent table on SQLite."""

from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade() -> None:
    with op.batch_alter_table("{table}") as batch:
        batch.create_check_constraint("later", "id <> ''")


def downgrade() -> None:
    with op.batch_alter_table("{table}") as batch:
        batch.drop_constraint("later", type_="check")
'''


Rows = dict[str, list[dict[str, Any]]]


def rows(engine: Engine) -> Rows:
    """Every row of every table there is, as the database gives it."""
    found = MetaData()
    found.reflect(engine, only=lambda name, _: name != "alembic_version")
    with engine.connect() as connection:
        return {
            table.name: [
                dict(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            ]
            for table in found.sorted_tables
        }


def as_in(there: Rows, other: Rows) -> Rows:
    """The rows of the tables and columns that `there` has, as `other` has them."""
    return {
        name: [{column: row[column] for column in (found[0] if found else {})} for row in other[name]]
        for name, found in there.items()
    }


def count(database: Rows) -> int:
    return sum(map(len, database.values()))


def revisions() -> list[str]:
    script = ScriptDirectory.from_config(db.alembic_config("sqlite://"))
    return [revision.revision for revision in script.walk_revisions()]


def walk_down_and_up(engine: Engine) -> None:
    """To the base, each revision down, up and down again; then all the way up."""
    before = rows(engine)
    steps = [*revisions(), "base"]
    for revision, below in pairwise(steps):
        db.downgrade(engine.url, below)
        left = rows(engine)
        assert left == as_in(left, before)
        engine.dispose()
        db.upgrade(engine.url, revision)
        again = rows(engine)
        assert left == as_in(left, again)
        assert count(again) == count(left)
        db.downgrade(engine.url, below)
        before = rows(engine)
        assert before == left
    assert count(before) == 0
    db.upgrade(engine.url)
    assert count(rows(engine)) == 0


@pytest.mark.long
def test_rows_stay_through_down_and_up(own_database: Engine) -> None:
    with transaction() as session:
        fill(session, rounds=3)
    assert count(rows(own_database)) > 90
    walk_down_and_up(own_database)


@pytest.mark.long
def test_ten_thousand_rows_stay_through_down_and_up(own_database: Engine) -> None:
    with transaction() as session:
        fill(session, rounds=260)
    assert count(rows(own_database)) > 10_000
    walk_down_and_up(own_database)


@pytest.fixture
def later(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder with one more migration, for the table given as the parameter."""
    source = REBUILD.format(head=revisions()[0], table=request.param)
    (tmp_path / "9999_later.py").write_text(source, encoding="utf-8")
    return tmp_path


def upgrade_to_later(engine: Engine, folder: Path) -> None:
    config = db.alembic_config(engine.url)
    own = Path(str(config.get_main_option("script_location"))) / "versions"
    config.set_main_option("version_locations", f"{own}:{folder}")
    command.upgrade(config, "head")


@pytest.mark.parametrize("later", ["school", "request", "person"], indirect=True)
def test_rebuilding_a_parent_keeps_its_children(own_database: Engine, later: Path) -> None:
    with transaction() as session:
        fill(session, rounds=2)
    before = {table.name: number(own_database, table.name) for table in metadata.sorted_tables}
    upgrade_to_later(own_database, later)
    assert {table.name: number(own_database, table.name) for table in metadata.sorted_tables} == before


def number(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(metadata.tables[table])).scalar_one()


def test_dropping_a_parent_with_foreign_keys_on_deletes_its_children(tmp_path: Path) -> None:
    """The control: what a rebuild does on SQLite where env.py does not turn the keys off."""
    url = f"sqlite:///{tmp_path / 'control.db'}"
    db.upgrade(url)
    engine = db.make_engine(url)
    with Session(engine) as session, session.begin():
        make.make_request(session)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE copy AS SELECT * FROM request")
        connection.exec_driver_sql("DROP TABLE request")
    assert number(engine, "request_option") == 0
    engine.dispose()
