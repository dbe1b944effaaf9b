"""The visit plan: every visit and why it is so, and the requests that get none."""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.db import transaction
from api.domain.enums import Mode, RequestState, RunKind
from api.domain.permissions import Action, may
from api.edge.access import allowed, current_actor, own_path
from api.edge.session import read_session
from api.errors import Conflict, NotFound
from api.i18n import gettext as _
from api.queries import (
    coordination_approval,
    coordination_compare,
    coordination_smallest,
    people_and_topics,
    places_served,
    season_now,
    stories,
    visit_plan,
)
from api.queries.visit_plan import Assigned, VisitRow
from api.services.coordination import offering
from api.web import words
from api.web.asked import asked_day, asked_switch, asked_text, asked_window
from api.web.coordinator import smallest_words
from api.web.season_page import Shown, shown_plan

pages = Blueprint("visits", __name__)


@pages.get("/besok")
@allowed(Action.SEE_VISIT_PLANS)
def table() -> str:
    shown = shown_plan(RunKind.VISIT)
    if shown is None:
        return render_template("coordinator/no_plan.html", title=_("Visit plan"))
    session, facts = read_session(), stories.visit_facts(read_session(), shown.plan.id)
    current = coordination_approval.plan_before(session, shown.plan) if sees_names() else None
    changed = coordination_compare.changed_requests(session, current.id, shown.plan.id) if current else None
    wanted = visit_plan.Filter(
        text=asked_text("q"),
        municipality=asked_text("municipality"),
        day=asked_day("day"),
        digital=asked_switch("digital"),
        far=asked_switch("far") and sees_names(),
        locked=asked_switch("locked"),
        requests=[
            requests
            for name, requests in (
                ("reserved", facts.reserved),
                ("first", facts.first_visits),
                ("changed", changed or frozenset()),
            )
            if asked_switch(name)
        ],
        names=sees_names(),
    )
    sorts = visit_plan.SORTS if sees_names() else visit_plan.SORTS[:-1]
    page = visit_plan.visit_page(session, shown.plan.id, asked_window(sorts, size=15), wanted)
    return render_template(
        "coordinator/visits.html",
        page=page,
        reasons={row.id: why(row, facts) for row in page.items},
        facts_of={row.id: facts.why(row.request_id) for row in page.items},
        choices=visit_plan.choices(session, shown.plan.id),
        wanted=wanted,
        changed=None if changed is None else len(changed),
        reserved=len(facts.reserved),
        first=len(facts.first_visits & facts.story.visit_of.keys()),
        is_narrowed=any(value for name, value in request.args.items() if name not in ("page", "sort", "plan", "lang")),
        **plan_head(shown),
    )


@pages.get("/besok/uten")
@allowed(Action.SEE_VISIT_PLANS)
def unserved() -> str:
    shown = shown_plan(RunKind.VISIT)
    if shown is None:
        return render_template("coordinator/no_plan.html", title=_("Visit plan"))
    session = read_session()
    municipality = asked_text("municipality")
    page = visit_plan.unserved_page(session, shown.plan.id, asked_window(("school",), size=10), municipality)
    facts = stories.visit_facts(session, shown.plan.id)
    waiting = [row.request_id for row in page.items if row.state is RequestState.OPEN]
    smallest = coordination_smallest.smallest_changes(session, facts, waiting) if sees_names() else {}
    return render_template(
        "coordinator/unserved.html",
        page=page,
        municipality=municipality,
        people_in_all=facts.story.facts.count,
        smallest=smallest,
        people=people_and_topics.role_models(session, [one.role_model for one in smallest.values() if one.role_model]),
        smallest_words=smallest_words,
        municipalities=places_served.municipality_names(session, shown.plan.id),
        **plan_head(shown),
    )


@pages.post("/besok/uten/<request_id>/tilby")
@allowed(Action.CHANGE_REQUESTS)
def offer(request_id: str) -> Response:
    """Offers the school the change that stands on the list."""
    shown = shown_plan(RunKind.VISIT)
    row = visit_plan.one_unserved(read_session(), shown.plan.id, request_id) if shown else None
    if shown is None or row is None:
        raise NotFound(_("There is no such request without a visit."))
    try:
        seen = datetime.fromisoformat(request.form.get("starts", ""))
    except ValueError:
        seen = None
    try:
        with transaction() as session:
            offering.offer_smallest(session, current_actor(), shown.plan.id, request_id, seen)
    except Conflict as refused:
        flash(" ".join(filter(None, (refused.sentence, refused.remedy))), "warning")
    else:
        flash(_("%(school)s gets the offer by mail, and answers with one press.", school=row.school), "success")
    return redirect(own_path(request.form.get("back")) or url_for("visits.unserved"), code=303)


