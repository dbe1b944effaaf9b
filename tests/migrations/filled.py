"""Rows in most tables, written as the service would."""

from sqlalchemy.orm import Session

from api.models.plan_rows import PlanMentor, PlanSeat, PlanSession, PlanUnserved, PlanVisit, PlanVisitRoleModel
from api.models.planning import PlanGoal
from api.models.records import AuditEntry
from tests import factories as make


def fill(session: Session, rounds: int) -> None:
    """Rows in the tables that matter, some 30 a round."""
    for number in range(rounds):
        person = make.make_role_model(session)
        request = make.make_request(session, starts=(make.MORNING, make.MORNING + make.LESSON))
        make.make_visit(session, person, request=request)
        make.make_booking(session, person_id=person.person_id)
        evening = make.make_group_session(session)
        entry = make.make_entry(session, evening)
        mentor = make.make_mentor(session, sessions=[evening])
        make.make_membership(session, entry_id=entry.id, session_id=evening.id, mentor_id=mentor.id)
        plan = make.make_plan(session)
        visit = PlanVisit(
            plan_id=plan.id,
            request_id=request.id,
            option_id=request.options[1].id,
            mode="physical",
            starts_at=make.MORNING + make.LESSON,
            ends_at=make.MORNING + 2 * make.LESSON,
            role_models=[PlanVisitRoleModel(role_model_id=person.id, travel_minutes=12)],
        )
        left_out = PlanUnserved(plan_id=plan.id, request_id=request.id, reasons=[{"code": "taken", "count": 1}])
        goal = PlanGoal(plan_id=plan.id, position=0, name="schools", sense="max", value=1, bound=1)
        session.add_all([goal, visit, left_out, PlanSession(plan_id=plan.id, session_id=evening.id)])
        session.flush()
        session.add(PlanMentor(plan_id=plan.id, session_id=evening.id, mentor_id=mentor.id))
        session.flush()
        seat = {"entry_id": entry.id, "session_id": evening.id, "mentor_id": mentor.id, "choice": 0}
        session.add(PlanSeat(plan_id=plan.id, **seat))
        audit = {"action": "test", "object_kind": "plan", "object_id": plan.id, "detail": {"number": number}}
        hashes = {"previous_hash": f"{number:064}", "hash": f"{number + 1:064}"}
        session.add(AuditEntry(sequence=number + 1, at=make.MORNING, **audit, **hashes))
        session.flush()
