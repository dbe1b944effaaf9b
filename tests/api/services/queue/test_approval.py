"""A group plan approved: undone or sent, offers in queue order, what changed named, one approval a site."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock, i18n
from api.domain.enums import ApprovalState, EntryState, OfferReason, OfferState, RunKind
from api.domain.permissions import Actor, Grant, Role
from api.domain.transitions import Party
from api.errors import Conflict
from api.mail.registry import write_letter
from api.models.access import User
from api.models.follow_up import PlanApproval
from api.models.group_life import MentorAssignment, SeatOffer
from api.models.outbox import OutboxMessage
from api.models.plan_rows import PlanSeat
from api.models.pupils import Entry
from api.services import change
from api.services.queue import approval, leave, offers
from tests import factories as make
from tests.api.web.pupil import mailbox
from tests.seasons import World, plan_now, small_season

PUPIL = change.by(Party.PUPIL)
Browser = Callable[[User], FlaskClient]


@pytest.fixture
def world(session: Session) -> World:
    made = small_season(session)
    plan_now(session, made, RunKind.GROUP)
    return made


def morning(world: World) -> datetime:
    return clock.at_local(world.today, time(9))


def approve(browser: FlaskClient, world: World, *site_ids: str) -> tuple[int, dict[str, object]]:
    answer = browser.post(f"/api/v1/group-plans/{world.plans[RunKind.GROUP]}/approvals", json={"sites": list(site_ids)})
    return answer.status_code, answer.get_json()


def sites(world: World) -> tuple[str, str]:
    assert world.blindern is not None
    assert world.nygard is not None
    return world.blindern.id, world.nygard.id


def send(session: Session) -> None:
    for part in approval.due_sends(session, clock.now()):
        approval.do_send(session, part, clock.now())


def test_approved_plan_is_sent_once_and_offers_in_queue_order(
    session: Session, world: World, by_token: Browser
) -> None:
    with time_machine.travel(morning(world), tick=False) as traveller:
        browser = by_token(make.make_user(session, Role.COORDINATOR))
        status, made = approve(browser, world, *sites(world))
        assert (status, made["state"], made["dropped"]) == (201, "approved", [])
        row = session.scalars(select(PlanApproval)).one()
        assert row.send_at == clock.at_local(world.today, time(12))
        assert approval.due_sends(session, clock.now()) == []
        assert session.scalars(select(SeatOffer)).all() == []
        traveller.move_to(row.send_at)
        for _ in range(2):
            send(session)
    session.expire_all()
    seats = set(session.execute(select(PlanSeat.entry_id, PlanSeat.session_id, PlanSeat.mentor_id)).all())
    made_offers = session.scalars(select(SeatOffer)).all()
    assert {(one.entry_id, one.session_id, one.mentor_id) for one in made_offers} == seats
    assert {one.reason for one in made_offers} == {OfferReason.PLAN}
    assert len({(one.session_id, one.seat) for one in made_offers}) == len(seats)
    assert session.scalars(select(MentorAssignment.mentor_id)).all() != []
    assert row.state is ApprovalState.SENT


def test_sending_goes_on_where_it_stopped_and_is_past_undoing(
    session: Session, world: World, by_token: Browser
) -> None:
    with time_machine.travel(morning(world), tick=False) as traveller:
        browser = by_token(make.make_user(session, Role.COORDINATOR))
        _status, made = approve(browser, world, *sites(world))
        traveller.shift(timedelta(hours=4))
        first, second = approval.due_sends(session, clock.now())
        approval.do_send(session, first, clock.now())
        at_first = session.scalars(select(SeatOffer).order_by(SeatOffer.id)).all()
        assert {offer.session.site_id for offer in at_first} == {first.split()[1]}
        assert not any(offers.is_offering(session, offer.session, clock.now()) for offer in at_first)
        with pytest.raises(Conflict):
            approval.undo(session, _coordinator(), str(made["id"]))
        approval.do_send(session, first, clock.now())
        assert session.scalars(select(SeatOffer).order_by(SeatOffer.id)).all() == at_first
        assert approval.due_sends(session, clock.now()) == [second]
        approval.do_send(session, second, clock.now())
        assert approval.due_sends(session, clock.now()) == []
        assert offers.is_offering(session, at_first[0].session, clock.now())
    assert {offer.session.site_id for offer in session.scalars(select(SeatOffer))} == set(sites(world))


def test_undone_approval_sends_nothing(session: Session, world: World, by_token: Browser) -> None:
    with time_machine.travel(morning(world), tick=False) as traveller:
        browser = by_token(make.make_user(session, Role.COORDINATOR))
        _status, made = approve(browser, world, *sites(world))
        shown = browser.get(f"/api/v1/group-approvals/{made['id']}")
        tagged = {"If-Match": shown.headers["ETag"]}
        assert browser.post(f"/api/v1/group-approvals/{made['id']}/undo", headers=tagged).status_code == 200
        traveller.shift(timedelta(days=1))
        assert approval.due_sends(session, clock.now()) == []
        assert approve(browser, world, *sites(world))[0] == 201


def test_sent_approval_cannot_be_undone(session: Session, world: World, by_token: Browser) -> None:
    with time_machine.travel(morning(world), tick=False) as traveller:
        browser = by_token(make.make_user(session, Role.COORDINATOR))
        _status, made = approve(browser, world, *sites(world))
        traveller.shift(timedelta(hours=4))
        send(session)
        tagged = {"If-Match": browser.get(f"/api/v1/group-approvals/{made['id']}").headers["ETag"]}
        answer = browser.post(f"/api/v1/group-approvals/{made['id']}/undo", headers=tagged)
        assert (answer.status_code, answer.get_json()["code"]) == (409, "approval_sent")


def test_second_approval_of_a_site_is_told_what_changed(session: Session, world: World, by_token: Browser) -> None:
    with time_machine.travel(morning(world), tick=False):
        browser = by_token(make.make_user(session, Role.COORDINATOR))
        blindern, nygard = sites(world)
        assert approve(browser, world, blindern)[0] == 201
        status, problem = approve(browser, world, blindern, nygard)
        assert (status, problem["code"]) == (409, "overlapping_approval")
        assert "Blindern" in str(problem["detail"])
        assert "Nygård" not in str(problem["detail"])
        assert approve(browser, world, nygard)[0] == 201


def test_leader_approves_the_own_site_and_no_other(session: Session, world: World, by_token: Browser) -> None:
    with time_machine.travel(morning(world), tick=False):
        blindern, nygard = sites(world)
        user = make.make_user(session)
        make.make_grant(session, user_id=user.id, role=Role.SITE_LEADER, site_id=blindern)
        browser = by_token(user)
        assert approve(browser, world, nygard)[0] == 404
        assert approve(browser, world, blindern, nygard)[0] == 404
        assert approve(browser, world, blindern)[0] == 201
        other = approval.approve(session, _coordinator(), world.plans[RunKind.GROUP], [nygard])
        assert browser.get(f"/api/v1/group-approvals/{other.id}").status_code == 404
        assert len(browser.get("/api/v1/group-approvals").get_json()) == 1


def test_pairs_that_changed_are_dropped_and_named(session: Session, world: World, by_token: Browser) -> None:
    with time_machine.travel(morning(world), tick=False) as traveller:
        browser = by_token(make.make_user(session, Role.COORDINATOR))
        first = session.scalars(select(PlanSeat.entry_id).order_by(PlanSeat.entry_id)).first()
        gone = session.get_one(Entry, first)
        leave.leave(session, gone, PUPIL)
        _status, made = approve(browser, world, *sites(world))
        assert [(fault["code"], fault["pupil"]) for fault in made["dropped"]] == [("pupil", gone.id)]  # type: ignore[attr-defined]
        traveller.shift(timedelta(hours=4))
        send(session)
    session.expire_all()
    assert gone.state is EntryState.LEFT
    assert offers.open_offer(session, gone.id) is None
    assert session.scalars(select(SeatOffer).where(SeatOffer.state == OfferState.OPEN)).all() != []


def _coordinator() -> Actor:
    return Actor(grants=frozenset({Grant(Role.COORDINATOR)}))


def test_leader_approves_and_undoes_on_the_page(session: Session, world: World, signed_in: Browser) -> None:
    with time_machine.travel(morning(world), tick=False):
        blindern, nygard = sites(world)
        user = make.make_user(session)
        make.make_grant(session, user_id=user.id, role=Role.SITE_LEADER, site_id=blindern)
        browser, path = signed_in(user), f"/grupper/godkjenn/{world.plans[RunKind.GROUP]}"
        page = browser.get(path).get_data(as_text=True)
        assert "Blindern" in page
        assert "Nygård" not in page
        token = dict(mailbox.HIDDEN.findall(page))
        assert browser.post(path, data={**token, "site": nygard}).status_code == 404
        made = browser.post(path, data={**token, "site": blindern})
        assert made.status_code == 303
        assert browser.post(path, data={**token, "site": blindern}).status_code == 409
        assert browser.post(f"{made.location}/angre", data=token).status_code == 303
        assert browser.get(made.location).status_code == 200
    assert session.scalars(select(PlanApproval.state)).all() == [ApprovalState.UNDONE]


def test_protected_pupil_is_a_number_everywhere(session: Session, world: World, by_token: Browser, app: Flask) -> None:
    """A name that occurs nowhere else, looked for in all that others than the pupil can read."""
    canary = "Kanarifugl"
    entry = session.get_one(Entry, session.scalars(select(PlanSeat.entry_id).order_by(PlanSeat.entry_id)).first())
    entry.pupil.protected, entry.pupil.person.name = True, canary
    with time_machine.travel(morning(world), tick=False) as traveller:
        browser = by_token(make.make_user(session, Role.ADMIN))
        _status, made = approve(browser, world, *sites(world))
        traveller.shift(timedelta(hours=4))
        send(session)
        offer = offers.open_offer(session, entry.id)
        assert offer is not None
        offers.accept(session, offer, PUPIL)
        session.flush()
        programme = world.group_rules.programme_id
        seen = [
            browser.get(path).get_data(as_text=True)
            for path in (
                f"/api/v1/seasons/{world.season.id}/programmes/{programme}/queue-replay",
                f"/api/v1/group-approvals/{made['id']}",
                f"/api/v1/plans/{world.plans[RunKind.GROUP]}",
                "/grupper/blindern",
                "/grupper/blindern/venteliste",
                f"/grupper/godkjent/{made['id']}",
            )
        ]
    assert entry.id in seen[0]
    assert all(canary not in text for text in seen)
    for message in session.scalars(select(OutboxMessage)):
        assert canary not in json.dumps(message.values)
        with i18n.use_locale(message.locale):
            letter = write_letter(message.kind, message.values)
        assert canary not in repr(letter)
