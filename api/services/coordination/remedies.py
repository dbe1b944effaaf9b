"""What each remedy of the list of exceptions does: one function a code, each through the service that owns it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import (
    CallOutcome,
    InvitationState,
    Mode,
    RefusalScope,
    RequestState,
    RunKind,
)
from api.domain.permissions import Action, Actor
from api.domain.transitions import Party
from api.errors import Conflict, InvalidInput
from api.i18n import gettext as _
from api.models.follow_up import CallNote, ExceptionItem, Invitation
from api.models.people import Person
from api.models.programmes import Window
from api.models.visits import Lesson, Request, RequestOption, Visit
from api.queries import follow_up as reads
from api.services import audit, outbox_failures, runs
from api.services.campus import access, attendance, meetings, sessions
from api.services.change import by
from api.services.follow_up import arrange, exceptions, invitations, sending, turn, windows
from api.services.follow_up.candidates import Around, Candidate, best_for
from api.services.queue import offers

RUN_SECONDS = 120
YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Done:
    """What a remedy did. said: for the person. settles: the line is solved. page: where it is finished, as a path."""

    said: str
    settles: bool = True
    page: str | None = None


Do = Callable[[Session, Actor, ExceptionItem, Mapping[str, str]], Done]


@dataclass(frozen=True, slots=True)
class Remedy:
    """A remedy's function, the right that it needs, and what it asks for: address, answer, day, starts."""

    do: Do
    action: Action = Action.HANDLE_EXCEPTIONS
    fields: tuple[str, ...] = ()


def digital(session: Session, actor: Actor, line: ExceptionItem, given: Mapping[str, str]) -> Done:
    """The visit is held digitally by who could do that best; they are asked, and the school hears."""
    turn.take(session)
    request = _request(session, line)
    visit = reads.live_visit(session, request.id)
    keep = reads.people_of(session, visit.id) if visit is not None else []
    options = {visit.option_id} if visit is not None else None
    found = best_for(session, request, keep=keep, options=options, mode=Mode.DIGITAL)
    _serve(session, actor, request, visit, found)
    return Done(_("The visit is digital now. Everyone is told."))


def another_date(session: Session, actor: Actor, line: ExceptionItem, given: Mapping[str, str]) -> Done:
    """The visit is moved to the day that the line proposes, which the school has said yes to on the phone."""
    turn.take(session)
    request = _request(session, line)
    if reads.live_visit(session, request.id) is not None:
        raise Conflict(_("The school has a visit."), remedy=_("Load the page again to see how it stands."))
    found = Around.read(session, request).first_other_date()
    if found is not None and found.option_id is None:
        option = RequestOption(
            request_id=request.id,
            position=1 + max((one.position for one in request.options), default=-1),
            lessons=[
                Lesson(position=number, starts_at=starts, ends_at=ends)
                for number, (starts, ends) in enumerate(found.lessons)
            ],
        )
        request.options.append(option)
        session.flush()
        found = replace(found, option_id=option.id)
    _serve(session, actor, request, None, found)
    return Done(_("The visit is moved. Everyone is told."))


def answer_for_invited(session: Session, actor: Actor, line: ExceptionItem, given: Mapping[str, str]) -> Done:
    """Takes the answer of an invited person on the phone: their yes or no counts as if they had pressed the button."""
    if given["answer"] not in (YES, NO):
        raise InvalidInput(_("The answer is yes or no."), field="answer")
    request_id = line.object_id
    if line.object_kind == "visit":
        request_id = session.get_one(Visit, line.object_id).request_id
    found = session.scalars(
        select(Invitation)
        .join(Visit, Visit.id == Invitation.visit_id)
        .where(
            Visit.request_id == request_id,
            Invitation.state.in_((InvitationState.SENT, InvitationState.QUEUED)),
        )
        .order_by(Invitation.turn.desc(), Invitation.id.desc())
    ).all()
    invitation = next((one for one in found if one.role_model.person_id == line.person_id), None)
    if invitation is None:
        raise Conflict(_("The person is no longer asked."), remedy=_("Load the page again to see how it stands."))
    who = by(Party.COORDINATION, actor)
    _note(session, actor, line)
    if given["answer"] == YES:
        invitations.accept(session, invitation.id, who)
        return Done(_("The yes is kept, and everyone is told."))
    invitations.decline(session, invitation.id, RefusalScope.REQUEST, who)
    return Done(_("The no is kept, and the next person is asked."))


