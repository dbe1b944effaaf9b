"""Locks set and lifted from the pages and by programs: what they keep, and what they refuse and why."""

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import LockKind, RunKind
from api.domain.permissions import Role
from api.models.plan_rows import Lock, PlanMentor, PlanSeat, PlanVisit
from api.models.records import AuditEntry
from api.queries.snapshot import order_of_run, take_snapshot
from api.services import audit
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.counting import count_queries
from tests.api.web.conftest import AsRole
from tests.api.web.coordination.posting import post
from tests.api.web.reading import page, rows, text
from tests.seasons import World, plan_now, planned_season, run_of


def proposed(session: Session, world: World, number: int) -> PlanVisit:
    wanted = select(PlanVisit).where(
        PlanVisit.plan_id == world.plans[RunKind.VISIT], PlanVisit.request_id == world.served[number].id
    )
    return session.scalars(wanted).one()


def locks(session: Session) -> list[Lock]:
    return list(session.scalars(select(Lock).order_by(Lock.id)))


def test_locked_visit_stands_in_the_next_problem_and_the_trail(
    session: Session, world: World, planner: FlaskClient
) -> None:
    visit = proposed(session, world, 0)
    assert post(planner, f"/besok/{visit.id}/las").status_code == 303
    people = [part.role_model_id for part in visit.role_models]
    [lock] = locks(session)
    assert (lock.request_id, lock.option_id, lock.mode) == (visit.request_id, visit.option_id, visit.mode)
    assert [one.id for one in lock.role_models] == people
    problem = take_snapshot(session, order_of_run(session, run_of(session, world).id, world.today)).problem
    assert [(one.request, list(one.role_models)) for one in problem.fixed] == [(visit.request_id, people)]
    audit.write_pending(session)
    trail = session.scalars(select(AuditEntry).where(AuditEntry.object_id == lock.id)).all()
    assert [entry.action for entry in trail] == ["lock.set"]
    assert "Låst : Oslo skole 0" in rows(page(planner, "/besok"))[0]
    assert 'aria-pressed="true"' in page(planner, "/besok")


def test_unlocked_visit_is_free_again(session: Session, world: World, planner: FlaskClient) -> None:
    visit = proposed(session, world, 0)
    post(planner, f"/besok/{visit.id}/las")
    post(planner, f"/besok/{visit.id}/las-opp", seen="/laser")
    assert locks(session) == []
    audit.write_pending(session)
    assert session.scalars(select(AuditEntry.action).order_by(AuditEntry.sequence)).all()[-2:] == [
        "lock.set",
        "lock.lift",
    ]


def test_second_lock_of_a_visit_is_refused(session: Session, world: World, coordinator: FlaskClient) -> None:
    visit = proposed(session, world, 0)
    assert coordinator.post("/api/v1/locks", json={"plan_visit": visit.id}).status_code == 201
    again = coordinator.post("/api/v1/locks", json={"plan_visit": visit.id})
    assert (again.status_code, again.json["code"]) == (409, "locked_already")


def test_lock_of_a_person_locked_elsewhere_then_names_the_school(
    session: Session, world: World, coordinator: FlaskClient
) -> None:
    visit = proposed(session, world, 0)
    other = make.make_request(session, season_id=world.season.id, starts=(visit.starts_at + timedelta(minutes=15),))
    other.school.name = "Holmlia skole"
    lock = Lock(
        season_id=world.season.id,
        kind=LockKind.VISIT,
        request_id=other.id,
        option_id=other.options[0].id,
        mode="physical",
        role_models=[part.role_model for part in visit.role_models],
    )
    session.add(lock)
    session.flush()
    answer = coordinator.post("/api/v1/locks", json={"plan_visit": visit.id})
    assert (answer.status_code, answer.json["code"]) == (409, "lock_overlap")
    assert "Holmlia skole" in answer.json["detail"]


def test_lock_of_a_person_who_is_taken_is_refused(session: Session, world: World, coordinator: FlaskClient) -> None:
    visit = proposed(session, world, 0)
    person = visit.role_models[0].role_model.person_id
    make.make_booking(session, person_id=person, starts_at=visit.starts_at, ends_at=visit.ends_at)
    answer = coordinator.post("/api/v1/locks", json={"plan_visit": visit.id})
    assert (answer.status_code, answer.json["code"]) == (409, "person_taken")
    assert locks(session) == []


def test_live_visit_can_be_locked_and_contradicts_another(
    session: Session, world: World, coordinator: FlaskClient
) -> None:
    visit = proposed(session, world, 0)
    other = make.make_role_model(session)
    live = make.make_visit(session, other, request=world.served[0])
    refused = coordinator.post("/api/v1/locks", json={"plan_visit": visit.id})
    assert (refused.status_code, refused.json["code"]) == (409, "other_visit")
    made = coordinator.post("/api/v1/locks", json={"visit": live.id})
    assert made.status_code == 201
    assert made.json["role_models"] == [other.id]


