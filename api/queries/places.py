"""Schools, sites and sessions: reads that hold no person, the same for everyone."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, contains_eager

from api.domain.enums import SchoolStatus
from api.errors import NotFound
from api.i18n import gettext
from api.models.groups import GroupSession, Site
from api.models.places import Municipality, School
from api.queries.paging import Page, Window, page_of

_ESCAPE = "\\"


def schools(
    session: Session,
    window: Window,
    *,
    municipality: str | None = None,
    status: SchoolStatus | str | None = None,
    text: str | None = None,
) -> Page[School]:
    """Schools with their municipality; `text` is part of either's name. Sorts: name, municipality, pupils."""
    statement = select(School).join(School.municipality).options(contains_eager(School.municipality))
    if municipality:
        statement = statement.where(School.municipality_id == municipality)
    if status:
        statement = statement.where(School.status == status)
    if text:
        pattern = contains(text)
        statement = statement.where(
            or_(School.name.ilike(pattern, escape=_ESCAPE), Municipality.name.ilike(pattern, escape=_ESCAPE))
        )
    return page_of(
        session,
        statement,
        window,
        {
            "name": (School.name, School.id),
            "municipality": (Municipality.name, School.name, School.id),
            "pupils": (School.pupils, School.id),
        },
    )


def school(session: Session, school_id: str) -> School:
    """One school. Raises NotFound."""
    found = session.scalar(
        select(School)
        .join(School.municipality)
        .options(contains_eager(School.municipality))
        .where(School.id == school_id)
    )
    if found is None:
        raise NotFound(gettext("There is no such school."))
    return found


def sites(session: Session, window: Window) -> Page[Site]:
    """Sites. Sorts: name, institution."""
    columns = {"name": (Site.name, Site.id), "institution": (Site.institution, Site.name, Site.id)}
    return page_of(session, select(Site), window, columns)


def site(session: Session, site_id: str) -> Site:
    """One site. Raises NotFound."""
    found = session.get(Site, site_id)
    if found is None:
        raise NotFound(gettext("There is no such site."))
    return found


def sessions(
    session: Session, window: Window, *, season: str | None = None, site: str | None = None
) -> Page[GroupSession]:
    """Weekly sessions. Sorts: weekday, site, seats."""
    statement = select(GroupSession).join(GroupSession.site)
    if season:
        statement = statement.where(GroupSession.season_id == season)
    if site:
        statement = statement.where(GroupSession.site_id == site)
    return page_of(
        session,
        statement,
        window,
        {
            "weekday": (GroupSession.weekday, GroupSession.starts, GroupSession.id),
            "site": (Site.name, GroupSession.weekday, GroupSession.id),
            "seats": (GroupSession.seats, GroupSession.id),
        },
    )


def group_session(session: Session, session_id: str) -> GroupSession:
    """One session. Raises NotFound."""
    found = session.get(GroupSession, session_id)
    if found is None:
        raise NotFound(gettext("There is no such session."))
    return found


def contains(text: str) -> str:
    """The LIKE pattern for "has this in it", with LIKE's own signs taken as they are (escape `\\\\`)."""
    for sign in (_ESCAPE, "%", "_"):
        text = text.replace(sign, _ESCAPE + sign)
    return f"%{text}%"
