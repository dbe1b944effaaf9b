"""`treffpunkt backup`, `restore` and what belongs to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from api.config import Settings, settings
from api.db import init_engine, is_current, make_engine, reading, transaction, upgrade
from api.domain.enums import OutboxState
from api.models import registry
from api.models.jobs import Switch
from api.models.outbox import OutboxMessage
from api.process import require_current
from api.services import backup as copies
from api.services.outbox_sending import PAUSED

A_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))

assert registry.THEMES, "rows of all tables are known"


@click.command()
@A_FILE
def backup(file: Path) -> None:
    """Copy the whole database to FILE while the service runs, and the log of erasures beside it (erasures.jsonl).

    SQLite by its online backup; Postgres by pg_dump, which must be on this machine and not older than the server.
    """
    config = settings()
    with _database(config):
        copies.back_up(config.database_url, file)
        with reading() as session:
            known = copies.erasures(session)
    copies.keep_log(file.parent / copies.LOG_NAME, known)
    click.echo(f"The database is in {file}, the log of erasures beside it.")


@click.command()
@A_FILE
@click.confirmation_option(prompt="What the database holds now is replaced. Are web, worker and scheduler stopped?")
def restore(file: Path) -> None:
    """Put the copy in FILE in the place of what the database holds. Stop web, worker and scheduler first.

    Then the database is brought up to date, the outbox stands still until `treffpunkt outbox resume`, and whoever was
    forgotten after the copy was made is forgotten again: erasures.jsonl beside FILE says who.
    """
    config = settings()
    log = file.parent / copies.LOG_NAME
    _save_log(config, log)
    copies.bring_back(config.database_url, file)
    upgrade(config.database_url)
    _finish(config, copies.read_log(log))


@click.command("restore-finish")
@click.argument("log", type=click.File(encoding="utf-8"))
def restore_finish(log: TextIO) -> None:
    """After a copy was put back by other means: bring it up to date, pause the outbox, and forget again who is in LOG.

    LOG is the erasures.jsonl that lies beside the copies, or - for standard input.
    """
    config = settings()
    known = copies.parse_log(log.read(), log.name)
    upgrade(config.database_url)
    _finish(config, known)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
def erasures(file: Path) -> None:
    """Write the log of erasures to FILE: who was forgotten, by opaque ids. What FILE names already stays in it.

    Keep it beside the copies of the database, and outside them: an old copy does not know of later erasures. With - the
    lines go to standard output.
    """
    config = settings()
    with _database(config), reading() as session:
        known = copies.erasures(session)
    if str(file) == "-":
        for line in copies.log_lines(known):
            click.echo(line)
        return
    click.echo(f"{copies.keep_log(file, known)} erasures are in {file}.")


@click.group(invoke_without_command=True)
@click.pass_context
def outbox(context: click.Context) -> None:
    """Say whether messages leave, and how many wait; `pause` and `resume` turn it off and on."""
    if context.invoked_subcommand is not None:
        return
    with _database(settings()), reading() as session:
        paused = session.get(Switch, PAUSED)
        counts = dict(session.execute(select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)).all())
    click.echo(f"Paused since {paused.since:%Y-%m-%d %H:%M} UTC." if paused else "Messages leave as they become due.")
    click.echo(", ".join(f"{counts.get(state, 0)} {state.value}" for state in OutboxState))


@outbox.command()
def pause() -> None:
    """Nothing leaves until `treffpunkt outbox resume`; messages are written and wait."""
    with _database(settings()), transaction() as session:
        copies.pause_outbox(session)
    click.echo("The outbox is paused.")


@outbox.command()
def resume() -> None:
    """Messages leave again. After a restore, look first at what waits: some may have left after the copy was made."""
    with _database(settings()), transaction() as session:
        copies.resume_outbox(session)
    click.echo("Messages leave again.")


def _save_log(config: Settings, log: Path) -> None:
    """What the database that is to be replaced still knows, where it can be asked."""
    engine = make_engine(config.database_url)
    try:
        can_be_asked = is_current(engine)
    except DBAPIError:
        can_be_asked = False
    finally:
        engine.dispose()
    if can_be_asked:
        with _database(config), reading() as session:
            known = copies.erasures(session)
        copies.keep_log(log, known)


def _finish(config: Settings, log: Iterable[copies.Erasure]) -> None:
    with _database(config), transaction() as session:
        again = copies.finish_restore(session, log)
    click.echo(f"Restored. {again} people were forgotten again. The outbox is paused: `treffpunkt outbox resume`.")


@contextmanager
def _database(config: Settings) -> Iterator[None]:
    """Sessions on the database of the settings, closed at the end."""
    require_current(config)
    engine = init_engine(config)
    try:
        yield
    finally:
        engine.dispose()
