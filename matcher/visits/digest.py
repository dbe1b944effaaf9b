"""The SHA-256 of a problem that differs little from one seen before: what did not change is not written down again."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from matcher.problem import Company, FixedVisit, Refusal, Request, RoleModel, School, VisitProblem, to_json

_LISTS = {
    "companies": Company,
    "fixed": FixedVisit,
    "refused": Refusal,
    "requests": Request,
    "role_models": RoleModel,
    "schools": School,
}
_ADAPTERS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(kind) for name, kind in _LISTS.items()}


class Digest:
    """Remembers the canonical JSON of a problem's items, by identity: items are frozen, and kept from one to the next.

    `of(problem)` is `problem_sha256(problem)`.
    """

    def __init__(self, problem: VisitProblem) -> None:
        self._items: dict[int, tuple[Any, str]] = {}
        self._lists: dict[str, tuple[Any, str]] = {}
        rest = {key: value for key, value in to_json(problem).items() if key not in _LISTS}
        self._rest, self._of_rest = rest, (problem.today, problem.travel, problem.format)
        self.of(problem)

    def serves(self, problem: VisitProblem) -> bool:
        """Are its today and travel those from before?"""
        return (problem.today, problem.travel, problem.format) == self._of_rest

    def of(self, problem: VisitProblem) -> str:
        """SHA-256 (hex) of the problem. Raises ValueError when its today or travel are others than before."""
        if not self.serves(problem):
            raise ValueError("today and travel are others; make a digest for this problem")
        parts = {key: _text(value) for key, value in self._rest.items()}
        parts |= {name: self._list(name, getattr(problem, name)) for name in _LISTS}
        text = ",".join(f"{_text(key)}:{parts[key]}" for key in sorted(parts))
        return hashlib.sha256(f"{{{text}}}".encode()).hexdigest()

    def _list(self, name: str, items: Sequence[Any]) -> str:
        known = self._lists.get(name)
        if known is None or known[0] is not items:
            known = items, f"[{','.join([self._item(name, item) for item in items])}]"
            self._lists[name] = known
        return known[1]

    def _item(self, name: str, item: Any) -> str:
        known = self._items.get(id(item))
        if known is None or known[0] is not item:
            known = item, _text(_ADAPTERS[name].dump_python(item, mode="json", by_alias=True))
            self._items[id(item)] = known
        return known[1]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
