"""The migrations make the schema that the models describe, on both databases."""

import ast
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from api import db
from api.models.registry import metadata
from tests.conftest import Backend

VERSIONS = Path(db.__file__).parents[1] / "migrations" / "versions"


def same_objects(_item: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """Exclusion constraints are tested by what they refuse; SQLAlchemy sees only their index."""
    return not (kind == "index" and str(name).startswith("ex_"))


def test_models_equal_the_migrated_schema(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": same_objects})
        assert compare_metadata(context, metadata) == []


def described(engine: Engine) -> dict[str, Any]:
    """What Alembic does not compare: checks, what deletions do, and which rows an index holds."""
    inspector = inspect(engine)
    return {
        table.name: {
            "checks": {c["name"]: c["sqltext"] for c in inspector.get_check_constraints(table.name)},
            "keys": {k["name"]: k["options"] for k in inspector.get_foreign_keys(table.name)},
            "indexes": {
                str(i["name"]): {option: str(value) for option, value in i["dialect_options"].items()}
                for i in inspector.get_indexes(table.name)
                if not str(i["name"]).startswith("ex_")
            },
        }
        for table in metadata.sorted_tables
    }


def test_checks_deletions_and_partial_indexes_equal_the_models(engine: Engine, backend: Backend) -> None:
    url = backend.empty_database()
    modelled = db.make_engine(url)
    metadata.create_all(modelled)
    assert described(engine) == described(modelled)
    modelled.dispose()
    backend.drop(url)


def test_migrated_database_is_current(own_database: Engine) -> None:
    assert db.is_current(own_database)
    db.downgrade(own_database.url, "-1")
    assert not db.is_current(own_database)


def test_upgrade_of_a_current_database_changes_nothing(own_database: Engine) -> None:
    db.upgrade(own_database.url)
    assert db.is_current(own_database)


def test_migrations_are_one_numbered_line() -> None:
    script = ScriptDirectory.from_config(db.alembic_config("sqlite://"))
    numbers = [revision.revision for revision in reversed(list(script.walk_revisions()))]
    assert numbers == [f"{n:04}" for n in range(1, len(numbers) + 1)]
    assert sorted(file.name[:4] for file in VERSIONS.glob("*.py")) == numbers


@pytest.mark.parametrize("file", sorted(VERSIONS.glob("*.py")), ids=lambda file: file.name)
def test_migration_holds_literals_only(file: Path) -> None:
    """A migration that imports a model changes its meaning when the model does."""
    modules = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            modules.add(str(node.module).split(".")[0])
        elif isinstance(node, ast.Import):
            modules.update(alias.name.split(".")[0] for alias in node.names)
    assert modules <= {"__future__", "sqlalchemy", "alembic"}


def test_foreign_keys_are_on_after_migrating(own_database: Engine) -> None:
    if own_database.dialect.name == "sqlite":
        with own_database.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    names = {key.name for table in metadata.sorted_tables for key in table.foreign_key_constraints}
    found = {
        key["name"] for table in metadata.sorted_tables for key in inspect(own_database).get_foreign_keys(table.name)
    }
    assert found == names
