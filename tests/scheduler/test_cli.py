"""`treffpunkt jobs`: the list, and one of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import Engine

from api import cli, db
from api.config import settings
from scheduler import cli as jobs_cli
from scheduler import jobs as table
from scheduler.jobs import Job
from scheduler.runner import tick
from scheduler.when import daily, every
from tests.scheduler.worlds import POISON, job, leave_work, ledger, work_left

NOON = datetime(2027, 3, 1, 11, tzinfo=UTC)


@pytest.fixture
def jobs(own_database: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Job, ...]]:
    """Two jobs in place of the table, in a database of their own."""
    made = (job(daily("04:00"), "nightly"), job(every(minutes=5), "frequent"))
    monkeypatch.setenv("DATABASE_URL", own_database.url.render_as_string(hide_password=False))
    monkeypatch.setenv("TREFFPUNKT_ENV", "development")
    monkeypatch.setattr(jobs_cli, "JOBS", made)
    monkeypatch.setattr(table, "JOBS", made)
    settings.cache_clear()
    yield made
    settings.cache_clear()


def run(*arguments: str) -> tuple[int, str]:
    """Exit code, and what is said apart from the log."""
    before = db.use_sessions(None)
    with time_machine.travel(NOON, tick=False):
        result = CliRunner().invoke(cli.main, ["jobs", *arguments])
    db.use_sessions(before)
    return result.exit_code, "".join(line for line in result.output.splitlines(True) if not line.startswith("{"))


def test_list_tells_when_how_it_went_and_when_next(jobs: tuple[Job, ...]) -> None:
    with time_machine.travel(NOON, tick=False):
        leave_work("a", "b")
        tick(jobs[:1])
    code, text = run()
    assert code == 0
    assert [line.split("  ") for line in text.splitlines()] == [
        line.split("  ")
        for line in (
            "name      when         last run             result  items  next run             what",
            "nightly   daily 04:00  2027-03-01 12:00:00  done    2      2027-03-02 04:00:00  Takes away what is there.",
            "frequent  every 5 min  never                               2027-03-01 12:05:00  Takes away what is there.",
        )
    ]


def test_one_job_is_run_at_once_and_is_in_the_ledger(jobs: tuple[Job, ...]) -> None:
    leave_work("a")
    assert run("run", "nightly") == (0, "nightly: 1 done.\n")
    assert (work_left(), [(row.job, row.items) for row in ledger()]) == ([], [("nightly", 1)])


def test_job_that_fails_says_so_and_ends_with_an_error(jobs: tuple[Job, ...]) -> None:
    leave_work("a", POISON)
    assert run("run", "nightly") == (
        1,
        "nightly: 1 done.\nError: 1 failed: ZeroDivisionError 1. The log says where.\n",
    )


def test_unknown_job_is_refused_with_the_list(jobs: tuple[Job, ...]) -> None:
    assert run("run", "nothing") == (1, "Error: NAME: There is no job 'nothing'. Give one of nightly, frequent.\n")
