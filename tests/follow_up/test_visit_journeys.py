"""A request from order to held, through the doors that people use, with every mail that they get."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from api import clock
from api.db import reading
from api.domain.enums import LinkPurpose, RequestState, RunKind, VisitState
from api.models.follow_up import Evaluation
from api.models.visits import Request, Visit
from tests.follow_up.post_office import PostOffice
from tests.follow_up.visits import ADVISER, DAY, invitation, order, role_models

pytestmark = pytest.mark.long_on_postgres

TODAY = date(2026, 11, 9)
ANSWERS = {"again": "5", "prepared": "4"}


def the_visit() -> Visit:
    """The newest."""
    with reading() as session:
        return session.scalars(select(Visit).order_by(Visit.created_at.desc(), Visit.id.desc())).first()  # type: ignore[return-value]


def test_request_from_order_to_held(office: PostOffice) -> None:
    people = role_models(office)
    order(office)
    assert office.kinds(ADVISER) == ["order_to_confirm", "order_received"]
    office.approve(office.plan(RunKind.VISIT))
    office.at(TODAY, 11, 59)
    assert office.asked(people) == [], "nothing leaves before noon"
    office.at(TODAY, 12)
    (asked,) = office.asked(people)
    assert office.kinds(ADVISER)[2:] == ["visit_asking_school"]

    link = invitation(office, asked)
    office.look(link)
    assert the_visit().state is VisitState.PLANNED, "opening a link changes nothing"
    office.pressed(link, "/ja")
    assert the_visit().state is VisitState.CONFIRMED
    assert ADVISER in office.text(asked, "visit_confirmed_role_model"), "whom to call"
    ours = office.calendar(ADVISER, "visit_confirmed_school")
    theirs = office.calendar(asked, "visit_confirmed_role_model")
    assert ours["UID"] == theirs["UID"] == f"visit-{the_visit().id}@treffpunkt"
    assert ours["SEQUENCE"] == theirs["SEQUENCE"] == the_visit().version
    assert clock.to_oslo(ours["DTSTART"].dt).date() == DAY

    office.at(TODAY + timedelta(days=3), 13)
    visit = office.link(asked, "visit_call_school", LinkPurpose.VISIT)
    office.pressed(visit, "/ringt")
    office.at(TODAY + timedelta(days=8), 13)
    assert office.kinds(asked).count("visit_call_school") == 1
    assert office.lines() == []

    office.at(date(2027, 1, 15), 9)
    status = office.link(ADVISER, "visit_ready_school", LinkPurpose.REQUEST)
    office.pressed(office.link(asked, "visit_ready_role_model", LinkPurpose.VISIT), "/klar")
    office.pressed(status, "/klar")
    office.pressed(status, "/sporsmal", questions="Hva gjør en ingeniør?")
    office.at(DAY - timedelta(days=1), 12)
    assert "Hva gjør en ingeniør?" in office.text(asked, "visit_tomorrow_role_model")
    assert "visit_tomorrow_school" in office.kinds(ADVISER)

    office.at(DAY + timedelta(days=1), 8)
    office.pressed(office.link(asked, "visit_over_role_model", LinkPurpose.VISIT), "/holdt")
    assert the_visit().state is VisitState.HELD
    after = office.link(ADVISER, "visit_over_school", LinkPurpose.REQUEST)
    office.pressed(after, "/evaluering", useful="5", engaging="5", **ANSWERS)
    office.pressed(visit, "/evaluering", welcome="5", engaged="4", **ANSWERS)
    office.at(DAY + timedelta(days=30))
    with reading() as session:
        assert session.scalars(select(Request.state)).all() == [RequestState.VISIT]
        assert len(session.scalars(select(Evaluation)).all()) == 2
    assert office.lines() == []
    assert office.kinds(asked) == [
        "invitation_asked",
        "visit_confirmed_role_model",
        "visit_call_school",
        "visit_ready_role_model",
        "visit_tomorrow_role_model",
        "visit_over_role_model",
    ]
    office.at_peace()
