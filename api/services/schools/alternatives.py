"""A no that comes with up to three things that could be instead, each held for the school, and choosing one of them.

An alternative differs from what was asked for in one thing: the day, the form, or the topic. Its role model's time is
booked as long as it is held, so the same hour is never offered to two schools.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from api import clock
from api.domain.deadlines import after_working_days
from api.domain.enums import (
    AlternativeKind,
    AlternativeState,
    ApprovalState,
    Mode,
    RequestMode,
    RequestState,
    RunKind,
    TopicUse,
)
from api.domain.ids import new_id
from api.domain.permissions import Action, Actor, reach
from api.domain.school_days import days
from api.domain.transitions import Party
from api.errors import Conflict, NotFound
from api.i18n import gettext as _
from api.models.bookings import Booking
from api.models.follow_up import Alternative, PlanApproval
from api.models.plan_rows import PlanUnserved
from api.models.planning import Plan
from api.models.role_models import RoleModel
from api.models.visits import Lesson, Request, RequestOption, RequestTopic, Visit
from api.queries import follow_up as reads
from api.services.change import SYSTEM, By, begin, by, move
from api.services.follow_up import arrange, exceptions, messages, outcome, sending, turn
from api.services.follow_up.arrange import PERSON_TAKEN
from api.services.follow_up.candidates import OTHER_DATES, Around, Candidate, Span, best_first, best_for, candidates_for

MOST = 3
Offer = tuple[AlternativeKind, Candidate]


def decline_request(session: Session, actor: Actor, request_id: str, now: datetime | None = None) -> Request:
    """The coordination says no, with alternatives. Raises NotFound without the right, else as `offer_alternatives`."""
    request = session.get(Request, request_id)
    allowed = reach(actor, Action.CHANGE_REQUESTS).everywhere and reach(actor, Action.HANDLE_EXCEPTIONS).everywhere
    if request is None or not allowed:
        raise NotFound(_("There is no such request."))
    offer_alternatives(session, request, by(Party.COORDINATION, actor), now)
    return request


def offer_alternatives(
    session: Session, request: Request, who: By, now: datetime | None = None, offers: Sequence[Offer] | None = None
) -> list[Alternative]:
    """Says no to an open request, with what could be instead.

    Effects, in order: the request is declined and answered, lines about it are closed; up to three alternatives, the
    nearest first, each held in its role model's calendar; the letter. offers: these instead of those that are found.
    Raises IllegalStep when it is not open.
    """
    now = now or clock.now()
    turn.take(session)
    session.refresh(request)
    move(session, request, "decline", who)
    outcome.answered(session, request, now)
    exceptions.resolve_lines(session, request.id, now=now)
    rules = reads.rules_of(session, request.programme_id)
    until = after_working_days(now, rules.hold_days, reads.holidays(session))
    # An earlier no of the same request keeps its alternatives and their ranks
    used = session.scalar(select(func.max(Alternative.rank)).where(Alternative.request_id == request.id)) or 0
    held: list[Alternative] = []
    found = _in_turn(session, request, clock.to_oslo(now).date()) if offers is None else offers
    for kind, candidate in found:
        again = kind is not AlternativeKind.DATE and kind in {one.kind for one in held}
        booking_id = None if again else _hold(session, candidate)
        if booking_id is None:
            continue
        one = Alternative(
            request_id=request.id,
            rank=used + len(held) + 1,
            kind=kind,
            role_model_id=candidate.people[0].role_model_id,
            booking_id=booking_id,
            mode=candidate.mode,
            starts_at=candidate.starts_at,
            ends_at=candidate.ends_at,
            held_until=until,
        )
        begin(session, one, "hold", SYSTEM)
        held.append(one)
        if len(held) == MOST:
            break
    _tell(session, request, held, until)
    return held


def choose(session: Session, alternative_id: str, who: By, now: datetime | None = None) -> Visit | None:
    """The school takes an alternative; None when it has just been lost, which is kept. Twice is once.

    Effects, in order: the alternative is chosen and its hold becomes a planned visit for whose role model an
    invitation leaves when it is their turn; the request says what was chosen, and is served; the others lapse.
    Raises NotFound, and Conflict when another one has been chosen or the request is past.
    """
    now = now or clock.now()
    turn.take(session)
    one = session.get(Alternative, alternative_id)
    if one is None:
        raise NotFound(_("There is no such alternative."))
    request = one.request
    if one.state is AlternativeState.CHOSEN and (visit := reads.live_visit(session, request.id)) is not None:
        return visit
    if request.state is not RequestState.DECLINED:
        raise Conflict(_("This has changed in the meantime."), remedy=_("Load the page again to see how it stands."))
    if one.state is not AlternativeState.OPEN:
        return None
    _give_back(session, one)
    if one.held_until <= now:
        move(session, one, "lapse", SYSTEM)
        return None
    candidate = _still_possible(session, one, now)
    if candidate is None:
        move(session, one, "take", SYSTEM)
        return None
    move(session, one, "choose", who)
    _say_what_was_chosen(session, request, one)
    option = _option(session, request, candidate.lessons)
    visit = arrange.new_visit(session, request, replace(candidate, option_id=option.id), who)
    arrange.add_people(session, visit, candidate.people, who, direct=True)
    for other in open_alternatives(session, request.id):
        _give_back(session, other)
        move(session, other, "lapse", SYSTEM)
    sending.announce(session, visit, now)
    return visit


def open_alternatives(session: Session, request_id: str) -> list[Alternative]:
    """Those that can still be chosen, the nearest first."""
    return list(
        session.scalars(
            select(Alternative)
            .where(Alternative.request_id == request_id, Alternative.state == AlternativeState.OPEN)
            .options(joinedload(Alternative.role_model).joinedload(RoleModel.company))
            .order_by(Alternative.rank)
        )
    )


def due_lapses(session: Session, now: datetime) -> list[str]:
    """Open alternatives whose time is over, or whose request waits for none any more."""
    return list(
        session.scalars(
            select(Alternative.id)
            .join(Request, Alternative.request_id == Request.id)
            .where(Alternative.state == AlternativeState.OPEN)
            .where((Alternative.held_until <= now) | (Request.state != RequestState.DECLINED))
            .order_by(Alternative.held_until, Alternative.id)
        )
    )


def do_lapse(session: Session, alternative_id: str, now: datetime) -> None:
    """Gives the role model's time back; the school hears when the last one has gone."""
    turn.take(session)
    if alternative_id not in due_lapses(session, now):
        return
    one = session.get_one(Alternative, alternative_id)
    _give_back(session, one)
    move(session, one, "lapse", SYSTEM)
    request = one.request
    if request.state is RequestState.DECLINED and not open_alternatives(session, request.id):
        messages.tell_school(session, "alternatives_over", request, dedupe=f"alternatives-over:{one.id}")


