"""Locks: what the next runs must leave as it is, set and lifted from the plan's rows and from a list of them."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.db import transaction
from api.domain.enums import LockKind, RunKind
from api.domain.permissions import Action, may
from api.edge.access import allowed, current_actor, own_path
from api.edge.session import read_session
from api.errors import Conflict, NotFound
from api.i18n import gettext as _
from api.queries import coordination_locks, season_now, visit_plan
from api.services.coordination import locks
from api.web.asked import asked_window
from api.web.season_page import shown_plan

pages = Blueprint("locks", __name__)
REASON_MOST = 200


@pages.get("/laser")
@allowed(Action.QUEUE_RUNS, Action.MANAGE_GROUPS)
def overview() -> str:
    """Every lock of the season, each with a button that lifts it, and the evenings whose people can be locked."""
    session, actor = read_session(), current_actor()
    season = season_now.shown_season(session)
    if season is None:
        return render_template("coordinator/no_plan.html", title=_("Locks"))
    page = coordination_locks.locks(session, actor, season.id, asked_window(("created_at", "kind")))
    plan = season_now.held_plan(session, season.id, RunKind.GROUP) if may(actor, Action.MANAGE_GROUPS) else None
    evenings = coordination_locks.evenings(session, actor, plan.id) if plan else []
    return render_template("coordinator/locks.html", page=page, season=season, evenings=evenings, LockKind=LockKind)


@pages.get("/laser/kveld/<session_id>")
@allowed(Action.MANAGE_GROUPS)
def evening(session_id: str) -> str:
    """The mentors and pupils that the plan puts in a session, each with a lock to set or lift."""
    shown = shown_plan(RunKind.GROUP)
    if shown is None:
        raise NotFound(_("There is no plan yet."))
    found = coordination_locks.evening(read_session(), current_actor(), shown.plan.id, session_id)
    return render_template("coordinator/locks_evening.html", evening=found, shown=shown)


@pages.post("/laser/kveld/<session_id>")
@allowed(Action.MANAGE_GROUPS)
def lock_in_evening(session_id: str) -> Response:
    """Locks a mentor (`mentor`) or a pupil's seat (`pupil`)."""
    mentor, pupil = request.form.get("mentor", ""), request.form.get("pupil", "")

    def change(session: Any) -> None:
        if mentor:
            locks.lock_mentor(session, current_actor(), mentor, session_id, reason=_reason())
        else:
            locks.lock_pupil(session, current_actor(), pupil, session_id, reason=_reason())

    return _changed(change, _("Locked. The next run leaves it as it is."), "locks.evening", session_id=session_id)


@pages.post("/besok/<visit_id>/las")
@allowed(Action.QUEUE_RUNS)
def lock_visit(visit_id: str) -> Response:
    return _changed(
        lambda session: locks.lock_proposed_visit(session, current_actor(), visit_id, reason=_reason()),
        _("Locked. The next run leaves it as it is."),
        "visits.table",
    )


@pages.post("/besok/<visit_id>/las-opp")
@allowed(Action.QUEUE_RUNS)
def unlock_visit(visit_id: str) -> Response:
    found = visit_plan.one_visit(read_session(), visit_id)
    if found is None:
        raise NotFound(_("There is no such visit."))
    request_id = found[0].request_id
    return _changed(
        lambda session: locks.unlock_request(session, current_actor(), request_id),
        _("Unlocked. The next run may move it."),
        "visits.table",
    )


@pages.post("/laser/<lock_id>/opp")
@allowed(Action.QUEUE_RUNS, Action.MANAGE_GROUPS)
def unlock(lock_id: str) -> Response:
    return _changed(
        lambda session: locks.unlock(session, current_actor(), lock_id),
        _("Unlocked. The next run may move it."),
        "locks.overview",
    )


def _reason() -> str:
    return request.form.get("reason", "").replace("\x00", "").strip()[:REASON_MOST]


def _changed(change: Any, said: str, endpoint: str, **values: Any) -> Response:
    """Does it, says so or why not, and goes back to where the button was."""
    try:
        with transaction() as session:
            change(session)
    except Conflict as refused:
        flash(" ".join(filter(None, (refused.sentence, refused.remedy))), "warning")
    else:
        flash(said, "success")
    return redirect(own_path(request.form.get("back")) or url_for(endpoint, **values), code=303)
