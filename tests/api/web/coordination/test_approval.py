"""Approving from the pages and by programs: what it says beforehand, what it makes, and how it is undone and sent."""

from datetime import timedelta

import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.enums import ApprovalState, RequestState, RunKind
from api.domain.permissions import Role
from api.models.follow_up import PlanApproval
from api.models.outbox import OutboxMessage
from api.models.visits import Visit
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.counting import count_queries
from tests.api.services.follow_up import live
from tests.api.web.conftest import AsRole
from tests.api.web.coordination.conftest import NOW
from tests.api.web.coordination.posting import lock_visits, post
from tests.api.web.reading import page, text
from tests.seasons import World, plan_now, planned_season


def address(world: World) -> str:
    return f"/godkjenn/{world.plans[RunKind.VISIT]}"


def sent(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(OutboxMessage)) or 0


def approve(session: Session, world: World, planner: FlaskClient, **fields: object) -> PlanApproval:
    answer = post(planner, address(world), seen=address(world), **fields)
    assert answer.status_code == 303
    return session.scalars(select(PlanApproval).order_by(PlanApproval.created_at.desc())).first()


def with_contacts(session: Session, world: World) -> World:
    for request in (*world.served, *world.unserved):
        request.contact = make.make_person(session)
    session.flush()
    return world


def test_preview_says_what_is_sent_to_whom_and_writes_nothing(
    session: Session, world: World, planner: FlaskClient
) -> None:
    said = page(planner, address(world))
    assert "3 besøk er fordelt." in text(said)
    assert "7 meldinger går i dag kl. 12.00. Fram til da kan du angre alt." in text(said)
    assert "Én fra avtalebedriftene blir bekreftet" in text(said)
    assert "3 rollemodeller blir spurt" in text(said)
    assert "Én skole får ja og navn" in text(said)
    assert "2 skoler får vite at vi spør" in text(said)
    assert "Godkjenn og send 7 meldinger" in text(said)
    assert "Dette er det første forslaget i sesongen" in text(said)
    assert session.scalars(select(PlanApproval)).all() == []


def test_sample_letter_is_the_real_one(world: World, planner: FlaskClient) -> None:
    said = text(page(planner, address(world)))
    assert "Kan du besøke Bergen skole 0" in said
    assert "Hører vi ikke fra deg, spør vi en annen, og det er helt i orden." in said
    told = text(page(planner, f"{address(world)}?brev=invitation_notice"))
    assert "Oslo skole 0" in told.split("Slik ser meldingen til rollemodellene ut")[1]
    assert "Kan du besøke Bergen skole 0" in text(page(planner, f"{address(world)}?brev=nothing"))


def test_letters_to_schools_can_be_read_too(world: World, planner: FlaskClient) -> None:
    sure = text(page(planner, f"{address(world)}?brev=visit_confirmed_school")).split("meldingen til skolene")[1]
    assert "Oslo skole 0" in sure
    assert "Hvem som kommer" in sure
    asking = text(page(planner, f"{address(world)}?brev=visit_asking_school")).split("meldingen til skolene")[1]
    assert "Bergen skole 0" in asking
    assert "Dere hører fra oss innen" in asking
    assert "Reise" not in asking


def test_approved_plan_can_be_undone_until_it_is_sent(session: Session, world: World, planner: FlaskClient) -> None:
    made = approve(session, with_contacts(session, world), planner)
    shown = text(page(planner, f"/godkjent/{made.id}"))
    assert "Godkjent. Ingenting er sendt ennå." in shown
    assert "Du kan angre fram til i dag kl. 12.00. Da går 7 meldinger ut." in shown
    assert "2 t 0 min til meldingene går" in shown
    assert "Siste frist for de 3 som er spurt" in shown
    assert "Alle besøk i uke 3 skal være bekreftet" in shown
    assert sent(session) == 0
    assert len(session.scalars(select(Visit)).all()) == 3
    post(planner, f"/godkjent/{made.id}/angre", seen="/i-dag")
    session.refresh(made)
    assert made.state is ApprovalState.UNDONE
    assert {request.state for request in session.scalars(select(type(world.served[0])))} == {RequestState.OPEN}
    assert "Angret" in text(page(planner, f"/godkjent/{made.id}"))
    assert sent(session) == 0