def is_out_of_reach(session: Session, request: Request, now: datetime) -> bool:
    """Whether the newest plan that was sent left an open request out, and nobody could come today either."""
    newest = (
        select(Plan.id)
        .join(PlanApproval, PlanApproval.plan_id == Plan.id)
        .where(Plan.kind == RunKind.VISIT, Plan.season_id == request.season_id)
        .where(PlanApproval.state == ApprovalState.SENT)
        .order_by(PlanApproval.sent_at.desc(), PlanApproval.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    left_out = exists().where(PlanUnserved.plan_id == newest, PlanUnserved.request_id == request.id)
    if request.state is not RequestState.OPEN or not session.scalar(select(left_out)):
        return False
    around = Around.read(session, request, today=clock.to_oslo(now).date())
    return best_for(session, request, around=around) is None


def _in_turn(session: Session, request: Request, today: date) -> Iterator[Offer]:
    """What could be instead, the nearest to what was asked for first."""
    around = Around.read(session, request, lead=True, today=today)
    yield from _in_other_form(session, request, around)
    yield from _on_other_topics(session, request, around)
    yield from _on_other_days(request, around)


def _in_other_form(session: Session, request: Request, around: Around) -> list[Offer]:
    if request.mode is RequestMode.EITHER:
        return []
    other = Mode.PHYSICAL if request.mode is RequestMode.DIGITAL else Mode.DIGITAL
    found = candidates_for(session, request, mode=other, around=around)
    return [(AlternativeKind.MODE, one) for one in found]


def _on_other_topics(session: Session, request: Request, around: Around) -> list[Offer]:
    if all(row.use is not TopicUse.NEEDED for row in request.topics):
        return []
    found = candidates_for(session, request, any_topic=True, around=around)
    return [(AlternativeKind.TOPIC, one) for one in found]


def _on_other_days(request: Request, around: Around) -> Iterator[Offer]:
    """The best person of each other day on which somebody could come, the nearest day first."""
    times = [lessons for _option, lessons in around.own_times()]
    own = {clock.to_oslo(lessons[0][0]).date() for lessons in times}
    first = around.standing.first_day(request)
    last = max(*own, first) + OTHER_DATES
    others = [day for day in days(first, last) if day not in own and around.is_open(day)]
    for day in sorted(others, key=lambda day: (min(abs(day - one) for one in own), day)):
        near = min(times, key=lambda lessons: abs(clock.to_oslo(lessons[0][0]).date() - day))
        for mode in around.modes(None):
            case = around.case(None, _moved(near, day), mode)
            found = min(case.singles(), key=best_first, default=None) if case is not None else None
            if found is not None:
                yield AlternativeKind.DATE, found
                break


def _moved(lessons: Sequence[Span], day: date) -> tuple[Span, ...]:
    """The same times of day, on another day."""
    return tuple(
        (clock.at_local(day, clock.to_local(start).time()), clock.at_local(day, clock.to_local(end).time()))
        for start, end in lessons
    )


def _hold(session: Session, candidate: Candidate) -> str | None:
    """Books the role model's time; None when somebody has been faster."""
    person = session.get_one(RoleModel, candidate.people[0].role_model_id).person_id
    booking_id = new_id()
    row = {
        "id": booking_id,
        "created_at": clock.now(),
        "person_id": person,
        "starts_at": candidate.starts_at,
        "ends_at": candidate.ends_at,
    }
    session.flush()
    try:
        with session.begin_nested():
            session.execute(insert(Booking), [row])
    except IntegrityError as error:
        if PERSON_TAKEN not in str(error.orig):
            raise
        return None
    return booking_id


def _give_back(session: Session, one: Alternative) -> None:
    session.flush()
    session.execute(
        update(Booking)
        .where(Booking.id == one.booking_id, Booking.released_at.is_(None))
        .values(released_at=clock.now()),
        execution_options={"synchronize_session": "fetch"},
    )


def _still_possible(session: Session, one: Alternative, now: datetime) -> Candidate | None:
    """The alternative as somebody who could come, by all rules as they are today."""
    spans = _lessons(one)
    around = Around.read(session, one.request, today=clock.to_oslo(now).date())
    case = around.case(None, spans, one.mode, any_topic=one.kind is AlternativeKind.TOPIC)
    singles = case.singles() if case is not None else iter(())
    return next((each for each in singles if each.people[0].role_model_id == one.role_model_id), None)


def _lessons(one: Alternative) -> tuple[Span, ...]:
    """The lessons of the option that the alternative was made of, on its day."""
    day = clock.to_oslo(one.starts_at).date()
    moved = (_moved([(part.starts_at, part.ends_at) for part in o.lessons], day) for o in one.request.options)
    return next(spans for spans in moved if (spans[0][0], spans[-1][1]) == (one.starts_at, one.ends_at))


def _option(session: Session, request: Request, spans: Sequence[Span]) -> RequestOption:
    """The request's option at this time, a new one where it is another day."""
    for option in request.options:
        if [(part.starts_at, part.ends_at) for part in option.lessons] == list(spans):
            return option
    option = RequestOption(
        position=max(option.position for option in request.options) + 1,
        lessons=[Lesson(position=at, starts_at=start, ends_at=end) for at, (start, end) in enumerate(spans)],
    )
    request.options.append(option)
    session.flush()
    return option


def _say_what_was_chosen(session: Session, request: Request, one: Alternative) -> None:
    """The request asks for what the school has said yes to: one person, in this form, on any topic."""
    request.role_models = 1
    if one.kind is AlternativeKind.MODE:
        request.mode, request.prefers = RequestMode(one.mode.value), one.mode
    if one.kind is AlternativeKind.TOPIC:
        wished = {row.topic_id for row in request.topics if row.use is TopicUse.WISHED}
        for row in [row for row in request.topics if row.use is TopicUse.NEEDED]:
            request.topics.remove(row)
            if row.topic_id not in wished:
                request.topics.append(RequestTopic(topic_id=row.topic_id, use=TopicUse.WISHED))
    session.flush()


def _tell(session: Session, request: Request, held: Sequence[Alternative], until: datetime) -> None:
    if not held:
        messages.tell_school(session, "request_declined", request)
        return
    offers = [
        {
            "kind": one.kind.value,
            "mode": one.mode.value,
            "starts_at": one.starts_at.isoformat(),
            "ends_at": one.ends_at.isoformat(),
        }
        for one in held
    ]
    messages.tell_school(
        session, "alternatives_offered", request, more={"alternatives": offers, "held_until": until.isoformat()}
    )
