"""Runs of the solver: the list, one run while it works and after, and the buttons that order, stop and cancel."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from api.db import transaction
from api.domain.enums import PlanStatus, RunKind, RunState
from api.domain.permissions import Action, may
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import clock_time
from api.i18n import gettext as _
from api.queries import run_story, season_now
from api.queries import runs as run_queries
from api.queries.paging import Window
from api.services import runs as run_orders
from api.web import words
from api.web.asked import asked_window
from api.web.coordinator import run_words
from api.web.coordinator.run_chart import chart_of

pages = Blueprint("runs", __name__)
SECONDS = {RunKind.VISIT: 120, RunKind.GROUP: 180}
LIVE = (RunState.QUEUED, RunState.RUNNING)


@pages.get("/kjoringer")
@allowed(Action.SEE_RUNS)
def overview() -> str:
    session = read_session()
    asked = asked_window(("created_at", "kind", "state"))
    page = run_queries.runs(session, _newest_first(asked))
    return render_template(
        "coordinator/runs.html",
        page=page,
        season=season_now.shown_season(session),
        results=run_story.results(session, [run.plan_id for run in page.items if run.plan_id]),
        run_words=run_words,
    )


@pages.post("/kjoringer")
@allowed(Action.QUEUE_RUNS)
def order() -> AnyResponse:
    kind = request.form.get("kind", "")
    if kind not in set(RunKind):
        raise InvalidInput(_("A run is for visits or for groups."), field="kind", remedy=_("Use one of the buttons."))
    season = season_now.shown_season(read_session())
    if season is None:
        raise NotFound(_("There is no season to plan yet."))
    chosen = RunKind(kind)
    with transaction() as session:
        run = run_orders.queue_run(session, current_actor(), kind=chosen, season_id=season.id, seconds=SECONDS[chosen])
    return redirect(url_for("runs.run", run_id=run.id), code=303)


@pages.get("/kjoringer/<run_id>")
@allowed(Action.SEE_RUNS)
def run(run_id: str) -> str:
    return render_template("coordinator/run.html", **_shown(run_id))


@pages.get("/kjoringer/<run_id>/na")
@allowed(Action.SEE_RUNS)
def progress(run_id: str) -> Response:
    """The part of the page that moves. When the run is no longer in the state the page was loaded in (`?seen=`), the
    browser is told to load the whole page: its heading and buttons have changed.
    """
    shown = _shown(run_id)
    answer = make_response(render_template("coordinator/run_progress.html", **shown))
    if request.args.get("seen") != shown["run"].state:
        answer.headers["HX-Refresh"] = "true"
    return answer


@pages.get("/kjoringer/<run_id>/sagt")
@allowed(Action.SEE_RUNS)
def said(run_id: str) -> str:
    """One sentence for those who listen to the page; asked for every ten seconds."""
    return run_words.spoken(run_queries.run(read_session(), run_id))


@pages.post("/kjoringer/<run_id>/stopp")
@allowed(Action.QUEUE_RUNS)
def stop(run_id: str) -> AnyResponse:
    return _ask(run_id, run_orders.stop_run, _("The run ends now, and the best plan so far is checked and kept."))


@pages.post("/kjoringer/<run_id>/avbryt")
@allowed(Action.QUEUE_RUNS)
def cancel(run_id: str) -> AnyResponse:
    return _ask(run_id, run_orders.cancel_run, _("The run is cancelled. The plan that holds still stands."))


def _ask(run_id: str, change: Callable[..., None], said_then: str) -> AnyResponse:
    try:
        with transaction() as session:
            change(session, current_actor(), run_id)
    except Conflict as late:
        flash(late.sentence, "info")
    else:
        flash(said_then, "success")
    return redirect(url_for("runs.run", run_id=run_id), code=303)


def _newest_first(asked: Window) -> Window:
    """The list opens with the newest run; any other order is the reader's."""
    return asked if request.args.get("sort") else replace(asked, descending=True)


def _shown(run_id: str) -> dict[str, Any]:
    session = read_session()
    view = run_queries.run(session, run_id)
    story = run_story.story(session, view)
    steps = run_words.goal_steps(view, story)
    named = [(one.code, [_named(*place) for place in one.places]) for one in run_story.conflicts(session, view, story)]
    return {
        "run": view,
        "story": story,
        "state": run_words.state_of(view.state, story.status),
        "live": view.state in LIVE,
        "steps": steps,
        "reached": next((at for at, step in enumerate(steps) if step.state in ("now", "later")), len(steps)),
        "chart": chart_of(view.progress, ended=view.state not in LIVE),
        "usable": story.status in (PlanStatus.OPTIMAL, PlanStatus.FEASIBLE),
        "verdict": _verdict(story) if story.goals else None,
        "conflicts": run_words.conflict_lines(named),
        "run_words": run_words,
        "plan_page": "visits.table" if view.kind is RunKind.VISIT else "groups.table",
    }


def _verdict(story: run_story.Story) -> words.Verdict:
    return words.verdict(
        story.goals,
        locks=story.locks,
        changed=story.changed,
        queue_first=story.queue_first,
        detailed=may(current_actor(), Action.SEE_GOALS),
    )


def _named(name: str, weekday: int | None, starts: time | None) -> str:
    if weekday is None or starts is None:
        return name
    return f"{name}, {words.weekday(weekday)} {clock_time(starts)}"
