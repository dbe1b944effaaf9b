"""CI notices when a whole family of tests stays away."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "families.py"
RAN = {
    "SQLite": '<testcase classname="tests.api.test_visits" name="test_save[sqlite]"/>',
    "Postgres": '<testcase classname="tests.api.test_visits" name="test_save[3-postgres]"><failure/></testcase>',
    "browser": '<testcase classname="tests.journeys.test_overview" name="test_keyboard"/>',
}
SKIPPED = {family: case.replace("/>", "><skipped/></testcase>", 1) for family, case in RAN.items()} | {
    "Postgres": RAN["Postgres"].replace("<failure/>", "<skipped/>")
}


def judge(folder: Path, cases: dict[str, str]) -> subprocess.CompletedProcess[str]:
    report = folder / "tests.xml"
    report.write_text(f"<testsuites><testsuite>{''.join(cases.values())}</testsuite></testsuites>")
    return subprocess.run([sys.executable, SCRIPT, report], capture_output=True, text=True, check=False)


def test_report_with_every_family_passes(tmp_path: Path) -> None:
    done = judge(tmp_path, RAN)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("family", RAN)
def test_report_with_a_family_skipped_fails(tmp_path: Path, family: str) -> None:
    done = judge(tmp_path, RAN | {family: SKIPPED[family]})
    assert done.returncode == 1
    assert f"No test ran for {family};" in done.stderr


def test_missing_report_fails(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, SCRIPT, tmp_path / "none.xml"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "is missing" in done.stderr
