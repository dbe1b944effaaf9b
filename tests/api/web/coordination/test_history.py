"""The audit trail as it is read: by object, and whether it holds."""

from flask.testing import FlaskClient
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from api.domain.permissions import Role
from api.models.records import AuditEntry
from api.services import audit
from tests import factories as make
from tests.api.web.conftest import AsRole
from tests.api.web.reading import page, rows, text


def happened(session: Session, *objects: str) -> None:
    user = make.make_user(session, person_id=make.make_person(session, name="Koordinator 1").id)
    for number, one in enumerate(objects):
        audit.record(
            session, "request.order", "request", one, actor_id=user.id if number else None, detail={"to": "open"}
        )
    audit.write_pending(session)


def test_history_of_an_object_says_what_and_who(session: Session, planner: FlaskClient) -> None:
    happened(session, "r1", "r2", "r1")
    source = page(planner, "/historikk/request/r1")
    said = rows(source)
    assert len(said) == 2
    assert "Bestilling: bestilt" in said[0]
    assert "request.order" in said[0]
    assert "Koordinator 1" in said[0]
    assert "Av seg selv, eller med lenke" in said[1]
    assert "Sporet holder: de siste 3 linjene er kontrollert." in text(source)
    assert len(rows(page(planner, "/historikk?kind=request"))) == 3


def test_history_of_a_school_and_of_a_plan_is_that_of_what_belongs_to_them(
    session: Session, planner: FlaskClient
) -> None:
    plan = make.make_plan(session)
    visit = make.make_visit(session, make.make_role_model(session), plan_id=plan.id)
    other = make.make_visit(session, make.make_role_model(session))
    happened(session, visit.request_id, other.request_id)
    for one in (visit, other):
        audit.record(session, "visit.confirm", "visit", one.id, detail={"to": "confirmed"})
    audit.write_pending(session)
    of_school = rows(page(planner, f"/historikk/school/{visit.request.school_id}"))
    assert ["visit.confirm" in line for line in of_school] == [True, False]
    assert ["request.order" in line for line in of_school] == [False, True]
    of_plan = rows(page(planner, f"/historikk/plan/{plan.id}"))
    assert ["visit.confirm" in line for line in of_plan] == [True]


def test_program_reads_the_trail_and_the_check(session: Session, coordinator: FlaskClient) -> None:
    happened(session, "r1", "r2")
    found = coordinator.get("/api/v1/audit?object_kind=request&object_id=r2").json
    assert [(one["action"], one["who"], one["detail"]) for one in found["items"]] == [
        ("request.order", "Koordinator 1", {"to": "open"})
    ]
    assert coordinator.get("/api/v1/audit/chain").json == {"checked": 2, "holds": True, "broken_at": None}


def test_broken_trail_is_said_loudly(session: Session, planner: FlaskClient, coordinator: FlaskClient) -> None:
    happened(session, "r1", "r2", "r3")
    second = session.query(AuditEntry).filter_by(object_id="r2").one()
    session.execute(sql("DELETE FROM audit_entry WHERE id = :id"), {"id": second.id})
    session.expire_all()
    assert coordinator.get("/api/v1/audit/chain").json["broken_at"] == second_of(session)
    assert "Sporet er brutt ved linje" in text(page(planner, "/historikk"))


def second_of(session: Session) -> int:
    first = session.query(AuditEntry).order_by(AuditEntry.sequence).first()
    assert first is not None
    return first.sequence + 1


def test_trail_is_for_those_with_the_right(session: Session, signed_in_as: AsRole) -> None:
    assert signed_in_as(Role.ASSISTANT).get("/historikk").status_code == 404
    assert signed_in_as(Role.ASSISTANT).get("/historikk/request/r1").status_code == 404
