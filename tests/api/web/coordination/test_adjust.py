"""Moving, seating and taking out by hand: the judge's answer, and what is kept for the next run."""

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import RunKind, RunState
from api.domain.permissions import Role
from api.models.plan_rows import Lock, PlanVisit
from api.models.planning import Run
from api.models.role_models import RoleModel
from api.models.visits import Lesson, RequestOption
from api.queries import coordination_adjust as judge
from api.queries import stories
from api.queries.coordination_adjust import Change
from matcher.check import check
from tests import factories as make
from tests.api.web.conftest import AsRole
from tests.api.web.coordination.posting import post
from tests.api.web.reading import page, text
from tests.seasons import World, lessons_on, plan_now, small_season


def two_times(session: Session) -> World:
    """A planned season in which the first request suits another day too, for which nobody else asks."""
    world = small_season(session)
    start = lessons_on(world, 4)
    lesson = Lesson(position=0, starts_at=start, ends_at=start + timedelta(minutes=45))
    world.served[0].options.append(RequestOption(position=1, lessons=[lesson]))
    session.flush()
    for kind in RunKind:
        plan_now(session, world, kind)
    return world


def visit_of(session: Session, world: World, number: int) -> PlanVisit:
    wanted = (PlanVisit.plan_id == world.plans[RunKind.VISIT], PlanVisit.request_id == world.served[number].id)
    return session.scalars(select(PlanVisit).where(*wanted)).one()


def named(session: Session, name: str) -> RoleModel:
    return next(one for one in session.scalars(select(RoleModel)) if one.person.name == name)


def test_the_plan_as_it_is_keeps_every_rule_and_costs_nothing(session: Session, world: World) -> None:
    facts = stories.visit_facts(session, world.plans[RunKind.VISIT])
    for request in world.served:
        ruling = judge.rule_on(facts, judge.present(facts, request.id))
        assert (ruling.fits, ruling.costs) == (True, ())


def test_ruling_is_the_judges_own(session: Session, world: World) -> None:
    """What the page asks rule by rule, the judge asked for the whole changed plan says too."""
    facts = stories.visit_facts(session, world.plans[RunKind.VISIT])
    for request in (*world.served, *world.unserved):
        for person in facts.story.people:
            change = Change(request.id, 0, judge.present(facts, request.id).mode, (person,))
            whole = check(facts.story.problem, judge.changed_plan(facts, change))
            assert {one.code for one in whole} == {one.code for one in judge.rule_on(facts, change).broken}


def test_moved_visit_says_which_rule_it_breaks_and_whose(session: Session, world: World, planner: FlaskClient) -> None:
    """The two of the second visit cannot take the third request too: they have a visit that week already."""
    visit = visit_of(session, world, 0)
    reserved = visit.role_models[0].role_model
    other = visit_of(session, world, 2)
    said = text(page(planner, f"/besok/{other.id}/flytt?person={reserved.id}&time=0-digital"))
    assert "Dette går ikke" in said
    assert f"{reserved.person.name}: det kan ikke holdes på den måten" in said


def test_each_alternative_has_its_answer(session: Session, planner: FlaskClient) -> None:
    world = two_times(session)
    said = text(page(planner, f"/besok/{visit_of(session, world, 0).id}/flytt"))
    assert "Slik er det i forslaget" in said
    assert "Fredag 22. januar kl. 09.00–09.45" in said
    assert "Rollemodell A0" in said
    assert "Går." in said
    assert "Går ikke." in said or "Det koster" in said


def test_drawer_is_the_same_form_and_leads_back_to_the_table(session: Session, planner: FlaskClient) -> None:
    world = two_times(session)
    visit = visit_of(session, world, 0)
    address = f"/besok/{visit.id}/flytt"
    drawer = planner.get(address, headers={"HX-Request": "true", "HX-Target": "move"}).get_data(as_text=True)
    assert "<html" not in drawer
    assert "Flytt besøket på Oslo skole 0" in text(drawer)
    assert 'name="back" value="/besok"' in drawer
    form = planner.get(address, headers={"HX-Request": "true", "HX-Target": "moving"}).get_data(as_text=True)
    assert "Flytt besøket på" not in text(form)
    other = 1 if visit.starts_at == lessons_on(world, 0) else 0
    person = visit.role_models[0].role_model_id
    answer = post(planner, address, time=f"{other}-physical", person=person, back="/besok")
    assert answer.headers["Location"] == "/besok"


def test_move_and_lock_keeps_it_for_the_next_run(session: Session, planner: FlaskClient) -> None:
    world = two_times(session)
    visit = visit_of(session, world, 0)
    person = visit.role_models[0].role_model_id
    start = visit.starts_at
    other = 1 if start == lessons_on(world, 0) else 0
    address = f"/besok/{visit.id}/flytt"
    checked = text(page(planner, f"{address}?time={other}-physical&person={person}"))
    assert "Dette går. Alle regler er fulgt." in checked
    answer = post(planner, address, time=f"{other}-physical", person=person)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/laser")
    [lock] = session.scalars(select(Lock))
    assert lock.option_id == world.served[0].options[other].id
    plan_now(session, world, RunKind.VISIT)
    moved = visit_of(session, world, 0)
    assert (moved.option_id, [part.role_model_id for part in moved.role_models]) == (lock.option_id, [person])


