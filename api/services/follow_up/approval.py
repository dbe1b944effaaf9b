"""Approving a plan of visits: one act that can be undone until it is sent.

Whoever approves takes the turn, so of two approvals at once one is first and the other sees what it made. What is
approved is held against the world as it is now: pairs whose rows have changed are dropped and named; a request or a
person that has got another visit since the plan is a conflict, which says what changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from api import clock
from api.domain.deadlines import send_time
from api.domain.enums import Mode, RunKind, VisitState
from api.domain.permissions import Action, Actor, may
from api.domain.transitions import Party
from api.errors import Conflict, FieldError, InvalidInput, NotFound
from api.i18n import gettext as _
from api.i18n import ngettext
from api.models.bookings import Booking
from api.models.follow_up import PlanApproval
from api.models.plan_rows import PlanVisit
from api.models.planning import Plan, Run
from api.models.programmes import ProgrammeRuleVersion
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit
from api.queries import follow_up as reads
from api.queries.snapshot import order_of_run, take_snapshot
from api.queries.stories import visit_facts
from api.services.change import begin, by, move
from api.services.follow_up import arrange, exceptions, outcome, sending, turn, windows
from api.services.follow_up.candidates import Someone
from api.services.recheck import standing_visits
from matcher import plan as mp
from matcher.problem import VisitProblem


class Overtaken(Conflict):
    """Requests or people of the plan have got other visits since it was made; `errors` says which."""

    default_code = "overtaken"


@dataclass(frozen=True, slots=True)
class Approved:
    """A visit as it is approved."""

    option_id: str | None
    starts_at: datetime
    ends_at: datetime
    mode: Mode
    people: tuple[Someone, ...]
    request_id: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What approving would do now.

    visits: what would be made, by time. dropped: [{code, request, ...}], pairs whose rows have changed. standing: ids
    of requests whose visit of the plan is live already and stays. overtaken: what stands against approving, one line
    each; approving is refused while there is any. notices, asked: people told, and people asked. send_at: when it all
    would leave.
    """

    visits: tuple[Approved, ...]
    dropped: tuple[dict[str, Any], ...]
    standing: tuple[str, ...]
    overtaken: tuple[FieldError, ...]
    send_at: datetime

    @property
    def notices(self) -> int:
        return sum(one.reserved for visit in self.visits for one in visit.people)

    @property
    def asked(self) -> int:
        return sum(not one.reserved for visit in self.visits for one in visit.people)

    @property
    def messages(self) -> int:
        """How many messages would leave in all, once everybody's turn has come."""
        return self.notices + self.asked + len(self.visits)


def preview(
    session: Session, actor: Actor, plan_id: str, items: Collection[str] | None = None, now: datetime | None = None
) -> Preview:
    """What approving a plan, or the visits of some of its requests, would do now. items: request ids; all if left out.

    Raises NotFound without the right or for a plan that is not one of visits, InvalidInput for items outside it.
    """
    now = now or clock.now()
    plan = _plan(session, actor, plan_id)
    rows = _chosen(session, plan, items)
    run = session.get_one(Run, plan.run_id)
    before = visit_facts(session, plan.id).story.problem
    people = {member.role_model_id for row in rows for member in row.role_models}
    order = order_of_run(session, run.id, clock.to_oslo(now).date())
    fresh = take_snapshot(session, order, people=people).problem
    assert isinstance(fresh, VisitProblem)
    fixed_before = {one.request for one in before.fixed}
    live = _live_visits(session, [row.request_id for row in rows])
    standing = [row for row in rows if row.request_id in fixed_before and row.request_id in live]
    wanted = [row for row in rows if row not in standing]
    overtaken = _overtaken(session, wanted, live, fixed_before)
    judged = standing_visits(before, fresh, _as_plan(plan, before, wanted))
    reserved = _reserved(fresh)
    towns = {school.id: school.municipality for school in fresh.schools}
    schools = {one.id: one.school for one in fresh.requests}
    options = {(row.request_id, row.starts_at): row.option_id for row in rows}
    visits = tuple(
        Approved(
            option_id=options[visit.request, clock.from_local(visit.start)],
            starts_at=clock.from_local(visit.start),
            ends_at=clock.from_local(visit.end),
            mode=Mode(visit.mode),
            people=tuple(
                Someone(one.id, one.travel_minutes, reserved(one.id, visit, towns[schools[visit.request]]))
                for one in visit.role_models
            ),
            request_id=visit.request,
        )
        for visit in judged.visits
    )
    rules = reads.rules_of(session, _programme_of(session, run))
    return Preview(
        visits, judged.dropped, tuple(row.request_id for row in standing), tuple(overtaken), send_time(now, rules)
    )


