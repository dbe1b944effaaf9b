"""What a person does with a mail: open it, follow the link in its text, press the button of the page that it leads to.

Nothing is taken from the rows that a person would not see; rows are only read for what stands in them at the end.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from email.message import EmailMessage
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select
from werkzeug.test import TestResponse

from api import clock
from api.db import reading
from api.domain.enums import Channel, LinkPurpose, RunKind
from api.domain.link_paths import LINK_PATHS
from api.models.outbox import OutboxMessage
from api.services.outbox_sending import send_due
from api.worker import Worker
from scheduler.jobs import JOBS
from scheduler.runner import run_due
from tests import invariants
from tests.api.conftest import token_client
from tests.api.mail.post import Kept
from tests.api.worker.worlds import really
from tests.year.town import Town

SITE = "https://treffpunkt.example.org"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@dataclass
class PostOffice:
    """A town, its clock, and every mail that has left for it."""

    app: Flask
    town: Town
    travel: Callable[[datetime], None]
    mails: Kept = field(default_factory=Kept)

    @property
    def coordinator(self) -> FlaskClient:
        """A program of the coordinator."""
        return token_client(self.app, self.town.coordinator)

    @property
    def leader(self) -> FlaskClient:
        """A program of the leader of the campus."""
        return token_client(self.app, self.town.leader)

    def at(self, day: date, hour: int = 9, minute: int = 0) -> None:
        """Goes to this time in Norway; what is due by then is done, and sent."""
        self.travel(clock.at_local(day, time(hour, minute)))
        self.tick()

    def tick(self) -> None:
        """What the scheduler does now."""
        began, nobody_stops = clock.now(), threading.Event()
        for job in JOBS:
            if job.name != "outbox":
                outcome = run_due(job, began, nobody_stops)
                assert outcome is None or outcome.error is None, f"{job.name}: {outcome.error}"
        self.send()

    def send(self) -> None:
        """What the sender does, as it does every few seconds."""
        while send_due(clock.now(), transports={Channel.MAIL: self.mails}):
            pass

    def kinds(self, address: str) -> list[str]:
        """Kinds of the mails that this address has got, oldest first."""
        return [kind for kind, _ in self._post(address)]

    def mail(self, address: str, kind: str) -> EmailMessage:
        """The newest mail of this kind to an address."""
        found = [mail for known, mail in self._post(address) if known == kind]
        assert found, f"{address} has no {kind} but {self.kinds(address)}"
        return found[-1]

    def text(self, address: str, kind: str) -> str:
        """What the newest mail of this kind says."""
        part = self.mail(address, kind).get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    def link(self, address: str, kind: str, purpose: LinkPurpose) -> str:
        """The path of the link of this purpose in the text of the newest such mail."""
        text = self.text(address, kind)
        found = re.search(rf"{re.escape(SITE)}({LINK_PATHS[purpose]}/\S+)", text)
        assert found, f"no link for {purpose} in: {text}"
        return found[1]

    def calendar(self, address: str, kind: str) -> Any:
        """The event in the calendar part of the newest such mail."""
        for part in self.mail(address, kind).walk():
            if part.get_content_type() == "text/calendar":
                whole = Calendar.from_ical(part.get_payload(decode=True))
                assert whole.walk("VTIMEZONE")
                (event,) = whole.walk("VEVENT")
                assert part.get_param("method") == whole["METHOD"]
                return event
        raise AssertionError(f"{kind} has no calendar part")

    def look(self, path: str) -> str:
        """What a page shows; looking changes nothing."""
        answer = self.app.test_client().get(path)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data(as_text=True)

    def press(self, path: str, act: str = "", **data: str) -> TestResponse:
        """Opens the page of a link and posts a form of it, with its hidden fields."""
        client = self.app.test_client()
        shown = client.get(path)
        assert shown.status_code == 200, shown.get_data(as_text=True)
        hidden = dict(HIDDEN.findall(shown.get_data(as_text=True)))
        answer = client.post(path + act, data=hidden | data)
        self.send()
        return answer

    def pressed(self, path: str, act: str = "", **data: str) -> None:
        """As `press`, and it went well."""
        answer = self.press(path, act, **data)
        assert answer.status_code in (200, 303), f"{path}{act}: {answer.status} {answer.get_data(as_text=True)}"

    def plan(self, kind: RunKind) -> str:
        """The coordinator orders a run, a worker does it. The plan's id."""
        ordered = self.coordinator.post(
            "/api/v1/runs", json={"kind": kind.value, "season": self.town.season, "seconds": 10}
        )
        assert ordered.status_code == 202, ordered.get_data(as_text=True)
        while Worker(really()).run_next():
            pass
        run = self.coordinator.get(ordered.headers["Location"]).get_json()
        assert run["state"] == "done", run
        return str(run["plan"])

    def approve(self, plan: str) -> Any:
        """The coordinator approves a plan of visits."""
        answer = self.coordinator.post(f"/api/v1/plans/{plan}/approvals", json={})
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return answer.get_json()

    def lines(self, *kinds: str) -> list[dict[str, Any]]:
        """The coordinator's list of what needs a person: the open lines of these kinds, or all."""
        items = self.coordinator.get("/api/v1/exceptions").get_json()["items"]
        return [one for one in items if not kinds or one["kind"] in kinds]

    def remedy(self, line: dict[str, Any], **given: str) -> Any:
        """Does what a line proposes."""
        path = f"/api/v1/exceptions/{line['id']}"
        tag = self.coordinator.get(path).headers["ETag"]
        answer = self.coordinator.post(f"{path}/remedy", json=given, headers={"If-Match": tag})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        self.send()
        return answer.get_json()

    def asked(self, people: Iterable[str], kind: str = "invitation_asked") -> list[str]:
        """Who of these addresses has got such a mail."""
        return [one for one in people if kind in self.kinds(one)]

    def at_peace(self) -> None:
        """All invariants hold, and everything that was sent has arrived, once."""
        with reading() as session:
            assert invariants.broken(session) == []
            assert invariants.outbox_at_rest(session) == []
            assert invariants.arrived(session, self.mails.ids, sender_kills=0) == []

    def _post(self, address: str) -> list[tuple[str, EmailMessage]]:
        with reading() as session:
            rows = select(OutboxMessage.message_id, OutboxMessage.kind).where(OutboxMessage.address == address)
            kinds = dict(session.execute(rows).all())
        got = [one for one in self.mails.sent if isinstance(one, EmailMessage)]
        return [(kinds[one["Message-ID"].strip("<>")], one) for one in got if one["To"] == address]
