"""Seasons with figures, schools, sites and sessions: open to everyone, no person in them."""

from typing import Any
from uuid import UUID

from api.edge.access import public
from api.edge.rest import ResourceBlueprint, listed, window_of
from api.edge.session import read_session
from api.queries import places, seasons
from api.schemas.places import SchoolList, SchoolQuery, SchoolSchema, SiteList, SiteQuery, SiteSchema
from api.schemas.seasons import (
    FiguresSchema,
    SeasonList,
    SeasonQuery,
    SeasonSchema,
    SessionList,
    SessionQuery,
    SessionSchema,
)

blueprint = ResourceBlueprint("api_places", __name__, description="Seasons, schools, sites and weekly sessions")


@blueprint.get("/seasons")
@blueprint.etag
@blueprint.arguments(SeasonQuery, location="query")
@blueprint.response(200, SeasonList)
@public
def list_seasons(query: dict[str, Any]) -> dict[str, Any]:
    """Seasons"""
    return listed(seasons.seasons(read_session(), window_of(query)))


@blueprint.get("/seasons/<uuid:season_id>")
@blueprint.etag
@blueprint.response(200, SeasonSchema)
@public
def get_season(season_id: UUID) -> Any:
    """One season"""
    return seasons.season(read_session(), str(season_id))


@blueprint.get("/seasons/<uuid:season_id>/figures")
@blueprint.etag
@blueprint.response(200, FiguresSchema)
@public
def get_figures(season_id: UUID) -> Any:
    """A season in figures"""
    seasons.season(read_session(), str(season_id))
    return seasons.figures(read_session(), str(season_id))


@blueprint.get("/schools")
@blueprint.etag
@blueprint.arguments(SchoolQuery, location="query")
@blueprint.response(200, SchoolList)
@public
def list_schools(query: dict[str, Any]) -> dict[str, Any]:
    """Schools"""
    return listed(places.schools(read_session(), window_of(query), **query))


@blueprint.get("/schools/<uuid:school_id>")
@blueprint.etag
@blueprint.response(200, SchoolSchema)
@public
def get_school(school_id: UUID) -> Any:
    """One school"""
    return places.school(read_session(), str(school_id))


@blueprint.get("/sites")
@blueprint.etag
@blueprint.arguments(SiteQuery, location="query")
@blueprint.response(200, SiteList)
@public
def list_sites(query: dict[str, Any]) -> dict[str, Any]:
    """Sites"""
    return listed(places.sites(read_session(), window_of(query)))


@blueprint.get("/sites/<uuid:site_id>")
@blueprint.etag
@blueprint.response(200, SiteSchema)
@public
def get_site(site_id: UUID) -> Any:
    """One site"""
    return places.site(read_session(), str(site_id))


@blueprint.get("/sessions")
@blueprint.etag
@blueprint.arguments(SessionQuery, location="query")
@blueprint.response(200, SessionList)
@public
def list_sessions(query: dict[str, Any]) -> dict[str, Any]:
    """Weekly sessions"""
    return listed(places.sessions(read_session(), window_of(query), **query))


@blueprint.get("/sessions/<uuid:session_id>")
@blueprint.etag
@blueprint.response(200, SessionSchema)
@public
def get_session(session_id: UUID) -> Any:
    """One weekly session"""
    return places.group_session(read_session(), str(session_id))
