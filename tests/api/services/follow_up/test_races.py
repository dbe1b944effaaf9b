"""Several at once: one wins, nothing half written; each with a control that fails when its guard is off."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier, BrokenBarrierError, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from api import clock
from api.db import reading, transaction
from api.domain.enums import InvitationState, RunKind, VisitState
from api.domain.permissions import Actor
from api.models.follow_up import Invitation, PlanApproval
from api.models.records import AuditEntry
from api.models.role_models import RoleModel
from api.models.visits import Visit
from api.services import audit
from api.services.follow_up import approval, invitations, sending, silence, turn
from tests.api.services.follow_up import live
from tests.seasons import World

ROUNDS = 3


def at_once(*acts: Callable[[Session], Any]) -> list[Any]:
    """What each act in a transaction of its own answered, or the error it ended with."""
    start = Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def work(number: int) -> None:
        start.wait(timeout=20)
        try:
            with transaction() as session:
                results[number] = acts[number](session)
        except Exception as error:
            results[number] = error

    threads = [Thread(target=work, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def committed_season() -> tuple[World, Actor]:
    """A planned season and who may approve it."""
    with transaction() as session:
        world = live.planned_season(session)
        live.with_contacts(session, world)
        for row in (world.season, world.visit_rules, *world.served):
            session.refresh(row)  # read by tests after the session has gone
        return world, live.coordinator(session)


def count(model: Any) -> int:
    with reading() as session:
        return session.scalars(select(func.count()).select_from(model)).one()


def test_of_two_approvals_of_a_plan_one_wins(own_database: Engine) -> None:
    world, actor = committed_season()
    now = live.morning_of(world)
    plan = world.plans[RunKind.VISIT]
    results = at_once(*[lambda session: approval.approve(session, actor, plan, now=now).id] * 2)
    assert sorted(type(one).__name__ for one in results) == ["Overtaken", "str"]
    assert (count(PlanApproval), count(Visit), count(Invitation)) == (1, 3, 4)
    with reading() as session:
        assert live.taken(session) == 4
        assert live.verdict(session, world, now) == []


def test_of_undoing_and_sending_one_wins(own_database: Engine) -> None:
    world, actor = committed_season()
    now = live.morning_of(world)
    for _ in range(ROUNDS):
        with transaction() as session:
            key = approval.approve(session, actor, world.plans[RunKind.VISIT], now=now).id
        results = at_once(
            lambda session, key=key: approval.undo(session, actor, key, now).state.value,
            lambda session, key=key: approval.send_now(session, actor, key, now).state.value,
        )
        with reading() as session:
            letters = len(live.letters(session))
            state = session.get_one(PlanApproval, key).state.value
        assert [one for one in results if isinstance(one, str)] == [state]
        assert letters == (2 if state == "sent" else 0)
        if state == "sent":
            return


def test_a_kill_half_way_leaves_the_rest_to_be_sent_once(own_database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    world, actor = committed_season()
    with transaction() as session:
        key = approval.approve(session, actor, world.plans[RunKind.VISIT], now=live.morning_of(world)).id
    noon, told = live.noon_of(world), sending.announce

    class Killed(Exception):
        """Where the process ends."""

    def dies_at_the_second(session: Session, visit: Visit, now: datetime) -> None:
        told(session, visit, now)
        if visit.request_id == world.served[1].id:
            raise Killed

    monkeypatch.setattr(sending, "announce", dies_at_the_second)
    with suppress(Killed):
        send_all(noon)
    with reading() as session:
        assert session.get_one(PlanApproval, key).sent_items == [world.served[0].id]
        assert len(live.letters(session)) == 2
    monkeypatch.setattr(sending, "announce", told)
    for _ in range(2):
        send_all(noon)
    with reading() as session:
        assert session.get_one(PlanApproval, key).sent_items == [row.id for row in world.served]
        assert len(live.letters(session)) == 7


def send_all(now: datetime) -> None:
    """What the job does, a transaction a visit."""
    with reading() as session:
        waiting = sending.due_sends(session, now)
    for part in waiting:
        with transaction() as session:
            sending.do_send(session, part, now)


def answers_in_trail(invitation_id: str) -> list[str]:
    """How the invitation's answers stand in the trail."""
    with reading() as session:
        return list(
            session.scalars(
                select(AuditEntry.action).where(
                    AuditEntry.object_id == invitation_id,
                    AuditEntry.action.in_(("invitation.accept", "invitation.expire")),
                )
            )
        )


