"""Today: what needs a person, worst first, each with a number to call and one remedy that does what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from api import clock
from api.db import transaction
from api.domain.enums import CallOutcome, ExceptionState
from api.domain.permissions import Action, may
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import Conflict, InvalidInput
from api.i18n import gettext as _
from api.models.follow_up import ExceptionItem
from api.queries import coordination_look, coordination_today, season_now
from api.queries.paging import Window
from api.services.coordination import calls
from api.services.coordination.remedies import REMEDIES
from api.web.asked import asked_window
from api.web.coordinator import today_charts, today_words

pages = Blueprint("today", __name__)
SHOWN = 9


@pages.get("/i-dag")
@allowed(Action.SEE_EXCEPTIONS)
def overview() -> str:
    """The whole page; for htmx, after an act, the list alone with what was done."""
    session, actor = read_session(), current_actor()
    page = coordination_today.lines(session, actor, Window(asked_window(("severity",)).number, SHOWN, "severity"))
    focus = request.args.get("fokus", "")
    work = {
        "page": page,
        "today": clock.today(),
        "said": today_words,
        "remedies": usable_remedies(page.items),
        "fields": lambda line: REMEDIES[line.item.remedy["code"]].fields,
        "resolutions": today_words.RESOLUTIONS,
        "healed": coordination_today.healed_count(session, actor),
        "focus": focus if focus in {line.item.id for line in page.items} else "top" if focus else None,
        "shown": SHOWN,
    }
    if request.headers.get("HX-Request"):
        return render_template("coordinator/today_work.html", swapped=True, **work)
    season = season_now.shown_season(session)
    sees_visits = may(actor, Action.SEE_VISIT_PLANS)
    found = coordination_look.look(session, season) if season and sees_visits else None
    return render_template(
        "coordinator/today.html", season=season, look=found, clock=today_charts.silence(found) if found else None,
        funnel=today_charts.funnel(found) if found else None, **work,
    )  # fmt: skip


@pages.get("/i-dag/av-seg-selv")
@allowed(Action.SEE_EXCEPTIONS)
def healed() -> str:
    """What closed without a person since Friday."""
    number = asked_window(("resolved_at",)).number
    page = coordination_today.healed(
        read_session(), current_actor(), Window(number, 25, "resolved_at", descending=True)
    )
    return render_template("coordinator/today_healed.html", page=page, said=today_words)


@pages.post("/i-dag/<line_id>/ringt")
@allowed(Action.HANDLE_EXCEPTIONS)
def note_call(line_id: str) -> Response:
    outcome = CallOutcome.ANSWERED if request.form.get("outcome") == "answered" else CallOutcome.NO_ANSWER
    note = request.form.get("note", "").replace("\x00", "")

    def act(session: Session) -> str:
        calls.note_call(session, current_actor(), line_id, outcome, note)
        return _("The call is noted.")

    return _acted(act, line_id)


@pages.post("/i-dag/<line_id>/gjor")
@allowed(Action.HANDLE_EXCEPTIONS)
def use_remedy(line_id: str) -> Response:
    page: list[str] = []

    def act(session: Session) -> str:
        given = {name: value.replace("\x00", "") for name, value in request.form.items()}
        done = calls.use_remedy(session, current_actor(), line_id, given)
        if done.page:
            page.append(done.page)
        return done.said

    answer = _acted(act, line_id)
    if not page:
        return answer
    if request.headers.get("HX-Request"):
        return Response(headers={"HX-Redirect": page[0]})
    return redirect(page[0], code=303)


@pages.post("/i-dag/<line_id>/lukk")
@allowed(Action.HANDLE_EXCEPTIONS)
def close(line_id: str) -> Response:
    def act(session: Session) -> str:
        calls.close(session, current_actor(), line_id, request.form.get("resolution", ""))
        return _("The line is closed.")

    return _acted(act, line_id)


def usable_remedies(lines: Any) -> set[str]:
    """Ids of the lines whose remedy the reader may use."""
    found = set()
    for line in lines:
        remedy = REMEDIES.get(str(line.item.remedy.get("code", "")))
        if remedy and line.item.state is ExceptionState.OPEN and may(current_actor(), remedy.action):
            found.add(line.item.id)
    return found


def _acted(act: Callable[[Session], str], line_id: str) -> Response:
    """Does it and says so, or why not; then back to the list, at the next line where this one is done with."""
    stays = True
    try:
        with transaction() as session:
            said = act(session)
            stays = session.get_one(ExceptionItem, line_id).state is ExceptionState.OPEN
    except (Conflict, InvalidInput) as refused:
        flash(" ".join(filter(None, (refused.sentence, refused.remedy))), "warning")
    else:
        flash(said, "success")
    focus = line_id if stays else request.form.get("next", "")[:40] or "top"
    return redirect(url_for("today.overview", fokus=focus), code=303)
