"""What schools look at: the catalogue of role models without names, and their own orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from api import clock
from api.domain.enums import Mode, ProfileState, ProgrammeKind
from api.domain.permissions import Reach
from api.domain.school_days import months_before
from api.models.people import Person
from api.models.programmes import Programme, Topic
from api.models.role_models import RoleModel, RoleModelLanguage
from api.models.sign_in import Contact, MailDomain
from api.models.visits import Request
from api.queries import follow_up as reads
from api.queries.paging import Page, Window, page_of


@dataclass(frozen=True, slots=True)
class Entry:
    """A role model as everyone may see one: never the name, nor where they live. languages: codes."""

    id: str
    title: str
    company: str
    place: str
    topics: tuple[Topic, ...]
    languages: tuple[str, ...]
    physical: bool
    digital: bool


def catalogue(
    session: Session,
    window: Window,
    *,
    topic: str | None = None,
    place: str | None = None,
    language: str | None = None,
    mode: Mode | str | None = None,
) -> Page[Entry]:
    """Role models who can be asked now. topic: its code. place: as the profile says it. Sorts: title, place."""
    statement = _askable(session)
    if topic:
        statement = statement.where(RoleModel.topics.any(Topic.code == topic))
    if place:
        statement = statement.where(RoleModel.place == place)
    if language:
        statement = statement.where(RoleModel.languages.any(RoleModelLanguage.language == language))
    if mode:
        statement = statement.where(RoleModel.digital if mode == Mode.DIGITAL else RoleModel.physical)
    columns = {"title": (RoleModel.title, RoleModel.id), "place": (RoleModel.place, RoleModel.id)}
    return page_of(session, statement, window, columns).map(_entry)


def entry(session: Session, role_model_id: str) -> Entry | None:
    """One of the catalogue, None when there is none such or it cannot be asked now."""
    found = session.scalar(_askable(session).where(RoleModel.id == role_model_id)) if role_model_id else None
    return None if found is None else _entry(found)


def places(session: Session) -> list[str]:
    """Where those of the catalogue are, by name."""
    known = select(RoleModel.place).distinct().where(RoleModel.place != "").order_by(RoleModel.place)
    return list(session.scalars(known))


def languages(session: Session) -> list[str]:
    """Codes of the languages that somebody speaks."""
    return list(session.scalars(select(RoleModelLanguage.language).distinct().order_by(RoleModelLanguage.language)))


def topics(session: Session) -> list[Topic]:
    """All topics in their order."""
    return list(session.scalars(select(Topic).order_by(Topic.position, Topic.code)))


def orders(session: Session, where: Reach, asked: Window) -> Page[Request]:
    """Orders of the schools in reach, sorted by `submitted_at`."""
    statement = select(Request).options(joinedload(Request.school))
    if not where.everywhere:
        statement = statement.where(Request.school_id.in_(where.scopes))
    return page_of(session, statement, asked, {"submitted_at": (Request.submitted_at, Request.id)})


def last_order(session: Session, person_id: str | None) -> Request | None:
    """The newest order that a person has made."""
    if person_id is None:
        return None
    newest = select(Request).where(Request.contact_id == person_id).order_by(Request.submitted_at.desc(), Request.id)
    return session.scalars(newest.limit(1)).first()


def school_of_person(session: Session, person: Person) -> str | None:
    """The school that somebody most likely orders for: of the last order, of which they are a contact, or whose mail
    domain theirs is.
    """
    order = last_order(session, person.id)
    if order is not None:
        return order.school_id
    known = select(Contact.school_id).where(Contact.person_id == person.id, Contact.school_id.is_not(None))
    domain = (person.email or "").rpartition("@")[2].lower()
    vouched = select(MailDomain.school_id).where(MailDomain.domain == domain, MailDomain.school_id.is_not(None))
    return session.scalars(known.order_by(Contact.created_at.desc()).limit(1)).first() or (
        session.scalars(vouched.limit(1)).first() if domain else None
    )


def _askable(session: Session) -> Select[RoleModel]:
    today = clock.today()
    return (
        select(RoleModel)
        .options(
            joinedload(RoleModel.company),
            selectinload(RoleModel.topics),
            selectinload(RoleModel.languages),
        )
        .where(
            RoleModel.state == ProfileState.ACTIVE,
            RoleModel.trained_on <= today,
            RoleModel.confirmed_at >= _confirmed_since(session),
            or_(RoleModel.away_until.is_(None), RoleModel.away_until < today),
            or_(RoleModel.paused_until.is_(None), RoleModel.paused_until < today),
        )
    )


def visit_programme_id(session: Session) -> str:
    """The programme of school visits, "" where there is none yet."""
    found = select(Programme.id).where(Programme.kind == ProgrammeKind.SCHOOL_VISIT).order_by(Programme.code).limit(1)
    return session.scalar(found) or ""


def _confirmed_since(session: Session) -> datetime:
    months = reads.rules_of(session, visit_programme_id(session)).confirmed_months
    return clock.at_local(months_before(clock.today(), months), datetime.min.time())


def _entry(row: RoleModel) -> Entry:
    return Entry(
        id=row.id,
        title=row.title,
        company=row.company.name if row.company else "",
        place=row.place,
        topics=tuple(sorted(row.topics, key=lambda topic: (topic.position, topic.code))),
        languages=tuple(sorted(spoken.language for spoken in row.languages)),
        physical=row.physical,
        digital=row.digital,
    )
