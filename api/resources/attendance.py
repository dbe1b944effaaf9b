"""Who was at a meeting, for its mentors on its day and those who run the site."""

from typing import Any
from uuid import UUID

from api.db import transaction
from api.domain.enums import Presence
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.rest import ResourceBlueprint
from api.edge.session import read_session
from api.queries import campus_attendance
from api.schemas.campus import AttendanceListSchema, MarksSchema
from api.services.campus import access, attendance
from api.services.campus.attendance import Mark

blueprint = ResourceBlueprint("api_attendance", __name__, description="Attendance: here, told or not told")


@blueprint.get("/meetings/<uuid:meeting_id>/attendance")
@blueprint.etag
@blueprint.response(200, AttendanceListSchema)
@allowed(Action.MARK_ATTENDANCE)
def get_attendance(meeting_id: UUID) -> Any:
    """Who is expected, and who was marked"""
    session = read_session()
    meeting, group, mentor = access.meeting_to_mark(session, current_actor(), str(meeting_id))
    return {"items": campus_attendance.attendance_list(session, meeting, group, mentor.id if mentor else None)}


@blueprint.post("/meetings/<uuid:meeting_id>/attendance")
@blueprint.arguments(MarksSchema)
@blueprint.response(204)
@allowed(Action.MARK_ATTENDANCE)
def mark_attendance(given: dict[str, Any], meeting_id: UUID) -> None:
    """Mark pupils; the same again changes nothing, and of two marks of a pupil the later stands"""
    marks = [Mark(one["entry_id"], Presence(one["presence"]), one.get("at")) for one in given["marks"]]
    with transaction() as session:
        attendance.mark(session, current_actor(), str(meeting_id), marks)


@blueprint.post("/memberships/<uuid:membership_id>/release")
@blueprint.response(204)
@allowed(Action.MANAGE_GROUPS)
def release_seat(membership_id: UUID) -> None:
    """Release the seat of a pupil who stays away without a word"""
    with transaction() as session:
        attendance.release_seat(session, current_actor(), str(membership_id))
