"""What approving a plan of visits means for those whom it touches: letters by kind, people, goals before and after."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.enums import ApprovalState, InvitationKind, Mode, RunKind
from api.models.companies import Company
from api.models.follow_up import Invitation, PlanApproval
from api.models.people import Person
from api.models.places import School
from api.models.plan_rows import PlanUnserved, PlanVisit
from api.models.planning import Plan
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit
from api.queries import seasons


@dataclass(frozen=True, slots=True)
class Part:
    """A visit as it would be approved, for the list from which rows are chosen. people: (name, company, is told)."""

    request: str
    reference: str
    school: str
    starts_at: datetime
    mode: Mode
    people: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class Touched:
    """schools: that get a visit; told, asked: different people; unserved: requests that get none now."""

    schools: int
    told: int
    asked: int
    unserved: int


def parts(session: Session, visits: Sequence[Any]) -> list[Part]:
    """The rows of a preview with names; two queries. visits: of api.services.follow_up.approval.Preview."""
    labels = {
        row.id: row
        for row in session.execute(
            select(Request.id, Request.reference, School.name)
            .join(School)
            .where(Request.id.in_([one.request_id for one in visits]))
        )
    }
    people = {
        row.id: row
        for row in session.execute(
            select(RoleModel.id, Person.name, Company.name.label("company"))
            .join(Person, Person.id == RoleModel.person_id)
            .outerjoin(Company, Company.id == RoleModel.company_id)
            .where(RoleModel.id.in_([person.role_model_id for one in visits for person in one.people]))
        )
    }
    return [
        Part(
            one.request_id,
            labels[one.request_id].reference,
            labels[one.request_id].name,
            one.starts_at,
            one.mode,
            tuple(
                (people[person.role_model_id].name, people[person.role_model_id].company or "", person.reserved)
                for person in one.people
            ),
        )
        for one in visits
    ]


def touched(session: Session, plan_id: str, visits: Sequence[Any], listed: Collection[Part]) -> Touched:
    """Who is touched by approving these visits; one query."""
    told = {person.role_model_id for one in visits for person in one.people if person.reserved}
    asked = {person.role_model_id for one in visits for person in one.people if not person.reserved}
    unserved = session.scalar(select(func.count()).select_from(PlanUnserved).where(PlanUnserved.plan_id == plan_id))
    return Touched(len({part.school for part in listed}), len(told), len(asked), unserved or 0)


def letters(visits: Sequence[Any]) -> dict[str, int]:
    """How many of each kind of letter leave in all: to role models, and to schools."""
    sure = sum(is_sure(one) for one in visits)
    counted = {
        "invitation_notice": sum(person.reserved for one in visits for person in one.people),
        "invitation_asked": sum(not person.reserved for one in visits for person in one.people),
        "visit_confirmed_school": sure,
        "visit_asking_school": len(visits) - sure,
    }
    return {kind: count for kind, count in counted.items() if count}


def is_sure(visit: Any) -> bool:
    """Whether a visit of a preview is confirmed as it is made: all its people are of agreements."""
    return all(person.reserved for person in visit.people)


def first_of(visits: Sequence[Any], kind: str) -> Any:
    """The first visit of a preview that a letter of this kind is about; None without any."""
    fits: dict[str, Callable[[Any], bool]] = {
        "invitation_notice": lambda visit: visit.people[0].reserved,
        "invitation_asked": lambda visit: not visit.people[0].reserved,
        "visit_confirmed_school": is_sure,
        "visit_asking_school": lambda visit: not is_sure(visit),
    }
    return next((visit for visit in visits if kind in fits and fits[kind](visit)), None)


def sample_values(common: dict[str, Any], visit: Any, answer_by: datetime) -> dict[str, Any]:
    """The values of a letter about a visit of a preview, as the outbox would hold them."""
    return common | {
        "mode": visit.mode.value,
        "starts_at": visit.starts_at.isoformat(),
        "ends_at": visit.ends_at.isoformat(),
        "lessons": 1,
        "answer_by": answer_by.isoformat(),
        "hear_by": answer_by.isoformat(),
        "contact": None,
    }


@dataclass(frozen=True, slots=True)
class Sent:
    """What an approval sends: people told, people asked, schools; first: the start of its first visit."""

    notices: int
    asked: int
    schools: int
    first: datetime | None

    @property
    def messages(self) -> int:
        return self.notices + self.asked + self.schools


def sent_by(session: Session, approval: PlanApproval) -> Sent:
    """How many messages an approval makes, as it was approved; one query."""
    rows = session.execute(
        select(Invitation.kind, Visit.id, Visit.starts_at)
        .join(Visit, Visit.id == Invitation.visit_id)
        .where(Invitation.approval_id == approval.id, Invitation.turn == 1)
    ).all()
    notices = sum(row.kind is InvitationKind.NOTICE for row in rows)
    first = min((row.starts_at for row in rows), default=None)
    return Sent(notices, len(rows) - notices, len({row.id for row in rows}), first)


def rows_of_plan(session: Session, plan_id: str) -> list[str]:
    """The requests that a plan serves, by time."""
    return list(
        session.scalars(
            select(PlanVisit.request_id)
            .where(PlanVisit.plan_id == plan_id)
            .order_by(PlanVisit.starts_at, PlanVisit.request_id)
        )
    )


def plan_before(session: Session, plan: Plan) -> Plan | None:
    """The plan of the season's last approval that was not undone; else the one made before this. None without any."""
    approved = session.scalar(
        select(Plan)
        .join(PlanApproval, PlanApproval.plan_id == Plan.id)
        .where(
            Plan.season_id == plan.season_id,
            Plan.kind == RunKind.VISIT,
            Plan.id != plan.id,
            PlanApproval.state != ApprovalState.UNDONE,
        )
        .order_by(PlanApproval.created_at.desc(), PlanApproval.id.desc())
        .limit(1)
    )
    if approved is not None:
        return approved
    return session.scalar(
        select(Plan)
        .where(
            Plan.season_id == plan.season_id,
            Plan.kind == RunKind.VISIT,
            Plan.status.in_(seasons.USABLE),
            Plan.created_at < plan.created_at,
        )
        .order_by(Plan.created_at.desc(), Plan.id.desc())
        .limit(1)
    )


def approvals(session: Session, plan_id: str) -> list[PlanApproval]:
    """A plan's approvals, newest first; at most 50."""
    statement = (
        select(PlanApproval)
        .where(PlanApproval.plan_id == plan_id)
        .order_by(PlanApproval.created_at.desc(), PlanApproval.id.desc())
        .limit(50)
    )
    return list(session.scalars(statement))
