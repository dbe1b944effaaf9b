"""The group plan: sites and figures for everyone; evenings and queues for those who see group plans, at their sites."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, render_template

from api.domain.enums import RunKind
from api.domain.permissions import Action, reach
from api.edge.access import allowed, current_actor, public
from api.edge.session import read_session
from api.errors import NotFound
from api.i18n import gettext as _
from api.models.groups import Site
from api.models.planning import Plan
from api.queries import group_plan, group_stories, people_and_topics
from api.queries.group_plan import Choice, SessionRow, WaitingRow
from api.web import change_words, words
from api.web.asked import asked_text, asked_window
from api.web.season_page import Shown, shown_plan

pages = Blueprint("groups", __name__)


@pages.get("/grupper")
@allowed(Action.SEE_GROUP_PLANS)
def table() -> str:
    """The evenings at the reader's sites."""
    shown = shown_plan(RunKind.GROUP)
    if shown is None:
        return _no_plan()
    site = asked_text("site")
    asked = asked_window(group_plan.SORTS, size=15)
    where = reach(current_actor(), Action.SEE_GROUP_PLANS)
    mine = None if where.everywhere else where.scopes
    page = group_plan.session_page(read_session(), shown.plan.id, shown.season.id, asked, site, mine)
    head = groups_head(shown)
    sites = [row for row in head["site_rows"] if where.covers(row.id)]
    return render_template("site/sessions.html", page=page, site=site, sites=sites, **head)


@pages.get("/grupper/steder")
@public
def sites() -> str:
    shown = shown_plan(RunKind.GROUP)
    if shown is None:
        return _no_plan()
    return render_template("site/sites.html", **groups_head(shown))


@pages.get("/grupper/uten")
@public
def unserved() -> str:
    """Why pupils wait: figures for everyone; the queue itself for those who may see all of it."""
    shown = shown_plan(RunKind.GROUP)
    if shown is None:
        return _no_plan()
    session = read_session()
    page = None
    if reach(current_actor(), Action.SEE_GROUP_PLANS).everywhere:
        asked = asked_window(("position", "level", "ahead"))
        page = group_plan.waiting_page(session, shown.plan.id, shown.season.id, asked)
    changes = change_words.smallest_changes(session, page.items) if page else {}
    return render_template(
        "site/unserved.html",
        page=page,
        fate_of=_fate_of(shown.plan.id),
        changes=changes,
        reasons=group_plan.reason_counts(session, shown.plan.id),
        **groups_head(shown),
    )


@pages.get("/grupper/<code>")
@public
def site(code: str) -> str:
    """One site: its evenings and its figures; what the plan makes of each evening for those who may see that."""
    shown = shown_plan(RunKind.GROUP)
    if shown is None:
        return _no_plan()
    found, session = _site(code), read_session()
    sessions = group_plan.sessions_of_site(session, shown.plan.id, shown.season.id, found.id)
    days = sorted({row.weekday for row in sessions})
    return render_template(
        "site/site.html",
        shown=shown,
        site=found,
        sessions=sessions,
        days=[(day, [row for row in sessions if row.weekday == day]) for day in days],
        closed=_closed(sessions, shown.plan) if sees_queue(found) else {},
        waiting=sum(row.waiting for row in sessions),
        sees_rows=sees_queue(found),
        levels=group_plan.waiting_by_level(session, shown.plan.id, found.id) if sees_queue(found) else None,
        level_names=people_and_topics.level_names(session),
        plan_argument=shown.plan.id if shown.chosen else None,
    )


@pages.get("/grupper/<code>/venteliste")
@allowed(Action.SEE_GROUP_PLANS)
def queue(code: str) -> str:
    """The pupils who wait for one site, as numbers. Raises NotFound for another leader's site."""
    shown = shown_plan(RunKind.GROUP)
    if shown is None:
        return _no_plan()
    found, session = _site(code), read_session()
    if not sees_queue(found):
        raise NotFound(_("There is no such site."))
    asked = asked_window(("position", "level", "ahead"))
    page = group_plan.waiting_page(session, shown.plan.id, shown.season.id, asked, found.id)
    changes = change_words.smallest_changes(session, page.items)
    return render_template(
        "site/queue.html",
        fate_of=_fate_of(shown.plan.id),
        changes=changes,
        shown=shown,
        site=found,
        page=page,
        level_names=people_and_topics.level_names(session),
        plan_argument=shown.plan.id if shown.chosen else None,
    )


def sees_queue(found: Site) -> bool:
    """Whether the reader may see what the plan makes of the site's evenings, and who waits for it."""
    return reach(current_actor(), Action.SEE_GROUP_PLANS).covers(found.id)


def _site(code: str) -> Site:
    found = group_plan.site_by_code(read_session(), code)
    if found is None:
        raise NotFound(_("There is no such site."))
    return found


def groups_head(shown: Shown) -> dict[str, Any]:
    """What the head of every view of the plan needs."""
    rows = group_plan.site_rows(read_session(), shown.plan.id, shown.season.id)
    return {
        "shown": shown,
        "site_rows": rows,
        "figures": group_plan.figures(read_session(), shown.plan.id, rows),
        "level_names": people_and_topics.level_names(read_session()),
        "plan_argument": shown.plan.id if shown.chosen else None,
    }


def _closed(rows: Sequence[SessionRow], plan: Plan) -> dict[str, str]:
    """Why each session that is not held is not, by id."""
    closed = [row.id for row in rows if not row.is_open]
    if not closed:
        return {}
    story = group_stories.group_story(read_session(), plan.id)
    left_out = {item.get("session") for item in plan.changed_since}
    return {
        one: words.fate(words.CHANGED if one in left_out else group_stories.closed_because(story, one))
        for one in closed
    }


def _fate_of(plan_id: str) -> Callable[[WaitingRow, Choice], str]:
    """What became of a pupil's choice, in words."""
    story = group_stories.group_story(read_session(), plan_id)

    def fate_of(row: WaitingRow, choice: Choice) -> str:
        if any(reason["code"] == words.CHANGED for reason in row.reasons):
            return words.fate(words.CHANGED)
        return words.fate(story.fate(story.pupils[row.entry_id], choice.session_id))

    return fate_of


def _no_plan() -> str:
    return render_template("coordinator/no_plan.html", title=_("Study groups"))
