"""The web as the container runs it: gunicorn with its configuration, several processes that count together."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.db import upgrade
from tests.api.worker.worlds import wait_for
from tests.conftest import SECRET

ROOT = Path(__file__).parents[2]
TOKEN = "a token of the tests alone"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The address of a web with two processes on an empty, migrated database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    upgrade(f"sqlite:///{tmp_path / 'treffpunkt.db'}")
    environment = {
        "DATABASE_URL": "",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
        "TREFFPUNKT_DATA": str(tmp_path),
        "TREFFPUNKT_ENV": "production",
        "TREFFPUNKT_HOST": "127.0.0.1",
        "TREFFPUNKT_METRICS_TOKEN": TOKEN,
        "TREFFPUNKT_PORT": port,
        "TREFFPUNKT_SECRET_KEY": SECRET,
    }
    command = [sys.executable, "-m", "gunicorn", "--config", ROOT / "docker" / "gunicorn.conf.py"]
    process = subprocess.Popen(
        [*command, "api.app:create_app()"],
        env=os.environ | environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: answer(f"http://127.0.0.1:{port}/healthz"))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def answer(address: str, **headers: str) -> str:
    """The body of a page; empty where nobody answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10) as page:
            return str(page.read().decode())
    except OSError:
        return ""


def test_processes_count_requests_together(web: str) -> None:
    for _ in range(20):
        assert answer(f"{web}/personvern")
    text = answer(f"{web}/metrics", Authorization=f"Bearer {TOKEN}")
    counted = re.findall(r'^treffpunkt_request_seconds_count\{.*route="/personvern".*\} (\S+)$', text, re.MULTILINE)
    assert [float(number) for number in counted] == [20.0]
    assert "treffpunkt_open_exceptions 0.0" in text
    assert '"degraded"' in answer(f"{web}/readyz")