def called(session: Session, actor: Actor, line: ExceptionItem, given: Mapping[str, str]) -> Done:
    """Somebody was called and reached; what was agreed is theirs to do."""
    _note(session, actor, line)
    return Done(_("The call is noted."))


def plan_again(session: Session, actor: Actor, line: ExceptionItem, given: Mapping[str, str]) -> Done:
    """Orders a new plan of the season's visits; the line stays until the school has its answer."""
    season_id = line.season_id or _request(session, line).season_id
    run = runs.queue_run(session, actor, kind=RunKind.VISIT, season_id=season_id, seconds=RUN_SECONDS)
    return Done(_("A new plan is being made."), settles=False, page=f"/kjoringer/{run.id}")


def approve_plan(session: Session, actor: Actor, line: ExceptionItem, given: Mapping[str, str]) -> Done:
    """Leads to the approval of the newest plan since the window closed, or to the runs where there is none."""
    found = windows.newest_plan(session, session.get_one(Window, line.object_id))
    if found is None:
        return Done(_("Make a plan first. It takes a few minutes."), settles=False, page="/kjoringer")
    return Done(_("This plan waits for you."), settles=False, page=f"/godkjenn/{found}")


def cancel_meeting(session: Session, actor: Actor, line: ExceptionItem, given: Mapping[str, str]) -> Done:
    """Calls the meeting off; pupils and mentors are told."""
    meeting, group = access.meeting(session, actor, line.object_id)
    meetings.cancel(session, meeting, group, by(Party.SITE, actor))
    return Done(_("The meeting is called off. Everyone is told."))


def move_meeting(session: Session, actor: Actor, line: ExceptionItem, given: Mapping[str, str]) -> Done:
    """Moves the meeting to another day and hour; pupils and mentors are told."""
    meeting, _group = access.meeting(session, actor, line.object_id)
    try:
        day, starts = date.fromisoformat(given["day"]), time.fromisoformat(given["starts"])
    except ValueError:
        raise InvalidInput(_("Give the day as 2027-02-04 and the time as 17:00."), field="day") from None
    if starts.tzinfo is not None:
        raise InvalidInput(_("Give the day as 2027-02-04 and the time as 17:00."), field="starts")
    lasts = meeting.ends_at - meeting.starts_at
    ends = (datetime.combine(day, starts) + lasts).time()
    meetings.move(session, actor, meeting, {"day": day, "starts": starts, "ends": ends})
    return Done(_("The meeting is moved. Everyone is told."))


def release_seat(session: Session, actor: Actor, line: ExceptionItem, given: Mapping[str, str]) -> Done:
    """Releases the seat of a pupil who stays away; the next in the queue is offered it."""
    attendance.release_seat(session, actor, line.object_id)
    return Done(_("The seat is released, and the next in the queue is asked."))


def send_offers(session: Session, actor: Actor, line: ExceptionItem, given: Mapping[str, str]) -> Done:
    """Offers the session's free seats to those who wait."""
    made = offers.fill(session, access.group(session, actor, line.object_id), clock.now())
    return Done(_("%(count)s offers are on their way.", count=len(made)), settles=bool(made))


def cancel_session(session: Session, actor: Actor, line: ExceptionItem, given: Mapping[str, str]) -> Done:
    """Gives the session up; its pupils wait where they stood."""
    sessions.cancel(session, actor, access.group(session, actor, line.object_id))
    return Done(_("The evening is given up. Everyone is told."))


def mark_attendance(session: Session, actor: Actor, line: ExceptionItem, given: Mapping[str, str]) -> Done:
    """Leads to the list of who was there, which closes the line when it is filled in."""
    meeting, _group = access.meeting(session, actor, line.object_id, Action.MARK_ATTENDANCE)
    return Done(_("Mark who was there."), settles=False, page=f"/oppmote/{meeting.id}")


