"""Locks of different meaning have different numbers: two that share one would wait for each other without end."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = re.compile(r"^(\w+_LOCK)\b[^=]*= ([\d_]+)", re.MULTILINE)


def locks() -> list[tuple[str, int]]:
    sources = [file for room in ("api", "migrations", "scheduler") for file in (ROOT / room).rglob("*.py")]
    found = [match for file in sources for match in LOCK.findall(file.read_text(encoding="utf-8"))]
    return [(name, int(number)) for name, number in found]


def test_every_lock_has_a_number_of_its_own() -> None:
    named = locks()
    assert {"UPGRADE_LOCK", "CHAIN_LOCK", "LEADER_LOCK", "TURN_LOCK"} <= {name for name, _ in named}
    assert [number for number, count in Counter(number for _, number in named).items() if count > 1] == []
