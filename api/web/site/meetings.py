"""The dated meetings of a campus, one by one and all of them; and its rooms."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import MeetingState
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import AppError, Conflict, NotFound
from api.i18n import gettext as _
from api.models.groups import Site
from api.queries import campus_meetings
from api.services.campus import access, meetings, rooms, stand_ins
from api.services.queue import offers
from api.web import form_values as given
from api.web import site_words, words
from api.web.asked import asked_switch, asked_window
from api.web.site.campus import leader, own_site, week_of
from api.web.site.evenings import rooms_of
from api.web.site.forms import Form

pages = Blueprint("meetings", __name__)


@pages.get("/studiested/<code>/samlinger", endpoint="table")
@allowed(Action.MANAGE_GROUPS)
def show_all(code: str) -> str:
    """The meetings to come, or with ?forbi=1 those that are over."""
    site, past = own_site(code), asked_switch("forbi")
    page, rows = campus_meetings.meeting_page(read_session(), site.id, asked_window(("time",)), clock.now(), past=past)
    return render_template(
        "site/campus_meetings.html",
        site=site,
        page=page,
        rows={row.meeting.id: row for row in rows},
        past=past,
        site_words=site_words,
    )


@pages.get("/studiested/samlinger/<meeting_id>", endpoint="meeting")
@allowed(Action.MANAGE_GROUPS)
def show_meeting(meeting_id: str) -> str:
    return _meeting(meeting_id)


@pages.post("/studiested/samlinger/<meeting_id>")
@allowed(Action.MANAGE_GROUPS)
def move_meeting(meeting_id: str) -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            meeting, _group = access.meeting(session, current_actor(), meeting_id)
            meetings.move(session, current_actor(), meeting, _values())
    except NotFound:
        raise
    except AppError as error:
        return _meeting(meeting_id, error), 422
    flash(_("The meeting is moved. Everyone has been told."), "success")
    return redirect(url_for("meetings.meeting", meeting_id=meeting_id), 303)


@pages.post("/studiested/samlinger/<meeting_id>/avlys", endpoint="cancel")
@allowed(Action.MANAGE_GROUPS)
def cancel_meeting(meeting_id: str) -> Response:
    """Asked for on the week's page it leads back there, else to the meeting."""

    def act(session: Session) -> None:
        meeting, group = access.meeting(session, current_actor(), meeting_id)
        meetings.cancel(session, meeting, group, leader())

    return given.told(act, _("The meeting is cancelled. Everyone has been told."), _back(meeting_id))


@pages.post("/studiested/samlinger/<meeting_id>/spor", endpoint="ask")
@allowed(Action.MANAGE_GROUPS)
def ask_others(meeting_id: str) -> Response:
    """Asks everyone who could step in and has not been asked."""

    def act(session: Session) -> int:
        meeting, group = access.meeting(session, current_actor(), meeting_id)
        if meeting.state is not MeetingState.PLANNED or meeting.starts_at <= clock.now():
            raise Conflict(_("The meeting has begun, or is held or cancelled."), remedy=_("Call those who could come."))
        asked = stand_ins.ask_others(session, meeting, group, leader())
        stand_ins.watch(session, meeting, group)
        return len(asked)

    return given.told(act, site_words.mentors_asked, _back(meeting_id))


@pages.post("/studiested/samlinger/<meeting_id>/plasser", endpoint="same_day")
@allowed(Action.MANAGE_GROUPS)
def same_day(meeting_id: str) -> Response:
    """Tells the next in line that there are seats this evening."""

    def act(session: Session) -> int:
        meeting, _group = access.meeting(session, current_actor(), meeting_id)
        return len(offers.same_day(session, meeting, clock.now()).told)

    return given.told(act, site_words.told_tonight, url_for("meetings.meeting", meeting_id=meeting_id))


@pages.get("/studiested/<code>/rom", endpoint="rooms")
@allowed(Action.MANAGE_GROUPS)
def show_rooms(code: str) -> str:
    return _rooms(own_site(code))


@pages.post("/studiested/<code>/rom")
@allowed(Action.MANAGE_GROUPS)
def save_room(code: str) -> Response | tuple[str, int]:
    """A new room, or with `room` another name and number of seats for one that is there."""
    site = own_site(code)
    try:
        seats = given.whole("seats") or 0
        with transaction() as session:
            room_id = given.text("room") or None
            rooms.save(session, current_actor(), site.id, name=given.text("name"), seats=seats, room_id=room_id)
    except NotFound:
        raise
    except AppError as error:
        return _rooms(site, error), 422
    flash(_("The room is kept."), "success")
    return redirect(url_for("meetings.rooms", code=code), 303)


def _back(meeting_id: str) -> str:
    _meeting_row, group = access.meeting(read_session(), current_actor(), meeting_id)
    return (
        week_of(group.site_id) if given.text("from") == "week" else url_for("meetings.meeting", meeting_id=meeting_id)
    )


def _values() -> dict[str, Any]:
    values = {"day": given.day("day"), "starts": given.clock_time("starts"), "ends": given.clock_time("ends")}
    told = {name: value for name, value in values.items() if value is not None}
    return told | {"room_id": given.text("room") or None}


def _rooms(site: Site, error: AppError | None = None) -> str:
    changed = given.text("room") if request.method == "POST" else ""
    return render_template(
        "site/campus_rooms.html",
        site=site,
        rooms=rooms_of(read_session(), site.id),
        form=Form({"seats": 20}, error if not changed else None, typed=not changed),
        refused=Form({}, error if changed else None),
        changed=changed,
    )


def _meeting(meeting_id: str, error: AppError | None = None) -> str:
    session = read_session()
    meeting, group = access.meeting(session, current_actor(), meeting_id)
    starts, ends = clock.to_local(meeting.starts_at), clock.to_local(meeting.ends_at)
    row = campus_meetings.meeting_rows(session, [meeting])[0]
    is_planned, is_ahead = meeting.state is MeetingState.PLANNED, meeting.starts_at > clock.now()
    stands = {"day": starts.date(), "starts": f"{starts:%H:%M}", "ends": f"{ends:%H:%M}", "room": meeting.room_id}
    return render_template(
        "site/campus_meeting.html",
        site=session.get_one(Site, group.site_id),
        group=group,
        meeting=meeting,
        row=row,
        rooms=rooms_of(session, group.site_id),
        free=[] if not (is_planned and is_ahead) else stand_ins.who_could_come(session, meeting, group),
        is_planned=is_planned,
        is_ahead=is_ahead,
        is_on=meeting.ends_at > clock.now(),
        form=Form(stands, error),
        words=words,
        site_words=site_words,
    )
