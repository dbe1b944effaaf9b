"""The container files: what a reader of compose.yaml must be able to trust, and scripts that a shell can read."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.config import SECRETS, read_settings

DOCKER = Path(__file__).parents[2] / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "scheduler")
MACHINES = ("dask-scheduler", "dask-worker")
DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
SCRIPTS = sorted(DOCKER.glob("*.sh"))


def test_every_role_is_there() -> None:
    assert set(SERVICES) == {"database", *OURS, *MACHINES}
    assert SERVICES["database"]["image"].startswith("docker.io/library/postgres:18")


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_fenced_in(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"cpus", "memory"} <= service["deploy"]["resources"]["limits"].keys()
    assert service["pids_limit"] > 0
    assert "privileged" not in service


@pytest.mark.parametrize("name", ["database", "web", "worker", "scheduler", *MACHINES])
def test_service_that_stays_is_watched(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", ["web", "worker", "scheduler"])
def test_nothing_starts_before_the_database_is_migrated(name: str) -> None:
    waits = {other: how["condition"] for other, how in SERVICES[name]["depends_on"].items()}
    assert waits == {"migrate": "service_completed_successfully", "database": "service_healthy"}


def test_database_is_reached_from_inside_only() -> None:
    assert SERVICES["database"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert "ports" not in SERVICES["database"]
    assert [port.partition(":")[0] for port in SERVICES["web"]["ports"]] == ["127.0.0.1"]


def test_machines_of_dask_start_when_asked_for_and_know_no_secret_and_no_database() -> None:
    assert [name for name, how in SERVICES.items() if how.get("profiles") == ["dask"]] == list(MACHINES)
    for name in MACHINES:
        service = SERVICES[name]
        assert (service["networks"], service["secrets"], service["environment"]) == (["machines"], [], {})
        assert "ports" not in service
    assert COMPOSE["networks"]["machines"] == {"internal": True}
    assert [name for name in SERVICES if "machines" in SERVICES[name]["networks"]] == ["worker", *MACHINES]


def test_every_secret_is_a_file() -> None:
    assert {name: set(how) for name, how in COMPOSE["secrets"].items()} == {
        name: {"file"} for name in COMPOSE["secrets"]
    }
    for service in SERVICES.values():
        for variable, value in service["environment"].items():
            assert variable not in (*SECRETS, "POSTGRES_PASSWORD")
            if variable.endswith("_FILE"):
                assert value.startswith("/run/secrets/")
                assert value.rsplit("/", 1)[1] in service["secrets"]
        assert set(service["secrets"]) <= COMPOSE["secrets"].keys()


def test_settings_of_the_container_are_understood(tmp_path: Path) -> None:
    secrets = {
        "database_url": "postgresql://treffpunkt:word@database/treffpunkt",
        "secret_key": "x" * 32,
        "smtp_url": "smtps://user:word@mail.example.org",
        "metrics_token": "",
    }
    given = dict(SERVICES["scheduler"]["environment"])
    for name, value in secrets.items():
        (tmp_path / name).write_text(f"{value}\n")
    for variable, value in given.items():
        if variable.endswith("_FILE"):
            given[variable] = str(tmp_path / value.rsplit("/", 1)[1])
    read = read_settings(given | {"TREFFPUNKT_URL": "https://treffpunkt.example.org", "TREFFPUNKT_MAIL_FROM": ""})
    assert (read.env, read.metrics_token) == ("production", None)
    assert read.database_url.startswith("postgresql+psycopg://treffpunkt:")


def test_no_image_floats() -> None:
    images = [service["image"] for service in SERVICES.values()] + re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(images) >= 6
    assert [image for image in images if ":" not in image or ":latest" in image or ":-latest" in image] == []


def test_image_runs_as_nobody_in_particular_and_holds_no_build_tools() -> None:
    last = DOCKERFILE.split("\nFROM ")[-1]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert last.index("\nUSER ") < last.index("\nCMD ")
    assert "pip" not in last


def test_image_is_made_of_listed_files_only() -> None:
    lines = (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    named = [line.removeprefix("!") for line in lines if line.startswith("!")]
    assert [name for name in named if not (DOCKER.parent / name).exists()] == []
    assert [name for name in named if name.startswith(("tests", "docker/secrets", ".git"))] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_can_be_read_by_a_shell_and_stops_at_the_first_fault(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in text
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not on this machine")
def test_shellcheck_finds_nothing() -> None:
    found = subprocess.run(["shellcheck", *SCRIPTS], capture_output=True, text=True, check=False)
    assert found.stdout == ""


def test_scripts_are_there() -> None:
    assert [script.name for script in SCRIPTS] == ["backup.sh", "restore.sh"]
