"""Runs: who may order and see them, and every state in words."""

import json
import re
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import PlanStatus, RunKind, RunState
from api.domain.permissions import Role
from api.models.planning import Plan, Run
from tests import factories as make
from tests.api.web.conftest import AsRole
from tests.api.web.reading import csrf, page, rows, text
from tests.seasons import World, run_of

LEASE = {"lease_until": clock.now() + timedelta(minutes=1)}
HALF_WAY = [
    {"goal": "priority", "value": 2, "bound": 2, "seconds": 0.5},
    {"goal": "schools", "value": None, "bound": 46, "seconds": 1.0},
    {"goal": "schools", "value": 29, "bound": 44, "seconds": 2.0},
    {"goal": "schools", "value": 39, "bound": 40, "seconds": 14.0},
]


def running(session: Session, world: World) -> Run:
    return run_of(session, world, state=RunState.RUNNING, progress=HALF_WAY, started_at=clock.now(), **LEASE)


def ended(session: Session, world: World, state: RunState, **given: object) -> Run:
    return run_of(session, world, state=state, finished_at=clock.now(), **given)


def test_runs_are_for_those_who_coordinate(client: FlaskClient, world: World, signed_in_as: AsRole) -> None:
    assert client.get("/kjoringer").status_code == 302
    assert signed_in_as(Role.SITE_LEADER, world.blindern).get("/kjoringer").status_code == 404
    assert "Kjøringer" not in page(client, "/")
    assistant = page(signed_in_as(Role.ASSISTANT), "/kjoringer")
    assert 'name="kind"' not in assistant
    assert 'name="kind"' in page(signed_in_as(Role.COORDINATOR), "/kjoringer")


def test_list_has_what_each_run_came_to(session: Session, world: World, signed_in_as: AsRole) -> None:
    ended(session, world, RunState.CANCELLED)
    shown = rows(page(signed_in_as(Role.COORDINATOR), "/kjoringer"))
    assert len(shown) == 3
    assert sum("Skolebesøk Ferdig 2 skoler, 3 klasser" in row for row in shown) == 1
    assert sum("Studiegrupper Ferdig 3 elever får plass" in row for row in shown) == 1
    assert sum("Avbrutt –" in row for row in shown) == 1


def test_coordinator_orders_a_run(session: Session, world: World, signed_in_as: AsRole) -> None:
    coordinator = signed_in_as(Role.COORDINATOR)
    token = csrf(page(coordinator, "/kjoringer"))
    answer = coordinator.post("/kjoringer", data={"kind": "group", "csrf_token": token})
    run = session.scalars(select(Run).where(Run.state == RunState.QUEUED)).one()
    assert (answer.status_code, answer.location) == (303, f"/kjoringer/{run.id}")
    assert (run.kind, run.season_id) == (RunKind.GROUP, world.season.id)
    shown = page(coordinator, answer.location)
    assert "Forslag til studiegrupper venter på tur" in shown
    assert "Venter på tur." in shown


def test_orders_need_the_right_the_token_and_a_kind(session: Session, world: World, signed_in_as: AsRole) -> None:
    coordinator = signed_in_as(Role.COORDINATOR)
    token = csrf(page(coordinator, "/kjoringer"))
    assert coordinator.post("/kjoringer", data={"kind": "visit"}).status_code == 400
    assert coordinator.post("/kjoringer", data={"kind": "x", "csrf_token": token}).status_code == 422
    assistant = signed_in_as(Role.ASSISTANT)
    token = csrf(page(assistant, "/kjoringer"))
    assert assistant.post("/kjoringer", data={"kind": "visit", "csrf_token": token}).status_code == 404
    assert session.scalars(select(Run).where(Run.state == RunState.QUEUED)).all() == []


def test_ordering_without_a_season_says_so(signed_in_as: AsRole) -> None:
    coordinator = signed_in_as(Role.COORDINATOR)
    shown = page(coordinator, "/kjoringer")
    assert "Ingenting er kjørt ennå." in shown
    answer = coordinator.post("/kjoringer", data={"kind": "visit", "csrf_token": csrf(shown)})
    assert answer.status_code == 404
    assert "Det er ingen sesong å planlegge ennå." in answer.text


def test_running_shows_how_far_it_has_come(session: Session, world: World, signed_in_as: AsRole) -> None:
    run = running(session, world)
    shown = page(signed_in_as(Role.COORDINATOR), f"/kjoringer/{run.id}")
    assert "39 skoler får besøk. 40 er det beste mulige, så vi leter etter én til." in text(shown)
    assert 'aria-valuetext="Mål 3 av 9 · 14 s"' in shown
    assert 'hx-trigger="every 2s"' in shown
    assert 'role="status" hx-get="/kjoringer/' in shown
    assert 'hx-trigger="every 10s"' in shown
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in shown
    assert "Skoler som får besøk over tid: forslaget 39, beste mulige 40" in shown
    assert re.search(r'aria-current="step">.*?Flest mulig skoler', shown, re.S)
    assert "Stopp og bruk det vi har" in shown


