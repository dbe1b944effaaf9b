"""A planned season at its day, what is live in it, and the judge's word on the whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta

import time_machine
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import InvitationState, OutboxState, RunKind
from api.domain.permissions import Actor, Grant, Role
from api.domain.transitions import Party
from api.models.bookings import Booking
from api.models.follow_up import Invitation
from api.models.outbox import OutboxMessage
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit
from api.queries.snapshot import Order, take_snapshot
from api.services.change import By
from api.services.follow_up import approval, sending
from matcher.check import check
from matcher.check_visits import VisitFacts, recount
from matcher.plan import AssignedRoleModel, Certificate, Goal, UnservedRequest, VisitPlan
from matcher.plan import Visit as PlannedVisit
from matcher.problem import VisitProblem, problem_sha256
from matcher.travel import TravelTimes, place
from tests import factories as make
from tests.replay import built_once
from tests.seasons import World, plan_now, small_season

ROLE_MODEL = By(Party.ROLE_MODEL)
SCHOOL = By(Party.SCHOOL)


@contextmanager
def at(moment: datetime) -> Iterator[datetime]:
    """Everything inside happens at this moment."""
    with time_machine.travel(moment, tick=False):
        yield moment


def morning_of(world: World, days: int = 0) -> datetime:
    """09:00 in Norway, so many days after the day of the plan (a Monday)."""
    return clock.at_local(world.today + timedelta(days=days), time(9))


def coordinator(session: Session) -> Actor:
    user = make.make_user(session, Role.COORDINATOR)
    return Actor(user.id, frozenset({Grant(Role.COORDINATOR)}), person_id=user.person_id)


def with_contacts(session: Session, world: World) -> None:
    """Every request has somebody at the school to write to."""
    for request in (*world.served, *world.unserved):
        request.contact_id = make.make_person(session).id
    session.flush()


@built_once
def planned_season(session: Session, *, copies: int = 1) -> World:
    """The small season with a plan of its visits."""
    world = small_season(session, copies=copies)
    plan_now(session, world, RunKind.VISIT)
    return world


@built_once
def approved_season(session: Session, *, copies: int = 1) -> tuple[World, Actor]:
    """A planned season whose plan is approved and sent at noon of its day."""
    world = planned_season(session, copies=copies)
    with_contacts(session, world)
    actor = coordinator(session)
    with at(morning_of(world)):
        approval.approve(session, actor, world.plans[RunKind.VISIT])
    send_due(session, noon_of(world))
    return world, actor


def noon_of(world: World) -> datetime:
    return clock.at_local(world.today, time(12))


def send_due(session: Session, moment: datetime) -> None:
    """What the job does."""
    with at(moment):
        for key in sending.due_sends(session, moment):
            sending.do_send(session, key, moment)


def visit_of(session: Session, request: Request) -> Visit:
    """The request's newest visit."""
    return session.scalars(
        select(Visit).where(Visit.request_id == request.id).order_by(Visit.created_at.desc(), Visit.id.desc())
    ).first()  # type: ignore[return-value]


def invitations(session: Session, visit: Visit) -> list[Invitation]:
    return list(
        session.scalars(
            select(Invitation)
            .where(Invitation.visit_id == visit.id)
            .order_by(Invitation.turn, Invitation.role_model_id)
        )
    )


def open_invitation(session: Session, visit: Visit) -> Invitation:
    """The first that waits for an answer."""
    return next(one for one in invitations(session, visit) if one.state is InvitationState.SENT)


def letters(session: Session) -> list[str]:
    """Kinds of the messages in the outbox, oldest first; those of one moment in no order."""
    return list(session.scalars(select(OutboxMessage.kind).order_by(OutboxMessage.created_at, OutboxMessage.id)))


def taken(session: Session) -> int:
    """How many bookings hold somebody's time."""
    return session.scalars(select(func.count()).select_from(Booking).where(Booking.released_at.is_(None))).one()


def spare_role_model(session: Session, **given: object) -> RoleModel:
    """One more who could hold any visit in Oslo or digitally."""
    row = make.make_role_model(session, digital=True, **given)
    session.expire_all()
    return row


def verdict(session: Session, world: World, moment: datetime) -> list[str]:
    """Codes of the rules that the live visits of the season break together, as a plan with nothing fixed."""
    programme = world.visit_rules.programme_id
    settings = world.visit_rules.settings | {"lead_school_days": 0, "lead_after_window": 0}
    season = world.season
    day = clock.to_oslo(moment).date()
    order = Order(RunKind.VISIT, season.id, programme, settings, season.starts_on, season.ends_on, day)
    problem = take_snapshot(session, order).problem
    assert isinstance(problem, VisitProblem)
    plan = plan_of_fixed(problem)
    return [f"{one.code}: {one.message}" for one in check(replace(problem, fixed=()), plan)]


def plan_of_fixed(problem: VisitProblem) -> VisitPlan:
    """The fixed visits of a problem as a plan of the same problem without them fixed."""
    requests = {one.id: one for one in problem.requests}
    people = {one.id: one for one in problem.role_models}
    schools = {one.id: one for one in problem.schools}
    times = TravelTimes(problem.travel)
    visits = []
    for one in problem.fixed:
        request = requests[one.request]
        slots = request.options[one.option].lessons
        school = schools[request.school]
        there = place("school", school.id, school.lat, school.lon)
        minutes = {
            who: times.minutes(place("role_model", who, people[who].lat, people[who].lon), there)
            if one.mode == "physical"
            else 0
            for who in one.role_models
        }
        visits.append(
            PlannedVisit(
                request=one.request,
                option=one.option,
                start=slots[0].start,
                end=slots[-1].end,
                mode=one.mode,
                role_models=tuple(
                    AssignedRoleModel(id=who, travel_minutes=minutes[who]) for who in sorted(one.role_models)
                ),
            )
        )
    served = {one.request for one in visits}
    free = replace(problem, fixed=())
    plan = VisitPlan(
        problem_sha256=problem_sha256(free),
        status="feasible",
        visits=tuple(sorted(visits, key=lambda one: (one.start, one.request))),
        goals=(),
        unserved=tuple(UnservedRequest(request=one.id, reasons=()) for one in problem.requests if one.id not in served),
        certificate=Certificate(bound_source={}, seconds=0, seed=1, settings={}, versions={}),
    )
    goals = tuple(
        Goal(name=one.name, sense=one.sense, value=one.value, bound=one.value)
        for one in recount(VisitFacts(free, plan))
    )
    return replace(
        plan,
        goals=goals,
        certificate=replace(plan.certificate, bound_source={goal.name: "branch_and_bound" for goal in goals}),
    )


def mails_leave(session: Session) -> None:
    """Every mail that waits has left when it was written."""
    waiting = OutboxMessage.state == OutboxState.WAITING
    session.flush()
    session.execute(
        update(OutboxMessage).where(waiting).values(state=OutboxState.SENT, sent_at=OutboxMessage.not_before)
    )
