"""The command `treffpunkt`: everything that is started or set up by hand."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import click

from api.config import Settings, settings
from api.domain.permissions import SCOPED_ROLES, Grant, Role
from api.errors import ConfigurationError
from api.process import GUARDED, leave_with_parent, one_line_errors, require_current

LEAVE_SECONDS = 10.0
PROCESSES = ("worker", "scheduler", "web")
LATER = {
    "backup": ("api.cli_backup", "backup"),
    "erasures": ("api.cli_backup", "erasures"),
    "import": ("api.cli_import", "commands"),
    "jobs": ("scheduler.cli", "commands"),
    "outbox": ("api.cli_backup", "outbox"),
    "restore": ("api.cli_backup", "restore"),
    "restore-finish": ("api.cli_backup", "restore_finish"),
    "scheduler": ("scheduler.__main__", "main"),
}


class Commands(click.Group):
    """Says what went wrong in one line. Commands of other modules are loaded when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *LATER])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in LATER:
            module, name = LATER[cmd_name]
            command: click.Command = getattr(import_module(module), name)
            return command
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        with one_line_errors():
            return super().invoke(ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="treffpunkt")
def main() -> None:
    """Treffpunkt matches role models with school visits and pupils with study groups.

    Settings come from the environment: TREFFPUNKT_DATA (folder, ./data unless given), DATABASE_URL (an SQLite file in
    that folder unless given), TREFFPUNKT_ENV (development or production), TREFFPUNKT_SECRET_KEY, TREFFPUNKT_HOST and
    TREFFPUNKT_PORT.
    """


@main.command()
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same season.")
@click.option("--scale", type=click.IntRange(1, 20), default=1, show_default=True, help="So many times the size.")
@click.option(
    "--schools",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Load this register of schools (CSV or GeoJSON) and seat the season in it.",
)
@click.option(
    "--seconds", type=click.IntRange(1, 3600), default=60, show_default=True, help="Time limit of each of the two runs."
)
@click.option("--fresh", is_flag=True, help="Wipe the demo season that is there and build it anew.")
@click.option("--password", help="Password of the demo coordinator; a random one is made and printed unless given.")
@click.option("--serve", is_flag=True, help="Then start worker, scheduler and web, until Ctrl-C.")
def demo(
    seed: int,
    scale: int,
    schools: Path | None,
    seconds: int,
    fresh: bool,
    password: str | None,
    serve: bool,
) -> None:
    """Build a made-up national season, plan it, and print what came of it.

    Run it again and the season that is there is shown; nothing is doubled.
    """
    os.environ.setdefault("TREFFPUNKT_ENV", "development")
    from api.demo.play import Choices, play

    config = settings()
    if serve:
        _require_free_port(config)
    logs = config.data / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    choices = Choices(seed=seed, scale=scale, schools=schools, seconds=seconds, fresh=fresh, password=password)
    planned = play(config, choices, _child("worker", logs), click.echo)
    if serve:
        _serve(config, logs)
    elif not planned:
        sys.exit(1)


@main.command()
def serve() -> None:
    """Start worker, scheduler and web together, until Ctrl-C."""
    config = settings()
    require_current(config)
    _require_free_port(config)
    _serve(config, None)


@main.command()
def web() -> None:
    """Serve pages and REST with waitress on TREFFPUNKT_HOST and TREFFPUNKT_PORT."""
    import waitress  # type: ignore[import-untyped]  # it ships no types

    from api.app import create_app

    config = settings()
    require_current(config)
    _require_free_port(config)
    leave_with_parent(lambda: os._exit(0))
    waitress.serve(create_app(config), host=config.host, port=config.port, threads=8, ident=None)


