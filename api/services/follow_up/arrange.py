"""The rows of a live visit: made, moved, taken apart. Everybody in a visit has a booking and an invitation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import InvitationKind, InvitationState, Mode, RequestState
from api.domain.ids import new_id
from api.errors import DoubleBooking
from api.i18n import gettext as _
from api.models.bookings import Booking
from api.models.follow_up import Invitation
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit, VisitRoleModel
from api.queries import follow_up as reads
from api.services import outbox
from api.services.change import SYSTEM, By, begin, move
from api.services.follow_up.candidates import Someone

PERSON_TAKEN = "ex_booking_person_id"


class Arrangement(Protocol):
    """Who comes when and how, such as a Candidate."""

    @property
    def option_id(self) -> str | None: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def mode(self) -> Mode: ...
    @property
    def people(self) -> tuple[Someone, ...]: ...


def new_visit(session: Session, request: Request, wanted: Arrangement, who: By, *, plan_id: str | None = None) -> Visit:
    """A planned visit for a request, without its people.

    Effects, in order: the request is served (IllegalStep when it is not open), the visit is there.
    """
    assert wanted.option_id is not None
    move(session, request, "serve", who)
    visit = Visit(
        request_id=request.id,
        option_id=wanted.option_id,
        plan_id=plan_id,
        mode=wanted.mode,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
    )
    begin(session, visit, "propose", who)
    return visit


def add_people(
    session: Session,
    visit: Visit,
    people: Iterable[Someone],
    who: By,
    *,
    turn: int = 1,
    approval_id: str | None = None,
    direct: bool = False,
    booked: bool = False,
) -> list[Invitation]:
    """Role models join a visit, each with a booking and an invitation.

    People whom an agreement has set aside for that day are told (accepted, may object); the others are asked (queued).
    direct: the school has named them, so they are asked in any case. booked: their time is taken already.
    Raises DoubleBooking when somebody's time is taken.
    """
    whole = list(people)
    if not booked:
        book(session, [(visit, one.role_model_id) for one in whole])
    invitations = []
    for one in sorted(whole, key=lambda one: one.role_model_id):
        session.add(
            VisitRoleModel(visit_id=visit.id, role_model_id=one.role_model_id, travel_minutes=one.travel_minutes)
        )
        kind = InvitationKind.NOTICE if one.reserved else InvitationKind.ASK
        invitation = Invitation(
            visit_id=visit.id,
            role_model_id=one.role_model_id,
            approval_id=approval_id,
            kind=InvitationKind.DIRECT if direct else kind,
            turn=turn,
        )
        event = "notify" if invitation.kind is InvitationKind.NOTICE else "queue"
        begin(session, invitation, event, who)
        invitations.append(invitation)
    session.flush()
    session.expire(visit, ["role_models"])
    return invitations


def book(session: Session, wanted: Iterable[tuple[Visit, str]]) -> None:
    """Takes the time of role models for visits, in the order of their person ids. Raises DoubleBooking."""
    pairs = list(wanted)
    wanted_people = {role_model for _visit, role_model in pairs}
    persons = dict(
        session.execute(select(RoleModel.id, RoleModel.person_id).where(RoleModel.id.in_(wanted_people))).all()
    )
    moment = clock.now()
    rows = [
        {
            "id": new_id(),
            "created_at": moment,
            "person_id": persons[role_model],
            "starts_at": visit.starts_at,
            "ends_at": visit.ends_at,
            "visit_id": visit.id,
        }
        for visit, role_model in pairs
    ]
    session.flush()
    try:
        with session.begin_nested():
            for row in sorted(rows, key=lambda row: (row["person_id"], row["starts_at"])):
                session.execute(insert(Booking), row)
    except IntegrityError as error:
        if PERSON_TAKEN not in str(error.orig):
            raise
        raise DoubleBooking(
            _("Somebody has another visit or meeting at that time."), remedy=_("Load the page again, and choose again.")
        ) from error


def remove_person(session: Session, visit: Visit, role_model_id: str) -> None:
    """A role model leaves a visit: the time is given back."""
    person = select(RoleModel.person_id).where(RoleModel.id == role_model_id).scalar_subquery()
    _release(session, visit.id, Booking.person_id == person)
    session.execute(
        delete(VisitRoleModel).where(
            VisitRoleModel.visit_id == visit.id, VisitRoleModel.role_model_id == role_model_id
        ),
        execution_options={"synchronize_session": "fetch"},
    )
    session.expire(visit, ["role_models"])


def move_visit(session: Session, visit: Visit, wanted: Arrangement, who: By) -> None:
    """Another option or mode for a visit that nobody is in."""
    values = {
        "option_id": wanted.option_id,
        "starts_at": wanted.starts_at,
        "ends_at": wanted.ends_at,
        "mode": wanted.mode,
        "school_ready_at": None,
    }
    move(session, visit, "move", who, values=values)


def end_visit(session: Session, visit: Visit, event: str, who: By, now: datetime) -> list[Invitation]:
    """Ends a visit that is to be: cancelled, undone or fallen through. Returns the invitations that were live.

    Effects, in order: the visit's state, all time given back, live invitations withdrawn, unsent messages about them
    taken back. Who was in it stays on record. Telling people is the caller's.
    """
    move(session, visit, event, who)
    _release(session, visit.id)
    live = reads.live_invitations(session, visit.id)
    for invitation in live:
        withdraw(session, invitation, who if who.party in WITHDRAWERS else SYSTEM, now)
    outbox.withdraw(session, "visit", visit.id)
    return live


WITHDRAWERS = frozenset({"system", "coordination", "school"})


def withdraw(session: Session, invitation: Invitation, who: By, now: datetime) -> None:
    """Takes back an invitation, and what has not left about it."""
    was = invitation.state
    move(session, invitation, "withdraw", who, detail={"was": was.value})
    outbox.withdraw(session, "invitation", invitation.id)


def reopen(session: Session, request: Request, who: By, *, promised: bool = False) -> None:
    """A request whose visit is not to be can be planned again. promised: it goes first from now on."""
    if request.state is RequestState.VISIT:
        move(session, request, "reopen", who, values={"priority": True} if promised else None)


def is_told(invitation: Invitation) -> bool:
    """Whether the role model has heard of it."""
    return invitation.sent_at is not None


def is_pending(invitation: Invitation) -> bool:
    """Whether an answer is still to come."""
    return invitation.state in (InvitationState.QUEUED, InvitationState.SENT)


def _release(session: Session, visit_id: str, *more: object) -> None:
    session.flush()
    session.execute(
        update(Booking)
        .where(Booking.visit_id == visit_id, Booking.released_at.is_(None), *more)  # type: ignore[arg-type]  # conditions of columns
        .values(released_at=clock.now()),
        execution_options={"synchronize_session": "fetch"},
    )
