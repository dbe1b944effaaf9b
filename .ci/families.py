"""Fails when SQLite, Postgres, the browser or the real register ran no test: a suite that skips a family is not green.

Usage: families.py REPORT, where REPORT is the JUnit XML that `make test` writes. Tests on a database carry its name as
a parameter (`test_x[postgres]`); tests in the browser are those of tests/journeys; those of the real register
say so in their name, and must have run where its folder lies beside the checkout.
"""

import re
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

FAMILIES = {
    "SQLite": re.compile(r"\[(?:.*-)?sqlite(?:-.*)?\]$"),
    "Postgres": re.compile(r"\[(?:.*-)?postgres(?:-.*)?\]$"),
    "browser": re.compile(r"^tests\.journeys\."),
    "register": re.compile(r"^tests\.api\.services\.test_import_schools\.test_.*real_register"),
}
REGISTER = Path(__file__).resolve().parents[2] / "shared" / "data"


def count(report: Path) -> Counter[str]:
    """How many tests of each family ran to their end, passed or failed; skipped ones do not count."""
    ran: Counter[str] = Counter()
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 our own file, written a moment ago
        if case.find("skipped") is None:
            name = f"{case.get('classname')}.{case.get('name')}"
            ran.update(family for family, pattern in FAMILIES.items() if pattern.search(name))
    return ran


def main() -> int:
    report = Path(sys.argv[1])
    if not report.is_file():
        print(f"{report} is missing: the tests did not get as far as writing it", file=sys.stderr)
        return 1
    ran = count(report)
    for family in FAMILIES:
        print(f"{family}: {ran[family]} tests ran")
    missing = [family for family in FAMILIES if not ran[family] and (family != "register" or REGISTER.is_dir())]
    if missing:
        print(f"No test ran for {', '.join(missing)}; the lines marked SKIPPED above say why", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