def test_moving_part_is_fetched_alone_until_the_run_ends(session: Session, world: World, signed_in_as: AsRole) -> None:
    run = running(session, world)
    coordinator = signed_in_as(Role.COORDINATOR)
    part = coordinator.get(f"/kjoringer/{run.id}/na?seen=running")
    assert "<html" not in part.text
    assert "39 skoler får besøk." in part.text
    assert "HX-Refresh" not in part.headers
    assert coordinator.get(f"/kjoringer/{run.id}/sagt").text.startswith("39 skoler får besøk.")
    assert coordinator.get(f"/kjoringer/{run.id}/na?seen=queued").headers["HX-Refresh"] == "true"
    done = coordinator.get(f"/kjoringer/{world.runs[RunKind.VISIT]}/na?seen=running")
    assert done.headers["HX-Refresh"] == "true"


def test_stop_and_cancel_are_asked_for(session: Session, world: World, signed_in_as: AsRole) -> None:
    run = running(session, world)
    coordinator = signed_in_as(Role.COORDINATOR)
    token = {"csrf_token": csrf(page(coordinator, f"/kjoringer/{run.id}"))}
    assert coordinator.post(f"/kjoringer/{run.id}/stopp", data=token).status_code == 303
    assert coordinator.post(f"/kjoringer/{run.id}/avbryt", data=token).status_code == 303
    session.refresh(run)
    assert (run.stop_requested, run.cancel_requested) == (True, True)
    assert coordinator.post(f"/kjoringer/{world.runs[RunKind.VISIT]}/stopp", data=token).status_code == 303
    assert 'class="ds-alert tp-flash" data-color="info"' in page(coordinator, f"/kjoringer/{run.id}")


def test_assistant_neither_stops_nor_cancels(session: Session, world: World, signed_in_as: AsRole) -> None:
    run = running(session, world)
    assistant = signed_in_as(Role.ASSISTANT)
    shown = page(assistant, f"/kjoringer/{run.id}")
    assert "Stopp og bruk det vi har" not in shown
    assert assistant.post(f"/kjoringer/{run.id}/stopp", data={"csrf_token": csrf(shown)}).status_code == 404
    session.refresh(run)
    assert not run.stop_requested


def test_done_says_what_was_proven_and_leads_to_the_plan(world: World, signed_in_as: AsRole) -> None:
    shown = page(signed_in_as(Role.COORDINATOR), f"/kjoringer/{world.runs[RunKind.VISIT]}")
    assert "Ferdig. Ingen bedre fordeling finnes." in shown
    assert f'href="/besok?plan={world.plans[RunKind.VISIT]}"' in shown
    assert "http-equiv" not in shown
    assert text(shown).count("bedre går ikke") == 9


def test_failed_says_why(session: Session, world: World, signed_in_as: AsRole) -> None:
    run = ended(
        session, world, RunState.FAILED, error_code="crashed", error="The solver ended.\nrequests[3]: no lessons"
    )
    shown = text(page(signed_in_as(Role.COORDINATOR), f"/kjoringer/{run.id}"))
    assert "Kjøringen mislyktes" in shown
    assert "The solver ended. Skjer det igjen, si fra til administrator." in shown
    assert "requests[3]: no lessons" in shown


def test_cancelled_says_that_the_plan_stands(session: Session, world: World, signed_in_as: AsRole) -> None:
    run = ended(session, world, RunState.CANCELLED)
    shown = text(page(signed_in_as(Role.COORDINATOR), f"/kjoringer/{run.id}"))
    assert "Kjøringen ble avbrutt" in shown
    assert "Gjeldende plan er som før." in shown


def test_infeasible_names_what_cannot_stand(session: Session, world: World, signed_in_as: AsRole) -> None:
    problem = json.dumps({"fixed": [{"request": request.id} for request in world.served[:2]]})
    run = ended(session, world, RunState.DONE, problem=problem, problem_sha256="1" * 64)
    conflicts = [{"code": "overlap", "items": ["fixed[0]", "fixed[1]"]}]
    make.make_plan(session, run=run, status=PlanStatus.INFEASIBLE, conflicts=conflicts)
    coordinator = signed_in_as(Role.COORDINATOR)
    shown = text(page(coordinator, f"/kjoringer/{run.id}"))
    assert "Ingen fordeling går med det som er låst" in shown
    assert "Oslo skole 0, Bergen skole 0: én person er låst til to steder samtidig." in shown
    assert any("Umulig" in row for row in rows(page(coordinator, "/kjoringer")))


def test_unknown_says_that_it_proves_nothing(session: Session, world: World, signed_in_as: AsRole) -> None:
    run = ended(session, world, RunState.DONE)
    make.make_plan(session, run=run, status=PlanStatus.UNKNOWN)
    shown = text(page(signed_in_as(Role.COORDINATOR), f"/kjoringer/{run.id}"))
    assert "Fant ikke noe forslag på den tiden den hadde" in shown
    assert "Det betyr ikke at det ikke finnes noe." in shown


def test_unusable_plans_never_take_the_place_of_the_one_that_holds(
    client: FlaskClient, session: Session, world: World
) -> None:
    make.make_plan(session, run=ended(session, world, RunState.DONE), status=PlanStatus.INFEASIBLE)
    assert session.scalar(select(Plan.status).order_by(Plan.created_at.desc()).limit(1)) is PlanStatus.INFEASIBLE
    assert "3 av 4 bestillinger" in text(page(client, "/kart"))


def test_run_that_is_not_there_is_not_found(world: World, signed_in_as: AsRole) -> None:
    coordinator = signed_in_as(Role.COORDINATOR)
    for address in ("/kjoringer/x", "/kjoringer/x/na", "/kjoringer/x/sagt"):
        assert coordinator.get(address).status_code == 404
