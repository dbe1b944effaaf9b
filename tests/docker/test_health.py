"""The health check of the containers, asked as they ask it; and gunicorn's settings."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from api import process

HEALTH = Path(__file__).parents[2] / "docker" / "health.py"


def asked(*arguments: str, **environment: str) -> bool:
    done = subprocess.run(
        [sys.executable, HEALTH, *arguments], env=os.environ | environment, stderr=subprocess.DEVNULL, check=False
    )
    return done.returncode == 0


@pytest.fixture
def answers() -> Iterator[tuple[str, list[int]]]:
    """A server that answers with the codes of the list, one after the other."""
    codes: list[int] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(codes.pop(0) if self.path == "/readyz" else 500)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield str(server.server_port), codes
    server.shutdown()
    thread.join()
    server.server_close()


def test_web_is_well_when_it_is_ready(answers: tuple[str, list[int]]) -> None:
    port, codes = answers
    codes += [200, 503]
    assert [asked("web", TREFFPUNKT_PORT=port) for _ in range(2)] == [True, False]


def test_web_that_does_not_answer_is_ill() -> None:
    assert not asked("web", TREFFPUNKT_PORT="1")


def test_process_that_has_not_moved_for_two_minutes_is_ill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "beat"
    assert not asked("beat", TREFFPUNKT_BEAT=str(file))
    monkeypatch.setenv("TREFFPUNKT_BEAT", str(file))
    process.beat()
    assert asked("beat", TREFFPUNKT_BEAT=str(file))
    os.utime(file, (0, file.stat().st_mtime - 130))
    assert not asked("beat", TREFFPUNKT_BEAT=str(file))


def test_process_that_nobody_asks_about_touches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TREFFPUNKT_BEAT", raising=False)
    monkeypatch.chdir(tmp_path)
    process.beat()
    assert list(tmp_path.iterdir()) == []
