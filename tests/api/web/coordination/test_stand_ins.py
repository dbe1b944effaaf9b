"""Whom a plan keeps in reserve: worked out where it is solved, kept with the run, shown to those who approve."""

import json

from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.domain.enums import InvitationState, RunKind
from api.domain.permissions import Role
from api.models.follow_up import Invitation
from api.models.plan_rows import PlanVisit
from api.models.planning import Run
from api.queries.silences import silences
from api.queries.stand_ins import stand_ins
from api.services.solver_child import MOST_VISITS, stand_ins_of
from matcher.plan import load_plan
from matcher.problem import load_problem
from tests import factories as make
from tests.api.web.conftest import AsRole
from tests.api.web.reading import page, rows, text
from tests.seasons import World


def worked_out(session: Session, world: World) -> Run:
    """The plan's run with the stand-ins that a solver's process would have told of."""
    run = session.get_one(Run, world.runs[RunKind.VISIT])
    found = stand_ins_of(load_problem(run.problem or ""), load_plan(run.document or ""), {}, 1)
    run.stand_ins = json.loads(json.dumps(found))
    session.flush()
    return run


def test_reserves_are_shown_by_date_with_what_they_hold(
    session: Session, world: World, planner: FlaskClient, signed_in_as: AsRole
) -> None:
    assert "ikke regnet ut for dette forslaget" in text(page(planner, "/besok/reserver"))
    worked_out(session, world)
    found = stand_ins(session, world.plans[RunKind.VISIT])
    assert found is not None
    assert found.share_without < found.share
    assert found.people == len({one.person.id for one in found.reserves}) > 0
    source = page(planner, "/besok/reserver")
    assert len(rows(source)) == len(found.reserves)
    assert f"{found.people} i reserve" in text(source) or "én i reserve" in text(source)
    assert all(visit.school in text(source) for one in found.reserves for visit in one.visits)
    sheet = planner.get("/besok/reserver.csv").get_data(as_text=True)
    assert len(sheet.splitlines()) == 1 + sum(len(one.visits) for one in found.reserves)
    assert "Reserver" in text(page(planner, "/besok"))
    assistant = signed_in_as(Role.ASSISTANT)
    assert assistant.get("/besok/reserver").status_code == 404
    assert "Reserver" not in text(page(assistant, "/besok"))


def test_visit_that_has_left_the_plan_needs_no_reserve(session: Session, world: World) -> None:
    worked_out(session, world)
    plan = world.plans[RunKind.VISIT]
    before = stand_ins(session, plan)
    assert before is not None
    gone = before.reserves[0].visits[0].visit_id
    request = session.scalars(select(PlanVisit.request_id).where(PlanVisit.id == gone)).one()
    kept = session.get_one(Run, world.runs[RunKind.VISIT]).stand_ins or {}
    changed = json.loads(json.dumps(kept).replace(request, "gone"))
    session.execute(update(Run).values(stand_ins=changed))
    after = stand_ins(session, plan)
    assert after is not None
    assert gone not in {visit.visit_id for one in after.reserves for visit in one.visits}


def test_who_often_does_not_come_counts_as_that(session: Session) -> None:
    reliable, silent, new = (make.make_role_model(session) for _ in range(3))
    for person, state in ((reliable, InvitationState.ACCEPTED), (silent, InvitationState.EXPIRED)):
        for _ in range(3):
            visit = make.make_visit(session, person)
            session.add(Invitation(visit_id=visit.id, role_model_id=person.id, state=state))
    session.flush()
    assert silences(session) == {reliable.id: 0.105, silent.id: 0.405}
    assert new.id not in silences(session)


def test_large_plans_and_groups_have_none(session: Session, world: World) -> None:
    run = session.get_one(Run, world.runs[RunKind.GROUP])
    assert stand_ins_of(load_problem(run.problem or ""), load_plan(run.document or ""), {}, 1) is None
    assert MOST_VISITS == 1_000
