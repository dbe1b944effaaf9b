"""Who is here: one tap a pupil, on a phone, for the meeting's mentors on its day and the leader of the site."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from api.db import transaction
from api.domain.enums import Presence
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import AppError, NotFound
from api.i18n import gettext as _
from api.models.groups import Site
from api.queries import campus_attendance, people_and_topics
from api.services.campus import access, attendance
from api.services.campus.attendance import Mark
from api.web import site_words, words

pages = Blueprint("attendance", __name__)
PREFIX = "elev-"
_VALUES = frozenset(one.value for one in Presence)


@pages.get("/oppmote/<meeting_id>", endpoint="list")
@allowed(Action.MARK_ATTENDANCE)
def show_list(meeting_id: str) -> str:
    return _list(meeting_id)


@pages.post("/oppmote/<meeting_id>")
@allowed(Action.MARK_ATTENDANCE)
def mark(meeting_id: str) -> Response | tuple[str, int]:
    """Everything that is tapped on the page; `all` marks everyone without a tap as here."""
    session, actor = read_session(), current_actor()
    meeting, group, mentor = access.meeting_to_mark(session, actor, meeting_id)
    tapped = {
        name.removeprefix(PREFIX): Presence(value)
        for name, value in request.form.items()
        if name.startswith(PREFIX) and value in _VALUES
    }
    if request.form.get("all"):
        rows = campus_attendance.attendance_list(session, meeting, group, mentor.id if mentor else None)
        tapped |= {row.entry_id: Presence.HERE for row in rows if row.presence is None and row.entry_id not in tapped}
    if walked_in := request.form.get("walk_in", ""):
        tapped[walked_in] = Presence.HERE
    try:
        with transaction() as writing:
            attendance.mark(writing, actor, meeting_id, [Mark(entry, state) for entry, state in tapped.items()])
    except NotFound:
        raise
    except AppError as error:
        return _list(meeting_id, error), 422
    return redirect(url_for("attendance.list", meeting_id=meeting_id), 303)


def _list(meeting_id: str, error: AppError | None = None) -> str:
    session = read_session()
    meeting, group, mentor = access.meeting_to_mark(session, current_actor(), meeting_id)
    rows = campus_attendance.attendance_list(session, meeting, group, mentor.id if mentor else None)
    return render_template(
        "site/attendance.html",
        site=session.get_one(Site, group.site_id),
        meeting=meeting,
        rows=rows,
        left=sum(row.presence is None for row in rows),
        walk_ins=campus_attendance.could_walk_in(session, group, meeting),
        level_names=people_and_topics.level_names(session),
        presences=list(Presence),
        printed=request.args.get("utskrift") == "1",
        heading=_("Attendance"),
        error=error,
        prefix=PREFIX,
        site_words=site_words,
        words=words,
    )