def test_move_lock_and_plan_again_orders_a_run(session: Session, planner: FlaskClient) -> None:
    world = two_times(session)
    visit = visit_of(session, world, 0)
    other = 1 if visit.starts_at == lessons_on(world, 0) else 0
    person = visit.role_models[0].role_model_id
    answer = post(planner, f"/besok/{visit.id}/flytt", time=f"{other}-physical", person=person, run="1")
    run = session.scalars(select(Run).where(Run.state == RunState.QUEUED)).one()
    assert answer.headers["Location"] == f"/kjoringer/{run.id}"


def test_what_breaks_a_rule_is_not_locked_and_says_why(session: Session, world: World, planner: FlaskClient) -> None:
    visit = visit_of(session, world, 2)
    reserved = visit_of(session, world, 0).role_models[0].role_model_id
    answer = post(planner, f"/besok/{visit.id}/flytt", time="0-digital", person=reserved)
    assert answer.status_code == 303
    said = text(page(planner, answer.headers["Location"]))
    assert "Dette bryter en regel." in said
    assert "det kan ikke holdes på den måten" in said
    assert session.scalars(select(Lock)).all() == []


def test_request_without_a_visit_can_be_tried_and_says_why_not(
    session: Session, world: World, planner: FlaskClient
) -> None:
    address = f"/besok/uten/{world.unserved[0].id}/plass"
    assert "Skolen ber om et annet antall personer." in text(page(planner, address))
    person = named(session, "Rollemodell A0")
    said = text(page(planner, f"{address}?person={person.id}&time=0-physical"))
    assert "Rollemodell A0: bor for langt unna." in said
    assert post(planner, address, person=person.id, time="0-physical").status_code == 303
    assert session.scalars(select(Lock)).all() == []


def test_taking_a_visit_out_says_what_the_plan_loses(session: Session, world: World, planner: FlaskClient) -> None:
    said = text(page(planner, f"/besok/{visit_of(session, world, 0).id}/ta-ut"))
    assert "Dette mister forslaget" in said
    assert "Skoler som får besøk: 2 → 1" in said


def test_locked_visit_is_not_moved_past_its_lock(session: Session, world: World, planner: FlaskClient) -> None:
    post(planner, f"/besok/{visit_of(session, world, 0).id}/las")
    plan_now(session, world, RunKind.VISIT)
    visit = visit_of(session, world, 0)
    other = named(session, "Rollemodell A0").id
    said = text(page(planner, f"/besok/{visit.id}/flytt?person={other}&time=0-physical"))
    assert "Besøket er låst. Lås det opp først." in said


def test_rest_gives_alternatives_ruling_and_lock(session: Session, coordinator: FlaskClient) -> None:
    world = two_times(session)
    plan, request = world.plans[RunKind.VISIT], world.served[0].id
    found = coordinator.get(f"/api/v1/plans/{plan}/requests/{request}/alternatives").json
    [time] = found["times"]
    assert time["ruling"]["fits"] is True
    body = {
        "request": request,
        "option": time["option"],
        "mode": time["mode"],
        "role_models": found["role_models"],
    }
    ruling = coordinator.post(f"/api/v1/plans/{plan}/adjustments/ruling", json=body)
    assert ruling.json == time["ruling"]
    kept = coordinator.post(f"/api/v1/plans/{plan}/adjustments", json=body)
    assert (kept.status_code, kept.json["role_models"]) == (201, found["role_models"])
    gone = coordinator.post(f"/api/v1/plans/{plan}/adjustments/ruling", json={"request": request, "option": None})
    assert {cost["name"] for cost in gone.json["costs"]} >= {"schools", "classes"}


def test_strange_changes_are_refused(session: Session, world: World, coordinator: FlaskClient) -> None:
    plan, request = world.plans[RunKind.VISIT], world.served[0].id
    stranger = make.make_role_model(session).id
    address = f"/api/v1/plans/{plan}/adjustments/ruling"
    wrong = (
        ({"request": stranger, "option": None}, 404),
        ({"request": request, "option": 7, "role_models": []}, 422),
        ({"request": request, "option": 0, "role_models": [stranger]}, 422),
        ({"request": request, "option": 0, "mode": "loudly"}, 422),
    )
    assert [coordinator.post(address, json=body).status_code for body, _ in wrong] == [code for _, code in wrong]


def test_only_those_who_plan_move_visits(session: Session, world: World, signed_in_as: AsRole) -> None:
    visit = visit_of(session, world, 0)
    for role in (Role.ASSISTANT,):
        client = signed_in_as(role)
        assert client.get(f"/besok/{visit.id}/flytt").status_code == 404
        assert post(client, f"/besok/{visit.id}/flytt", time="0-physical").status_code == 404
