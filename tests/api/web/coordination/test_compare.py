"""Two plans side by side: goals in words and numbers, and what changes for whom."""

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import RequestState, RunKind
from api.domain.permissions import Role
from api.models.plan_rows import PlanSeat
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.counting import count_queries
from tests.api.web.conftest import AsRole
from tests.api.web.reading import page, rows, text
from tests.seasons import World, plan_now, planned_season


def second_plan(session: Session, world: World, kind: RunKind) -> tuple[str, str]:
    """Plans again after something has changed; (the plan before, the plan after)."""
    before = world.plans[kind]
    plan_now(session, world, kind)
    return before, world.plans[kind]


def test_request_that_loses_its_visit_is_named(session: Session, world: World, planner: FlaskClient) -> None:
    world.served[0].state = RequestState.CANCELLED
    session.flush()
    before, after = second_plan(session, world, RunKind.VISIT)
    said = page(planner, f"/sammenlign?before={before}&after={after}")
    assert "0 bestillinger får besøk, én mister det" in text(said)
    assert "Skoler som får besøk 2, mer er ikke mulig 1, mer er ikke mulig dårligere" in text(said)
    assert [row for row in rows(said) if "Oslo skole 0" in row and "Mister besøket" in row]
    turned = text(page(planner, f"/sammenlign?before={after}&after={before}"))
    assert "Én bestilling får besøk, 0 mister det" in turned


def test_two_alike_change_nothing(session: Session, world: World, planner: FlaskClient) -> None:
    second_plan(session, world, RunKind.VISIT)
    assert "Ingenting endres for noen" in text(page(planner, "/sammenlign"))


def test_one_plan_alone_cannot_be_compared(world: World, planner: FlaskClient) -> None:
    assert "Det finnes ikke to slike forslag ennå." in text(page(planner, "/sammenlign"))


def test_pupils_are_counted_by_site(session: Session, world: World, planner: FlaskClient) -> None:
    seated = select(PlanSeat.entry_id).where(PlanSeat.session_id == world.evenings[0].id)
    gone = sorted(session.scalars(seated))[0]
    session.get(make.Entry, gone).state = "left"
    session.flush()
    before, after = second_plan(session, world, RunKind.GROUP)
    said = page(planner, f"/sammenlign?kind=group&before={before}&after={after}")
    [blindern] = [row for row in rows(said) if row.startswith("Blindern")]
    assert blindern.split()[2] == "1"
    assert gone not in said


def test_program_sees_own_site_only(session: Session, world: World, by_token: SignIn) -> None:
    gone = sorted(session.scalars(select(PlanSeat.entry_id).where(PlanSeat.session_id == world.evenings[0].id)))[0]
    session.get(make.Entry, gone).state = "left"
    session.flush()
    before, after = second_plan(session, world, RunKind.GROUP)
    answers = {}
    for site in (world.blindern, world.nygard):
        user = make.make_user(session)
        make.make_grant(session, user_id=user.id, role=Role.SITE_LEADER, site_id=site.id)
        answers[site.name] = by_token(user).get(f"/api/v1/plans/{before}/comparison/{after}").json
    assert [one["lost"] for one in answers["Blindern"]["sites"]] == [[gone]]
    assert answers["Nygård"]["sites"] == []


def test_plans_of_different_kinds_are_not_compared(world: World, coordinator: FlaskClient) -> None:
    visits, groups = world.plans[RunKind.VISIT], world.plans[RunKind.GROUP]
    assert coordinator.get(f"/api/v1/plans/{visits}/comparison/{groups}").status_code == 422
    assert coordinator.get(f"/api/v1/plans/{visits}/comparison/{world.season.id}").status_code == 404


def test_assistant_compares_nothing(session: Session, world: World, signed_in_as: AsRole) -> None:
    assert signed_in_as(Role.ASSISTANT).get("/sammenlign").status_code == 404


def test_questions_do_not_grow_with_the_rows(session: Session, signed_in: SignIn) -> None:
    counts = []
    for copies in (1, 3):
        inside = session.begin_nested()
        world = planned_season(session, copies=copies)
        for request in world.served:
            request.state = RequestState.CANCELLED
        session.flush()
        before, after = second_plan(session, world, RunKind.VISIT)
        planner = signed_in(make.make_user(session, Role.COORDINATOR))
        session.expire_all()
        with count_queries(session) as counted:
            page(planner, f"/sammenlign?before={before}&after={after}")
        counts.append(counted.total)
        inside.rollback()
        session.expire_all()
    assert counts[0] == counts[1]
