"""Weekly sessions of study groups, their meetings and their rosters, for those who run the site."""

from typing import Any
from uuid import UUID

from flask import url_for

from api import clock
from api.db import transaction
from api.domain.enums import MeetingState
from api.domain.permissions import Action, reach
from api.domain.transitions import Party
from api.edge.access import allowed, current_actor
from api.edge.repeats import KeySchema, answered, once_for_key
from api.edge.rest import ResourceBlueprint, listed, version_of, window_of
from api.edge.session import read_session
from api.errors import InvalidInput
from api.i18n import gettext as _
from api.queries import campus, campus_meetings
from api.schemas.campus import (
    GroupSessionList,
    GroupSessionSchema,
    MeetingChangeSchema,
    MeetingListSchema,
    MeetingSchema,
    NewMeetingSchema,
    NewSessionSchema,
    RosterChangeSchema,
    RosterSchema,
    RosterVerdictSchema,
    SessionChangeSchema,
    SessionQuery,
)
from api.services import change
from api.services.campus import access, meetings, roster, roster_changes, sessions
from api.services.queue import offers

blueprint = ResourceBlueprint("api_group_sessions", __name__, description="Study groups: evenings and meetings")
CREATED = {"Location": {"schema": {"type": "string"}}}


@blueprint.get("/group-sessions")
@blueprint.etag
@blueprint.arguments(SessionQuery, location="query")
@blueprint.response(200, GroupSessionList)
@allowed(Action.MANAGE_GROUPS)
def list_sessions(query: dict[str, Any]) -> dict[str, Any]:
    """Weekly sessions"""
    where = reach(current_actor(), Action.MANAGE_GROUPS)
    return listed(campus.session_page(read_session(), where, window_of(query), **query))


@blueprint.post("/group-sessions")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(NewSessionSchema)
@blueprint.response(201, GroupSessionSchema, headers=CREATED)
@allowed(Action.MANAGE_GROUPS)
def create_session(headers: dict[str, Any], given: dict[str, Any]) -> Any:
    """Set up a weekly session with its meetings"""
    with transaction() as session:

        def make() -> Any:
            made, _dates = sessions.create(session, current_actor(), given)
            location = url_for("api_group_sessions.get_session", session_id=made.id)
            return answered(201, location, version_of(made), GroupSessionSchema().dump(made))

        return once_for_key(session, blueprint, headers, given, make)


@blueprint.get("/group-sessions/<uuid:session_id>")
@blueprint.etag
@blueprint.response(200, GroupSessionSchema)
@allowed(Action.MANAGE_GROUPS)
def get_session(session_id: UUID) -> Any:
    """One weekly session"""
    found = access.group(read_session(), current_actor(), str(session_id))
    blueprint.set_etag(version_of(found))
    return found


@blueprint.patch("/group-sessions/<uuid:session_id>")
@blueprint.etag
@blueprint.arguments(SessionChangeSchema)
@blueprint.response(200, GroupSessionSchema)
@allowed(Action.MANAGE_GROUPS)
def change_session(given: dict[str, Any], session_id: UUID) -> Any:
    """Change or cancel a weekly session"""
    actor = current_actor()
    with transaction() as session:
        found = access.group(session, actor, str(session_id))
        blueprint.check_etag(version_of(found))
        if "state" in given:
            _alone(given)
            sessions.cancel(session, actor, found)
        else:
            sessions.change_session(session, actor, found, given)
        session.flush()
        blueprint.set_etag(version_of(found))
        return found


@blueprint.get("/group-sessions/<uuid:session_id>/meetings")
@blueprint.etag
@blueprint.response(200, MeetingListSchema)
@allowed(Action.MANAGE_GROUPS)
def list_meetings(session_id: UUID) -> Any:
    """The meetings of a session"""
    session = read_session()
    group = access.group(session, current_actor(), str(session_id))
    return {"items": [row.meeting for row in campus_meetings.meetings_of(session, group.id)]}