def correct_address(session: Session, actor: Actor, line: ExceptionItem, given: Mapping[str, str]) -> Done:
    """Keeps the address that the person gave on the phone, and sends what failed once more."""
    address = given["address"]
    if "@" not in address[1:-1] or len(address) > 254 or any(sign.isspace() for sign in address):
        raise InvalidInput(_("This is no e-mail address."), field="address", remedy=_("Write it as name@example.org."))
    person = session.get(Person, line.object_id)
    if person is None:
        raise Conflict(_("The person is no longer here."))
    person.email = address
    session.flush()
    audit.record(session, "person.address", "person", person.id, actor_id=actor.user_id)
    outbox_failures.send_to(session, person.id, address)
    _note(session, actor, line)
    return Done(_("The address is kept, and what failed is sent again."))


def try_mail_again(session: Session, actor: Actor, line: ExceptionItem, given: Mapping[str, str]) -> Done:
    """Sends what waits once more. A server that is still down raises the line anew."""
    outbox_failures.back_again(session)
    return Done(_("What waits is sent again now."))


REMEDIES: dict[str, Remedy] = {
    "digital": Remedy(digital, Action.CHANGE_REQUESTS),
    "another_date": Remedy(another_date, Action.CHANGE_REQUESTS),
    "call_school": Remedy(called),
    "call_invited": Remedy(answer_for_invited, fields=("answer",)),
    "call_invited_person": Remedy(called),
    "call_home": Remedy(called, Action.MANAGE_GROUPS),
    "plan_again": Remedy(plan_again, Action.QUEUE_RUNS),
    "approve_plan": Remedy(approve_plan, Action.APPROVE_PLANS),
    "cancel_meeting": Remedy(cancel_meeting, Action.MANAGE_GROUPS),
    "move_meeting": Remedy(move_meeting, Action.MANAGE_GROUPS, fields=("day", "starts")),
    "release_seat": Remedy(release_seat, Action.MANAGE_GROUPS),
    "send_offers": Remedy(send_offers, Action.MANAGE_GROUPS),
    "cancel_session": Remedy(cancel_session, Action.MANAGE_GROUPS),
    "mark_attendance": Remedy(mark_attendance, Action.MARK_ATTENDANCE),
    "call_and_correct_address": Remedy(correct_address, fields=("address",)),
    "check_mail_server": Remedy(try_mail_again, Action.SEE_MESSAGES),
}
"""Every remedy that api.domain.exception_kinds names."""


def _request(session: Session, line: ExceptionItem) -> Request:
    request_id = line.object_id
    if line.object_kind == "visit":
        request_id = session.get_one(Visit, line.object_id).request_id
    return session.get_one(Request, request_id)


def _serve(session: Session, actor: Actor, request: Request, visit: Visit | None, found: Candidate | None) -> None:
    """The found people hold the visit: a new one, or at its time the one that stands with too few."""
    if found is None:
        raise Conflict(_("Nobody can do that any more."), remedy=_("Load the page again to see how it stands."))
    who, keep = by(Party.COORDINATION, actor), []
    if visit is None:
        if request.state is RequestState.DECLINED:
            arrange.reopen(session, request, who)
        visit = arrange.new_visit(session, request, found, who)
    else:
        keep = reads.people_of(session, visit.id)
        if visit.mode is not found.mode:
            arrange.move_visit(session, visit, found, who)
    arrange.add_people(session, visit, [one for one in found.people if one.role_model_id not in keep], who)
    exceptions.resolve_lines(session, request.id, "nobody_found", resolution="remedy", who=who)
    sending.announce(session, visit, clock.now(), changed=found.mode.value if keep else None)


def _note(session: Session, actor: Actor, line: ExceptionItem) -> None:
    session.add(
        CallNote(exception_id=line.id, at=clock.now(), by_id=actor.user_id, outcome=CallOutcome.ANSWERED, note="")
    )
    session.flush()
