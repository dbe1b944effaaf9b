"""Mentors, what they can and their duties: for those who run the site, and for each mentor the own ones."""

from typing import Any
from uuid import UUID

from flask import url_for

from api import clock
from api.db import transaction
from api.domain.permissions import Action, reach
from api.domain.transitions import Party
from api.edge.access import allowed, current_actor
from api.edge.repeats import KeySchema, answered, once_for_key
from api.edge.rest import ResourceBlueprint, listed, version_of, window_of
from api.edge.session import read_session
from api.queries import campus_people
from api.schemas.campus import (
    AvailabilitySchema,
    ClearanceSchema,
    DutyAnswerSchema,
    DutyListSchema,
    DutySchema,
    ExamBlockSchema,
    MentorChangeSchema,
    MentorList,
    MentorQuery,
    MentorSchema,
    NewMentorSchema,
)
from api.services import change
from api.services.campus import access, leaving, mentors, stand_ins

blueprint = ResourceBlueprint("api_mentors", __name__, description="Mentors and their duties")
ANSWERS = {
    "accept": stand_ins.accept,
    "decline": stand_ins.decline,
    "away": stand_ins.be_away,
    "return": stand_ins.come_after_all,
}


@blueprint.get("/mentors")
@blueprint.etag
@blueprint.arguments(MentorQuery, location="query")
@blueprint.response(200, MentorList)
@allowed(Action.MANAGE_GROUPS)
def list_mentors(query: dict[str, Any]) -> dict[str, Any]:
    """Mentors"""
    where = reach(current_actor(), Action.MANAGE_GROUPS)
    return listed(campus_people.mentor_page(read_session(), where, window_of(query), **query))


@blueprint.post("/mentors")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(NewMentorSchema)
@blueprint.response(201, MentorSchema, headers={"Location": {"schema": {"type": "string"}}})
@allowed(Action.MANAGE_GROUPS)
def register_mentor(headers: dict[str, Any], given: dict[str, Any]) -> Any:
    """Register a mentor"""
    with transaction() as session:

        def make() -> Any:
            made = mentors.register(session, current_actor(), given)
            location = url_for("api_mentors.get_mentor", mentor_id=made.id)
            return answered(201, location, version_of(made), MentorSchema().dump(made))

        return once_for_key(session, blueprint, headers, given, make)


@blueprint.get("/mentors/<uuid:mentor_id>")
@blueprint.etag
@blueprint.response(200, MentorSchema)
@allowed(Action.MANAGE_GROUPS)
def get_mentor(mentor_id: UUID) -> Any:
    """One mentor"""
    found = access.mentor(read_session(), current_actor(), str(mentor_id))
    blueprint.set_etag(version_of(found))
    return found


@blueprint.patch("/mentors/<uuid:mentor_id>")
@blueprint.etag
@blueprint.arguments(MentorChangeSchema)
@blueprint.response(200, MentorSchema)
@allowed(Action.MANAGE_GROUPS)
def change_mentor(given: dict[str, Any], mentor_id: UUID) -> Any:
    """Change a mentor"""
    with transaction() as session:
        found = access.mentor(session, current_actor(), str(mentor_id))
        blueprint.check_etag(version_of(found))
        mentors.change(session, current_actor(), found, given)
        blueprint.set_etag(version_of(found))
        return campus_people.mentor(session, found.id)


@blueprint.put("/mentors/<uuid:mentor_id>/availability")
@blueprint.arguments(AvailabilitySchema)
@blueprint.response(204)
@allowed(Action.MANAGE_GROUPS, Action.MARK_ATTENDANCE)
def set_availability(given: dict[str, Any], mentor_id: UUID) -> None:
    """Say which sessions suit a mentor: the leader, or the mentor"""
    with transaction() as session:
        found = access.mentor_or_own(session, current_actor(), str(mentor_id))
        mentors.set_availability(session, found, given["sessions"], actor_id=current_actor().user_id)


@blueprint.post("/mentors/<uuid:mentor_id>/exam-blocks")
@blueprint.arguments(ExamBlockSchema)
@blueprint.response(204)
@allowed(Action.MANAGE_GROUPS, Action.MARK_ATTENDANCE)
def add_exam_block(given: dict[str, Any], mentor_id: UUID) -> None:
    """Days on which exams keep a mentor away; meetings among them ask the others"""
    actor = current_actor()
    with transaction() as session:
        found = access.mentor_or_own(session, actor, str(mentor_id))
        leaving.take_exams(session, found, given["from_date"], given["to_date"], change.by(Party.SITE, actor))


@blueprint.post("/mentors/<uuid:mentor_id>/clearances")
@blueprint.arguments(ClearanceSchema)
@blueprint.response(204)
@allowed(Action.MANAGE_GROUPS)
def add_clearance(given: dict[str, Any], mentor_id: UUID) -> None:
    """Note that a police certificate was seen, where the programme names its statute"""
    with transaction() as session:
        found = access.mentor(session, current_actor(), str(mentor_id))
        mentors.clear(session, current_actor(), found, **given)


@blueprint.post("/mentors/<uuid:mentor_id>/leave")
@blueprint.response(204)
@allowed(Action.MANAGE_GROUPS)
def leave(mentor_id: UUID) -> None:
    """The mentor has left: off every roster at once"""
    with transaction() as session:
        leaving.leave(session, current_actor(), access.mentor(session, current_actor(), str(mentor_id)))


@blueprint.get("/mentors/<uuid:mentor_id>/duties")
@blueprint.etag
@blueprint.response(200, DutyListSchema)
@allowed(Action.MANAGE_GROUPS, Action.MARK_ATTENDANCE)
def list_duties(mentor_id: UUID) -> Any:
    """A mentor's duties at meetings to come"""
    session = read_session()
    found = access.mentor_or_own(session, current_actor(), str(mentor_id))
    return {"items": [duty for duty, _meeting, _group in campus_people.duties_of(session, found.id, clock.now())]}


@blueprint.post("/duties/<uuid:duty_id>/answer")
@blueprint.arguments(DutyAnswerSchema)
@blueprint.response(200, DutySchema)
@allowed(Action.MANAGE_GROUPS, Action.MARK_ATTENDANCE)
def answer_duty(given: dict[str, Any], duty_id: UUID) -> Any:
    """Say yes or no to what was asked, be away, or come after all: the leader, or the mentor"""
    actor = current_actor()
    with transaction() as session:
        duty = access.duty_or_own(session, actor, str(duty_id))
        ANSWERS[given["answer"]](session, duty, change.by(Party.SITE, actor))
        return duty