def race_of_yes_and_silence() -> tuple[list[Any], str]:
    world, actor = committed_season()
    with transaction() as session:
        approval.send_now(session, actor, approval.approve(session, actor, world.plans[RunKind.VISIT]).id)
    send_all(clock.now())
    with transaction() as session:
        live.mails_leave(session)
    with reading() as session:
        [invitation] = live.invitations(session, live.visit_of(session, world.served[2]))
        assert invitation.answer_by is not None
        key, over = invitation.id, invitation.answer_by
    before = over - timedelta(seconds=1)
    results = at_once(
        lambda session: invitations.accept(session, key, live.ROLE_MODEL, before).state,
        lambda session: silence.do_silence(session, key, over),
    )
    return results, key


def test_of_a_yes_and_silence_exactly_one_wins(own_database: Engine) -> None:
    results, key = race_of_yes_and_silence()
    assert len(answers_in_trail(key)) == 1
    with reading() as session:
        state = session.get_one(Invitation, key).state
    assert state in (InvitationState.ACCEPTED, InvitationState.EXPIRED)
    assert (state is InvitationState.ACCEPTED) == (results[0] is InvitationState.ACCEPTED)


def test_control_without_the_condition_both_would_win(own_database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def unguarded(session: Session, row: Any, event: str, who: Any, *, values: Any = None, **_given: Any) -> None:
        target = {"accept": "accepted", "expire": "expired"}.get(event)
        if target is None:
            return moved(session, row, event, who, values=values, **_given)
        session.execute(update(type(row)).where(type(row).id == row.id).values(state=target, **(values or {})))
        session.refresh(row)
        recorded(session, f"invitation.{event}", "invitation", row.id)
        return None

    moved, recorded = invitations.move, audit.record
    monkeypatch.setattr(invitations, "move", unguarded)
    monkeypatch.setattr(silence, "move", unguarded)
    monkeypatch.setattr(
        silence, "due_silences", lambda session, now: [row.id for row in session.scalars(select(Invitation))]
    )
    monkeypatch.setattr(turn, "take", lambda session: None)
    _results, key = race_of_yes_and_silence()
    assert sorted(answers_in_trail(key)) == ["invitation.accept", "invitation.expire"]


def race_of_two_parts(monkeypatch: pytest.MonkeyPatch, *, together: bool) -> list[str]:
    """Two parts of a plan approved at once, whose people may by now take one visit a week; what the judge says after.

    together: each sees the season before the other has written.
    """
    world, actor = committed_season()
    now = live.morning_of(world)
    with transaction() as session:
        session.execute(update(RoleModel).values(max_per_week=1, version=RoleModel.version + 1))
    seen = Barrier(2)
    real = approval.preview

    def look(*args: Any, **kwargs: Any) -> Any:
        found = real(*args, **kwargs)
        if together:
            with suppress(BrokenBarrierError):
                seen.wait(timeout=10)
        return found

    monkeypatch.setattr(approval, "preview", look)
    plan = world.plans[RunKind.VISIT]
    results = at_once(
        lambda session: approval.approve(session, actor, plan, [world.served[1].id], now).id,
        lambda session: approval.approve(session, actor, plan, [world.served[2].id], now).id,
    )
    assert any(isinstance(one, str) for one in results), results
    with reading() as session:
        return [one.split(":")[0] for one in live.verdict(session, world, now)]


def test_two_parts_at_once_break_no_limit(own_database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert race_of_two_parts(monkeypatch, together=False) == []


def test_control_without_the_turn_a_limit_breaks(own_database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    if own_database.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time, with or without the turn")
    monkeypatch.setattr(turn, "take", lambda session: None)
    assert "week" in race_of_two_parts(monkeypatch, together=True)


def test_two_last_answers_at_once_confirm_the_visit(own_database: Engine) -> None:
    world, actor = committed_season()
    with transaction() as session:
        approval.send_now(session, actor, approval.approve(session, actor, world.plans[RunKind.VISIT]).id)
    send_all(clock.now())
    with reading() as session:
        visit = live.visit_of(session, world.served[1])
        keys = [one.id for one in live.invitations(session, visit)]
    results = at_once(
        *[lambda session, key=key: invitations.accept(session, key, live.ROLE_MODEL).state for key in keys]
    )
    assert results == [InvitationState.ACCEPTED] * 2
    with reading() as session:
        assert session.get_one(Visit, visit.id).state is VisitState.CONFIRMED
        assert live.letters(session).count("visit_confirmed_school") == 2