def approve(
    session: Session, actor: Actor, plan_id: str, items: Collection[str] | None = None, now: datetime | None = None
) -> PlanApproval:
    """Approves a plan, or the visits of some of its requests. items: request ids; all if left out.

    Effects, in order: the turn is taken; each pair is held against the rows as they are now; the approval, with what
    was dropped; the people's time, in the order of person ids; each request is served by a planned visit; agreement
    people have accepted and the others are queued; a visit with agreement people alone is confirmed; lines about a
    late plan are closed. Nothing is told before `send_at`. Raises as `preview`, Overtaken when a request or a person
    has got another visit since the plan, and Conflict when nothing is left to approve.
    """
    now = now or clock.now()
    turn.take(session)
    found = preview(session, actor, plan_id, items, now)
    if found.overtaken:
        raise Overtaken(
            ngettext(
                "The proposal is out of date: %(num)s thing has changed since it was made.",
                "The proposal is out of date: %(num)s things have changed since it was made.",
                len(found.overtaken),
                num=len(found.overtaken),
            ),
            remedy=_("Approve the rest of it, or plan anew."),
            errors=found.overtaken,
        )
    if not found.visits:
        raise Conflict(
            _("There is nothing left to approve."), code="nothing_left", remedy=_("Plan anew, and approve that.")
        )
    who = by(Party.COORDINATION, actor)
    approval = PlanApproval(
        plan_id=plan_id,
        approved_by_id=actor.user_id,
        send_at=found.send_at,
        items=[one.request_id for one in found.visits],
        dropped=list(found.dropped),
    )
    begin(session, approval, "approve", who, detail={"visits": len(found.visits), "dropped": len(found.dropped)})
    made = [
        (arrange.new_visit(session, session.get_one(Request, one.request_id), one, who, plan_id=plan_id), one)
        for one in found.visits
    ]
    arrange.book(session, [(visit, member.role_model_id) for visit, one in made for member in one.people])
    for visit, one in made:
        arrange.add_people(session, visit, one.people, who, approval_id=approval.id, booked=True)
        outcome.settle(session, visit, now, who)
        exceptions.resolve_lines(session, one.request_id, "nobody_found", now=now)
    run = session.get_one(Run, session.get_one(Plan, plan_id).run_id)
    windows.settle_windows(session, run, _programme_of(session, run), now)
    return approval


def undo(session: Session, actor: Actor, approval_id: str, now: datetime | None = None) -> PlanApproval:
    """Takes an approval back before it is sent; as if it had not been.

    Effects, in order: the approval is undone; its visits are cancelled, their people's time is given back, their
    invitations withdrawn; their requests are open again. Nobody hears anything: nothing had left.
    Raises NotFound, and IllegalStep when it is sent or undone already.
    """
    now = now or clock.now()
    turn.take(session)
    approval = reachable_approval(session, actor, approval_id)
    who = by(Party.COORDINATION, actor)
    visits = sending.visits_of(session, approval.id)
    move(session, approval, "undo", who, values={"undone_at": now})
    for visit in visits:
        arrange.end_visit(session, visit, "undo", who, now)
        exceptions.resolve_lines(session, visit.id, now=now)
        arrange.reopen(session, visit.request, who)
    return approval


def send_now(session: Session, actor: Actor, approval_id: str, now: datetime | None = None) -> PlanApproval:
    """Sends an approval without waiting for its time; see sending.begin_sending.

    Raises NotFound, Conflict when there is no visit in it, and IllegalStep when it is sent or undone already.
    """
    now = now or clock.now()
    turn.take(session)
    approval = reachable_approval(session, actor, approval_id)
    if not approval.items:
        raise Conflict(
            _("This approval has no visit to send."), code="nothing_left", remedy=_("Plan anew, and approve that.")
        )
    sending.begin_sending(session, approval, approval.items[0], by(Party.COORDINATION, actor), now)
    return approval


def reachable_approval(session: Session, actor: Actor, approval_id: str) -> PlanApproval:
    """The approval of a plan of visits, for those who may approve. Raises NotFound."""
    found = session.get(PlanApproval, approval_id)
    if found is None or found.plan.kind is not RunKind.VISIT or not may(actor, Action.APPROVE_PLANS):
        raise NotFound(_("There is no such approval."))
    return found


def _plan(session: Session, actor: Actor, plan_id: str) -> Plan:
    plan = session.get(Plan, plan_id)
    if plan is None or plan.kind is not RunKind.VISIT or not may(actor, Action.APPROVE_PLANS):
        raise NotFound(_("There is no such plan."))
    return plan


