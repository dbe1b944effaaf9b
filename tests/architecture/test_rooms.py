"""The law of the rooms (docs/architecture.md) holds, and the linter that enforces it would notice a breach."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
ROOMS = ("matcher", "api", "scheduler", "migrations")


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs the linter on the rooms in folder, with the contracts of its pyproject.toml."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def copy_rooms(folder: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", folder)
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("static", "__pycache__"))


def test_import_contracts_are_kept() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


BREACHES = {
    "1. scheduler and migrations": ("matcher/planted_api.py", "import api.clock"),
    "2. matcher knows": ("matcher/planted_rows.py", "import sqlalchemy"),
    "3. only matcher.visits": ("matcher/planted_solver.py", "import ortools"),
    "4. nothing that": ("api/web/planted.py", "import matcher.solve"),
    "5. within api": ("api/models/planted.py", "import api.services"),
    "6. services and below": ("api/queries/planted.py", "import flask"),
    "6. api.domain": ("api/domain/planted.py", "import sqlalchemy"),
}


def test_every_contract_notices_a_breach(tmp_path: Path) -> None:
    copy_rooms(tmp_path)
    for module, line in BREACHES.values():
        (tmp_path / module).write_text(f"{line}\n")
    done = lint_imports(tmp_path)
    verdicts = [line for line in done.stdout.splitlines() if line.endswith(("KEPT", "BROKEN"))]
    assert done.returncode == 1
    assert [line for line in verdicts if not line.endswith("BROKEN")] == []
    assert sorted(name for name in BREACHES for line in verdicts if line.startswith(name)) == sorted(BREACHES)
    assert len(verdicts) == len(BREACHES)


def test_module_without_a_layer_is_noticed(tmp_path: Path) -> None:
    copy_rooms(tmp_path)
    (tmp_path / "api" / "planted.py").write_text("")
    done = lint_imports(tmp_path)
    assert done.returncode == 1
    assert "planted" in done.stdout


def test_judge_knows_only_problem_and_plan() -> None:
    graph = grimp.build_graph("matcher")
    judges = {module for module in graph.modules if module.startswith("matcher.check")}
    imported = {known for judge in judges for known in graph.find_modules_directly_imported_by(judge)}
    assert "matcher.check" in judges
    assert imported - judges == {"matcher.problem", "matcher.plan"}


def test_init_files_do_no_work() -> None:
    busy = [
        str(file.relative_to(ROOT))
        for room in ROOMS
        for file in (ROOT / room).rglob("__init__.py")
        if file.stat().st_size
    ]
    assert busy == []


def test_every_folder_of_python_files_is_a_package() -> None:
    folders = {file.parent for room in ("matcher", "api", "scheduler") for file in (ROOT / room).rglob("*.py")}
    assert sorted(str(folder) for folder in folders if not (folder / "__init__.py").is_file()) == []
