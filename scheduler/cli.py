"""`treffpunkt jobs`: what happens by itself, how it went, and one of them at once."""

from __future__ import annotations

import threading
from datetime import datetime

import click

from api import clock
from api.config import settings
from api.db import init_engine, reading
from api.errors import NotFound
from api.logs import configure_logging
from api.models import registry
from api.models.jobs import JobRun
from api.process import require_current
from api.queries.jobs import last_runs
from scheduler.jobs import JOBS, Job, job_named
from scheduler.runner import run_at

assert registry.THEMES, "rows of all tables are known"


@click.group(invoke_without_command=True)
@click.pass_context
def commands(context: click.Context) -> None:
    """List what happens by itself: name, when, last run, how it went, how many things it did, next run, and what it is.

    `treffpunkt jobs run NAME` does one of them now, whether a scheduler runs or not.
    """
    config = settings()
    require_current(config)
    context.call_on_close(init_engine(config).dispose)
    if context.invoked_subcommand is None:
        with reading() as session:
            runs = last_runs(session)
        for line in table([row_of(job, runs.get(job.name)) for job in JOBS]):
            click.echo(line)


@commands.command()
@click.argument("name")
def run(name: str) -> None:
    """Do what is due of the job NAME now; what is not due is left alone."""
    job = job_named(name)
    if job is None:
        raise NotFound(
            f"There is no job {name!r}.", field="NAME", remedy=f"Give one of {', '.join(one.name for one in JOBS)}."
        )
    configure_logging()
    now = clock.now()
    outcome = run_at(job, now, now, threading.Event())
    if outcome is None:
        raise click.ClickException(f"Somebody runs {name} at this very moment.")
    click.echo(f"{name}: {outcome.items} done.")
    if outcome.error:
        raise click.ClickException(outcome.error)


HEADINGS = ("name", "when", "last run", "result", "items", "next run", "what")


def row_of(job: Job, last: JobRun | None) -> tuple[str, ...]:
    """One job as it stands in the list; times are Norwegian."""
    return (
        job.name,
        str(job.when),
        _moment(last.started_at) if last else "never",
        (last.error or last.state.value) if last else "",
        str(last.items) if last else "",
        _moment(job.when.next_due(clock.now())),
        job.what,
    )


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Lines with a heading, columns as wide as their widest cell."""
    cells = [HEADINGS, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADINGS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _moment(moment: datetime) -> str:
    return f"{clock.to_local(moment):%Y-%m-%d %H:%M:%S}"
