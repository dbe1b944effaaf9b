"""Role models, narrowed to those the reader may see; their names only to those with the right."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, false, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from api.domain.enums import Mode, ProfileState
from api.domain.permissions import Action, Actor, reach
from api.errors import NotFound
from api.i18n import gettext
from api.models.people import Person
from api.models.programmes import Topic
from api.models.role_models import RoleModel, RoleModelBlocked, RoleModelFreeTime
from api.queries.paging import Page, Window, page_of

UNNAMED_DECIMALS = 2
"""Degrees of a position shown without the name: a part of town, not a house."""


@dataclass(frozen=True, slots=True)
class RoleModelView:
    """A role model as one reader sees it.

    Without the right to names, person, free_times and blocked are None and the position is rounded to a kilometre.
    """

    id: str
    version: int
    state: ProfileState
    company_id: str | None
    person: Person | None
    title: str
    place: str
    lat: float
    lon: float
    max_travel_minutes: int
    grades: tuple[int, int]
    modes: tuple[Mode, ...]
    max_lessons: int
    max_per_day: int
    max_per_week: int
    max_per_term: int
    topics: list[str]
    languages: list[str]
    free_times: list[RoleModelFreeTime] | None
    blocked: list[RoleModelBlocked] | None
    trained_on: date | None
    confirmed_at: datetime | None
    away_until: date | None
    paused_until: date | None


def role_models(
    session: Session, actor: Actor, window: Window, *, company: str | None = None, topic: str | None = None
) -> Page[RoleModelView]:
    """Role models in the actor's reach. Sorts: place, max_travel_minutes."""
    statement = _seen(actor)
    if company is not None:
        statement = statement.where(RoleModel.company_id == company)
    if topic is not None:
        statement = statement.where(RoleModel.topics.any(Topic.code == topic))
    columns = {
        "place": (RoleModel.place, RoleModel.id),
        "max_travel_minutes": (RoleModel.max_travel_minutes, RoleModel.id),
    }
    page = page_of(session, statement, window, columns)
    return page.map(lambda row: _view(row, actor))


def role_model(session: Session, actor: Actor, role_model_id: str) -> RoleModelView:
    """One role model. Raises NotFound, also where it is out of reach."""
    statement = _seen(actor).where(RoleModel.id == role_model_id).execution_options(populate_existing=True)
    found = session.scalar(statement)
    if found is None:
        raise NotFound(gettext("There is no such role model."))
    return _view(found, actor)


def shows_name(actor: Actor, company_id: str | None) -> bool:
    """Whether the actor may see a role model's name: whoever sees names everywhere, and the company's own contact."""
    return reach(actor, Action.SEE_NAMES).everywhere or (
        company_id is not None and reach(actor, Action.CHANGE_ROLE_MODELS).covers(company_id)
    )


def _seen(actor: Actor) -> Select[Any]:
    where = reach(actor, Action.SEE_ROLE_MODELS)
    statement = select(RoleModel).options(
        joinedload(RoleModel.person),
        selectinload(RoleModel.topics),
        selectinload(RoleModel.languages),
        selectinload(RoleModel.free_times),
        selectinload(RoleModel.blocked),
    )
    if where.everywhere:
        return statement
    own = RoleModel.person_id == actor.person_id if actor.person_id else false()
    return statement.where(or_(RoleModel.company_id.in_(where.scopes), own))


def _view(row: RoleModel, actor: Actor) -> RoleModelView:
    modes = ((Mode.PHYSICAL, row.physical), (Mode.DIGITAL, row.digital))
    named = shows_name(actor, row.company_id) or (actor.person_id is not None and actor.person_id == row.person_id)
    return RoleModelView(
        id=row.id,
        version=row.version,
        state=row.state,
        company_id=row.company_id,
        person=row.person if named else None,
        title=row.title,
        place=row.place,
        lat=row.lat if named else round(row.lat, UNNAMED_DECIMALS),
        lon=row.lon if named else round(row.lon, UNNAMED_DECIMALS),
        max_travel_minutes=row.max_travel_minutes,
        grades=(row.lowest_grade, row.highest_grade),
        modes=tuple(mode for mode, given in modes if given),
        max_lessons=row.max_lessons,
        max_per_day=row.max_per_day,
        max_per_week=row.max_per_week,
        max_per_term=row.max_per_term,
        topics=sorted(topic.code for topic in row.topics),
        languages=sorted(spoken.language for spoken in row.languages),
        free_times=sorted(row.free_times, key=lambda free: (free.weekday, free.starts)) if named else None,
        blocked=sorted(row.blocked, key=lambda days: (days.from_date, days.to_date)) if named else None,
        trained_on=row.trained_on,
        confirmed_at=row.confirmed_at,
        away_until=row.away_until,
        paused_until=row.paused_until,
    )
