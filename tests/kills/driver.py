"""Programs that use the service while its processes are killed: what they are answered counts as acknowledged."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import requests

from tests.kills.world import World

PATIENCE = (0.5, 5)  # seconds to connect and to be answered


@dataclass
class Driver:
    """Orders visits, answers invitations and asks for plans over REST, each order with a key to send it again by.

    with_keys: off in the control that shows what the keys are for.
    """

    world: World
    address: str
    dice: random.Random
    with_keys: bool = True
    acknowledged: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _open: tuple[str, dict[str, Any]] | None = None
    _orders: int = 0

    def act_until(self, over: threading.Event) -> None:
        """One act after the other; an order that was not answered is sent again, with its key."""
        while not over.is_set():
            try:
                self.order()
                act = self.dice.random()
                if act < 0.1:
                    self._plan()
                elif act < 0.4:
                    self._answer()
            except requests.RequestException:
                over.wait(0.02)

    def is_answered(self) -> bool:
        """Whether the web is there."""
        try:
            return requests.get(f"{self.address}/healthz", timeout=PATIENCE).ok
        except requests.RequestException:
            return False

    def order(self) -> None:
        """Sends an order; when it is not answered, the next call sends it again. Raises RequestException then."""
        if self._open is None:
            self._orders += 1
            self._open = (f"order-{self._orders}", self._new_order())
        key, given = self._open
        answer = self._post("/api/v1/requests", given, key)
        if answer.status_code == 201:
            self.acknowledged.append(answer.json()["reference"])
        self._open = None

    def _new_order(self) -> dict[str, Any]:
        day: date = self.world.monday + timedelta(weeks=self.dice.randrange(8), days=self.dice.randrange(5))
        lesson = {"start": f"{day}T09:00:00+01:00", "end": f"{day}T09:45:00+01:00"}
        return {
            "season": self.world.season,
            "school": self.dice.choice(self.world.schools),
            "grade": 9,
            "options": [{"lessons": [lesson]}],
            "contact": {"name": "Rådgiver", "email": f"school{self._orders}@example.org"},
        }

    def _plan(self) -> None:
        self._post("/api/v1/runs", {"kind": "visit", "season": self.world.season, "seconds": 5}, None)

    def _answer(self) -> None:
        """Somebody who was asked says yes or no on the phone."""
        mine = {"Authorization": f"Bearer {self.world.token}"}
        listed = requests.get(f"{self.address}/api/v1/invitations?state=sent", headers=mine, timeout=PATIENCE).json()
        if listed.get("items"):
            path = f"/api/v1/invitations/{self.dice.choice(listed['items'])['id']}"
            tag = requests.get(f"{self.address}{path}", headers=mine, timeout=PATIENCE).headers.get("ETag", "")
            if self.dice.random() < 0.6:
                self._post(f"{path}/accept", {}, None, tag)
            else:
                self._post(f"{path}/decline", {"scope": "request"}, None, tag)

    def _post(self, path: str, given: dict[str, Any], key: str | None, tag: str | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.world.token}"} | ({"If-Match": tag} if tag else {})
        if key and self.with_keys:
            headers["Idempotency-Key"] = key
        answer = requests.post(f"{self.address}{path}", json=given, headers=headers, timeout=PATIENCE)
        if answer.status_code >= 500:
            self.failures.append(f"{path}: {answer.status_code}")
        return answer
