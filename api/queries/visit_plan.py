"""A visit plan as its page shows it: rows that can be searched, sorted and paged in SQL, and the figures above them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.deadlines import monday_of
from api.domain.enums import Mode, RequestState
from api.models.companies import Company
from api.models.people import Person
from api.models.places import Municipality, School
from api.models.plan_rows import Lock, PlanUnserved, PlanVisit, PlanVisitRoleModel
from api.models.role_models import RoleModel
from api.models.visits import Lesson as LessonRow
from api.models.visits import Request, RequestOption
from api.queries.names import by_name
from api.queries.paging import Page, Window, page_of

FAR_MINUTES = 30
Statement: TypeAlias = Any  # a select; its columns differ from use to use
SORTS = ("time", "school", "company", "travel")


@dataclass(frozen=True, slots=True)
class Filter:
    """What a reader looks for. `requests`: only these; `names`: whether people's names may be searched."""

    text: str = ""
    municipality: str = ""
    day: date | None = None
    digital: bool = False
    far: bool = False
    locked: bool = False
    requests: Sequence[Collection[str]] = ()
    names: bool = False


@dataclass(frozen=True, slots=True)
class Assigned:
    """A role model in a visit. `name` is the person's; the page decides who sees it."""

    id: str
    name: str
    title: str
    company: str | None
    minutes: int


@dataclass(slots=True)
class VisitRow:
    """One visit of a plan."""

    id: str
    request_id: str
    reference: str
    school: str
    municipality: str
    grade: int
    classes: int
    pupils: int | None
    wanted: int
    mode: Mode
    starts_at: datetime
    ends_at: datetime
    locked: bool
    role_models: list[Assigned] = field(default_factory=list)

    @property
    def minutes(self) -> int:
        """The longest way anyone has to the visit."""
        return max((person.minutes for person in self.role_models), default=0)


@dataclass(frozen=True, slots=True)
class UnservedRow:
    """A request that the plan leaves out. `days`: when it was wished for, first lesson of each option.

    smallest_change: as in the plan format.
    """

    request_id: str
    reference: str
    school: str
    municipality: str
    grade: int
    classes: int
    wanted: int
    reasons: list[dict[str, Any]]
    days: list[datetime]
    state: RequestState
    smallest_change: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class VisitFigures:
    """What a plan comes to. travel: median minutes of the assignments in person, None without any."""

    visits: int
    unserved: int
    classes: int
    pupils: int
    travel: int | None
    starts_on: date | None
    ends_on: date | None

    @property
    def requests(self) -> int:
        return self.visits + self.unserved


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters of a plan can be set to."""

    municipalities: list[tuple[str, str]]
    days: list[date]
    digital: int
    far: int
    locked: int


def visit_page(session: Session, plan_id: str, asked: Window, wanted: Filter) -> Page[VisitRow]:
    """One page of a plan's visits with their role models, in three queries."""
    way, company = _longest_way(), _first_company()
    columns = {
        "time": (PlanVisit.starts_at, PlanVisit.id),
        "school": (School.name, PlanVisit.starts_at, PlanVisit.id),
        "company": (func.coalesce(company, "~"), PlanVisit.starts_at, PlanVisit.id),
        "travel": (way, PlanVisit.starts_at, PlanVisit.id),
    }
    statement = _visits(plan_id)
    for condition in _conditions(wanted):
        statement = statement.where(condition)
    page = page_of(session, statement, asked, columns).map(_visit_row)
    _add_people(session, page.items)
    return page


def one_visit(session: Session, visit_id: str) -> tuple[VisitRow, str] | None:
    """A visit with its role models, and the plan it belongs to; None when there is no such visit."""
    row = session.execute(_visits(None).add_columns(PlanVisit.plan_id).where(PlanVisit.id == visit_id)).one_or_none()
    if row is None:
        return None
    visit = _visit_row(row)
    _add_people(session, [visit])
    return visit, row.plan_id


def weeks(session: Session, plan_id: str) -> list[tuple[date, int]]:
    """The weeks in which the plan has visits, by their Monday, with how many; one query."""
    starts = session.scalars(select(PlanVisit.starts_at).where(PlanVisit.plan_id == plan_id))
    counted = Counter(monday_of(clock.to_oslo(moment).date()) for moment in starts)
    return sorted(counted.items())


def week_rows(session: Session, plan_id: str, monday: date) -> list[VisitRow]:
    """The visits of a week by time, with their role models, in two queries."""
    midnight = datetime.min.time()
    statement = _visits(plan_id).where(
        PlanVisit.starts_at >= clock.at_local(monday, midnight),
        PlanVisit.starts_at < clock.at_local(monday + timedelta(days=7), midnight),
    )
    rows = [_visit_row(row) for row in session.execute(statement.order_by(PlanVisit.starts_at, by_name(School.name)))]
    _add_people(session, rows)
    return rows


