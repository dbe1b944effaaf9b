"""When people say no or nothing: the next is asked, and somebody is called only when there is no other way left."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from api.db import reading, transaction
from api.domain.enums import InvitationState, LinkPurpose, RunKind, VisitState
from api.models.follow_up import Invitation
from api.models.people import Person
from api.models.visits import Visit
from tests.follow_up.post_office import PostOffice
from tests.follow_up.visits import ADVISER, invitation, order, role_models

pytestmark = pytest.mark.long_on_postgres

MONDAY = date(2026, 11, 9)
NO_PHONE_RINGS = "+47 000 00 000"


def live_visit() -> Visit | None:
    with reading() as session:
        return session.scalar(select(Visit).where(Visit.state.in_((VisitState.PLANNED, VisitState.CONFIRMED))))


def newly_asked(office: PostOffice, before: list[str]) -> str:
    """The one who is asked now and was not before."""
    (found,) = set(office.asked(role_models(office))) - set(before)
    return found


def test_no_silence_call_and_the_remedy_when_nobody_is_left(office: PostOffice) -> None:
    people = role_models(office)
    with transaction() as session:
        for person in session.scalars(select(Person).where(Person.email.in_(people))):
            person.phone = NO_PHONE_RINGS
    order(office)
    office.approve(office.plan(RunKind.VISIT))
    office.at(MONDAY, 12)
    (first,) = office.asked(people)
    link = invitation(office, first)
    office.look(f"{link}/nei")
    office.pressed(link, "/nei", scope="time")
    second = newly_asked(office, [first])
    assert office.lines() == []

    for day, reminders in ((1, 0), (2, 1), (3, 1), (4, 2), (5, 2)):
        office.at(MONDAY + timedelta(days=day), 12)
        assert office.kinds(second).count("invitation_reminder") == reminders, day
    office.at(MONDAY + timedelta(days=7), 11, 59)
    assert office.kinds(second)[-1] == "invitation_reminder"
    office.at(MONDAY + timedelta(days=7), 12)
    assert office.kinds(second)[-1] == "invitation_expired"
    late = office.app.test_client().post(f"{invitation(office, second)}/ja")
    assert late.status_code == 410, "silence was a no"
    third = newly_asked(office, [first, second])

    (call,) = office.lines()
    assert (call["kind"], call["remedy"]["code"], call["phone"]) == ("asked_in_vain", "call_invited", NO_PHONE_RINGS)
    assert call["reason"]["people"] == 2
    office.remedy(call, answer="no")
    fourth = newly_asked(office, [first, second, third])
    office.pressed(invitation(office, fourth), "/nei", scope="time")
    fifth = newly_asked(office, [first, second, third, fourth])
    office.pressed(invitation(office, fifth), "/nei", scope="time")

    (left,) = office.lines()
    assert (left["kind"], left["remedy"]["code"]) == ("nobody_found", "another_date")
    assert office.kinds(ADVISER)[-1] == "visit_fell_through_school"
    assert live_visit() is None
    office.remedy(left)
    assert office.lines() == []
    moved = live_visit()
    assert moved is not None
    assert moved.starts_at.isoformat() == left["remedy"]["starts_at"]
    with reading() as session:
        asked = session.scalars(select(Invitation).where(Invitation.visit_id == moved.id)).all()
        assert [one.state for one in asked] == [InvitationState.SENT]
        address = session.scalar(select(Person.email).where(Person.id == asked[0].role_model.person_id))
    office.pressed(invitation(office, str(address)), "/ja")
    assert office.kinds(ADVISER)[-1] == "visit_confirmed_school"
    office.at_peace()


def test_who_cannot_come_after_all_is_replaced_in_the_same_calendar_entry(office: PostOffice) -> None:
    people = role_models(office)
    order(office)
    office.approve(office.plan(RunKind.VISIT))
    office.at(MONDAY, 12)
    (first,) = office.asked(people)
    link = invitation(office, first)
    office.pressed(link, "/ja")
    before = office.calendar(ADVISER, "visit_confirmed_school")
    visit = office.link(first, "visit_confirmed_role_model", LinkPurpose.VISIT)
    office.at(MONDAY + timedelta(days=1))
    office.pressed(visit, "/kanikke")
    second = newly_asked(office, [first])
    office.pressed(invitation(office, second), "/ja")
    after = office.calendar(ADVISER, "visit_confirmed_school")
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert office.kinds(ADVISER).count("visit_confirmed_school") == 2
    assert office.lines() == []
    office.at_peace()


def test_approval_is_undone_until_it_is_sent(office: PostOffice) -> None:
    people = role_models(office)
    order(office)
    plan = office.plan(RunKind.VISIT)
    path = f"/api/v1/approvals/{office.approve(plan)['id']}"
    tag = {"If-Match": office.coordinator.get(path).headers["ETag"]}
    assert office.coordinator.post(f"{path}/undo", json={}, headers=tag).status_code == 200
    office.at(MONDAY, 12)
    assert office.asked(people) == []
    assert office.kinds(ADVISER) == ["order_to_confirm", "order_received"], "nobody hears of what was undone"
    assert live_visit() is None
    office.at_peace()

    path = f"/api/v1/approvals/{office.approve(plan)['id']}"
    office.at(MONDAY + timedelta(days=1), 12)
    tag = {"If-Match": office.coordinator.get(path).headers["ETag"]}
    assert office.coordinator.post(f"{path}/undo", json={}, headers=tag).status_code == 409
    assert len(office.asked(people)) == 1
    office.at_peace()


def test_second_approval_of_an_overlapping_plan_says_what_changed(office: PostOffice) -> None:
    order(office)
    one, other = office.plan(RunKind.VISIT), office.plan(RunKind.VISIT)
    office.approve(one)
    refused = office.coordinator.post(f"/api/v1/plans/{other}/approvals", json={})
    assert refused.status_code == 409
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 1
        reference = session.scalars(select(Visit)).one().request.reference
    said = refused.get_json()
    assert said["code"] == "overtaken"
    assert reference in str(said["errors"])
    office.at_peace()
