"""Two plans side by side: their goals, and what changes for whom."""

from collections.abc import Sequence

from flask import Blueprint, render_template, request

from api.domain.enums import RunKind
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.i18n import gettext as _
from api.i18n import mark, ngettext, number
from api.models.planning import Plan
from api.queries import coordination_approval, coordination_compare, season_now
from api.queries.coordination_compare import Comparison
from api.web import words
from api.web.asked import asked_text, asked_window

pages = Blueprint("compare", __name__)
WORDS: dict[str, tuple[str, str, str]] = {
    "lost": (mark("Loses its visit"), "cross", "danger"),
    "gained": (mark("Gets a visit"), "check", "success"),
    "moved": (mark("Another time"), "clock", "info"),
    "people": (mark("Other people"), "people", "info"),
}


@pages.get("/sammenlign")
@allowed(Action.SEE_GOALS)
def page() -> str:
    """The two newest plans of a kind, or those that the address names."""
    session, actor = read_session(), current_actor()
    season = season_now.shown_season(session)
    kind = RunKind.GROUP if request.args.get("kind") == RunKind.GROUP.value else RunKind.VISIT
    plans = coordination_compare.plans_to_compare(session, season.id, kind) if season else []
    if season is None or len(plans) < 2:
        return render_template("coordinator/compare_none.html", kind=kind, words=words)
    after = asked_text("after") or plans[0].id
    before = asked_text("before") or _current(plans, after)
    number_asked = asked_window(("change",)).number
    found = coordination_compare.compare(session, actor, before, after, number=number_asked)
    return render_template(
        "coordinator/compare.html",
        season=season,
        plans=plans,
        kind=kind,
        found=found,
        before=before,
        after=after,
        heading=heading(found),
        changes=WORDS,
        goal_label=words.goal_label,
        gap=gap,
    )


def _current(plans: Sequence[Plan], after_id: str) -> str:
    """The plan to compare with: of visits the one approved before, else the one made before."""
    after = next((plan for plan in plans if plan.id == after_id), plans[0])
    approved = coordination_approval.plan_before(read_session(), after) if after.kind is RunKind.VISIT else None
    older = next((plan for plan in plans if plan.created_at < after.created_at), plans[-1])
    return approved.id if approved is not None else older.id


def heading(found: Comparison) -> str:
    """What changes, in one line."""
    gained, lost = found.counts["gained"], found.counts["lost"]
    if not any(found.counts.values()):
        return _("Nothing changes for anyone")
    if found.kind is RunKind.VISIT:
        parts = (
            ngettext("one request gains a visit", "%(count)s requests gain a visit", gained, count=number(gained)),
            ngettext("one loses it", "%(count)s lose it", lost, count=number(lost)),
        )
    else:
        parts = (
            ngettext("one pupil gains a place", "%(count)s pupils gain a place", gained, count=number(gained)),
            ngettext("one loses it", "%(count)s lose it", lost, count=number(lost)),
        )
    return _("%(gained)s, %(lost)s", gained=parts[0], lost=parts[1])


def gap(value: int | None, bound: int | None) -> str:
    """A goal's value with what is possible at best, in words."""
    if value is None or bound is None:
        return "–"
    if value == bound:
        return _("%(value)s, proven best", value=number(value))
    return _("%(value)s, at best %(bound)s", value=number(value), bound=number(bound))
