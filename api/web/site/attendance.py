"""Who is here: one tap a pupil, on a phone, for the meeting's mentors on its day and the leader of the site.

A phone without net keeps what was tapped, by ids, and sends it later with the times of the taps; see
static/js/site-attendance.js. Of two marks of a pupil the later one stands, wherever it came from.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import Presence
from api.domain.permissions import Action, may
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import AppError, NotFound
from api.models.groups import Site
from api.queries import campus_attendance, campus_people
from api.queries.campus_attendance import PupilRow
from api.queries.campus_rules import rules_now
from api.services.campus import access, attendance
from api.services.campus.attendance import Mark
from api.web import site_words, words

pages = Blueprint("attendance", __name__)
PUPIL, BEFORE, TAPPED_AT, PHONE_CLOCK = "elev-", "var-", "tid-", "klokke"
MINE, EVERYONE = "mine", "alle"
_VALUES = frozenset(one.value for one in Presence)


@pages.get("/oppmote/<meeting_id>", endpoint="list")
@allowed(Action.MARK_ATTENDANCE)
def show_list(meeting_id: str) -> str:
    return _list(meeting_id)


@pages.post("/oppmote/<meeting_id>")
@allowed(Action.MARK_ATTENDANCE)
def mark(meeting_id: str) -> Response | tuple[str, int] | dict[str, object]:
    """What was tapped; `all` marks everyone without a tap as here, `walk_in` adds one.

    A script that asks for JSON gets the ids that are kept, or why not.
    """
    marks = _tapped()
    try:
        if request.form.get("all"):
            marks += _the_rest(meeting_id, {one.entry_id for one in marks})
        with transaction() as writing:
            attendance.mark(writing, current_actor(), meeting_id, marks)
    except NotFound:
        raise
    except AppError as error:
        return _list(meeting_id, error), 422
    if _wants_json():
        return {"kept": [one.entry_id for one in marks]}
    return redirect(url_for("attendance.list", meeting_id=meeting_id, vis=_shown()), 303)


def _tapped() -> list[Mark]:
    """The marks of the form. What the page showed already when it was loaded is no news, and says nothing."""
    late = _behind()
    marks = [
        Mark(entry, Presence(value), _moment(TAPPED_AT + entry, late))
        for name, value in request.form.items()
        if name.startswith(PUPIL) and value in _VALUES
        for entry in [name.removeprefix(PUPIL)]
        if request.form.get(BEFORE + entry) != value
    ]
    if walked_in := request.form.get("walk_in", ""):
        marks.append(Mark(walked_in, Presence.HERE))
    return marks


def _the_rest(meeting_id: str, tapped: set[str]) -> list[Mark]:
    """Everyone on the list, or of the mentor's own, whom nobody has marked."""
    session = read_session()
    meeting, group, mentor = access.meeting_to_mark(session, current_actor(), meeting_id)
    rows = campus_attendance.attendance_list(session, meeting, group, mentor.id if mentor else None)
    mine = request.form.get("vis") == MINE
    return [
        Mark(row.entry_id, Presence.HERE)
        for row in rows
        if row.presence is None and row.entry_id not in tapped and (row.own or not mine)
    ]


def _behind() -> float:
    """Seconds that the phone's clock is behind ours, by its own time of sending; negative where it is ahead."""
    sent = _read_time(request.form.get(PHONE_CLOCK, ""))
    return (clock.now() - sent).total_seconds() if sent else 0.0


def _moment(name: str, late: float) -> datetime | None:
    """When a pupil was tapped, by our clock; None where the form does not say."""
    given = _read_time(request.form.get(name, ""))
    if given is None:
        return None
    return datetime.fromtimestamp(min(given.timestamp() + late, clock.now().timestamp()), UTC)


def _read_time(given: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        return None
    return found if found.tzinfo and 2000 <= found.year <= 2200 else None


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _shown() -> str | None:
    return EVERYONE if request.form.get("vis") == EVERYONE else None


def _list(meeting_id: str, error: AppError | None = None) -> str:
    session = read_session()
    meeting, group, mentor = access.meeting_to_mark(session, current_actor(), meeting_id)
    rows = campus_attendance.attendance_list(session, meeting, group, mentor.id if mentor else None)
    own = [row for row in rows if row.own]
    asked = request.values.get("vis", MINE if own else EVERYONE)
    counted = own if own and asked == MINE else rows
    return render_template(
        "site/attendance.html",
        site=session.get_one(Site, group.site_id),
        group=group,
        meeting=meeting,
        rows=rows,
        typed={row.entry_id: _typed(row) for row in rows},
        own=len(own),
        shown=MINE if own and asked == MINE else EVERYONE,
        counted=len(counted),
        counts={state: sum(row.presence is state for row in counted) for state in Presence},
        calls_at=rules_now(session, group.programme_id).absences_call,
        walk_ins=campus_attendance.could_walk_in(session, group, meeting),
        level_words=dict(campus_people.levels(session)),
        presences=list(Presence),
        printed=request.args.get("utskrift") == "1",
        is_today=clock.to_oslo(meeting.starts_at).date() <= clock.today(),
        is_leader=may(current_actor(), Action.MANAGE_GROUPS),
        error=error,
        site_words=site_words,
        words=words,
    )


def _typed(row: PupilRow) -> str:
    """What is chosen for a pupil: what was just sent and refused, else what is kept."""
    sent = request.form.get(PUPIL + row.entry_id, "")
    return sent if sent in _VALUES else (row.presence.value if row.presence else "")