@main.command()
@click.option("--once", is_flag=True, help="Do the runs that wait, then end.")
def worker(once: bool) -> None:
    """Do the runs that are queued, one at a time; start more workers to do more at once.

    Ctrl-C or SIGTERM puts a run under way back into the queue.
    """
    from api.db import init_engine
    from api.logs import configure_logging
    from api.services.executor import executor_of
    from api.worker import Worker

    config = settings()
    require_current(config)
    configure_logging()
    init_engine(config)
    one = Worker(executor_of(config))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: one.leaving.set())
    leave_with_parent(one.leaving.set)
    if once:
        while not one.leaving.is_set() and one.run_next():
            pass
    else:
        one.run_until()


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Make the database, or bring it up to date. Can be run at any time."""
    from api.db import upgrade

    config = settings()
    with _lock(config):
        upgrade(config.database_url)
    click.echo("The database is up to date.")


@main.group()
def user() -> None:
    """Accounts."""


@user.command("create")
@click.option("--login", required=True, help="E-mail address to sign in with.")
@click.option("--name", required=True, help="Name shown in the corner of every page.")
@click.option(
    "--role",
    "roles",
    required=True,
    multiple=True,
    metavar="ROLE[:SCOPE]",
    help=f"One of {', '.join(Role)}; {', '.join(sorted(SCOPED_ROLES))} with the id of what it is for. May be repeated.",
)
@click.option("--password", help="At least 12 characters; asked for unless given.")
def user_create(login: str, name: str, roles: tuple[str, ...], password: str | None) -> None:
    """Create an account, for example: --login koordinator@example.org --name Kari --role coordinator."""
    from api.db import init_engine, transaction
    from api.models import registry
    from api.services.users import create_user

    config = settings()
    require_current(config)
    init_engine(config)
    assert registry.THEMES
    grants = [_grant(role) for role in roles]
    secret = password or click.prompt("Password", hide_input=True, confirmation_prompt=True)
    with transaction() as session:
        create_user(session, login=login, password=secret, name=name, grants=grants)
    click.echo(f"Created {login}.")


@user.command("token")
@click.option("--login", required=True, help="E-mail address of the account that the program acts for.")
@click.option("--name", required=True, help="What the token is for, so that it can be known again.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=("read",),
    show_default=True,
    type=click.Choice(["read", "write"]),
    help="What it may do. May be repeated.",
)
@click.option("--days", type=click.IntRange(1, 365), default=365, show_default=True, help="So many days it lasts.")
def user_token(login: str, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Make a token for a program that uses REST, and print it: it is stored hashed and cannot be shown again.

    For example: --login koordinator@example.org --name "Map of the week" --scope read --days 90.
    """
    from api.db import init_engine, transaction
    from api.models import registry
    from api.services.users import create_token, user_id_of

    config = settings()
    require_current(config)
    init_engine(config)
    assert registry.THEMES
    with transaction() as session:
        token = create_token(session, user_id=user_id_of(session, login), name=name, scopes=scopes, days=days)
    click.echo(token)


def _grant(text: str) -> Grant:
    role, _, scope = text.partition(":")
    try:
        return Grant(Role(role), scope or None)
    except ValueError:
        raise click.BadParameter(f"{role!r} is no role; give one of {', '.join(Role)}", param_hint="--role") from None


def _require_free_port(config: Settings) -> None:
    """Says before any work is done that the address of the pages cannot be had."""
    try:
        family, kind, number, _, address = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, number) as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ConfigurationError(
            f"Port {config.port} of {config.host} cannot be had ({error.strerror}).",
            field="TREFFPUNKT_PORT",
            remedy="End what uses it, or set TREFFPUNKT_PORT to another port (TREFFPUNKT_HOST is the address).",
        ) from error


@contextmanager
def _lock(config: Settings) -> Iterator[None]:
    """Two that upgrade at once wait for each other."""
    from filelock import FileLock

    config.data.mkdir(parents=True, exist_ok=True)
    with FileLock(config.data / "upgrade.lock"):
        yield


def _serve(config: Settings, logs: Path | None) -> None:
    """Each process as a child; ends when one of them does, or on Ctrl-C, and takes all along."""
    with ExitStack() as stack:
        children = [stack.enter_context(_child(name, logs)) for name in PROCESSES]
        click.echo(f"Treffpunkt is on http://{config.host}:{config.port} until you press Ctrl-C.")
        if logs is not None:
            click.echo(f"Logs are in {logs}.")
        ended = threading.Event()
        for child in children:
            threading.Thread(target=_tell_end, args=(child, ended), daemon=True).start()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        try:
            ended.wait()
        except KeyboardInterrupt:
            click.echo("Ending worker, scheduler and web.")
            return
    raise click.ClickException("Worker, scheduler or web ended by itself; its log says why.")


def _tell_end(child: subprocess.Popen[bytes], ended: threading.Event) -> None:
    child.wait()
    ended.set()


@contextmanager
def _child(command: str, logs: Path | None) -> Iterator[subprocess.Popen[bytes]]:
    """One of our commands as a process that goes when we go, however we go: its standard input is our hand."""
    with ExitStack() as stack:
        log: IO[bytes] | None = stack.enter_context((logs / f"{command}.log").open("ab")) if logs else None
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=os.environ | {GUARDED: "1"},
        )
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(LEAVE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


if __name__ == "__main__":
    main()
