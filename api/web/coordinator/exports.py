"""The plan, its queues and the trail as files: the rows of the pages under the same rights, with the same filters."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from api import clock
from api.domain.enums import Mode, RunKind
from api.domain.permissions import Action, reach
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import NotFound
from api.i18n import clock_time
from api.i18n import gettext as _
from api.queries import coordination_audit, group_plan, people_and_topics, stories, visit_plan
from api.queries.paging import Window
from api.queries.visit_plan import VisitRow
from api.services.exports import MOST_ROWS, Cell
from api.web import words
from api.web.asked import asked_day, asked_switch, asked_text
from api.web.coordinator.visits import sees_names, shown_as
from api.web.downloads import sheet
from api.web.season_page import Shown, shown_plan
from api.web.site.groups import sees_queue

pages = Blueprint("exports", __name__)
TRAIL_MOST = 5_000


@pages.get("/besok/tabell.<suffix>")
@allowed(Action.SEE_VISIT_PLANS)
def plan_visits(suffix: str) -> Response:
    shown, session = _shown(RunKind.VISIT), read_session()
    rows = visit_plan.visit_page(session, shown.plan.id, Window(1, MOST_ROWS, "time"), _wanted(shown)).items
    headings = [_("Reference"), _("School"), _("Municipality"), _("Class"), _("Pupils"), _("Begins"), _("Ends")]
    headings += [_("Digital"), _("Role model"), _("From"), _("Locked")]
    headings += [_("Travel, minutes")] if sees_names() else []
    return sheet(f"forslag-{shown.season.name}", suffix, headings, [_visit(row) for row in rows])


@pages.get("/besok/uten/tabell.<suffix>")
@allowed(Action.SEE_VISIT_PLANS)
def plan_unserved(suffix: str) -> Response:
    shown = _shown(RunKind.VISIT)
    asked = Window(1, MOST_ROWS, "school")
    rows = visit_plan.unserved_page(read_session(), shown.plan.id, asked, asked_text("municipality")).items
    headings = [_("Reference"), _("School"), _("Municipality"), _("Class"), _("Asked for"), _("Why not")]
    cells: list[list[Cell]] = [
        [
            row.reference,
            row.school,
            row.municipality,
            words.classes(row.classes, row.grade),
            ", ".join(f"{clock.to_oslo(day):%Y-%m-%d %H:%M}" for day in row.days),
            "; ".join(words.reasons(row.reasons)),
        ]
        for row in rows
    ]
    return sheet(f"uten-besok-{shown.season.name}", suffix, headings, cells)


@pages.get("/grupper/<code>/venteliste.<suffix>")
@allowed(Action.SEE_GROUP_PLANS)
def queue(code: str, suffix: str) -> Response:
    """Who waits for a site, as numbers. Raises NotFound for another leader's site."""
    shown, session = _shown(RunKind.GROUP), read_session()
    found = group_plan.site_by_code(session, code)
    if found is None or not sees_queue(found):
        raise NotFound(_("There is no such site."))
    asked = Window(1, MOST_ROWS, "position")
    rows = group_plan.waiting_page(session, shown.plan.id, shown.season.id, asked, found.id).items
    levels = people_and_topics.level_names(session)
    headings = [_("Number in the queue"), _("Level"), _("Priority group"), _("Would come to"), _("Ahead, also waiting")]
    cells: list[list[Cell]] = [
        [
            row.position,
            levels.get(row.level, row.level),
            _(words.PRIORITY[row.priority_reason]),
            "; ".join(f"{one.site}, {words.weekday(one.weekday)} {clock_time(one.starts)}" for one in row.choices),
            row.ahead,
        ]
        for row in rows
    ]
    return sheet(f"venteliste-{code}", suffix, headings, cells)


@pages.get("/grupper/kvelder.<suffix>")
@allowed(Action.SEE_GROUP_PLANS)
def evenings(suffix: str) -> Response:
    shown = _shown(RunKind.GROUP)
    where = reach(current_actor(), Action.SEE_GROUP_PLANS)
    mine = None if where.everywhere else where.scopes
    asked = Window(1, MOST_ROWS, group_plan.SORTS[0])
    site = asked_text("site")
    rows = group_plan.session_page(read_session(), shown.plan.id, shown.season.id, asked, site, mine).items
    headings = [_("Site"), _("Room"), _("Weekday"), _("Begins"), _("Ends"), _("Open"), _("Pupils"), _("Seats")]
    headings += [_("Mentors"), _("Waiting")]
    cells: list[list[Cell]] = [
        [
            row.site,
            row.room,
            words.weekday(row.weekday),
            clock_time(row.starts),
            clock_time(row.ends),
            row.is_open,
            row.pupils,
            row.seats,
            row.mentors,
            row.waiting,
        ]
        for row in rows
    ]
    return sheet(f"kvelder-{shown.season.name}", suffix, headings, cells)


@pages.get("/historikk/tabell.<suffix>")
@allowed(Action.SEE_AUDIT)
def trail(suffix: str) -> Response:
    """The newest entries, at most 5,000."""
    asked = Window(1, TRAIL_MOST, "sequence", descending=True)
    kind, object_id = asked_text("kind"), asked_text("id")
    rows = coordination_audit.entries(read_session(), asked, object_kind=kind, object_id=object_id).items
    headings = [_("Entry"), _("When"), _("What"), _("Table"), _("Id"), _("Who"), _("More")]
    cells: list[list[Cell]] = [
        [
            row.sequence,
            row.at,
            row.action,
            row.object_kind,
            row.object_id,
            row.who or _("By itself, or by link"),
            ", ".join(f"{name}: {value}" for name, value in row.detail.items()),
        ]
        for row in rows
    ]
    return sheet("historikk", suffix, headings, cells)


def _shown(kind: RunKind) -> Shown:
    found = shown_plan(kind)
    if found is None:
        raise NotFound(_("There is no such plan."))
    return found


def _wanted(shown: Shown) -> visit_plan.Filter:
    """The filters of the plan's table."""
    asked = [name for name in ("reserved", "first") if asked_switch(name)]
    facts = stories.visit_facts(read_session(), shown.plan.id) if asked else None
    only = {"reserved": facts.reserved, "first": facts.first_visits} if facts else {}
    return visit_plan.Filter(
        text=asked_text("q"),
        municipality=asked_text("municipality"),
        day=asked_day("day"),
        digital=asked_switch("digital"),
        far=asked_switch("far") and sees_names(),
        locked=asked_switch("locked"),
        requests=[only[name] for name in asked],
        names=sees_names(),
    )


def _visit(row: VisitRow) -> list[Cell]:
    people = [shown_as(one) for one in row.role_models]
    cells: list[Cell] = [
        row.reference,
        row.school,
        row.municipality,
        words.classes(row.classes, row.grade),
        row.pupils,
        row.starts_at,
        row.ends_at,
        row.mode is Mode.DIGITAL,
        ", ".join(name for name, _where in people),
        ", ".join(dict.fromkeys(where for _name, where in people)),
        row.locked,
    ]
    return [*cells, row.minutes] if sees_names() else cells
