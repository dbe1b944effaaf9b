"""An agreement's week: told and not asked, 48 working hours to object, somebody else for the one who does, held."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from api.db import reading, transaction
from api.domain.enums import InvitationKind, InvitationState, LinkPurpose, RunKind, VisitState
from api.models.companies import Agreement
from api.models.follow_up import Invitation
from api.models.visits import Visit
from tests import factories as make
from tests.follow_up.post_office import PostOffice
from tests.follow_up.visits import address_of, invitation, phone_order, role_models

pytestmark = pytest.mark.long_on_postgres

FRIDAY, MONDAY, TUESDAY = date(2026, 11, 13), date(2026, 11, 16), date(2026, 11, 17)
VISIT_DAY = date(2027, 2, 9)  # in Oslo's week
SCHOOLS, PLEDGED = 2, 3


def pledge_more(people: int) -> str:
    """So many more of the agreement's company. The company's id."""
    with transaction() as session:
        agreement = session.scalars(select(Agreement)).one()
        agreement.pledged_people = people + 1
        for _ in range(people):
            row = make.make_role_model(session, digital=True, company_id=agreement.company_id, max_per_term=4)
            row.agreements = [agreement]
        return agreement.company_id


def set_aside(office: PostOffice, company: str) -> None:
    """Each of the company's people sets the morning of the day aside."""
    path = f"/api/v1/companies/{company}"
    season = {"season": office.town.season}
    people = office.coordinator.get(f"{path}/role-models").get_json()["items"]
    assert len(people) == PLEDGED
    for one in people:
        slot = {"role_model": one["id"], "day": VISIT_DAY.isoformat(), "starts": "08:00", "ends": "12:00"}
        answer = office.coordinator.post(f"{path}/pledge-slots", query_string=season, json=slot)
        assert answer.status_code == 201, answer.get_data(as_text=True)


def states() -> list[VisitState]:
    with reading() as session:
        return list(session.scalars(select(Visit.state)))


def test_agreement_week_from_pledge_to_held(office: PostOffice) -> None:
    company = pledge_more(PLEDGED - 1)
    set_aside(office, company)
    for school in range(SCHOOLS):
        phone_order(office, VISIT_DAY, school=school)
    office.at(FRIDAY, 9)
    office.approve(office.plan(RunKind.VISIT))
    office.at(FRIDAY, 11, 59)
    people = role_models(office)
    assert office.asked(people, "invitation_notice") == []
    office.at(FRIDAY, 12)
    told = office.asked(people, "invitation_notice")
    assert len(told) == SCHOOLS, "the company's people are told"
    assert office.asked(people) == [], "and nobody is asked"
    assert states() == [VisitState.CONFIRMED] * SCHOOLS
    for school in range(SCHOOLS):
        assert "visit_confirmed_school" in office.kinds(address_of(school))

    objector, stays = told
    late = invitation(office, stays, "invitation_notice")
    office.at(TUESDAY, 11, 59)  # the weekend is not counted
    office.pressed(invitation(office, objector, "invitation_notice"), "/nei")
    (stands_in,) = set(office.asked(people, "invitation_notice")) - set(told)
    assert states() == [VisitState.CONFIRMED] * SCHOOLS, "another of the company comes"
    office.at(TUESDAY, 12)
    assert office.app.test_client().post(f"{late}/nei").status_code == 410, "the time to object is over"
    office.at_peace()

    office.at(date(2027, 2, 10), 8)
    for one in (stays, stands_in):
        office.pressed(office.link(one, "visit_over_role_model", LinkPurpose.VISIT), "/holdt")
    assert states() == [VisitState.HELD] * SCHOOLS
    assert "visit_over_role_model" not in office.kinds(objector)
    delivered(office, company)
    office.at_peace()


def delivered(office: PostOffice, company: str) -> None:
    """Three set time aside and were told, one of them objected; two came."""
    with reading() as session:
        told = session.scalars(select(Invitation).where(Invitation.kind == InvitationKind.NOTICE)).all()
        answers = [InvitationState.ACCEPTED, InvitationState.ACCEPTED, InvitationState.DECLINED]
        assert sorted(one.state for one in told) == answers
        assert len({one.role_model_id for one in told}) == PLEDGED
    figures = office.coordinator.get(
        f"/api/v1/companies/{company}/figures", query_string={"season": office.town.season}
    ).get_json()
    wanted = {"promised": PLEDGED, "asked": PLEDGED, "accepted": SCHOOLS, "held": SCHOOLS, "silent": 0}
    assert {name: figures[name] for name in wanted} == wanted
    assert figures["pledged_people"] == figures["people"] == PLEDGED
    (week,) = figures["weeks"]
    assert {name: week[name] for name in wanted} == wanted
