"""docs/data-model.md names every table and every rule of retention, and those of parts 1 and 2 are there."""

import re
from pathlib import Path

from api.models.personal import Retention
from api.models.registry import metadata

PAGE = (Path(__file__).parents[2] / "docs" / "data-model.md").read_text(encoding="utf-8")


def tables_of_part(part: int) -> set[str]:
    rows = re.findall(rf"^\| (`.*?) \| {part} \|", PAGE, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_page_names_every_table() -> None:
    there = tables_of_part(1) | tables_of_part(2)
    assert there <= set(metadata.tables) <= there | tables_of_part(3)


def test_page_names_every_retention() -> None:
    rows = set(re.findall(r"^\| ([^|`]+?) \|", PAGE, re.MULTILINE))
    assert {rule.value for rule in Retention} - rows == set()
