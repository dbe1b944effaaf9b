"""Does a test fail for each small change of a rule, a goal or the judge? `python -m tests.mutants [PATTERN ..]`

mutmut makes the changes (settings in pyproject.toml; `mutmut show NAME` prints one). They are run here, since a whole
run of pytest for each takes ten times as long: tests are collected once, and each change has a child process that runs
the tests that reach the changed function, the quickest first, until one fails.
"""

import gc
import json
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from contextlib import redirect_stdout
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from mutmut.__main__ import create_mutants
from mutmut.configuration import config
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir, setup_source_paths, walk_mutatable_files
from mutmut.utils.format_utils import mangled_name_from_mutant_name

FOLDER = Path("mutants")
RESULTS = FOLDER / "results.json"
SLOWER, SPARE = 3, 2.0
"""A change that takes so many times the processor time of the tests, and so many seconds, is an endless loop."""

KILLED, SURVIVED, ENDLESS, NOT_REACHED = "killed", "survived", "endless", "not reached"


class Trial:
    """A plugin of pytest that runs the collected tests once for each mutant."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self.results: dict[str, str] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of the tests once: which test reaches which function, then each mutant."""
        items = {item.nodeid: item for item in session.items}
        reached, seconds = _in_child(lambda: _reach(items))
        gc.freeze()
        for number, name in enumerate(self._names, start=1):
            tests = sorted(reached.get(mangled_name_from_mutant_name(name), ()), key=lambda test: seconds[test])
            limit = SLOWER * sum(seconds[test] for test in tests) + SPARE
            self.results[name] = _try(name, [items[test] for test in tests], limit) if tests else NOT_REACHED
            print(f"\r{number} of {len(self._names)}", end="", file=sys.stderr)
        return True


def _in_child(work: Any) -> Any:
    """What the work returns, done in a process of its own, so that nothing it leaves behind is seen by the mutants."""
    out, into = os.pipe()
    if os.fork() == 0:
        with os.fdopen(into, "w") as pipe:
            json.dump(work(), pipe)
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as pipe:
        found = json.load(pipe)
    os.wait()
    return found


def _passes(item: pytest.Item) -> bool:
    """Runs the test without a report: nobody reads why it failed."""
    item._initrequest()
    try:
        item.session._setupstate.setup(item)
        item.runtest()
    except Exception:  # whatever a test raises kills the mutant
        return False
    item.session._setupstate.teardown_exact(None)
    return True


def _reach(items: dict[str, pytest.Item]) -> tuple[dict[str, list[str]], dict[str, float]]:
    """For each function the tests that reach it, and for each test its processor time."""
    set_mutant_under_test("stats")
    reached: dict[str, list[str]] = defaultdict(list)
    seconds = {}
    for name, item in items.items():
        started = time.process_time()
        assert _passes(item), f"{name} fails without any change"
        seconds[name] = time.process_time() - started
        for function in state()._stats:
            reached[function].append(name)
        state()._stats.clear()
    return reached, seconds


def _try(name: str, tests: list[pytest.Item], limit: float) -> str:
    """What becomes of one mutant."""
    child = os.fork()
    if child == 0:
        signal.setitimer(signal.ITIMER_PROF, limit)
        set_mutant_under_test(name)
        os._exit(0 if all(map(_passes, tests)) else 1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return SURVIVED if code == 0 else ENDLESS if code == -signal.SIGPROF else KILLED


def _mutants(patterns: list[str]) -> list[str]:
    """Writes the changed sources and names the mutants that match."""
    FOLDER.mkdir(exist_ok=True)
    set_mutant_under_test("mutant_generation")
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        copy_src_dir()
        copy_also_copy_files()
        setup_source_paths()
        create_mutants(1)
    names = []
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        names += [name for name in data.exit_code_by_key if any(fnmatch(name, p) for p in patterns or "*")]
    return names


def main(patterns: list[str]) -> None:
    """Runs the mutants, keeps what became of each, and prints a table and the names of those that no test kills."""
    trial = Trial(_mutants(patterns))
    settings = config()
    os.chdir(FOLDER)
    arguments = [*settings.pytest_add_cli_args, *settings.pytest_add_cli_args_test_selection]
    pytest.main(["--rootdir=.", "-q", *arguments], plugins=[trial])
    os.chdir("..")
    before = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps(before | trial.results, indent=0))
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for name, result in trial.results.items():
        table[name.rpartition(".")[0]][result] += 1
    for module, counts in sorted(table.items()):
        caught = counts[KILLED] + counts[ENDLESS]
        print(f"{module:32} {caught:5} of {counts.total():5} killed, {100 * caught / counts.total():.1f} %")
    for name, result in trial.results.items():
        if result in (SURVIVED, NOT_REACHED):
            print(f"{result}: {name}")


if __name__ == "__main__":
    main(sys.argv[1:])
