"""`treffpunkt import`: school registers and sheets, each in one transaction, all of a file or nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.orm import Session
from tqdm import tqdm

from api import db
from api.config import settings
from api.domain.permissions import Actor, Grant, Role
from api.errors import ConfigurationError, InvalidInput, NotFound
from api.i18n import use_locale
from api.models import registry
from api.services import import_mentors, import_pupils, import_requests, import_role_models
from api.services.import_schools import import_schools, store_register
from api.services.school_register import Register
from api.services.school_register_nsr import read_nsr
from api.services.sheet_names import season_named
from api.services.sheets import Column, template

OPERATOR = Actor(grants=frozenset({Grant(Role.COORDINATOR)}))
INVALID = 2
Work = Callable[[Session], object]
Example = Callable[[Session], dict[str, str]]


class Refused(click.ClickException):
    """The file cannot be used; nothing was written."""

    exit_code = INVALID


class _OnlyTried(Exception):
    """Takes everything back that a dry run has done."""


@click.group()
def commands() -> None:
    """Bring schools, people and requests in from files. All of a file comes in, or nothing does.

    Sheets are XLSX or CSV (semicolon or comma, UTF-8 or cp1252) with Norwegian or English headings; `--template` writes
    one to fill in.
    """


_a_file = click.argument("file", required=False, type=click.Path(path_type=Path))
_dry_run = click.option("--dry-run", is_flag=True, help="Do everything, say what would happen, and take it back.")
_template = click.option(
    "--template", "out", type=click.Path(path_type=Path), help="Write an empty sheet with an example row, XLSX or CSV."
)
_season = click.option(
    "--season", "code", help="Code of the season; unless given the only one, the one under way, or the one ahead."
)


@commands.command()
@_a_file
@click.option("--nsr", is_flag=True, help="Ask Nasjonalt skoleregister itself, school by school; takes minutes.")
@click.option("--complete", is_flag=True, help="The register is whole: close the schools that it does not name.")
@_dry_run
def schools(file: Path | None, nsr: bool, complete: bool, dry_run: bool) -> None:
    """A school register: CSV extract or Geonorge's GeoJSON, or the register's own API with --nsr."""
    if (file is None) != nsr:
        raise click.UsageError("Give a FILE to import, or --nsr to ask the register itself.")
    if file is not None:
        _do(lambda session: import_schools(session, file, complete=complete), dry_run=dry_run)
    else:
        register = _ask_nsr()
        _do(lambda session: store_register(session, register, complete=complete), dry_run=dry_run)


def _ask_nsr() -> Register:
    """The whole register, read before any transaction begins; a bar on standard error counts the schools."""
    with _database(), tqdm(desc="Nasjonalt skoleregister", unit=" schools", file=sys.stderr) as bar:

        def on_school(read: int, there: int) -> None:
            bar.total = there
            bar.update(read - bar.n)

        return read_nsr(on_school)


@commands.command("role-models")
@_a_file
@click.option("--create-companies", is_flag=True, help="Make the companies that are not there.")
@_dry_run
@_template
def role_models(file: Path | None, create_companies: bool, dry_run: bool, out: Path | None) -> None:
    """Role models: known again by e-mail within their company, else made."""
    _sheet(
        file,
        out,
        import_role_models.COLUMNS,
        import_role_models.example,
        lambda session, path: import_role_models.import_role_models(
            session, path, actor=OPERATOR, create_companies=create_companies
        ),
        dry_run=dry_run,
    )


@commands.command()
@_a_file
@_season
@_dry_run
@_template
def mentors(file: Path | None, code: str | None, dry_run: bool, out: Path | None) -> None:
    """Mentors: known again by e-mail within their site, else made."""
    _sheet(
        file,
        out,
        import_mentors.COLUMNS,
        lambda session: import_mentors.example(session, season_named(session, code)),
        lambda session, path: import_mentors.import_mentors(session, path, season=season_named(session, code)),
        dry_run=dry_run,
    )


@commands.command()
@_a_file
@_season
@_dry_run
@_template
def pupils(file: Path | None, code: str | None, dry_run: bool, out: Path | None) -> None:
    """The waiting list: pupils known again by e-mail and name, else made."""
    _sheet(
        file,
        out,
        import_pupils.COLUMNS,
        lambda session: import_pupils.example(session, season_named(session, code)),
        lambda session, path: import_pupils.import_pupils(session, path, season=season_named(session, code)),
        dry_run=dry_run,
    )


@commands.command()
@_a_file
@_season
@_dry_run
@_template
def requests(file: Path | None, code: str | None, dry_run: bool, out: Path | None) -> None:
    """Requests of schools, as if made over REST; those that are there already are left alone."""
    _sheet(
        file,
        out,
        import_requests.COLUMNS,
        lambda session: import_requests.example(session, season_named(session, code)),
        lambda session, path: import_requests.import_requests(
            session, path, actor=OPERATOR, season=season_named(session, code)
        ),
        dry_run=dry_run,
    )


def _sheet(
    file: Path | None,
    out: Path | None,
    columns: Sequence[Column],
    example: Example,
    bring_in: Callable[[Session, Path], object],
    *,
    dry_run: bool,
) -> None:
    if (file is None) == (out is None):
        raise click.UsageError("Give a FILE to import, or --template OUT to write one to fill in.")
    if out is not None:
        _write_template(out, columns, example)
    elif file is not None:
        _do(lambda session: bring_in(session, file), dry_run=dry_run)


def _do(work: Work, *, dry_run: bool) -> None:
    """Does the work in one transaction and prints what came of it; a dry run takes it back."""
    with _database(), _faults_told():
        try:
            with db.transaction() as session:
                result = str(work(session))
                if dry_run:
                    raise _OnlyTried
        except _OnlyTried:
            result += "\nThis was a dry run: nothing was written."
    click.echo(result)


def _write_template(out: Path, columns: Sequence[Column], example: Example) -> None:
    with _database(), _faults_told(), db.reading() as session:
        content = template(columns, example(session), out.suffix)
    try:
        out.write_bytes(content)
    except OSError as error:
        raise Refused(f"{out} cannot be written ({error.strerror}).") from None
    click.echo(f"Wrote {out}. Its second row is an example: write over it.")


@contextmanager
def _database() -> Iterator[None]:
    """The database of the settings, which must have all its migrations."""
    assert registry.THEMES
    engine = db.make_engine(settings().database_url)
    before = db.use_sessions(db.sessions_of(engine))
    try:
        if not db.is_current(engine):
            raise ConfigurationError("The database is not up to date.", remedy="Run `treffpunkt db upgrade` first.")
        yield
    finally:
        db.use_sessions(before)
        engine.dispose()


@contextmanager
def _faults_told() -> Iterator[None]:
    """Every fault on its line on standard error, in the language of the commands, and exit code 2."""
    try:
        with use_locale("en"):
            yield
    except (InvalidInput, NotFound) as error:
        for fault in error.errors:
            click.echo(f"{fault.field}: {fault.sentence} {fault.remedy or ''}".rstrip(), err=True)
        raise Refused(str(error)) from None
