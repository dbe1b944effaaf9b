"""CI notices when a whole family of tests stays away, and when something hangs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CI = Path(__file__).parents[2] / ".ci"
REGISTER_TEST = "test_the_real_register_comes_in_whole_and_again_changes_nothing"
RAN = {
    "SQLite": '<testcase classname="tests.api.test_visits" name="test_save[sqlite]"/>',
    "Postgres": '<testcase classname="tests.api.test_visits" name="test_save[3-postgres]"><failure/></testcase>',
    "browser": '<testcase classname="tests.journeys.test_overview" name="test_keyboard"/>',
    "register": f'<testcase classname="tests.api.services.test_import_schools" name="{REGISTER_TEST}[other]"/>',
}
SKIPPED = {family: case.replace("/>", "><skipped/></testcase>", 1) for family, case in RAN.items()} | {
    "Postgres": RAN["Postgres"].replace("<failure/>", "<skipped/>")
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with nothing but .ci in it, and the real register beside it."""
    shutil.copytree(CI, tmp_path / "checkout" / ".ci")
    (tmp_path / "shared" / "data").mkdir(parents=True)
    return tmp_path / "checkout"


def judge(checkout: Path, cases: dict[str, str]) -> subprocess.CompletedProcess[str]:
    report = checkout / "tests.xml"
    report.write_text(f"<testsuites><testsuite>{''.join(cases.values())}</testsuite></testsuites>")
    return families(checkout, report)


def families(checkout: Path, report: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, checkout / ".ci" / "families.py", report]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_report_with_every_family_passes(checkout: Path) -> None:
    done = judge(checkout, RAN)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("family", RAN)
def test_report_with_a_family_skipped_fails(checkout: Path, family: str) -> None:
    done = judge(checkout, RAN | {family: SKIPPED[family]})
    assert done.returncode == 1
    assert f"No test ran for {family};" in done.stderr


def test_real_register_is_asked_for_only_where_it_is(checkout: Path) -> None:
    shutil.rmtree(checkout.parent / "shared")
    done = judge(checkout, RAN | {"register": SKIPPED["register"]})
    assert (done.returncode, done.stderr) == (0, "")


def test_the_test_of_the_real_register_has_the_name_that_is_looked_for() -> None:
    tests = CI.parent / "tests" / "api" / "services" / "test_import_schools.py"
    assert f"def {REGISTER_TEST}(" in tests.read_text(encoding="utf-8")


def test_missing_report_fails(checkout: Path) -> None:
    done = families(checkout, checkout / "none.xml")
    assert done.returncode == 1
    assert "is missing" in done.stderr


def test_what_hangs_is_ended_and_said_to_have_hung(checkout: Path) -> None:
    tools = checkout / "tools"
    tools.mkdir()
    for name, does in {"make": "exec tail -f /dev/null", "google-chrome": "", "python3": ""}.items():
        (tools / name).write_text(f"#!/bin/sh\n{does}\n")
        (tools / name).chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [checkout / ".ci" / "run"],
        env=os.environ | {"CI_SECONDS": "1", "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 124
    assert done.stdout.splitlines()[-1] == (
        "== make check was ended after 1 seconds in all; the last lines above say where it was"
    )
