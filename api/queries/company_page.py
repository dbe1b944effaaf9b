"""What a company's own page shows: a visit week as a grid, its people with what each waits for, its visits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from api.domain.enums import InvitationState, ProfileState, VisitState
from api.domain.name_order import name_key
from api.models.companies import Agreement
from api.models.follow_up import Invitation
from api.models.people import Person
from api.models.programmes import VisitWeek
from api.models.role_models import RoleModel, RoleModelFilm
from api.models.visits import Request, Visit, VisitRoleModel
from api.queries.companies import Slot
from api.queries.paging import Page, Window, page_of
from api.queries.snapshot_people import LIVE

SCHOOL_DAYS = 5
USUAL = ((time(8, 30), time(10, 15)), (time(10, 15), time(12)), (time(12), time(13, 45)))
"""Times that may be set aside with one click; any other by its own form."""
FILMS = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """One time of one day. slots: set aside there. open: whether more may be."""

    day: date
    starts: time
    ends: time
    slots: list[Slot]
    open: bool

    @property
    def value(self) -> str:
        """What a form sends for it."""
        return f"{self.day.isoformat()} {self.starts:%H:%M} {self.ends:%H:%M}"


@dataclass(frozen=True, slots=True)
class WeekGrid:
    """A visit week: its days, and a row of cells for each time."""

    week: VisitWeek
    days: list[date]
    rows: list[list[Cell]]

    @property
    def slots(self) -> list[Slot]:
        return [slot for row in self.rows for cell in row for slot in cell.slots]

    @property
    def used(self) -> int:
        return sum(slot.used for slot in self.slots)

    @property
    def free(self) -> int:
        return len(self.slots) - self.used


@dataclass(frozen=True, slots=True)
class OwnPerson:
    """One of the company's people. visits: live ones of the season. films: seen so far. waits: of WAITS, or ""."""

    role_model: RoleModel
    visits: int
    films: int
    waits: str


@dataclass(frozen=True, slots=True)
class OwnVisit:
    """A visit of one of the company's people. answer: how the invitation stands, None where there was none."""

    visit: Visit
    role_model: RoleModel
    answer: InvitationState | None


def grid(week: VisitWeek, slots: Sequence[Slot], today: date) -> WeekGrid:
    """The visit week with the times set aside in it; days that have been are closed."""
    days = [week.monday + timedelta(days=number) for number in range(SCHOOL_DAYS)]
    here = [one for one in slots if week.monday <= one.slot.day <= week.monday + timedelta(days=6)]
    days += sorted({one.slot.day for one in here} - set(days))
    times = sorted({*USUAL, *((one.slot.starts, one.slot.ends) for one in here)})
    rows = [
        [
            Cell(
                day,
                starts,
                ends,
                [one for one in here if (one.slot.day, one.slot.starts, one.slot.ends) == (day, starts, ends)],
                day > today,
            )
            for day in days
        ]
        for starts, ends in times
    ]
    return WeekGrid(week, days, rows)


def people(
    session: Session, company_id: str, season_id: str, stale_before: datetime, today: date, window: Window
) -> Page[OwnPerson]:
    """The company's people with what each waits for; those who have left come last. Sorts: name."""
    statement = (
        select(RoleModel)
        .join(Person, RoleModel.person_id == Person.id)
        .where(RoleModel.company_id == company_id)
        .options(joinedload(RoleModel.person), selectinload(RoleModel.topics))
    )
    left = RoleModel.state == ProfileState.LEFT
    page = page_of(session, statement, window, {"name": (left, Person.name, RoleModel.id)})
    ids = [one.id for one in page.items]
    visits = dict(
        session.execute(
            select(VisitRoleModel.role_model_id, func.count())
            .join(Visit, VisitRoleModel.visit_id == Visit.id)
            .join(Request, Visit.request_id == Request.id)
            .where(VisitRoleModel.role_model_id.in_(ids), Request.season_id == season_id, Visit.state.in_(LIVE))
            .group_by(VisitRoleModel.role_model_id)
        ).all()
    )
    films = dict(
        session.execute(
            select(RoleModelFilm.role_model_id, func.count())
            .where(RoleModelFilm.role_model_id.in_(ids))
            .group_by(RoleModelFilm.role_model_id)
        ).all()
    )
    return page.map(
        lambda one: OwnPerson(one, visits.get(one.id, 0), films.get(one.id, 0), waits(one, stale_before, today))
    )


def waits(one: RoleModel, stale_before: datetime, today: date) -> str:
    """What a profile waits for before its person can be asked: left, yes, rest, films, stale, away, or nothing."""
    if one.state is ProfileState.LEFT:
        return "left"
    if one.state is ProfileState.UNCONFIRMED:
        return "yes"
    if one.state is ProfileState.PAUSED or (one.paused_until is not None and one.paused_until >= today):
        return "rest"
    if one.confirmed_at is None or one.confirmed_at < stale_before:
        return "stale"
    if one.trained_on is None:
        return "films"
    return "away" if one.away_until is not None and one.away_until >= today else ""


def visits(session: Session, company_id: str, season_id: str, window: Window) -> Page[OwnVisit]:
    """The season's visits of the company's people whom somebody has heard of, the newest first. Sorts: when."""
    statement = (
        select(Invitation)
        .join(Visit, Invitation.visit_id == Visit.id)
        .join(Request, Visit.request_id == Request.id)
        .join(RoleModel, Invitation.role_model_id == RoleModel.id)
        .where(
            RoleModel.company_id == company_id,
            Request.season_id == season_id,
            Invitation.sent_at.is_not(None),
            Invitation.state.not_in((InvitationState.QUEUED, InvitationState.WITHDRAWN)),
        )
        .options(
            joinedload(Invitation.visit).joinedload(Visit.request).joinedload(Request.school),
            joinedload(Invitation.role_model).joinedload(RoleModel.person),
        )
    )
    page = page_of(session, statement, window, {"when": (Visit.starts_at, Invitation.id)})
    return page.map(lambda one: OwnVisit(one.visit, one.role_model, one.state))


def pupils_met(session: Session, agreement: Agreement) -> int:
    """Pupils in the season's held visits of the company's people."""
    held = (
        select(Visit.id)
        .join(VisitRoleModel, VisitRoleModel.visit_id == Visit.id)
        .join(RoleModel, VisitRoleModel.role_model_id == RoleModel.id)
        .where(RoleModel.company_id == agreement.company_id, Visit.state == VisitState.HELD)
        .distinct()
    )
    return (
        session.scalar(
            select(func.coalesce(func.sum(Request.pupils), 0))
            .join(Visit, Visit.request_id == Request.id)
            .where(Visit.id.in_(held), Request.season_id == agreement.season_id)
        )
        or 0
    )


def newest_week(weeks: Sequence[VisitWeek], today: date) -> VisitWeek | None:
    """The visit week to show: the first that is not over, else the last."""
    ahead = [one for one in weeks if one.monday + timedelta(days=6) >= today]
    return ahead[0] if ahead else weeks[-1] if weeks else None


def own_weeks(agreement: Agreement) -> list[VisitWeek]:
    """The visit weeks of an agreement, in order."""
    return sorted(agreement.visit_weeks, key=lambda one: (one.monday, name_key(one.municipality.name), one.id))
