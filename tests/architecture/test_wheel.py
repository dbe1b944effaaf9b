"""The wheel holds all that runs, and nothing else."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("matcher", "api", "scheduler", "migrations")
VENDOR = "api/web/static/vendor/"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from this tree by the real hook, which finds its files in place and so needs no network."""
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


def names(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def in_tree(pattern: str) -> set[str]:
    """The files of the rooms in this tree whose names match, apart from what Python wrote beside them."""
    return {
        str(file.relative_to(ROOT))
        for room in ROOMS
        for file in (ROOT / room).rglob(pattern)
        if file.is_file() and "__pycache__" not in file.parts
    }


def test_wheel_holds_every_file_of_the_rooms(wheel: Path) -> None:
    assert in_tree("*") - names(wheel) == set()


def test_wheel_holds_only_the_rooms(wheel: Path) -> None:
    assert {name.split("/")[0] for name in names(wheel) if ".dist-info/" not in name} == set(ROOMS)


def test_wheel_holds_the_front_end_files_and_their_licences(wheel: Path) -> None:
    vendor = {name.removeprefix(VENDOR) for name in names(wheel) if name.startswith(VENDOR)}
    folders = {name.split("/")[0] for name in vendor if "/" in name}
    assert folders == {"coast", "designsystemet", "htmx", "inter", "leaflet", "swagger-ui"}
    assert {f"{folder}/LICENSE" for folder in folders} - vendor == set()


def test_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < 4_000_000


def test_migrations_run_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    program = "import api.cli; assert 'installed' in api.cli.__file__; api.cli.main(['db', 'upgrade'])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "installed"), "TREFFPUNKT_DATA": str(tmp_path / "data"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "data").iterdir()) != []
