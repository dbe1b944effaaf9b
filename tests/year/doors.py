"""The people of a year, each through the door they use: programs by keys, everyone else by the links in their mails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from api import clock
from api.db import reading, transaction
from api.domain.enums import (
    ApprovalState,
    Channel,
    InvitationState,
    LinkPurpose,
    OfferState,
    RequestState,
    RunKind,
    VisitState,
)
from api.errors import Conflict
from api.models.follow_up import Invitation, PlanApproval
from api.models.group_life import Duty, SeatOffer
from api.models.groups import Meeting
from api.models.links import LinkToken
from api.models.planning import Plan
from api.models.pupils import Entry, Membership
from api.models.visits import Request, Visit
from api.services import links
from api.services.outbox_sending import send_due
from api.worker import Worker
from scheduler.jobs import JOBS
from scheduler.runner import run_due
from tests.api.mail.post import Kept
from tests.api.worker.worlds import really
from tests.year.town import Town

FINE = range(200, 400)
# Somebody was faster, the time is over, or it is not there any more: said kindly, and nothing happens.
TOO_LATE = frozenset({404, 409, 410, 412, 422, 428})


@dataclass
class Doors:
    """What people do. Each act answers with the status; one of 500 or above is a failure of its own."""

    app: Flask
    town: Town
    travel: Callable[[datetime], None]
    mails: Kept = field(default_factory=Kept)
    references: list[str] = field(default_factory=list)
    acted: int = 0

    def order(self, school: int, day: date, hour: int, people: int) -> None:
        """A school calls, and the coordinator writes its order down."""
        lesson = {"start": f"{day}T{hour:02}:00:00+01:00", "end": f"{day}T{hour:02}:45:00+01:00"}
        given = {
            "season": self.town.season,
            "school": self.town.schools[school],
            "grade": 9,
            "mode": "either",
            "role_models": people,
            "options": [{"lessons": [lesson]}],
            "contact": {"name": "Rådgiver", "email": f"school{school}@example.org"},
        }
        answer = self._post("/api/v1/requests", given, self.town.coordinator)
        if answer.status_code == 201:
            assert answer.json is not None
            self.references.append(answer.json["reference"])

    def cancel_request(self, pick: int) -> None:
        """A school withdraws."""
        chosen = self._one(Request, pick, Request.state.in_((RequestState.OPEN, RequestState.VISIT)))
        if chosen is not None:
            self._by_link(chosen, LinkPurpose.REQUEST, "/avlys")

    def plan(self, kind: RunKind) -> None:
        """A run is ordered, and a worker does it."""
        self._post(
            "/api/v1/runs", {"kind": kind.value, "season": self.town.season, "seconds": 10}, self.town.coordinator
        )
        while Worker(really()).run_next():
            pass

    def approve_visits(self) -> None:
        plan = self._newest_plan(RunKind.VISIT)
        if plan is not None:
            self._post(f"/api/v1/plans/{plan}/approvals", {}, self.town.coordinator)

    def approve_groups(self) -> None:
        plan = self._newest_plan(RunKind.GROUP)
        if plan is not None:
            self._post(f"/api/v1/group-plans/{plan}/approvals", {"sites": [self.town.site]}, self.town.leader)

    def undo(self, pick: int) -> None:
        """The approval is taken back, if it has not been sent."""
        chosen = self._one(PlanApproval, pick, PlanApproval.state == ApprovalState.APPROVED)
        if chosen is None:
            return
        kind = "approvals" if chosen.plan.kind is RunKind.VISIT else "group-approvals"
        path = f"/api/v1/{kind}/{chosen.id}"
        tag = self._client(self.town.coordinator).get(path).headers.get("ETag", "")
        self._post(f"{path}/undo", {}, self.town.coordinator, {"If-Match": tag})

    def answer(self, pick: int, scope: str | None) -> None:
        """A role model opens the link and says yes, or no with a scope."""
        chosen = self._one(Invitation, pick, Invitation.state == InvitationState.SENT)
        if chosen is not None:
            act, data = ("/ja", {}) if scope is None else ("/nei", {"scope": scope})
            self._by_link(chosen, LinkPurpose.INVITATION, act, data)

    def object_to(self, pick: int) -> None:
        """An agreement person, or somebody who is not asked any more, says no."""
        chosen = self._one(Invitation, pick, Invitation.state == InvitationState.ACCEPTED)
        if chosen is not None:
            self._by_link(chosen, LinkPurpose.INVITATION, "/nei")

    def take_step(self, pick: int, step: str) -> None:
        """A role model ticks a step of a settled visit, or cannot come after all."""
        chosen = self._one(Visit, pick, Visit.state.in_((VisitState.CONFIRMED, VisitState.HELD)))
        if chosen is not None:
            self._by_link(chosen, LinkPurpose.VISIT, f"/{step}")

    def join(self, number: int, ranked: list[int], born: int) -> None:
        """A pupil registers. Young ones name a guardian."""
        given: dict[str, Any] = {
            "season": self.town.season,
            "programme": self.town.group_programme,
            "name": f"Elev {number}",
            "email": f"pupil{number}@example.org",
            "grade": 10,
            "birth_year": born,
            "level": self.town.level,
            "choices": [self.town.evenings[one] for one in ranked],
            "guardian_name": "Foresatt",
            "guardian_email": f"guardian{number}@example.org",
        }
        self._send(self.app.test_client().post("/api/v1/entries", json=given))

    def confirm(self, pick: int) -> None:
        chosen = self._one(Entry, pick, Entry.state == "unconfirmed")
        if chosen is not None:
            self._by_link(chosen, LinkPurpose.ENTRY, "/bekreft")

    def guardian_says_yes(self, pick: int) -> None:
        with reading() as session:
            tokens = session.scalars(select(LinkToken).where(LinkToken.purpose == LinkPurpose.GUARDIAN)).all()
        if tokens:
            path = links.address_of(tokens[pick % len(tokens)])
            self._send(self.app.test_client().post(path, data={"answer": "yes"}))

    def answer_offer(self, pick: int, said: str) -> None:
        chosen = self._one(SeatOffer, pick, SeatOffer.state == OfferState.OPEN)
        if chosen is not None:
            self._by_link(chosen, LinkPurpose.OFFER, "", {"answer": said})

    def leave(self, pick: int) -> None:
        chosen = self._one(Entry, pick, Entry.state.in_(("waiting", "placed")))
        if chosen is not None:
            self._by_link(chosen, LinkPurpose.ENTRY, "/forlat")

    def mark_attendance(self, pick: int, here: bool) -> None:
        """The leader marks everyone of the newest meeting that has begun."""
        with reading() as session:
            past = Meeting.starts_at <= clock.now()
            meeting = session.scalar(
                select(Meeting).where(past).order_by(Meeting.starts_at.desc(), Meeting.id).limit(1)
            )
            if meeting is None:
                return
            seated = session.scalars(
                select(Membership.entry_id).where(
                    Membership.session_id == meeting.session_id, Membership.to_date.is_(None)
                )
            ).all()
        marks = [
            {"entry": entry, "presence": "here" if here or number == pick % len(seated) else "not_told"}
            for number, entry in enumerate(seated)
        ]
        if marks:
            self._post(f"/api/v1/meetings/{meeting.id}/attendance", {"marks": marks}, self.town.leader)

    def mentor_is_away(self, pick: int) -> None:
        chosen = self._one(Duty, pick, Duty.state == "planned")
        if chosen is not None:
            self._post(f"/api/v1/duties/{chosen.id}/answer", {"answer": "away"}, self.town.leader)

    def pass_time(self, passed: timedelta) -> None:
        """The clock goes on, and the scheduler does what has fallen due; the sender empties the outbox."""
        self.travel(clock.now() + passed)
        now, nobody_stops = clock.now(), threading.Event()
        for job in JOBS:
            if job.name == "outbox":
                continue
            if job.due is None or job.do is None or not job.when.frequent:
                outcome = run_due(job, now, nobody_stops)
                assert outcome is None or outcome.error is None, f"{job.name}: {outcome.error}"
                continue
            with reading() as session:  # the ledger of what comes every few minutes is proven elsewhere
                waiting = job.due(session, now)
            for item in waiting:
                with suppress(Conflict), transaction() as session:
                    job.do(session, item, now)
        while send_due(clock.now(), transports={Channel.MAIL: self.mails}):
            pass

    def _client(self, key: str) -> FlaskClient:
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
        return client

    def _post(self, path: str, given: dict[str, Any], key: str, headers: dict[str, str] | None = None) -> TestResponse:
        return self._send(self._client(key).post(path, json=given, headers=headers))

    def _by_link(self, row: Any, purpose: LinkPurpose, act: str, data: dict[str, str] | None = None) -> None:
        """Acts by the newest link about the row that a mail has carried; nothing when none has."""
        with reading() as session:
            token = session.scalars(
                select(LinkToken)
                .where(LinkToken.object_id == row.id, LinkToken.purpose == purpose)
                .order_by(LinkToken.id.desc())
            ).first()
        if token is not None:
            self._send(self.app.test_client().post(links.address_of(token) + act, data=data or {}))

    def _send(self, answer: TestResponse) -> TestResponse:
        self.acted += 1
        assert answer.status_code in FINE or answer.status_code in TOO_LATE, (
            f"{answer.request.method} {answer.request.path}: {answer.status} {answer.get_data(as_text=True)[:500]}"
        )
        return answer

    def _one(self, kind: Any, pick: int, condition: Any) -> Any:
        """One of the rows, the same whenever the same is picked."""
        with reading() as session:
            found = session.scalars(select(kind).where(condition).order_by(kind.id)).all()
            chosen = found[pick % len(found)] if found else None
            if isinstance(chosen, PlanApproval):
                assert chosen.plan
            return chosen

    def _newest_plan(self, kind: RunKind) -> str | None:
        with reading() as session:
            newest = select(Plan.id).where(Plan.kind == kind).order_by(Plan.created_at.desc(), Plan.id.desc())
            return session.scalar(newest.limit(1))
