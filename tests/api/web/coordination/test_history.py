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
