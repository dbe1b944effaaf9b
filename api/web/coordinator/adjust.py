"""Moving a visit by hand, seating a request that got none, taking one out: each with the judge's answer first."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.db import transaction
from api.domain.enums import Mode, RunKind
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor, own_path
from api.edge.session import read_session
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import gettext as _
from api.i18n import ngettext, number
from api.queries import coordination_adjust as judge
from api.queries import people_and_topics, season_now, stories, visit_plan
from api.queries.coordination_adjust import Change, Ruling
from api.services.coordination import adjustments, judge_words
from api.web import words
from api.web.coordinator.runs import SECONDS
from api.web.season_page import shown_plan

pages = Blueprint("adjust", __name__)


@pages.get("/besok/<visit_id>/flytt")
@allowed(Action.QUEUE_RUNS)
def move(visit_id: str) -> str:
    row, plan_id = _visit(visit_id)
    return _page(plan_id, row.request_id, row.school, url_for("visits.visit", visit_id=visit_id))


@pages.post("/besok/<visit_id>/flytt")
@allowed(Action.QUEUE_RUNS)
def keep_move(visit_id: str) -> Response:
    row, plan_id = _visit(visit_id)
    return _keep(plan_id, row.request_id)


@pages.get("/besok/uten/<request_id>/plass")
@allowed(Action.QUEUE_RUNS)
def seat(request_id: str) -> str:
    plan_id, school = _unserved(request_id)
    return _page(plan_id, request_id, school, url_for("visits.why_not", request_id=request_id))


@pages.post("/besok/uten/<request_id>/plass")
@allowed(Action.QUEUE_RUNS)
def keep_seat(request_id: str) -> Response:
    plan_id, _school = _unserved(request_id)
    return _keep(plan_id, request_id)


@pages.get("/besok/<visit_id>/ta-ut")
@allowed(Action.QUEUE_RUNS)
def take_out(visit_id: str) -> str:
    """What the plan is without a visit; it is left out by approving the rest."""
    row, plan_id = _visit(visit_id)
    facts = stories.visit_facts(read_session(), plan_id)
    ruling = judge.rule_on(facts, Change(row.request_id))
    return render_template(
        "coordinator/take_out.html",
        row=row,
        plan_id=plan_id,
        visit_id=visit_id,
        sentences=adjustments.broken_sentences(read_session(), ruling.broken),
        costs=costs_of(ruling),
        ruling=ruling,
    )


def _visit(visit_id: str) -> tuple[visit_plan.VisitRow, str]:
    found = visit_plan.one_visit(read_session(), visit_id)
    if found is None:
        raise NotFound(_("There is no such visit."))
    season_now.plan_of_kind(read_session(), found[1], RunKind.VISIT)
    return found


def _unserved(request_id: str) -> tuple[str, str]:
    shown = shown_plan(RunKind.VISIT)
    row = visit_plan.one_unserved(read_session(), shown.plan.id, request_id) if shown else None
    if shown is None or row is None:
        raise NotFound(_("There is no such request without a visit."))
    return shown.plan.id, row.school


def _page(plan_id: str, request_id: str, school: str, back: str) -> str:
    session = read_session()
    facts = stories.visit_facts(session, plan_id)
    before = judge.present(facts, request_id)
    asked = _asked(facts, request_id, before)
    found = judge.alternatives(facts, asked, request.values.get("replace"))
    rulings = [found.ruling, *(one.ruling for one in found.times), *(one.ruling for one in found.people)]
    mentioned = {person for ruling in rulings for item in ruling.broken for person in item.people}
    listed = {*asked.role_models, *before.role_models, *(one.role_model for one in found.people)}
    schools = adjustments.schools_of(
        session, {other for ruling in rulings for item in ruling.broken for other in item.against}
    )
    people = people_and_topics.role_models(session, listed | mentioned)
    names = {key: person.name for key, person in people.items()}
    return render_template(
        f"coordinator/{_template()}.html",
        drawer=_template() == "move_drawer",
        takes_from=lambda ruling: all(item.against for item in ruling.broken),
        school=school,
        back=back,
        asked=asked,
        is_moved=asked != before,
        before=before,
        found=found,
        options=facts.story.requests[request_id].options,
        wanted=facts.story.requests[request_id].role_models,
        people=people,
        sentences=lambda ruling: [judge_words.sentence(item, names, schools) for item in ruling.broken],
        without_names=lambda ruling: [judge_words.sentence(item, {}, schools) for item in ruling.broken],
        costs_of=costs_of,
        price=price,
    )


def _template() -> str:
    """The page; for htmx the drawer of the table, or the page's own form anew."""
    if not request.headers.get("HX-Request"):
        return "move"
    return "move_form" if request.headers.get("HX-Target") == "moving" else "move_drawer"


def _asked(facts: stories.VisitFacts, request_id: str, before: Change) -> Change:
    """The change that the address or the form asks for; where it says nothing, the plan's or a first try."""
    start = before if before.option is not None else judge.first_try(facts, request_id)
    time, people = request.values.get("time", ""), tuple(sorted(set(request.values.getlist("person")) - {""}))
    option, mode = start.option, start.mode
    if time:
        number, _separator, word = time.partition("-")
        if not number.isdecimal() or len(number) > 4 or word not in set(Mode):
            raise InvalidInput(_("The request has no such time."), field="time")
        option, mode = int(number), Mode(word)
    return Change(request_id, option, mode, people or start.role_models)


def _keep(plan_id: str, request_id: str) -> Response:
    facts = stories.visit_facts(read_session(), plan_id)
    asked = _asked(facts, request_id, judge.present(facts, request_id))
    runs_again = request.form.get("run") == "1"
    try:
        with transaction() as session:
            adjustments.move_and_lock(session, current_actor(), plan_id, asked)
            run = (
                adjustments.run_again(session, current_actor(), plan_id, seconds=SECONDS[RunKind.VISIT])
                if runs_again
                else None
            )
    except Conflict as refused:
        flash(" ".join(filter(None, (refused.sentence, refused.remedy))), "warning")
        time = f"{asked.option}-{asked.mode.value}"
        return redirect(
            f"{request.path}?{urlencode({'time': time, 'person': asked.role_models}, doseq=True)}", code=303
        )
    if run is not None:
        flash(_("Moved and locked. A new plan is being made with it."), "success")
        return redirect(url_for("runs.run", run_id=run.id), code=303)
    flash(_("Moved and locked. Make a new plan, and it stands there."), "success")
    return redirect(own_path(request.form.get("back")) or url_for("locks.overview"), code=303)


def costs_of(ruling: Ruling) -> list[dict[str, Any]]:
    """Each goal that changes, with the word for it."""
    return [
        {"label": words.goal_label(cost.name), "before": cost.before, "after": cost.after, "is_better": cost.is_better}
        for cost in ruling.costs
    ]


def price(ruling: Ruling) -> str:
    """What a change that keeps the rules costs, in one sentence: the first goal that gets worse."""
    worse = next((cost for cost in ruling.costs if not cost.is_better), None)
    if worse is None:
        return _("It costs nothing.") if not ruling.costs else _("The plan gets better by it.")
    if worse.name == "travel_minutes":
        more = worse.after - worse.before
        return ngettext(
            "It costs one minute of travel.", "It costs %(count)s minutes of travel.", more, count=number(more)
        )
    return _(
        "It costs: %(goal)s from %(before)s to %(after)s.",
        goal=words.goal_label(worse.name).lower(),
        before=number(worse.before),
        after=number(worse.after),
    )
