"""After a no: what was said yes to stays, and the next best person is found for the place, or another way.

In order: the next best at the same time; when nobody else has said yes, another of the school's times; a visit of
several goes on with those who come; then what the school chose for when it falls through; then the list of exceptions.
The best is that of one request with everything else as it stands (candidates.py). Plans never change.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import numpy as np
from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import ApprovalState, Fallback, InvitationState, Mode, RequestState, VisitState
from api.models.follow_up import Invitation, PlanApproval
from api.models.plan_rows import PlanUnserved, PlanVisit
from api.models.programmes import Window
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit
from api.queries import follow_up as reads
from api.services.change import SYSTEM, By, move
from api.services.follow_up import arrange, exceptions, messages, outcome, sending, turn
from api.services.follow_up.candidates import Around, Candidate, Standing, best_first, best_for
from matcher.eligibility import RoleModelFacts, eligible_in_some_option


class Repaired(StrEnum):
    """What came of a repair."""

    NOTHING_TO_DO = "nothing_to_do"
    PERSON = "person"
    TIME = "time"
    FEWER = "fewer"
    DIGITAL = "digital"
    REOPENED = "reopened"
    DROPPED = "dropped"


def repair_visit(session: Session, visit_id: str, now: datetime | None = None, *, turn_of: int = 1) -> Repaired:
    """Finds who is missing in a visit that is to be; harmless where nobody is.

    turn_of: which person in a row is looked for in this place, 1 for the first. Effects: as the module says; the school
    and the people concerned hear what comes of it.
    """
    now = now or clock.now()
    turn.take(session)
    visit = reads.visit(session, visit_id)
    if visit is None or visit.state not in sending.TO_BE:
        return Repaired.NOTHING_TO_DO
    keep = reads.people_of(session, visit.id)
    if len(keep) >= visit.request.role_models:
        return Repaired.NOTHING_TO_DO
    around = Around.read(session, visit.request, today=clock.to_oslo(now).date())
    same = best_for(
        session, visit.request, keep=keep, options={visit.option_id}, mode=visit.mode if keep else None, around=around
    )
    if same is not None:
        return _seat(session, visit, same, keep, turn_of, now, Repaired.PERSON)
    if keep:
        return _go_on_with_fewer(session, visit, around, now)
    other = best_for(session, visit.request, around=around)
    if other is not None:
        return _seat(session, visit, other, keep, turn_of, now, Repaired.TIME)
    if visit.request.fallback is Fallback.DIGITAL:
        digital = best_for(session, visit.request, mode=Mode.DIGITAL, around=around)
        if digital is not None:
            return _seat(session, visit, digital, keep, turn_of, now, Repaired.DIGITAL)
    return _fall_through(session, visit, around, now)


def _seat(
    session: Session, visit: Visit, found: Candidate, keep: list[str], turn_of: int, now: datetime, how: Repaired
) -> Repaired:
    """The people who were found join the visit; they are asked, or told."""
    if (found.option_id, found.mode) != (visit.option_id, visit.mode):
        arrange.move_visit(session, visit, found, SYSTEM)
    elif visit.state is VisitState.CONFIRMED:
        move(session, visit, "ask_again", SYSTEM)
    waiting = reads.waiting_approval(session, visit.id)
    arrange.add_people(
        session,
        visit,
        [one for one in found.people if one.role_model_id not in keep],
        SYSTEM,
        turn=turn_of,
        approval_id=waiting.id if waiting else None,
    )
    sending.announce(session, visit, now, changed=how.value)
    return how


def _go_on_with_fewer(session: Session, visit: Visit, around: Around, now: datetime) -> Repaired:
    """The visit stands with those who come; a person may still find one more."""
    sending.announce(session, visit, now, changed=Repaired.FEWER.value)
    _raise_nobody_found(session, visit.request, around, {"code": "fewer", "people": len(visit.role_models)})
    return Repaired.FEWER


def _fall_through(session: Session, visit: Visit, around: Around, now: datetime) -> Repaired:
    """Nobody was found at any of the request's times."""
    request = visit.request
    was_waiting = reads.waiting_approval(session, visit.id) is not None
    outcome.end(session, visit, "fall_through", SYSTEM, now)
    arrange.reopen(session, request, SYSTEM, promised=request.fallback is not Fallback.DROP)
    exceptions.resolve_lines(session, request.id, "asked_in_vain", now=now)
    if request.fallback is Fallback.DROP:
        move(session, request, "decline", SYSTEM)
        outcome.answered(session, request, now)
        exceptions.resolve_lines(session, request.id, now=now)
    else:
        _raise_nobody_found(session, request, around, {"code": "nobody_left"})
    if not was_waiting:
        messages.tell_school(session, "visit_fell_through_school", request, visit=visit)
    return Repaired.DROPPED if request.fallback is Fallback.DROP else Repaired.REOPENED


