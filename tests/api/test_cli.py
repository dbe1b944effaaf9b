"""The command: helps, errors in one line, children that go with their parent."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.error import URLError

import psutil
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from api import cli
from api.clock import now
from api.config import settings
from api.db import reading, upgrade
from api.models.access import ApiToken
from api.services.users import program_of_token
from tests.api.worker.worlds import wait_for


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    values = {
        "TREFFPUNKT_DATA": str(tmp_path),
        "TREFFPUNKT_ENV": "development",
        "TREFFPUNKT_PORT": port,
        "DATABASE_URL": "",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield values
    settings.cache_clear()


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.main, arguments)
    return result.exit_code, result.output


def every_command() -> list[str]:
    return [
        "demo",
        "serve",
        "web",
        "worker",
        "scheduler",
        "jobs",
        "backup",
        "restore",
        "restore-finish",
        "erasures",
        "outbox",
        "db upgrade",
        "user create",
        "user token",
    ]


@pytest.mark.parametrize("command", every_command())
def test_help_says_what_a_command_does(command: str) -> None:
    code, text = run(*command.split(), "--help")
    assert code == 0
    assert len(text.splitlines()) >= 5


@pytest.mark.parametrize("command", ["worker", "scheduler", "jobs", "web", "serve", "user create"])
def test_database_without_migrations_is_one_line_with_the_remedy(environment: dict[str, str], command: str) -> None:
    code, text = run(
        *command.split(), *(["--login", "a@example.org", "--name", "A", "--role", "admin"] * ("user" in command))
    )
    assert code == 1
    assert text == "Error: The database is not up to date. Run `treffpunkt db upgrade` first.\n"


def test_database_that_cannot_be_reached_is_one_line(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    settings.cache_clear()
    code, text = run("worker", "--once")
    assert code == 1
    assert re.fullmatch(r"Error: The database does not answer as it should: .* Check DATABASE_URL.*\n", text)


def test_upgrade_can_be_run_twice(environment: dict[str, str]) -> None:
    assert run("db", "upgrade") == (0, "The database is up to date.\n")
    assert run("db", "upgrade") == (0, "The database is up to date.\n")


def test_user_is_created_once(environment: dict[str, str]) -> None:
    run("db", "upgrade")
    arguments = ["user", "create", "--login", "kari@example.org", "--name", "Kari", "--role", "coordinator"]
    assert run(*arguments, "--password", "long enough to keep") == (0, "Created kari@example.org.\n")
    code, text = run(*arguments, "--password", "long enough to keep")
    assert code == 1
    assert len(text.splitlines()) == 1
    code, text = run(*arguments[:-1], "king", "--password", "long enough to keep")
    assert code == 2
    assert "'king' is no role" in text


def test_token_is_printed_once_and_opens_what_its_scope_says(environment: dict[str, str]) -> None:
    run("db", "upgrade")
    account = ["--login", "kari@example.org", "--name", "Kari"]
    run("user", "create", *account, "--role", "coordinator", "--password", "long enough to keep")
    for scopes, read_only in (([], True), (["--scope", "read", "--scope", "write"], False)):
        code, text = run("user", "token", *account, "--days", "30", *scopes)
        (token,) = text.splitlines()
        assert (code, token[:3]) == (0, "tp_")
        with reading() as session:
            found = program_of_token(session, token)
            lasts = session.scalars(select(ApiToken.expires_at).order_by(ApiToken.expires_at.desc())).first()
        assert found is not None
        assert found.actor.read_only == read_only
        assert lasts is not None
        assert timedelta(days=29) < lasts - now() <= timedelta(days=30)


def test_token_for_nobody_or_for_too_long_is_refused(environment: dict[str, str]) -> None:
    run("db", "upgrade")
    nobody = ["user", "token", "--login", "nobody@example.org", "--name", "x"]
    assert run(*nobody) == (1, "Error: login: There is no account with this e-mail.\n")
    assert run(*nobody, "--days", "366")[0] == 2
    assert run(*nobody, "--scope", "admin")[0] == 2


def test_commands_speak_english(environment: dict[str, str]) -> None:
    run("db", "upgrade")
    code, text = run(
        *["user", "create", "--login", "a@example.org", "--name", "A", "--role", "admin", "--password", "short"]
    )
    assert (code, text) == (1, "Error: password: The password must have at least 12 characters.\n")


@pytest.mark.parametrize("command", ["web", "serve", "demo --serve"])
def test_taken_port_is_one_line_before_any_work(environment: dict[str, str], command: str) -> None:
    run("db", "upgrade")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(environment["TREFFPUNKT_PORT"])))
        taken.listen()
        code, text = run(*command.split())
    assert code == 1
    assert re.fullmatch(
        r"Error: TREFFPUNKT_PORT: Port \d+ of 127.0.0.1 cannot be had \(Address already in use\).*\n", text
    )


@pytest.mark.parametrize("command", ["db upgrade", "demo"])
def test_data_folder_that_cannot_be_made_is_one_line(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TREFFPUNKT_DATA", str(tmp_path / "file" / "data"))
    settings.cache_clear()
    code, text = run(*command.split())
    assert code == 1
    assert re.fullmatch(r"Error: .*/file/data.*: Not a directory. Check TREFFPUNKT_DATA.*\n", text)


def test_demo_refuses_production(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREFFPUNKT_ENV", "production")
    settings.cache_clear()
    code, text = run("demo")
    assert code == 1
    assert text.startswith("Error: TREFFPUNKT_ENV: The demo makes up people")


def is_up(port: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, ConnectionError):
        return False


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGINT, marks=pytest.mark.long),
        signal.SIGTERM,
        pytest.param(signal.SIGKILL, marks=pytest.mark.long),
    ],
)
def test_worker_scheduler_and_web_go_with_serve_however_it_goes(
    environment: dict[str, str], number: signal.Signals
) -> None:
    upgrade(settings().database_url)
    serving = subprocess.Popen([sys.executable, "-m", "api.cli", "serve"], env=os.environ, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: is_up(environment["TREFFPUNKT_PORT"]))
        children = psutil.Process(serving.pid).children()
        assert len(children) == 3
        serving.send_signal(number)
        assert serving.wait() == (-signal.SIGKILL if number is signal.SIGKILL else 0)
        _, alive = psutil.wait_procs(children, timeout=30)
        assert alive == []
    finally:
        serving.kill()
        serving.wait()