def _chosen(session: Session, plan: Plan, items: Collection[str] | None) -> list[PlanVisit]:
    rows = session.scalars(
        select(PlanVisit)
        .where(PlanVisit.plan_id == plan.id)
        .options(selectinload(PlanVisit.role_models))
        .order_by(PlanVisit.starts_at, PlanVisit.request_id)
    ).all()
    if items is None:
        return list(rows)
    unknown = set(items) - {row.request_id for row in rows}
    if unknown:
        raise InvalidInput(
            _("The plan has no visit for some of these requests."),
            errors=[
                FieldError(f"items.{one}", _("The plan has no visit for this request.")) for one in sorted(unknown)
            ],
        )
    return [row for row in rows if row.request_id in set(items)]


def _live_visits(session: Session, requests: list[str]) -> dict[str, Visit]:
    live = (VisitState.PLANNED, VisitState.CONFIRMED, VisitState.HELD)
    rows = session.scalars(select(Visit).where(Visit.request_id.in_(requests), Visit.state.in_(live)))
    return {row.request_id: row for row in rows}


def _overtaken(
    session: Session, rows: Iterable[PlanVisit], live: dict[str, Visit], fixed_before: Collection[str]
) -> list[FieldError]:
    """What has got a visit since the plan: its requests, and its people at overlapping times."""
    chosen = list(rows)
    found = [
        FieldError(
            f"requests.{row.request_id}",
            _("Request %(reference)s has got a visit since.", reference=row.request.reference),
        )
        for row in chosen
        if row.request_id in live
    ]
    people = {member.role_model_id for row in chosen for member in row.role_models}
    taken: dict[str, list[Any]] = {}
    for role_model, starts_at, ends_at, request_id, reference in session.execute(
        select(RoleModel.id, Booking.starts_at, Booking.ends_at, Request.id, Request.reference)
        .join(Booking, Booking.person_id == RoleModel.person_id)
        .join(Visit, Booking.visit_id == Visit.id)
        .join(Request, Visit.request_id == Request.id)
        .where(RoleModel.id.in_(people), Booking.released_at.is_(None))
        .order_by(Booking.starts_at)
    ):
        if request_id not in fixed_before:
            taken.setdefault(role_model, []).append((starts_at, ends_at, request_id, reference))
    for row in chosen:
        for member in row.role_models:
            found += [
                FieldError(
                    f"role_models.{member.role_model_id}",
                    _(
                        "The role model of request %(reference)s visits for request %(other)s at that time.",
                        reference=row.request.reference,
                        other=reference,
                    ),
                )
                for starts_at, ends_at, request_id, reference in taken.get(member.role_model_id, ())
                if starts_at < row.ends_at and row.starts_at < ends_at and request_id != row.request_id
            ]
    return found


def _as_plan(plan: Plan, before: VisitProblem, rows: Iterable[PlanVisit]) -> mp.VisitPlan:
    """The chosen rows as the plan that was made of `before`."""
    starts = {
        (request.id, option.lessons[0].start): number
        for request in before.requests
        for number, option in enumerate(request.options)
    }
    visits = []
    for row in rows:
        start = clock.to_local(row.starts_at)
        people = sorted(row.role_models, key=lambda member: member.role_model_id)
        visits.append(
            mp.Visit(
                request=row.request_id,
                option=starts[row.request_id, start],
                start=start,
                end=clock.to_local(row.ends_at),
                mode=row.mode.value,
                role_models=tuple(
                    mp.AssignedRoleModel(id=one.role_model_id, travel_minutes=one.travel_minutes) for one in people
                ),
            )
        )
    return replace(_EMPTY, problem_sha256=plan.problem_sha256, visits=tuple(visits))


_EMPTY = mp.VisitPlan(
    problem_sha256="",
    status="feasible",
    visits=(),
    goals=(),
    unserved=(),
    certificate=mp.Certificate(bound_source={}, seconds=0, seed=0, settings={}, versions={}),
)


def _reserved(problem: VisitProblem) -> Any:
    """A function that says whether a role model is set aside for a municipality on the day of a visit."""
    people = {person.id: person.reserved for person in problem.role_models}

    def is_reserved(role_model: str, visit: mp.Visit, town: str) -> bool:
        day = visit.start.date()
        return any(one.from_ <= day <= one.to and town in one.municipalities for one in people[role_model])

    return is_reserved


def _programme_of(session: Session, run: Run) -> str:
    return session.scalars(
        select(ProgrammeRuleVersion.programme_id).where(ProgrammeRuleVersion.id == run.rule_version_id)
    ).one()