def _raise_nobody_found(session: Session, request: Request, around: Around, reason: dict[str, object]) -> None:
    exceptions.raise_line(
        session,
        "nobody_found",
        request.id,
        reason=reason,
        remedy=_remedy(session, request, around),
        person_id=request.contact_id,
        season_id=request.season_id,
    )


def _remedy(session: Session, request: Request, around: Around) -> dict[str, object]:
    """The one thing to propose: another date or a digital visit where somebody could come, else a call.

    Digital goes first, as the school keeps its day, unless it chose another date for when the visit falls through.
    """
    digital = best_for(session, request, mode=Mode.DIGITAL, around=around)
    if digital is not None and request.fallback is not Fallback.ANOTHER_DATE:
        return {"code": "digital", "starts_at": digital.starts_at.isoformat()}
    later = around.first_other_date()
    if later is not None:
        return {"code": "another_date", "starts_at": later.starts_at.isoformat()}
    return (
        {"code": "call_school"} if digital is None else {"code": "digital", "starts_at": digital.starts_at.isoformat()}
    )


def escalate(session: Session, visit_id: str, now: datetime) -> None:
    """A line to call when so many people in a row as the rules say were silent or said no; nothing before that."""
    visit = reads.visit(session, visit_id)
    assert visit is not None
    request = visit.request
    rules = reads.rules_of(session, request.programme_id)
    in_vain = reads.failed_in_a_row(session, request.id)
    if in_vain < rules.escalate_after or visit.state is not VisitState.PLANNED:
        return
    asked = [one for one in reads.live_invitations(session, visit.id) if arrange.is_pending(one)]
    newest = max(asked, key=lambda one: (one.turn, one.id), default=None)
    exceptions.raise_line(
        session,
        "asked_in_vain",
        request.id,
        reason={"code": "no_or_silent", "people": in_vain},
        remedy={"code": "call_invited"} if newest else {"code": "call_school"},
        person_id=newest.role_model.person_id if newest else request.contact_id,
        season_id=request.season_id,
    )


def role_model_leaves(session: Session, role_model_id: str, now: datetime | None = None, *, who: By = SYSTEM) -> None:
    """Takes a role model who has left out of every visit that is to be, and finds others. The profile's state is the
    caller's.
    """
    now = now or clock.now()
    turn.take(session)
    invitations = session.scalars(
        select(Invitation)
        .join(Visit, Invitation.visit_id == Visit.id)
        .where(
            Invitation.role_model_id == role_model_id,
            Invitation.state.in_(reads.LIVE_STATES),
            Visit.state.in_(sending.TO_BE),
            Visit.starts_at > now,
        )
        .order_by(Visit.starts_at, Invitation.id)
    ).all()
    for invitation in invitations:
        arrange.withdraw(session, invitation, SYSTEM, now)
        arrange.remove_person(session, invitation.visit, role_model_id)
        repair_visit(session, invitation.visit_id, now, turn_of=invitation.turn + 1)


def role_model_rests(session: Session, role_model: RoleModel, now: datetime | None = None) -> None:
    """Asks others in place of a role model who is paused or away, wherever there is no yes yet.

    Visits said yes to stay, and so do questions about visits after the time away. An agreement visit that the person
    has not heard of has no yes. The profile's state is the caller's.
    """
    now = now or clock.now()
    turn.take(session)
    for invitation in session.scalars(_no_yes_yet(now).where(Invitation.role_model_id == role_model.id)).all():
        if not sending.may_be_asked(role_model, invitation.visit):
            after = invitation.turn + 1 if arrange.is_told(invitation) else invitation.turn
            arrange.withdraw(session, invitation, SYSTEM, now)
            arrange.remove_person(session, invitation.visit, role_model.id)
            repair_visit(session, invitation.visit_id, now, turn_of=after)


