"""What the commands share: they refuse a database that is behind, fail in one line, and go with their parent."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import DBAPIError

from api.config import Settings
from api.db import is_current, make_engine
from api.errors import AppError, ConfigurationError
from api.i18n import use_locale

GUARDED = "TREFFPUNKT_GUARDED"
BEAT = "TREFFPUNKT_BEAT"  # a file whose time tells a container's health check that the process moves


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Says in one line of English what went wrong."""
    try:
        with use_locale("en"):
            yield
    except AppError as error:
        for part in error.errors:
            click.echo(f"{part.field}: {part.sentence} {part.remedy or ''}".rstrip(), err=True)
        raise click.ClickException(str(error)) from error
    except DBAPIError as error:
        first_line = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no answer"
        raise click.ClickException(
            f"The database does not answer as it should: {first_line}. "
            "Check DATABASE_URL, and run `treffpunkt db upgrade`."
        ) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(
            f"{place}{error.strerror or error}. Check TREFFPUNKT_DATA, TREFFPUNKT_HOST and TREFFPUNKT_PORT."
        ) from error


def require_current(config: Settings) -> None:
    """Refuses to start on a database that lacks migrations."""
    engine = make_engine(config.database_url)
    try:
        if not is_current(engine):
            raise ConfigurationError("The database is not up to date.", remedy="Run `treffpunkt db upgrade` first.")
    finally:
        engine.dispose()


def leave_with_parent(leave: Callable[[], object]) -> None:
    """When another command of ours started this one, do `leave` as soon as it is gone."""
    if os.environ.get(GUARDED) != "1":
        return

    def wait_for_the_end() -> None:
        while os.read(0, 1):
            pass
        leave()

    threading.Thread(target=wait_for_the_end, daemon=True).start()


def beat() -> None:
    """Says that this process moves, where somebody asks for it."""
    file = os.environ.get(BEAT)
    if file:
        Path(file).touch()
