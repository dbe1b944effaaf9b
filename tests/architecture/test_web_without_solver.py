"""Web workers never load the solver: it is large, and a run belongs to `treffpunkt worker`."""

import subprocess
import sys
from pathlib import Path

ALL_PAGES_AND_RESOURCES = """
import importlib, pkgutil, sys
import api.app, api.resources, api.web
for room in (api.web, api.resources):
    for module in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
        importlib.import_module(module.name)
"""
PRINT_SOLVERS = "print(*sorted({name.split('.')[0] for name in sys.modules} & {'ortools', 'scipy'}))"


def loaded_solvers(program: str, folder: Path) -> str:
    """What a fresh interpreter has loaded of the solver after running program."""
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\n{PRINT_SOLVERS}"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_web_worker_loads_no_solver(tmp_path: Path) -> None:
    assert loaded_solvers(ALL_PAGES_AND_RESOURCES, tmp_path) == ""


def test_probe_sees_a_loaded_solver(tmp_path: Path) -> None:
    assert "ortools" in loaded_solvers("import sys\nimport matcher.visits.solve", tmp_path)