def due_rests(session: Session, now: datetime) -> list[str]:
    """Role models who rest, and have invitations that will not leave: the profile's row came to rest by itself."""
    rows = session.scalars(_no_yes_yet(now).where(Invitation.sent_at.is_(None))).all()
    return sorted({one.role_model_id for one in rows if not sending.may_be_asked(one.role_model, one.visit)})


def do_rest(session: Session, role_model_id: str, now: datetime) -> None:
    """Asks others in place of one of them."""
    role_model_rests(session, session.get_one(RoleModel, role_model_id), now)


def _no_yes_yet(now: datetime) -> Select[Invitation]:
    """Invitations to visits that are to come, without a yes, by time."""
    unheard = (Invitation.state == InvitationState.ACCEPTED) & Invitation.sent_at.is_(None)
    return (
        select(Invitation)
        .join(Visit, Invitation.visit_id == Visit.id)
        .where(
            Invitation.state.in_((InvitationState.QUEUED, InvitationState.SENT)) | unheard,
            Visit.state.in_(sending.TO_BE),
            Visit.starts_at > now,
        )
        .order_by(Visit.starts_at, Invitation.id)
    )


def pass_on(session: Session, freed_from: Request, role_models: Iterable[str], now: datetime) -> list[Visit]:
    """Each freed person goes on to the unserved request that the season's goals put first among those they could serve.

    Only requests that an approved plan left out, or outside windows, and with the school days of notice that the rules
    ask for. Returns the new visits.
    """
    turn.take(session)
    made = []
    for role_model in sorted(set(role_models)):
        found = _next_for(session, freed_from, role_model, now)
        if found is not None:
            request, candidate = found
            visit = arrange.new_visit(session, request, candidate, SYSTEM)
            arrange.add_people(session, visit, candidate.people, SYSTEM)
            exceptions.resolve_lines(session, request.id, "nobody_found", now=now)
            sending.announce(session, visit, now)
            made.append(visit)
    return made


def _next_for(
    session: Session, freed_from: Request, role_model: str, now: datetime
) -> tuple[Request, Candidate] | None:
    waiting = _unserved(session, freed_from, now)
    if not waiting:
        return None
    standing = Standing.read(
        session, freed_from.season_id, freed_from.programme_id, lead=True, today=clock.to_oslo(now).date()
    )
    facts = RoleModelFacts(standing.problem)
    asked = {one.id: one for one in standing.problem.requests}
    if role_model not in facts.ids:
        return None
    index = facts.ids.index(role_model)
    found = []
    for request in waiting:
        if request.id in asked and np.asarray(eligible_in_some_option(facts, asked[request.id]))[index]:
            best = best_for(session, request, including=role_model, around=Around(session, request, standing))
            if best is not None:
                found.append((best_first(best), request.id, request, best))
    first = min(found, key=lambda one: one[:2], default=None)
    return None if first is None else first[2:]


def _unserved(session: Session, freed_from: Request, now: datetime) -> list[Request]:
    """Open requests of the season whose turn with a plan has been, or that came outside windows."""
    approved = (ApprovalState.APPROVED, ApprovalState.SENT)
    planned = exists().where(
        PlanApproval.state.in_(approved),
        or_(
            exists().where(PlanUnserved.plan_id == PlanApproval.plan_id, PlanUnserved.request_id == Request.id),
            exists().where(PlanVisit.plan_id == PlanApproval.plan_id, PlanVisit.request_id == Request.id),
        ),
    )
    return list(
        session.scalars(
            select(Request)
            .outerjoin(Window, Request.window_id == Window.id)
            .where(
                Request.season_id == freed_from.season_id,
                Request.programme_id == freed_from.programme_id,
                Request.state == RequestState.OPEN,
                Request.id != freed_from.id,
                or_(Request.window_id.is_(None), planned),
            )
            .order_by(Request.id)
        )
    )