@pages.get("/besok/<visit_id>")
@allowed(Action.SEE_VISIT_PLANS)
def visit(visit_id: str) -> str:
    """Why this role model: what speaks for the choice, and who else could have come."""
    found = visit_plan.one_visit(read_session(), visit_id)
    if found is None:
        raise NotFound(_("There is no such visit."))
    row, plan_id = found
    season_now.plan_of_kind(read_session(), plan_id, RunKind.VISIT)
    facts = stories.visit_facts(read_session(), plan_id)
    tale = facts.tale(row.request_id)
    return render_template(
        "coordinator/visit.html",
        row=row,
        why=facts.why(row.request_id),
        tale=tale,
        people=_others(tale) if sees_names() else {},
        topics=people_and_topics.topic_names(read_session()),
        names=sees_names(),
    )


@pages.get("/besok/uten/<request_id>")
@allowed(Action.SEE_VISIT_PLANS)
def why_not(request_id: str) -> str:
    """Why no one comes: what stands in the way, and who comes nearest to it."""
    shown = shown_plan(RunKind.VISIT)
    row = visit_plan.one_unserved(read_session(), shown.plan.id, request_id) if shown else None
    if shown is None or row is None:
        raise NotFound(_("There is no such request without a visit."))
    facts = stories.visit_facts(read_session(), shown.plan.id)
    tale = facts.tale(request_id) if words.is_of_people(row.reasons) and facts.knows(request_id) else None
    return render_template(
        "coordinator/why_not.html",
        row=row,
        tale=tale,
        people=_others(tale) if tale and sees_names() else {},
        people_in_all=facts.story.facts.count,
        shown=shown,
        names=sees_names(),
        plan_argument=shown.plan.id if shown.chosen else None,
    )


@pages.app_context_processor
def _words() -> dict[str, Any]:
    return {"words": words, "shown_as": shown_as}


@pages.app_template_filter("name_in")
def _name_in(key: str, names: dict[str, str]) -> str:
    return names.get(key, key)


@pages.app_template_filter("used_word")
def _used_word(code: str) -> str:
    return _(words.USED.get(code, code))


@pages.app_template_filter("obstacle_word")
def _obstacle_word(code: str) -> str:
    return _(words.OBSTACLES.get(code, code))


@pages.app_template_filter("first_upper")
def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def sees_names() -> bool:
    """Whether the reader may see who the role models are and how far they travel."""
    return may(current_actor(), Action.SEE_NAMES) and may(current_actor(), Action.SEE_VISIT_PLANS)


def shown_as(person: Assigned) -> tuple[str, str]:
    """A role model as the reader may see them: (who, where from)."""
    company = person.company or _("Independent")
    if not sees_names():
        return _("Role model"), company
    return person.name, ", ".join(filter(None, (person.title, company)))


def why(row: VisitRow, facts: stories.VisitFacts) -> list[str]:
    """What speaks for a choice, as short sentences: a promise first, then whose time it is, then how well it fits."""
    known = facts.why(row.request_id)
    if known is None:
        return []
    said = []
    if known.priority:
        said.append(_("Promised anew after a visit fell through."))
    if known.reserved:
        said.append(_("Set aside for %(municipality)s.", municipality=row.municipality))
    if row.mode is Mode.DIGITAL:
        said.append(
            _("Digital, as the school wished.") if known.mode_wished else _("Digital, which suits the school too.")
        )
    if known.of == row.wanted:
        said.append(_("No one else could come then."))
    elif known.rank == 1:
        said.append(_("Nearest of the %(of)s who could come then.", of=known.of))
    if known.wishes_met:
        said.append(_("%(met)s of %(wishes)s wishes met.", met=known.wishes_met, wishes=known.wishes))
    if not said:
        said.append(_("One of %(of)s who could come then; the nearer ones go elsewhere.", of=known.of))
    return said


def plan_head(shown: Shown) -> dict[str, Any]:
    """What the head of every view of the plan needs."""
    facts = stories.visit_facts(read_session(), shown.plan.id)
    return {
        "shown": shown,
        "figures": visit_plan.figures(read_session(), shown.plan.id),
        "goals": {goal.name: goal for goal in shown.verdict.goals},
        "without_before": facts.schools_without_visit,
        "names": sees_names(),
        "plan_argument": shown.plan.id if shown.chosen else None,
    }


def _others(tale: dict[str, Any]) -> dict[str, Assigned]:
    listed = [*tale["alternatives"], *tale.get("nearest_misses", ())]
    return people_and_topics.role_models(read_session(), [entry["id"] for entry in listed])
