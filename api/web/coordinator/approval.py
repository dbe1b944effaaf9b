"""Approving a plan of visits: what it changes and sends, one button, and the time in which it can be undone."""

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.db import transaction
from api.domain.enums import ApprovalState, RunKind
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import Conflict
from api.i18n import gettext as _
from api.i18n import mark
from api.mail.registry import write_letter
from api.models.visits import Request
from api.queries import coordination_approval, coordination_compare, season_now
from api.queries import follow_up as follow_up_reads
from api.services.follow_up import approval as services
from api.services.follow_up import messages
from api.web import words
from api.web.season_page import verdict_of

pages = Blueprint("approval", __name__)
LETTERS: dict[str, tuple[str, str]] = {
    "invitation_notice": (mark("You have a visit"), mark("role models of an agreement, who may object")),
    "invitation_asked": (mark("Can you visit?"), mark("role models who are asked, at most three open questions each")),
    "visit_confirmed_school": (mark("You get a visit, and by whom"), mark("schools whose visit is sure at once")),
    "visit_asking_school": (
        mark("We are asking somebody for you"),
        mark("schools that hear more when the answer is in"),
    ),
}


@pages.get("/godkjenn/<plan_id>")
@allowed(Action.APPROVE_PLANS)
def preview(plan_id: str) -> str:
    return _page(plan_id, _asked_items(plan_id))


@pages.post("/godkjenn/<plan_id>")
@allowed(Action.APPROVE_PLANS)
def approve(plan_id: str) -> Response:
    """Approves all, or the rows that are named; what stands against it is shown with the page as it is now."""
    items = request.form.getlist("item") or None
    try:
        with transaction() as session:
            made = services.approve(session, current_actor(), plan_id, items).id
    except Conflict as refused:
        return make_response(_page(plan_id, items, refused), 409)
    return redirect(url_for("approval.approved", approval_id=made), code=303)


@pages.get("/godkjent/<approval_id>")
@allowed(Action.APPROVE_PLANS)
def approved(approval_id: str) -> str:
    return render_template("coordinator/approved.html", **_approval(approval_id))


@pages.post("/godkjent/<approval_id>/angre")
@allowed(Action.APPROVE_PLANS)
def undo(approval_id: str) -> Response:
    try:
        with transaction() as session:
            services.undo(session, current_actor(), approval_id)
    except Conflict as late:
        flash(" ".join(filter(None, (late.sentence, late.remedy))), "warning")
    else:
        flash(_("Undone. Nothing was sent, and nobody has heard of it."), "success")
    return redirect(url_for("approval.approved", approval_id=approval_id), code=303)


@pages.get("/godkjent/<approval_id>/send")
@allowed(Action.APPROVE_PLANS)
def confirm_send(approval_id: str) -> str:
    return render_template("coordinator/send_now.html", **_approval(approval_id))


@pages.post("/godkjent/<approval_id>/send")
@allowed(Action.APPROVE_PLANS)
def send(approval_id: str) -> Response:
    try:
        with transaction() as session:
            services.send_now(session, current_actor(), approval_id)
    except Conflict as late:
        flash(" ".join(filter(None, (late.sentence, late.remedy))), "warning")
    else:
        flash(_("Sent. The rest happens without you."), "success")
    return redirect(url_for("approval.approved", approval_id=approval_id), code=303)


def _asked_items(plan_id: str) -> list[str] | None:
    """The rows that the address names: some (`item`), or all but some (`without`); None for all."""
    chosen = request.args.getlist("item")
    without = set(request.args.getlist("without"))
    if not without:
        return chosen or None
    found = services.preview(read_session(), current_actor(), plan_id)
    return [one.request_id for one in found.visits if one.request_id not in without]


def _page(plan_id: str, items: list[str] | None, refused: Conflict | None = None) -> str:
    session = read_session()
    found = services.preview(session, current_actor(), plan_id, items)
    plan = season_now.plan_of_kind(session, plan_id, RunKind.VISIT)
    listed = coordination_approval.parts(session, found.visits)
    before = coordination_approval.plan_before(session, plan)
    goals = coordination_compare.goals(before, plan) if before is not None else []
    return render_template(
        "coordinator/approve.html",
        plan=plan,
        season=plan.season,
        verdict=verdict_of(plan),
        found=found,
        listed=listed,
        items=items,
        touched=coordination_approval.touched(session, plan_id, found.visits, listed),
        letters=coordination_approval.letters(found.visits),
        letter_words=LETTERS,
        sample=_sample(found),
        before=before,
        goals=[goal for goal in goals if goal.is_better is not None],
        goal_label=words.goal_label,
        refused=refused,
        earlier=coordination_approval.approvals(session, plan_id),
    )


def _sample(found: services.Preview) -> Any:
    """The letter that the first role model gets who is asked, else who is told; None where nothing would leave."""
    session = read_session()
    visit = next((one for one in found.visits if not one.people[0].reserved), next(iter(found.visits), None))
    if visit is None:
        return None
    common = messages.request_values(session, session.get_one(Request, visit.request_id))
    programme_id = session.get_one(Request, visit.request_id).programme_id
    days = follow_up_reads.rules_of(session, programme_id).silence_working_days
    kind = "invitation_notice" if visit.people[0].reserved else "invitation_asked"
    return write_letter(kind, coordination_approval.sample_values(common, visit, found.send_at, days))


def _approval(approval_id: str) -> dict[str, Any]:
    session = read_session()
    found = services.reachable_approval(session, current_actor(), approval_id)
    return {
        "approval": found,
        "season": found.plan.season,
        "is_waiting": found.state is ApprovalState.APPROVED,
        "is_sent": found.state is ApprovalState.SENT,
    }
