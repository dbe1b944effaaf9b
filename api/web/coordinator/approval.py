"""Approving a plan of visits: what it changes and sends, one button, and the time in which it can be undone."""

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.db import transaction
from api.domain.deadlines import after_working_days
from api.domain.enums import ApprovalState, RunKind
from api.domain.permissions import Action, may
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import Conflict
from api.i18n import gettext as _
from api.mail.registry import write_letter
from api.models.planning import Run
from api.models.programmes import ProgrammeRuleVersion
from api.models.visits import Request
from api.queries import coordination_approval, coordination_compare, season_now
from api.queries import follow_up as follow_up_reads
from api.services.follow_up import approval as services
from api.services.follow_up import messages, sending
from api.web.coordinator import approval_words
from api.web.season_page import verdict_of

pages = Blueprint("approval", __name__)
MOST_CHANGES = 10
READABLE = ("invitation_asked", "invitation_notice", "visit_confirmed_school", "visit_asking_school")


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


@pages.get("/godkjenn/<plan_id>/velg")
@allowed(Action.APPROVE_PLANS)
def choose(plan_id: str) -> str:
    """The rows of the plan, each to be taken along or left out."""
    session = read_session()
    found = services.preview(session, current_actor(), plan_id)
    plan = season_now.plan_of_kind(session, plan_id, RunKind.VISIT)
    listed = coordination_approval.parts(session, found.visits)
    return render_template("coordinator/approve_choose.html", plan=plan, season=plan.season, listed=listed)


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
        flash(_("The messages are leaving now. The rest happens without you."), "success")
    return redirect(url_for("approval.approved", approval_id=approval_id), code=303)


def _asked_items(plan_id: str) -> list[str] | None:
    """The rows that the address names: some (`item`), or all but some (`without`); None for all."""
    chosen = request.args.getlist("item")
    without = set(request.args.getlist("without"))
    if not without:
        return chosen or None
    rows = coordination_approval.rows_of_plan(read_session(), plan_id)
    return [request_id for request_id in rows if request_id not in without]


def _page(plan_id: str, items: list[str] | None, refused: Conflict | None = None) -> str:
    session = read_session()
    found = services.preview(session, current_actor(), plan_id, items)
    plan = season_now.plan_of_kind(session, plan_id, RunKind.VISIT)
    before = coordination_approval.plan_before(session, plan)
    compared = (
        coordination_compare.compare(session, current_actor(), before.id, plan_id, size=MOST_CHANGES)
        if before is not None and may(current_actor(), Action.SEE_GOALS)
        else None
    )
    letters = coordination_approval.letters(found.visits)
    shown = next((kind for kind in (request.args.get("brev"), *READABLE) if kind in letters), None)
    return render_template(
        "coordinator/approve.html",
        plan=plan,
        season=plan.season,
        verdict=verdict_of(plan),
        sees_goals=may(current_actor(), Action.SEE_GOALS),
        found=found,
        items=items,
        letters=letters,
        readable=READABLE,
        said=approval_words,
        shown_letter=shown,
        sample=_sample(found, shown),
        before=before,
        compared=compared,
        refused=refused,
        earlier=coordination_approval.approvals(session, plan_id),
    )


def _sample(found: services.Preview, kind: str | None) -> Any:
    """The letter of this kind about the first visit that has one; None where none would leave."""
    session = read_session()
    visit = coordination_approval.first_of(found.visits, kind or "")
    if kind not in READABLE or visit is None:
        return None
    asked = session.get_one(Request, visit.request_id)
    days = follow_up_reads.rules_of(session, asked.programme_id).silence_working_days
    answer_by = after_working_days(found.send_at, days, follow_up_reads.holidays(session))
    common = messages.request_values(session, asked)
    if kind == "visit_confirmed_school":
        common |= messages.people_shown(session, asked, [one.role_model_id for one in visit.people])
    elif kind != "visit_asking_school":
        common |= {"travel_minutes": visit.people[0].travel_minutes}
    return write_letter(kind, coordination_approval.sample_values(common, visit, answer_by))


def _approval(approval_id: str) -> dict[str, Any]:
    session = read_session()
    found = services.reachable_approval(session, current_actor(), approval_id)
    run = session.get_one(Run, found.plan.run_id)
    programme = session.get_one(ProgrammeRuleVersion, run.rule_version_id).programme_id
    sent = coordination_approval.sent_by(session, found)
    return {
        "approval": found,
        "season": found.plan.season,
        "sent": sent,
        "steps": approval_words.steps(session, found, sent, programme),
        "said": approval_words,
        "is_waiting": found.state is ApprovalState.APPROVED,
        "is_sent": found.state is ApprovalState.SENT,
        "unsent": len(sending.unsent(found)) if found.state is ApprovalState.SENT else 0,
    }