def unserved_page(session: Session, plan_id: str, asked: Window, municipality: str = "") -> Page[UnservedRow]:
    """One page of the requests a plan leaves out, with their reasons and wished days, in three queries."""
    statement = _left_out(plan_id)
    if municipality:
        statement = statement.where(School.municipality_id == municipality)
    page = page_of(session, statement, asked, {"school": (School.name, Request.id)})
    days = _wished_days(session, [row.Request.id for row in page.items])
    return page.map(lambda row: _unserved_row(row, days))


def one_unserved(session: Session, plan_id: str, request_id: str) -> UnservedRow | None:
    """A request the plan leaves out; None when it does not."""
    row = session.execute(_left_out(plan_id).where(Request.id == request_id)).one_or_none()
    return None if row is None else _unserved_row(row, _wished_days(session, [request_id]))


def figures(session: Session, plan_id: str) -> VisitFigures:
    """The plan in numbers, in three queries."""
    served = session.execute(
        select(
            func.count(PlanVisit.id).label("visits"),
            func.coalesce(func.sum(Request.classes), 0).label("classes"),
            func.coalesce(func.sum(Request.pupils), 0).label("pupils"),
            func.min(PlanVisit.starts_at).label("first"),
            func.max(PlanVisit.starts_at).label("last"),
        )
        .join(Request, PlanVisit.request_id == Request.id)
        .where(PlanVisit.plan_id == plan_id)
    ).one()
    unserved = session.scalar(select(func.count()).where(PlanUnserved.plan_id == plan_id)) or 0
    minutes = session.scalars(
        select(PlanVisitRoleModel.travel_minutes)
        .join(PlanVisit, PlanVisitRoleModel.plan_visit_id == PlanVisit.id)
        .where(PlanVisit.plan_id == plan_id, PlanVisit.mode == Mode.PHYSICAL)
    ).all()
    return VisitFigures(
        served.visits,
        unserved,
        int(served.classes),
        int(served.pupils),
        round(median(minutes)) if minutes else None,
        clock.to_oslo(served.first).date() if served.first else None,
        clock.to_oslo(served.last).date() if served.last else None,
    )


def choices(session: Session, plan_id: str) -> Choices:
    """Municipalities and days that occur in the plan, and how many visits each switch would show, in three queries."""
    municipalities = session.execute(
        select(Municipality.id, Municipality.name)
        .join(School, School.municipality_id == Municipality.id)
        .join(Request, Request.school_id == School.id)
        .join(PlanVisit, PlanVisit.request_id == Request.id)
        .where(PlanVisit.plan_id == plan_id)
        .group_by(Municipality.id, Municipality.name)
        .order_by(by_name(Municipality.name))
    ).all()
    rows = session.execute(
        select(PlanVisit.starts_at, PlanVisit.mode, _longest_way().label("way"), _is_locked().label("locked")).where(
            PlanVisit.plan_id == plan_id
        )
    ).all()
    return Choices(
        [(row.id, row.name) for row in municipalities],
        sorted({clock.to_oslo(row.starts_at).date() for row in rows}),
        sum(row.mode is Mode.DIGITAL for row in rows),
        sum((row.way or 0) > FAR_MINUTES for row in rows),
        sum(bool(row.locked) for row in rows),
    )


def _visits(plan_id: str | None) -> Statement:
    statement = (
        select(
            PlanVisit,
            Request,
            School.name.label("school"),
            Municipality.name.label("municipality"),
            _is_locked().label("locked"),
        )
        .join(Request, PlanVisit.request_id == Request.id)
        .join(School, Request.school_id == School.id)
        .join(Municipality, School.municipality_id == Municipality.id)
    )
    return statement if plan_id is None else statement.where(PlanVisit.plan_id == plan_id)


def _visit_row(row: Any) -> VisitRow:
    visit, request = row.PlanVisit, row.Request
    return VisitRow(
        visit.id,
        request.id,
        request.reference,
        row.school,
        row.municipality,
        request.grade,
        request.classes,
        request.pupils,
        request.role_models,
        visit.mode,
        visit.starts_at,
        visit.ends_at,
        bool(row.locked),
    )


def _left_out(plan_id: str) -> Statement:
    return (
        select(PlanUnserved, Request, School.name.label("school"), Municipality.name.label("municipality"))
        .join(Request, PlanUnserved.request_id == Request.id)
        .join(School, Request.school_id == School.id)
        .join(Municipality, School.municipality_id == Municipality.id)
        .where(PlanUnserved.plan_id == plan_id)
    )


