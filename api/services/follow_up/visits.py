"""Live visits: cancelled by school or coordination, and held."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import VisitState
from api.domain.permissions import Action, Actor, reach
from api.domain.transitions import Party
from api.errors import Conflict, NotFound
from api.i18n import gettext as _
from api.models.visits import Request, Visit, VisitRoleModel
from api.queries import follow_up as reads
from api.services import outbox
from api.services.change import By, move
from api.services.follow_up import arrange, exceptions, messages, outcome, repair, turn


def cancel_visit(
    session: Session, visit_id: str, who: By, now: datetime | None = None, *, reopen: bool = False
) -> Visit:
    """Cancels a visit that is to be. reopen: the request can be planned again; otherwise it is cancelled as well.

    Effects, in order: the visit is cancelled, its people's time given back, their invitations withdrawn; the request
    is cancelled or open; those who knew are told, with the calendar entry taken back; exceptions about it are closed;
    each freed person goes on to the next unserved request that they could serve.
    Raises NotFound, and IllegalStep for a visit that is past.
    """
    now = now or clock.now()
    turn.take(session)
    visit = reads.visit(session, visit_id)
    if visit is None:
        raise NotFound(_("There is no such visit."))
    request, was = visit.request, visit.state
    live = outcome.end(session, visit, "cancel", who, now)
    if reopen:
        arrange.reopen(session, request, who)
    else:
        move(session, request, "cancel", who)
        exceptions.resolve_lines(session, request.id, now=now)
    if who.party is not Party.SCHOOL and any(arrange.is_told(one) for one in live):
        messages.tell_school(
            session,
            "visit_cancelled_school",
            request,
            visit=visit,
            more={"reopened": reopen},
            with_calendar=was is VisitState.CONFIRMED,
            cancelled=True,
        )
    repair.pass_on(session, request, [one.role_model_id for one in live], now)
    return visit


def cancel_request(session: Session, request: Request, who: By, now: datetime | None = None) -> None:
    """Withdraws a request, with the visit that it may have. Raises IllegalStep for one that is past."""
    now = now or clock.now()
    turn.take(session)
    visit = reads.live_visit(session, request.id)
    if visit is not None:
        cancel_visit(session, visit.id, who, now)
        return
    move(session, request, "cancel", who)
    exceptions.resolve_lines(session, request.id, now=now)
    outbox.withdraw(session, "request", request.id)


def mark_held(
    session: Session, visit_id: str, who: By, now: datetime | None = None, *, role_model_id: str | None = None
) -> Visit:
    """One side says that a visit was held: the school, or one of the role models. The first to say so makes it held.

    Raises NotFound, Conflict before the visit has begun, IllegalStep when it was not to be.
    """
    now = now or clock.now()
    turn.take(session)
    visit = reads.visit(session, visit_id)
    if visit is None:
        raise NotFound(_("There is no such visit."))
    if visit.starts_at > now:
        raise Conflict(_("The visit has not begun yet."), remedy=_("Come back after it."))
    if visit.state is not VisitState.HELD:
        move(session, visit, "hold", who)
        exceptions.resolve_lines(session, visit.id, now=now)
    if role_model_id is None:
        visit.school_held_at = visit.school_held_at or now
    else:
        member = session.get(VisitRoleModel, (visit.id, role_model_id))
        if member is None:
            raise NotFound(_("There is no such visit."))
        member.held_at = member.held_at or now
    session.flush()
    return visit


def reachable_visit(session: Session, actor: Actor, visit_id: str) -> Visit:
    """The visit, for somebody who may change its request. Raises NotFound."""
    visit = session.get(Visit, visit_id)
    if visit is None or not reach(actor, Action.CHANGE_REQUESTS).covers(visit.request.school_id):
        raise NotFound(_("There is no such visit."))
    return visit


def party_of(actor: Actor) -> Party:
    """As whom a signed-in person acts on a visit: for a school, or for the coordination."""
    return Party.COORDINATION if reach(actor, Action.CHANGE_REQUESTS).everywhere else Party.SCHOOL