@blueprint.post("/group-sessions/<uuid:session_id>/meetings")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(NewMeetingSchema)
@blueprint.response(201, MeetingSchema, headers=CREATED)
@allowed(Action.MANAGE_GROUPS)
def add_meeting(headers: dict[str, Any], given: dict[str, Any], session_id: UUID) -> Any:
    """Add a meeting"""
    with transaction() as session:

        def make() -> Any:
            made = meetings.add(session, current_actor(), str(session_id), given)
            location = url_for("api_group_sessions.get_meeting", meeting_id=made.id)
            return answered(201, location, version_of(made), MeetingSchema().dump(made))

        return once_for_key(session, blueprint, headers, [given, str(session_id)], make)


@blueprint.get("/meetings/<uuid:meeting_id>")
@blueprint.etag
@blueprint.response(200, MeetingSchema)
@allowed(Action.MANAGE_GROUPS)
def get_meeting(meeting_id: UUID) -> Any:
    """One meeting"""
    found, _group = access.meeting(read_session(), current_actor(), str(meeting_id))
    blueprint.set_etag(version_of(found))
    return found


@blueprint.patch("/meetings/<uuid:meeting_id>")
@blueprint.etag
@blueprint.arguments(MeetingChangeSchema)
@blueprint.response(200, MeetingSchema)
@allowed(Action.MANAGE_GROUPS)
def change_meeting(given: dict[str, Any], meeting_id: UUID) -> Any:
    """Move a meeting, cancel it, or say that it was held"""
    actor = current_actor()
    who = change.by(Party.SITE, actor)
    with transaction() as session:
        found, group = access.meeting(session, actor, str(meeting_id))
        blueprint.check_etag(version_of(found))
        if "state" not in given:
            meetings.move(session, actor, found, given)
        elif _alone(given) == MeetingState.HELD:
            meetings.hold(session, found, who)
        else:
            meetings.cancel(session, found, group, who)
        session.flush()
        blueprint.set_etag(version_of(found))
        return found


@blueprint.post("/meetings/<uuid:meeting_id>/same-day-seats")
@blueprint.response(204)
@allowed(Action.MANAGE_GROUPS)
def same_day_seats(meeting_id: UUID) -> None:
    """Tell the next in line of seats that stand empty this evening"""
    with transaction() as session:
        found, _group = access.meeting(session, current_actor(), str(meeting_id))
        offers.same_day(session, found, clock.now())


@blueprint.post("/group-sessions/<uuid:session_id>/roster-verdict")
@blueprint.arguments(RosterChangeSchema)
@blueprint.response(200, RosterVerdictSchema)
@allowed(Action.MANAGE_GROUPS)
def judge_roster(given: dict[str, Any], session_id: UUID) -> Any:
    """What the judge says of a change of the roster; changes nothing"""
    said, sentences = roster_changes.judged(
        read_session(), current_actor(), str(session_id), add=given["add"], remove=given["remove"]
    )
    return {
        "fits": said.fits,
        "broken": [one.code for one in said.broken],
        "sentences": sentences,
        "pupils": said.pupils,
        "mentors": said.mentors,
        "served": said.served,
    }


@blueprint.post("/group-sessions/<uuid:session_id>/roster")
@blueprint.arguments(RosterChangeSchema)
@blueprint.response(200, RosterSchema)
@allowed(Action.MANAGE_GROUPS)
def change_roster(given: dict[str, Any], session_id: UUID) -> Any:
    """Change the roster of a session by hand"""
    with transaction() as session:
        changed = roster_changes.apply(session, current_actor(), str(session_id), **given)
        standing = roster.assignments(session, [str(session_id)])
        return {"mentors": [row.mentor_id for row in standing], "asked": len(changed.asked)}


def _alone(given: dict[str, Any]) -> str:
    """The wanted state. Raises InvalidInput where other fields are given with it."""
    if len(given) > 1:
        raise InvalidInput(_("The state changes alone."), field="state", remedy=_("Send the other fields before it."))
    return str(given["state"])
