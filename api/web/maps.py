"""The map and the list beside it: where visits are held and where study groups meet, and who is left without."""

from typing import Any

from flask import Blueprint, Response, jsonify, render_template, url_for

from api.domain.enums import RunKind
from api.domain.permissions import Action, may
from api.edge.access import current_actor, demand, public
from api.edge.session import read_session
from api.errors import NotFound
from api.i18n import gettext as _
from api.queries import group_plan, places_served
from api.web.asked import asked_text, asked_window
from api.web.coordinator.visits import plan_head
from api.web.season_page import shown_plan
from api.web.site.groups import groups_head

pages = Blueprint("map", __name__)
PLACES = 15


@pages.get("/kart")
@public
def visits() -> str:
    """Municipalities with requests; with `?municipality=` its schools, for those who may see rows of the plan."""
    municipality = asked_text("municipality")
    if municipality:
        demand(Action.SEE_VISIT_PLANS)
    shown = shown_plan(RunKind.VISIT)
    if shown is None:
        return render_template("coordinator/no_plan.html", title=_("Map"))
    session = read_session()
    names = places_served.municipality_names(session, shown.plan.id)
    if municipality and municipality not in dict(names):
        raise NotFound(_("No school there has asked for a visit."))
    asked = asked_window(places_served.SORTS, size=PLACES)
    if municipality:
        page = places_served.school_page(session, shown.plan.id, municipality, asked)
    else:
        page = places_served.municipality_page(session, shown.plan.id, asked)
    return render_template(
        "public/map_visits.html",
        page=page,
        municipality=municipality,
        municipality_name=dict(names).get(municipality),
        municipalities=names,
        **plan_head(shown),
    )


@pages.get("/kart/grupper")
@public
def groups() -> str:
    """Sites with the pupils who have a place and those who wait."""
    shown = shown_plan(RunKind.GROUP)
    if shown is None:
        return render_template("coordinator/no_plan.html", title=_("Map"))
    return render_template("public/map_groups.html", **groups_head(shown))


@pages.get("/kart/punkter.json")
@public
def visit_points() -> Response:
    """What the map of visits draws: the whole list that the page shows a part of, to the same readers."""
    municipality = asked_text("municipality")
    if municipality:
        demand(Action.SEE_VISIT_PLANS)
    shown = shown_plan(RunKind.VISIT)
    if shown is None:
        return jsonify([])
    if municipality:
        rows = places_served.school_points(read_session(), shown.plan.id, municipality)
    else:
        rows = places_served.municipality_points(read_session(), shown.plan.id)
    plan = shown.plan.id if shown.chosen else None
    leads_on = not municipality and may(current_actor(), Action.SEE_VISIT_PLANS)
    return jsonify(
        [
            _point(
                row.name,
                row.lat,
                row.lon,
                row.visits,
                row.unserved,
                url_for("map.visits", municipality=row.id, plan=plan) if leads_on else None,
            )
            for row in rows
        ]
    )


@pages.get("/kart/grupper/punkter.json")
@public
def group_points() -> Response:
    """What the map of sites draws."""
    shown = shown_plan(RunKind.GROUP)
    if shown is None:
        return jsonify([])
    rows = group_plan.site_rows(read_session(), shown.plan.id, shown.season.id)
    plan = shown.plan.id if shown.chosen else None
    return jsonify(
        [
            _point(
                row.name, row.lat, row.lon, row.pupils, row.waiting, url_for("groups.site", code=row.code, plan=plan)
            )
            for row in rows
            if not row.digital
        ]
    )


def _point(name: str, lat: float, lon: float, served: int, unserved: int, href: str | None) -> dict[str, Any]:
    return {"name": name, "lat": lat, "lon": lon, "served": served, "unserved": unserved, "href": href}
