"""Rows that have states change them in one place only, so that no change goes without its check and its trail."""

import ast
from pathlib import Path

import pytest

from api.domain.transitions import things
from api.models.registry import Base

API = Path(__file__).parents[2] / "api"
ONE_PLACE = API / "services" / "change.py"
# What nobody decides about: runs and messages live by claims and leases, the ledger of jobs by what a job did.
ELSEWHERE = {
    "services/jobs.py": "the ledger of jobs",
    "services/outbox.py": "messages",
    "services/outbox_failures.py": "messages",
    "services/outbox_sending.py": "messages",
    "services/planning.py": "runs",
}


def state_assignments(source: str) -> list[int]:
    """Lines that assign to an attribute called state, or give `state=` to `.values(...)`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
        )
        if any(isinstance(target, ast.Attribute) and target.attr == "state" for target in targets):
            found.append(node.lineno)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "values":
            found += [word.value.lineno for word in node.keywords if word.arg == "state"]
    return found


def test_states_change_in_one_place() -> None:
    breaches = {
        f"{file.relative_to(API)}:{line}"
        for file in sorted(API.rglob("*.py"))
        if file != ONE_PLACE and str(file.relative_to(API)) not in ELSEWHERE
        for line in state_assignments(file.read_text(encoding="utf-8"))
    }
    assert breaches == set()


@pytest.mark.parametrize("source", ["row.state = x", "update(Row).values(state=x)", "row.state += x"])
def test_a_change_elsewhere_would_be_noticed(source: str) -> None:
    assert state_assignments(source) == [1]


def test_exceptions_are_needed() -> None:
    assert [name for name in ELSEWHERE if not state_assignments((API / name).read_text(encoding="utf-8"))] == []


def test_things_with_states_are_tables() -> None:
    assert set(things()) <= set(Base.metadata.tables)
