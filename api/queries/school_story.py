"""What a school may know of its own order: who comes, when what was agreed, and why it was a no."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from api import clock
from api.domain.enums import ApprovalState, InvitationState, Mode, RequestMode, RunKind, TopicUse, VisitState
from api.models.follow_up import Invitation, PlanApproval
from api.models.plan_rows import PlanUnserved
from api.models.planning import Plan
from api.models.programmes import Season, Topic
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit, VisitRoleModel
from api.queries import follow_up as reads
from api.queries.supply import Wish, supply

MODES = {
    RequestMode.PHYSICAL: (Mode.PHYSICAL,),
    RequestMode.DIGITAL: (Mode.DIGITAL,),
    RequestMode.EITHER: (Mode.PHYSICAL, Mode.DIGITAL),
}


@dataclass(frozen=True, slots=True)
class Guest:
    """A role model who comes. name, phone, email: "" until the school is verified. schools: how many they have met."""

    title: str
    company: str
    topics: tuple[Topic, ...]
    languages: tuple[str, ...]
    schools: int
    name: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class WhyNo:
    """Three numbers that lead to zero: within reach, of them able to hold it, of them free on the days (0)."""

    near: int
    able: int
    free: int = 0


def guests(session: Session, visit: Visit, *, verified: bool) -> list[Guest]:
    """Who comes to a visit, in the order of their ids."""
    people = session.scalars(
        select(RoleModel)
        .join(VisitRoleModel, VisitRoleModel.role_model_id == RoleModel.id)
        .where(VisitRoleModel.visit_id == visit.id)
        .options(
            joinedload(RoleModel.person),
            joinedload(RoleModel.company),
            selectinload(RoleModel.topics),
            selectinload(RoleModel.languages),
        )
        .order_by(RoleModel.id)
    ).all()
    met = dict(
        session.execute(
            select(VisitRoleModel.role_model_id, func.count(Request.school_id.distinct()))
            .join(Visit, VisitRoleModel.visit_id == Visit.id)
            .join(Request, Visit.request_id == Request.id)
            .where(Visit.state == VisitState.HELD, VisitRoleModel.role_model_id.in_([one.id for one in people]))
            .group_by(VisitRoleModel.role_model_id)
        ).all()
    )
    found = []
    for one in people:
        known = {"name": one.person.name, "phone": one.person.phone or "", "email": one.person.email or ""}
        found.append(
            Guest(
                title=one.title,
                company=one.company.name if one.company else "",
                topics=tuple(sorted(one.topics, key=lambda topic: (topic.position, topic.code))),
                languages=tuple(sorted(spoken.language for spoken in one.languages)),
                schools=met.get(one.id, 0),
                **(known if verified else {}),
            )
        )
    return found


def agreed_at(session: Session, visit: Visit) -> datetime | None:
    """When the last of those who come said yes."""
    return session.scalar(
        select(func.max(Invitation.answered_at)).where(
            Invitation.visit_id == visit.id, Invitation.state == InvitationState.ACCEPTED
        )
    )


def why_no(session: Session, order: Request) -> WhyNo | None:
    """Why nobody comes on the days that were asked for, counted today; None where the numbers do not lead to zero."""
    lessons = [option.lessons for option in order.options]
    spans = {
        (clock.to_local(rows[0].starts_at).time(), clock.to_local(rows[-1].ends_at).time(), len(rows))
        for rows in lessons
    }
    season = session.get_one(Season, order.season_id)
    if len(spans) != 1:
        return None
    [(starts, ends, count)] = spans
    days = sorted({clock.to_oslo(rows[0].starts_at).date() for rows in lessons})
    wish = Wish(
        school=order.school,
        starts=starts,
        ends=ends,
        lessons=count,
        grades=(order.grade, *order.more_grades),
        topics=tuple(row.topic.code for row in order.topics if row.use is TopicUse.NEEDED),
        modes=MODES[order.mode],
        language=order.language,
    )
    found = supply(session, season, reads.rules_of(session, order.programme_id), wish, days)
    free = found.on_any(days)
    return None if free else WhyNo(len(found.near), len(found.able))


def plan_without(session: Session, order: Request) -> Plan | None:
    """The newest plan that was sent, when it left the order out."""
    newest = (
        select(Plan.id)
        .join(PlanApproval, PlanApproval.plan_id == Plan.id)
        .where(Plan.kind == RunKind.VISIT, Plan.season_id == order.season_id)
        .where(PlanApproval.state == ApprovalState.SENT)
        .order_by(PlanApproval.sent_at.desc(), PlanApproval.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    left_out = select(PlanUnserved.plan_id).where(PlanUnserved.plan_id == newest, PlanUnserved.request_id == order.id)
    return session.scalars(select(Plan).where(Plan.id.in_(left_out)).options(selectinload(Plan.goals))).first()
