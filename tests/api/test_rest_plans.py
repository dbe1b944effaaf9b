"""Plans over REST: heads for all, goals for those who plan, rows and names within reach."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api.domain.enums import Mode, PlanStatus, RunKind, Sense
from api.domain.permissions import Role
from api.models.groups import GroupSession
from api.models.plan_rows import (
    PlanMentor,
    PlanSeat,
    PlanSession,
    PlanUnserved,
    PlanVisit,
    PlanVisitRoleModel,
)
from api.models.planning import Plan, PlanGoal
from tests import factories as make
from tests.api.conftest import SignIn

ADDRESS = "/api/v1/plans"


def items(client: FlaskClient, address: str) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.json
    assert answer.json is not None
    return answer.json["items"]  # type: ignore[no-any-return]


@pytest.fixture
def visit_plan(session: Session) -> Plan:
    """One visit by a named role model, one request left out, and a gap of one."""
    plan = make.make_plan(session, kind=RunKind.VISIT, status=PlanStatus.FEASIBLE)
    session.add(PlanGoal(plan_id=plan.id, position=0, name="schools", sense=Sense.MAX, value=39, bound=40))
    served, left = make.make_request(session), make.make_request(session)
    start = served.options[0].lessons[0].starts_at
    visit = PlanVisit(
        plan_id=plan.id,
        request_id=served.id,
        option_id=served.options[0].id,
        mode=Mode.PHYSICAL,
        starts_at=start,
        ends_at=start + timedelta(minutes=45),
    )
    session.add(visit)
    session.flush()
    role_model = make.make_role_model(session, person_id=make.make_person(session, name="Canary 1").id)
    session.add(PlanVisitRoleModel(plan_visit_id=visit.id, role_model_id=role_model.id, travel_minutes=12))
    session.add(PlanUnserved(plan_id=plan.id, request_id=left.id, reasons=[{"code": "distance", "count": 5}]))
    session.flush()
    return plan


@pytest.fixture
def group_plan(session: Session) -> Plan:
    """Two sites with a session of one pupil each; the second pupil is protected. One more waits at the first site."""
    plan = make.make_plan(session, kind=RunKind.GROUP)
    for name, protected in (("Canary 2", False), ("Canary 3", True)):
        group = make.make_group_session(session, season_id=plan.season_id)
        mentor = make.make_mentor(session, site_id=group.site_id)
        person = make.make_person(session, name=name)
        pupil = make.make_pupil(session, person_id=person.id, protected=protected)
        entry = make.make_entry(session, group, pupil_id=pupil.id)
        session.add(PlanSession(plan_id=plan.id, session_id=group.id))
        session.flush()
        session.add(PlanMentor(plan_id=plan.id, session_id=group.id, mentor_id=mentor.id))
        session.flush()
        seat = {"session_id": group.id, "mentor_id": mentor.id, "choice": 0}
        session.add(PlanSeat(plan_id=plan.id, entry_id=entry.id, **seat))
        if not protected:
            waiting = make.make_entry(session, group)
            session.add(PlanUnserved(plan_id=plan.id, entry_id=waiting.id, ahead=0, reasons=[]))
    session.flush()
    return plan


def sites(session: Session, plan: Plan) -> list[str]:
    from sqlalchemy import select

    statement = select(GroupSession.site_id).join(PlanSession, PlanSession.session_id == GroupSession.id)
    return list(session.scalars(statement.where(PlanSession.plan_id == plan.id).order_by(GroupSession.created_at)))


def leader_of(session: Session, by_token: SignIn, site_id: str) -> FlaskClient:
    user = make.make_user(session)
    make.make_grant(session, user_id=user.id, role=Role.SITE_LEADER, site_id=site_id)
    return by_token(user)


def test_head_is_open_and_says_only_whether_it_is_proven(client: FlaskClient, visit_plan: Plan) -> None:
    head = client.get(f"{ADDRESS}/{visit_plan.id}").json
    assert head is not None
    assert (head["status"], head["proven"]) == ("feasible", False)
    assert set(head) == {"id", "kind", "season", "status", "proven", "changed", "created_at"}
    assert [plan["id"] for plan in items(client, f"{ADDRESS}?kind=visit")] == [visit_plan.id]
    for part in ("check", "visits", "unserved", "seats", "sessions"):
        assert client.get(f"{ADDRESS}/{visit_plan.id}/{part}").status_code == 401


def test_goals_come_with_bounds_and_gaps(coordinator: FlaskClient, visit_plan: Plan) -> None:
    check = coordinator.get(f"{ADDRESS}/{visit_plan.id}/check").json
    assert check is not None
    assert check["goals"] == [{"name": "schools", "sense": "max", "value": 39, "bound": 40, "gap": 1}]
    assert check["certificate"] == visit_plan.certificate


def test_visits_have_school_and_names(coordinator: FlaskClient, visit_plan: Plan) -> None:
    (visit,) = items(coordinator, f"{ADDRESS}/{visit_plan.id}/visits?mode=physical")
    assert [(part["name"], part["travel_minutes"]) for part in visit["role_models"]] == [("Canary 1", 12)]
    assert items(coordinator, f"{ADDRESS}/{visit_plan.id}/visits?mode=digital") == []


def test_unserved_request_has_its_reasons(coordinator: FlaskClient, visit_plan: Plan) -> None:
    (left,) = items(coordinator, f"{ADDRESS}/{visit_plan.id}/unserved")
    assert (left["reasons"], left["pupil"]) == ([{"code": "distance", "count": 5}], None)


def test_assistant_sees_visits_without_names_or_goals(session: Session, by_token: SignIn, visit_plan: Plan) -> None:
    assistant = by_token(make.make_user(session, Role.ASSISTANT))
    (visit,) = items(assistant, f"{ADDRESS}/{visit_plan.id}/visits")
    assert [(part["name"], part["travel_minutes"]) for part in visit["role_models"]] == [(None, None)]
    assert assistant.get(f"{ADDRESS}/{visit_plan.id}/check").status_code == 404


def test_group_plan_has_no_visits(coordinator: FlaskClient, group_plan: Plan) -> None:
    assert coordinator.get(f"{ADDRESS}/{group_plan.id}/visits").status_code == 404


def test_coordinator_sees_all_seats_but_no_protected_name(coordinator: FlaskClient, group_plan: Plan) -> None:
    seats = items(coordinator, f"{ADDRESS}/{group_plan.id}/seats")
    assert sorted(str(seat["name"]) for seat in seats) == ["Canary 2", "None"]
    sessions = items(coordinator, f"{ADDRESS}/{group_plan.id}/sessions?sort=-pupils")
    assert [(row["mentors"], row["pupils"]) for row in sessions] == [(1, 1), (1, 1)]


def test_site_leader_sees_one_site(session: Session, by_token: SignIn, group_plan: Plan) -> None:
    first, second = sites(session, group_plan)
    leader, other = leader_of(session, by_token, first), leader_of(session, by_token, second)
    assert [row["site"] for row in items(leader, f"{ADDRESS}/{group_plan.id}/sessions")] == [first]
    assert [seat["name"] for seat in items(leader, f"{ADDRESS}/{group_plan.id}/seats")] == ["Canary 2"]
    assert len(items(leader, f"{ADDRESS}/{group_plan.id}/unserved")) == 1
    assert [seat["name"] for seat in items(other, f"{ADDRESS}/{group_plan.id}/seats")] == [None]
    assert items(other, f"{ADDRESS}/{group_plan.id}/unserved") == []
    assert "Canary 2" not in other.get(f"{ADDRESS}/{group_plan.id}/seats").get_data(as_text=True)


def test_site_leader_sees_nothing_of_visit_plans(session: Session, by_token: SignIn, visit_plan: Plan) -> None:
    leader = leader_of(session, by_token, make.make_site(session).id)
    answers = [leader.get(f"{ADDRESS}/{visit_plan.id}/{part}") for part in ("visits", "unserved", "check")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_site_leader_sees_what_changed_at_the_own_site(session: Session, by_token: SignIn) -> None:
    own_group, other_group = make.make_group_session(session), make.make_group_session(session)
    first, second = own_group.site_id, other_group.site_id
    plan = make.make_plan(
        session,
        kind=RunKind.GROUP,
        changed_since=[{"code": "seats", "session": one.id, "pupil": one.site_id} for one in (own_group, other_group)],
        conflicts=[{"code": "seats", "items": ["fixed.pupils[0]"]}],
    )
    address = f"{ADDRESS}/{plan.id}/check"
    own = leader_of(session, by_token, first).get(address).json
    every = by_token(make.make_user(session, Role.COORDINATOR)).get(address).json
    assert own is not None
    assert every is not None
    assert [item["pupil"] for item in own["changed_since"]] == [first]
    assert own["conflicts"] == []
    assert [item["pupil"] for item in every["changed_since"]] == [first, second]
    assert len(every["conflicts"]) == 1


def test_plan_that_lost_rows_is_not_proven(client: FlaskClient, session: Session) -> None:
    whole = make.make_plan(session, kind=RunKind.VISIT, status=PlanStatus.OPTIMAL)
    short = make.make_plan(session, status=PlanStatus.OPTIMAL, changed_since=[{"code": "request", "request": "r"}])
    shown = [client.get(f"{ADDRESS}/{plan.id}").json or {} for plan in (whole, short)]
    assert [(plan["proven"], plan["changed"]) for plan in shown] == [(True, 0), (False, 1)]