def test_mentor_and_pupil_are_locked_where_the_plan_puts_them(
    session: Session, world: World, planner: FlaskClient
) -> None:
    evening = world.evenings[0]
    plan = world.plans[RunKind.GROUP]
    mentor = session.scalars(select(PlanMentor.mentor_id).where(PlanMentor.session_id == evening.id)).first()
    pupil = session.scalars(
        select(PlanSeat.entry_id).where(PlanSeat.session_id == evening.id, PlanSeat.plan_id == plan)
    ).first()
    address = f"/laser/kveld/{evening.id}"
    for fields in ({"mentor": mentor}, {"pupil": pupil}):
        assert post(planner, address, seen=address, **fields).status_code == 303
    assert {(one.kind, one.session_id) for one in locks(session)} == {
        (LockKind.MENTOR, evening.id),
        (LockKind.PUPIL, evening.id),
    }
    run = make.make_run(session, kind=RunKind.GROUP, season_id=world.season.id, rule_version_id=world.group_rules.id)
    fixed = take_snapshot(session, order_of_run(session, run.id, world.today)).problem.fixed
    assert [(one.mentor, one.session) for one in fixed.mentors] == [(mentor, evening.id)]
    assert [(one.pupil, one.session) for one in fixed.pupils] == [(pupil, evening.id)]
    listed = text(page(planner, "/laser"))
    assert "2 låser" in listed


def test_mentor_locks_that_overlap_are_refused(session: Session, world: World, coordinator: FlaskClient) -> None:
    evening, _closed, nygard = world.evenings
    mentor = session.scalars(select(PlanMentor).where(PlanMentor.session_id == evening.id)).first().mentor
    nygard.weekday = evening.weekday
    mentor.sessions.append(nygard)
    mentor.max_sessions = 2
    session.flush()
    body = {"mentor": mentor.id, "session": evening.id}
    assert coordinator.post("/api/v1/locks", json=body).status_code == 201
    refused = coordinator.post("/api/v1/locks", json={**body, "session": nygard.id})
    assert (refused.status_code, refused.json["code"]) == (409, "mentor_overlap")
    assert "Blindern" in refused.json["detail"]


def test_pupil_is_not_locked_to_a_full_or_unchosen_session(
    session: Session, world: World, coordinator: FlaskClient
) -> None:
    full, _closed, open_ = world.evenings
    pupils = [make.make_entry(session, full, level_id=make.make_level(session).id) for _ in range(3)]
    answers = [
        coordinator.post("/api/v1/locks", json={"pupil": one.id, "session": full.id}).status_code for one in pupils
    ]
    assert answers == [201, 201, 409]
    unchosen = coordinator.post("/api/v1/locks", json={"pupil": pupils[2].id, "session": open_.id})
    assert (unchosen.status_code, unchosen.json["code"]) == (409, "choice")


def test_lock_names_exactly_one_thing(world: World, coordinator: FlaskClient) -> None:
    evening = world.evenings[0].id
    for body in ({}, {"session": evening}, {"plan_visit": evening, "visit": evening}, {"mentor": evening}):
        assert coordinator.post("/api/v1/locks", json=body).status_code == 422


def test_site_leader_locks_at_the_own_site_only(session: Session, world: World, signed_in_as: AsRole) -> None:
    leader = signed_in_as(Role.SITE_LEADER, world.blindern)
    assert leader.get(f"/laser/kveld/{world.evenings[0].id}").status_code == 200
    assert leader.get(f"/laser/kveld/{world.evenings[2].id}").status_code == 404
    visit = proposed(session, world, 0)
    assert post(leader, f"/besok/{visit.id}/las", seen="/laser").status_code == 404


def test_assistant_neither_locks_nor_is_shown_the_button(
    session: Session, world: World, assistant: FlaskClient
) -> None:
    visit = proposed(session, world, 0)
    assert post(assistant, f"/besok/{visit.id}/las").status_code == 404
    assert "las-opp" not in page(assistant, "/besok")
    assert "/las" not in page(assistant, "/besok")


def test_lock_is_deleted_over_rest_under_its_etag(session: Session, world: World, coordinator: FlaskClient) -> None:
    made = coordinator.post("/api/v1/locks", json={"plan_visit": proposed(session, world, 0).id})
    address = f"/api/v1/locks/{made.json['id']}"
    assert coordinator.delete(address).status_code == 428
    assert coordinator.delete(address, headers={"If-Match": made.headers["ETag"]}).status_code == 204
    assert coordinator.get("/api/v1/locks").json["total"] == 0


def test_lists_ask_the_database_as_often_for_three_locks_as_for_one(session: Session, signed_in: SignIn) -> None:
    world = planned_season(session, copies=3)
    planner = signed_in(make.make_user(session, Role.COORDINATOR))
    visits = session.scalars(select(PlanVisit).where(PlanVisit.plan_id == world.plans[RunKind.VISIT])).all()
    counts = []
    for visit in visits[:3]:
        post(planner, f"/besok/{visit.id}/las")
        session.expire_all()
        with count_queries(session) as counted:
            page(planner, "/laser")
        counts.append(counted.total)
    assert counts[0] == counts[2]


def test_plan_made_with_a_lock_says_so(session: Session, world: World, planner: FlaskClient) -> None:
    post(planner, f"/besok/{proposed(session, world, 0).id}/las")
    plan_now(session, world, RunKind.VISIT)
    assert "låst" in text(page(planner, "/besok"))
