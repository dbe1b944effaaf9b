"""The demo command from nothing to two plans, and once more without doubling anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import cli, db
from api.config import settings
from api.models.planning import Plan, Run
from api.models.programmes import Season
from api.models.pupils import Pupil
from tests import factories as make


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TREFFPUNKT_DATA", str(tmp_path))
    monkeypatch.setenv("TREFFPUNKT_ENV", "development")
    monkeypatch.setenv("DATABASE_URL", "")
    before = db.use_sessions(None)
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()
    db.use_sessions(before)


def demo(*options: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.main, ["demo", *options])
    return result.exit_code, result.output


def counts(folder: Path) -> tuple[int, int, int]:
    engine = db.make_engine(f"sqlite:///{folder / 'treffpunkt.db'}")
    with Session(engine) as session:
        pupils, runs, plans = (
            session.scalar(select(func.count()).select_from(model)) or 0 for model in (Pupil, Run, Plan)
        )
    engine.dispose()
    return pupils, runs, plans


def test_demo_ends_with_two_judged_plans_and_a_second_time_shows_them(folder: Path) -> None:
    code, text = demo("--seconds", "2", "--password", "long enough to keep")
    assert code == 0, text
    assert text.count("the judge found no broken rule") == 2
    assert "requests 240, visits" in text
    assert "returning" in text
    assert "sites with a waiting list:" in text
    assert text.rstrip().endswith("Sign in as koordinator@example.org with the password long enough to keep")
    assert counts(folder) == (4_268, 2, 2)

    code, again = demo("--password", "another one to keep")
    assert code == 0, again
    assert again.startswith("The demo season is there already; --fresh builds it anew.\n")
    assert again.count("the judge found no broken rule") == 2
    assert counts(folder) == (4_268, 2, 2)

    code, text = demo("--seed", "2")
    assert (code, text) == (
        1,
        "Error: This database holds another demo season. Add --fresh to put this one in its place.\n",
    )


def test_demo_leaves_a_database_of_others_alone(folder: Path) -> None:
    url = f"sqlite:///{folder / 'treffpunkt.db'}"
    db.upgrade(url)
    engine = db.make_engine(url)
    with Session(engine) as session:
        make.make_season(session)
        session.commit()
    code, text = demo("--fresh")
    assert code == 1
    assert text.startswith("Error: This database holds a season of its own")
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Season)) == 1
    engine.dispose()
