"""How a visit stands: confirmed when everyone has said yes, or ended; and who is told."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from api.domain.enums import InvitationState, VisitState
from api.models.follow_up import Invitation
from api.models.visits import Request, Visit
from api.queries import follow_up as reads
from api.services.change import SYSTEM, By, move
from api.services.follow_up import arrange, exceptions, messages


def settle(session: Session, visit: Visit, now: datetime, who: By = SYSTEM) -> bool:
    """Confirms a planned visit all of whose people have said yes. Returns whether it did.

    Effects, in order: the visit is confirmed; lines on the list of exceptions about missing answers are closed.
    """
    if visit.state is not VisitState.PLANNED:
        return False
    accepted = {
        one.role_model_id for one in reads.live_invitations(session, visit.id) if one.state is InvitationState.ACCEPTED
    }
    people = reads.people_of(session, visit.id)
    if not people or not accepted.issuperset(people):
        return False
    move(session, visit, "confirm", who)
    exceptions.resolve_lines(session, visit.id, "not_confirmed", now=now)
    exceptions.resolve_lines(session, visit.request_id, "asked_in_vain", now=now)
    return True


def tell_confirmed(
    session: Session, visit: Visit, now: datetime, *, changed: str | None = None, but: Collection[str] = ()
) -> None:
    """Tells both sides that the visit is sure: names, contact details, a calendar entry.

    changed: as sending.announce. but: ids of invitations whose role models have just been told.
    """
    answered(session, visit.request, now)
    more = messages.people_values(session, visit) | {"changed": changed}
    messages.tell_school(session, "visit_confirmed_school", visit.request, visit=visit, more=more, with_calendar=True)
    contact = messages.contact_values(visit.request)
    for invitation in reads.live_invitations(session, visit.id):
        if invitation.state is InvitationState.ACCEPTED and invitation.id not in but:
            messages.tell_role_model(
                session, "visit_confirmed_role_model", invitation, more=contact, with_calendar=True
            )


def tell_asking(session: Session, visit: Visit, *, changed: str | None = None) -> None:
    """Tells the school that somebody is asked, and when it hears."""
    due = messages.hear_by(reads.live_invitations(session, visit.id))
    more = {"changed": changed, "hear_by": None if due is None else due.isoformat()}
    messages.tell_school(session, "visit_asking_school", visit.request, visit=visit, more=more)


def answered(session: Session, request: Request, now: datetime) -> None:
    """The school has its yes or its no: the promise is met, or late."""
    if request.answered_at is None:
        request.answered_at = now
        session.flush()
    exceptions.resolve_lines(session, request.id, "promise_missed", now=now)


def end(session: Session, visit: Visit, event: str, who: By, now: datetime) -> list[Invitation]:
    """Ends a visit that is to be, and tells its role models. Returns the invitations that were live, as they were left.

    Those who had not heard of the visit hear nothing; a calendar entry that was sent is taken back.
    """
    had_yes = {one.id for one in reads.live_invitations(session, visit.id) if one.state is InvitationState.ACCEPTED}
    live = arrange.end_visit(session, visit, event, who, now)
    exceptions.resolve_lines(session, visit.id, now=now)
    for invitation in live:
        if arrange.is_told(invitation):
            messages.tell_role_model(
                session,
                "invitation_withdrawn",
                invitation,
                with_calendar=invitation.id in had_yes,
                cancelled=True,
            )
    return live
