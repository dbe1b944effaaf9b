"""How the work lies on role models in a season: engagements against their limit, asked, accepted, silent, held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session

from api.domain.enums import InvitationState, ProfileState, ProgrammeKind, VisitState
from api.models.companies import Company
from api.models.follow_up import Invitation
from api.models.people import Person
from api.models.programmes import Programme
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit, VisitRoleModel
from api.queries import follow_up
from api.queries.ledger import NOT_ASKED
from api.queries.paging import Page, Window, page_of

LIVE = (VisitState.PLANNED, VisitState.CONFIRMED, VisitState.HELD)
IN_USE = (ProfileState.ACTIVE, ProfileState.PAUSED)


@dataclass(frozen=True, slots=True)
class Load:
    """A role model's season. engagements: visits that are to be or were held; limit: the most a term.

    name: None for readers without the right to names. asked, accepted, silent: invitations.
    """

    id: str
    name: str | None
    title: str
    place: str
    company: str | None
    company_id: str | None
    state: ProfileState
    limit: int
    engagements: int
    held: int
    asked: int
    accepted: int
    silent: int

    @property
    def is_full(self) -> bool:
        return self.engagements >= self.limit


@dataclass(frozen=True, slots=True)
class Spread:
    """How evenly: how many role models have none, one, two ... engagements. counts: engagements → people."""

    counts: dict[int, int]

    @property
    def people(self) -> int:
        return sum(self.counts.values())

    @property
    def engagements(self) -> int:
        return sum(count * people for count, people in self.counts.items())

    @property
    def unused(self) -> int:
        return self.counts.get(0, 0)

    @property
    def busiest_share(self) -> float:
        """Of all engagements, the part that the busiest tenth of people has: 0 to 1."""
        if not self.engagements:
            return 0.0
        left, taken = self._tenth, 0
        for count in sorted(self.counts, reverse=True):
            part = min(left, self.counts[count])
            taken, left = taken + part * count, left - part
        return taken / self.engagements

    @property
    def least_share(self) -> float:
        """What the busiest tenth would have if all were shared as evenly as can be: 0 to 1."""
        if not self.engagements:
            return 0.0
        each, more = divmod(self.engagements, self.people)
        return (self._tenth * each + min(self._tenth, more)) / self.engagements

    @property
    def _tenth(self) -> int:
        return max(1, round(self.people / 10))


@dataclass(frozen=True, slots=True)
class Filter:
    """text: part of a name (where shown), a title, a place or a company. whose: company, independent or "".

    load: none, full or "".
    """

    text: str = ""
    whose: str = ""
    load: str = ""


def role_models(
    session: Session, season_id: str, asked: Window, wanted: Filter, *, names: bool, most: int | None
) -> Page[Load]:
    """Role models in use. most: the programme's own limit a term, None without one. names: whether they are shown.

    Sorts: engagements, held, asked, silent, name (place without names), company; two queries.
    """
    figures = _figures(season_id, most)
    statement = (
        select(
            RoleModel.id,
            Person.name,
            RoleModel.title,
            RoleModel.place,
            Company.name.label("company"),
            RoleModel.company_id,
            RoleModel.state,
            *(column.label(label) for label, column in figures.items()),
        )
        .join(Person, RoleModel.person_id == Person.id)
        .outerjoin(Company, RoleModel.company_id == Company.id)
        .where(RoleModel.state.in_(IN_USE), *_conditions(wanted, figures, names=names))
    )
    first = Person.name if names else RoleModel.place
    columns: dict[str, tuple[Any, ...]] = {
        name: (figures[name], first, RoleModel.id) for name in ("engagements", "held", "asked", "silent")
    }
    columns |= {"name": (first, RoleModel.id), "company": (func.coalesce(Company.name, ""), first, RoleModel.id)}
    return page_of(session, statement, asked, columns).map(lambda row: _load(row, names=names))


def spread(session: Session, season_id: str) -> Spread:
    """How the season's engagements lie on those in use; one query."""
    engagements = _engagements(season_id, LIVE)
    counted: Counter[int] = Counter()
    inner = select(engagements.label("count")).where(RoleModel.state.in_(IN_USE)).subquery()
    for count, people in session.execute(select(inner.c.count, func.count()).group_by(inner.c.count)):
        counted[int(count)] = people
    return Spread(dict(sorted(counted.items())))


def most_a_term(session: Session) -> int | None:
    """The programme's own limit, whatever a role model offers; None without one."""
    programme = session.scalar(
        select(Programme.id).where(Programme.kind == ProgrammeKind.SCHOOL_VISIT).order_by(Programme.code).limit(1)
    )
    return follow_up.rules_of(session, programme).max_per_term if programme else None


def _figures(season_id: str, most: int | None) -> dict[str, Any]:
    limit: Any = RoleModel.max_per_term
    if most is not None:
        limit = case((RoleModel.max_per_term > most, most), else_=RoleModel.max_per_term)
    invitations = Invitation.state
    return {
        "limit": limit,
        "engagements": _engagements(season_id, LIVE),
        "held": _engagements(season_id, (VisitState.HELD,)),
        "asked": _invited(season_id, invitations.not_in(NOT_ASKED)),
        "accepted": _invited(season_id, invitations == InvitationState.ACCEPTED),
        "silent": _invited(season_id, invitations == InvitationState.EXPIRED),
    }


def _engagements(season_id: str, states: Sequence[VisitState]) -> Any:
    return _of_role_model(
        select(func.count(Visit.id))
        .select_from(VisitRoleModel)
        .join(Visit, VisitRoleModel.visit_id == Visit.id)
        .join(Request, Visit.request_id == Request.id)
        .where(
            VisitRoleModel.role_model_id == RoleModel.id,
            Visit.state.in_(states),
            Request.season_id == season_id,
        )
    )


def _invited(season_id: str, condition: ColumnElement[bool]) -> Any:
    return _of_role_model(
        select(func.count(Invitation.id))
        .join(Visit, Invitation.visit_id == Visit.id)
        .join(Request, Visit.request_id == Request.id)
        .where(Invitation.role_model_id == RoleModel.id, Request.season_id == season_id, condition)
    )


def _of_role_model(statement: Select[Any]) -> Any:
    return statement.correlate(RoleModel).scalar_subquery()


def _conditions(wanted: Filter, figures: dict[str, Any], *, names: bool) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if wanted.text:
        places = [RoleModel.title, RoleModel.place, Company.name, *([Person.name] if names else [])]
        asked.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in places)))
    if wanted.whose:
        has_company = RoleModel.company_id.is_not(None)
        asked.append(has_company if wanted.whose == "company" else ~has_company)
    if wanted.load == "none":
        asked.append(figures["engagements"] == 0)
    if wanted.load == "full":
        asked.append(figures["engagements"] >= figures["limit"])
    return asked


def _load(row: Any, *, names: bool) -> Load:
    return Load(
        id=row.id,
        name=row.name if names else None,
        title=row.title,
        place=row.place,
        company=row.company,
        company_id=row.company_id,
        state=row.state,
        limit=int(row.limit),
        engagements=int(row.engagements),
        held=int(row.held),
        asked=int(row.asked),
        accepted=int(row.accepted),
        silent=int(row.silent),
    )