def _unserved_row(row: Any, days: dict[str, list[datetime]]) -> UnservedRow:
    request = row.Request
    return UnservedRow(
        request.id,
        request.reference,
        row.school,
        row.municipality,
        request.grade,
        request.classes,
        request.role_models,
        row.PlanUnserved.reasons,
        days.get(request.id, []),
        request.state,
        row.PlanUnserved.smallest_change,
    )


def _add_people(session: Session, rows: Sequence[VisitRow]) -> None:
    by_id = {row.id: row for row in rows}
    people = session.execute(
        select(
            PlanVisitRoleModel.plan_visit_id,
            PlanVisitRoleModel.travel_minutes,
            RoleModel.id,
            RoleModel.title,
            Person.name,
            Company.name.label("company"),
        )
        .join(RoleModel, PlanVisitRoleModel.role_model_id == RoleModel.id)
        .join(Person, RoleModel.person_id == Person.id)
        .outerjoin(Company, RoleModel.company_id == Company.id)
        .where(PlanVisitRoleModel.plan_visit_id.in_(by_id))
        .order_by(PlanVisitRoleModel.travel_minutes, RoleModel.id)
    )
    for row in people:
        person = Assigned(row.id, row.name, row.title, row.company, row.travel_minutes)
        by_id[row.plan_visit_id].role_models.append(person)


def _wished_days(session: Session, requests: Sequence[str]) -> dict[str, list[datetime]]:
    days: dict[str, list[datetime]] = {}
    for request_id, starts_at in session.execute(
        select(RequestOption.request_id, LessonRow.starts_at)
        .join(LessonRow, LessonRow.option_id == RequestOption.id)
        .where(RequestOption.request_id.in_(requests), LessonRow.position == 0)
        .order_by(RequestOption.request_id, LessonRow.starts_at)
    ):
        days.setdefault(request_id, []).append(starts_at)
    return days


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [PlanVisit.request_id.in_(chosen) for chosen in wanted.requests]
    if wanted.text:
        conditions.append(_mentions(wanted.text, names=wanted.names))
    if wanted.municipality:
        conditions.append(School.municipality_id == wanted.municipality)
    if wanted.day is not None:
        midnight = datetime.min.time()
        conditions.append(PlanVisit.starts_at >= clock.at_local(wanted.day, midnight))
        conditions.append(PlanVisit.starts_at < clock.at_local(wanted.day + timedelta(days=1), midnight))
    if wanted.digital:
        conditions.append(PlanVisit.mode == Mode.DIGITAL)
    if wanted.far:
        conditions.append(_longest_way() > FAR_MINUTES)
    if wanted.locked:
        conditions.append(_is_locked())
    return conditions


def _mentions(text: str, *, names: bool) -> ColumnElement[bool]:
    """School or company, and people where the reader may see them. SQLite folds only a to z, so æ, ø and å are tried
    in both cases."""
    tried = {text, text.lower(), text.upper(), text.capitalize()}
    person = [Company.name, RoleModel.title, Person.name] if names else [Company.name]
    someone = (
        select(PlanVisitRoleModel.plan_visit_id)
        .join(RoleModel, PlanVisitRoleModel.role_model_id == RoleModel.id)
        .join(Person, RoleModel.person_id == Person.id)
        .outerjoin(Company, RoleModel.company_id == Company.id)
        .where(
            PlanVisitRoleModel.plan_visit_id == PlanVisit.id,
            or_(*(column.icontains(form, autoescape=True) for column in person for form in tried)),
        )
        .exists()
    )
    return or_(*(School.name.icontains(form, autoescape=True) for form in tried), someone)


def _longest_way() -> Any:
    return (
        select(func.max(PlanVisitRoleModel.travel_minutes))
        .where(PlanVisitRoleModel.plan_visit_id == PlanVisit.id)
        .correlate(PlanVisit)
        .scalar_subquery()
    )


def _first_company() -> Any:
    return (
        select(func.min(Company.name))
        .join(RoleModel, RoleModel.company_id == Company.id)
        .join(PlanVisitRoleModel, PlanVisitRoleModel.role_model_id == RoleModel.id)
        .where(PlanVisitRoleModel.plan_visit_id == PlanVisit.id)
        .correlate(PlanVisit)
        .scalar_subquery()
    )


def _is_locked() -> ColumnElement[bool]:
    return select(Lock.id).where(Lock.request_id == PlanVisit.request_id).correlate(PlanVisit).exists()
