"""Names for the ids that a story holds."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.i18n import current_locale
from api.models.companies import Company
from api.models.people import Person
from api.models.programmes import Level, Topic
from api.models.role_models import RoleModel
from api.queries.visit_plan import Assigned


def role_models(session: Session, ids: Collection[str]) -> dict[str, Assigned]:
    """Who the role models are, by id, in one query; `minutes` is left 0."""
    rows = session.execute(
        select(RoleModel.id, Person.name, RoleModel.title, Company.name.label("company"))
        .join(Person, RoleModel.person_id == Person.id)
        .outerjoin(Company, RoleModel.company_id == Company.id)
        .where(RoleModel.id.in_(ids))
    )
    return {row.id: Assigned(row.id, row.name, row.title, row.company, 0) for row in rows}


def topic_names(session: Session) -> dict[str, str]:
    """What the topics are called in the reader's language, by id, in one query."""
    return {topic.id: _named(topic) for topic in session.scalars(select(Topic))}


def level_names(session: Session) -> dict[str, str]:
    """What the levels are called in the reader's language, by code, in one query.

    The word that all of them begin with ("mathematics") is left out, so that a list of them can be read.
    """
    names = {level.code: _named(level) for level in session.scalars(select(Level))}
    first_words = {name.partition(" ")[0] for name in names.values()}
    if len(names) < 2 or len(first_words) > 1:
        return names
    return {code: name.partition(" ")[2] or name for code, name in names.items()}


def _named(row: Topic | Level) -> str:
    return {"nb": row.name_nb, "nn": row.name_nn, "en": row.name_en}.get(current_locale(), row.name_nb)