def test_sending_now_is_asked_on_a_page_of_its_own(session: Session, world: World, planner: FlaskClient) -> None:
    made = approve(session, with_contacts(session, world), planner)
    asked = f"/godkjent/{made.id}/send"
    assert "Sende nå?" in text(page(planner, asked))
    assert sent(session) == 0
    post(planner, asked, seen=asked)
    session.refresh(made)
    assert made.state is ApprovalState.SENT
    assert sent(session) > 0
    assert "1 av 3 besøk" in text(page(planner, f"/godkjent/{made.id}"))
    live.send_due(session, NOW)
    said = text(page(planner, f"/godkjent/{made.id}"))
    assert "Det ble sendt i dag kl. 10.00." in said
    assert "av 3 besøk" not in said
    post(planner, f"/godkjent/{made.id}/angre", seen="/i-dag")
    session.refresh(made)
    assert made.state is ApprovalState.SENT


def test_some_rows_are_approved_and_the_rest_wait(session: Session, world: World, planner: FlaskClient) -> None:
    chosen = world.served[0].id
    assert "Ett besøk er fordelt." in text(page(planner, f"{address(world)}?item={chosen}"))
    assert page(planner, f"{address(world)}/velg").count('name="item"') == 3
    made = approve(session, world, planner, item=chosen)
    assert made.items == [chosen]
    assert [visit.request_id for visit in session.scalars(select(Visit))] == [chosen]


def test_a_visit_taken_out_by_hand_is_left_out(session: Session, world: World, planner: FlaskClient) -> None:
    said = text(page(planner, f"{address(world)}?without={world.served[0].id}"))
    assert "2 besøk er fordelt." in said


def test_second_approval_says_what_changed(session: Session, world: World, planner: FlaskClient) -> None:
    approve(session, world, planner)
    again = post(planner, address(world), seen=address(world))
    assert again.status_code == 409
    said = text(again.get_data(as_text=True))
    assert world.served[0].reference in said
    assert len(session.scalars(select(PlanApproval)).all()) == 1


def test_next_plan_is_compared_with_the_approved_one(session: Session, world: World, planner: FlaskClient) -> None:
    lock_visits(session, planner, world.served[1:])
    world.served[0].state = RequestState.CANCELLED
    session.flush()
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        plan_now(session, world, RunKind.VISIT)
    said = text(page(planner, address(world)))
    assert "Skoler som får besøk 2 1 −1 dårligere" in said
    assert "Én mister besøket." in said
    assert "Hvem får endring (1)" in said


def test_program_approves_undoes_and_sends_under_the_etag(
    session: Session, world: World, coordinator: FlaskClient
) -> None:
    plan = world.plans[RunKind.VISIT]
    preview = coordinator.get(f"/api/v1/plans/{plan}/approvals/preview").json
    assert (len(preview["visits"]), preview["messages"]) == (3, 7)
    first = coordinator.post(f"/api/v1/plans/{plan}/approvals", json={"requests": [world.served[0].id]})
    assert (first.status_code, first.json["state"]) == (201, "approved")
    one = f"/api/v1/approvals/{first.json['id']}"
    match = {"If-Match": first.headers["ETag"]}
    assert coordinator.post(f"{one}/undo").status_code == 428
    assert coordinator.post(f"{one}/undo", headers=match).json["state"] == "undone"
    second = coordinator.post(f"/api/v1/plans/{plan}/approvals", json={})
    again = coordinator.post(f"/api/v1/plans/{plan}/approvals", json={})
    assert (again.status_code, again.json["code"]) == (409, "overtaken")
    match = {"If-Match": second.headers["ETag"]}
    assert coordinator.post(f"/api/v1/approvals/{second.json['id']}/send", headers=match).json["state"] == "sent"


def test_only_those_who_may_approve_see_the_pages(session: Session, world: World, signed_in_as: AsRole) -> None:
    assistant = signed_in_as(Role.ASSISTANT)
    assert assistant.get(address(world)).status_code == 404
    assert post(assistant, address(world)).status_code == 404
    assert "Gå til godkjenning" not in text(page(assistant, "/besok"))


def test_questions_do_not_grow_with_the_rows(session: Session, signed_in: SignIn) -> None:
    counts = []
    for copies in (1, 3):
        inside = session.begin_nested()
        world = planned_season(session, copies=copies)
        planner = signed_in(make.make_user(session, Role.COORDINATOR))
        page(planner, address(world))
        session.expire_all()
        with count_queries(session) as counted:
            page(planner, address(world))
        counts.append(counted.total)
        inside.rollback()
        session.expire_all()
    assert counts[0] == counts[1]
