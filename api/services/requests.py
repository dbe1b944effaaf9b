"""Requests of schools: making one, changing it, withdrawing it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from api.clock import now, to_local
from api.domain.enums import ProgrammeKind, RequestState, SchoolStatus, TopicUse
from api.domain.permissions import Action, Actor, reach
from api.domain.school_days import FRIDAY
from api.errors import Conflict, FieldError, InvalidInput, NotFound
from api.i18n import gettext
from api.models.access import User
from api.models.people import Person
from api.models.places import Holiday, School
from api.models.plan_rows import Lock, PlanVisit
from api.models.programmes import Programme, Season
from api.models.visits import Lesson, Request, RequestOption, RequestTopic, Visit
from api.queries import promises
from api.queries.requests import request as request_in_reach
from api.services import audit
from api.services.change import begin, by
from api.services.follow_up.visits import cancel_request, party_of
from api.services.topics import topics_by_code

PLAIN_FIELDS = (
    "grade",
    "more_grades",
    "classes",
    "class_list",
    "pupils",
    "mode",
    "prefers",
    "role_models",
    "language",
    "purpose",
    "fallback",
    "curriculum",
    "note",
)
_USES = {"topics": TopicUse.NEEDED, "wishes": TopicUse.WISHED}
_BETWEEN_POSITIONS = 1000
FIRST_LESSON, LAST_LESSON = time(7), time(18)


def create_request(
    session: Session, actor: Actor, given: Mapping[str, Any], *, submitted_at: datetime | None = None
) -> Request:
    """A new request for a school in the actor's reach, with its reference number and promise date.

    given: as NewRequestSchema loads it. submitted_at: when it came in, if that was not now; the window that was open
    then and the promise of that day hold. Raises NotFound for a school out of reach or an unknown season or programme,
    InvalidInput for a closed school, and for times that have gone, lie outside the season or school hours, fall on a
    weekend or a public holiday, are out of order or on several dates.
    """
    if not reach(actor, Action.CHANGE_REQUESTS).covers(given["school"]):
        raise NotFound(gettext("There is no such school."), field="school")
    request = new_request(session, given, submitted_at or now())
    if "contact" not in given:
        request.contact_id = _own_person(session, actor)
    begin(session, request, "order", by(party_of(actor), actor))
    return request


def new_request(session: Session, given: Mapping[str, Any], moment: datetime) -> Request:
    """A request that is not in the session yet, whoever asks. moment: when it came in. Raises as `create_request`."""
    school = _get(session, School, given["school"], "school")
    if school.status is not SchoolStatus.ACTIVE:
        raise InvalidInput(
            gettext("This school is closed."),
            field="school",
            remedy=gettext("Choose the school that the pupils go to now."),
        )
    season = _get(session, Season, given["season"], "season")
    programme = visit_programme(session, given.get("programme"))
    _check_options(session, given["options"], season)
    days = {to_local(option["lessons"][0]["starts_at"]).date() for option in given["options"]}
    window = promises.window_for(session, season.id, programme.id, school.municipality_id, days, moment)
    request = Request(
        season_id=season.id,
        programme_id=programme.id,
        school_id=school.id,
        window_id=window.id if window else None,
        submitted_at=moment,
        answer_on=promises.answer_on(session, window, moment),
        **{name: given[name] for name in PLAIN_FIELDS if name in given},
    )
    _set_contact(request, given)
    _set_topics(session, request, given)
    request.options = [_option(number, option) for number, option in enumerate(given["options"])]
    return request


def change_request(session: Session, actor: Actor, request: Request, given: Mapping[str, Any]) -> None:
    """Changes an open request; its version goes up by one. given: as RequestChangeSchema loads it.

    With the state cancelled nothing else changes: the request is withdrawn, with the visit that it may have.

    Raises Conflict when the request is past planning, or when a time is taken away that a plan or a lock has used;
    InvalidInput as `create_request`.
    """
    if not reach(actor, Action.CHANGE_REQUESTS).covers(request.school_id):
        raise NotFound(gettext("There is no such request."))
    if "state" in given:
        cancel_request(session, request, by(party_of(actor), actor))
        return
    change_open(session, request, given, actor.user_id)


def change_open(session: Session, request: Request, given: Mapping[str, Any], user_id: str | None = None) -> None:
    """Changes what a request asks for, whoever has been let to it. Raises as `change_request`."""
    if request.state is not RequestState.OPEN:
        raise Conflict(
            gettext("The request is past planning and cannot be changed."),
            remedy=gettext("Make a new one, or ask the coordinator."),
        )
    for name in PLAIN_FIELDS:
        if name in given:
            setattr(request, name, given[name])
    _set_contact(request, given)
    _set_topics(session, request, given)
    if "options" in given:
        _check_options(session, given["options"], _get(session, Season, request.season_id, "season"))
        _replace_options(session, request, given["options"])
    flag_modified(request, "grade")  # parts of a request have no version of their own
    session.flush()
    audit.record(session, "request.change", "request", request.id, actor_id=user_id)


def editable_request(session: Session, actor: Actor, request_id: str) -> Request:
    """The request to change, with all its parts. Raises NotFound outside the actor's reach."""
    return request_in_reach(session, reach(actor, Action.CHANGE_REQUESTS), request_id)


def visit_programme(session: Session, code: str | None) -> Programme:
    """The programme of school visits with this code, or the first one. Raises NotFound."""
    statement = select(Programme).where(Programme.kind == ProgrammeKind.SCHOOL_VISIT).order_by(Programme.code).limit(1)
    found = session.scalar(statement if code is None else statement.where(Programme.code == code))
    if found is None:
        raise NotFound(gettext("There is no such programme of school visits."), field="programme")
    return found


def _get(session: Session, kind: type[Any], row_id: str, field: str) -> Any:
    found = session.get(kind, row_id)
    if found is None:
        raise NotFound(gettext("What this field names is not there."), field=field)
    return found


def _own_person(session: Session, actor: Actor) -> str | None:
    return session.scalar(select(User.person_id).where(User.id == actor.user_id))


def _set_contact(request: Request, given: Mapping[str, Any]) -> None:
    """A new contact is a person of its own: two schools may share an address, and neither may rename the other's."""
    if "contact" in given:
        request.contact = Person(**given["contact"])


def _set_topics(session: Session, request: Request, given: Mapping[str, Any]) -> None:
    for field, use in _USES.items():
        if field not in given:
            continue
        wanted = topics_by_code(session, given[field], field)
        for old in [old for old in request.topics if old.use is use and old.topic_id not in wanted]:
            request.topics.remove(old)
        kept = {old.topic_id for old in request.topics if old.use is use}
        for topic_id in wanted:
            if topic_id not in kept:
                request.topics.append(RequestTopic(topic_id=topic_id, use=use))
    session.flush()


def _option(number: int, option: Mapping[str, Any]) -> RequestOption:
    lessons = [Lesson(position=position, **lesson) for position, lesson in enumerate(option["lessons"])]
    return RequestOption(position=number, lessons=lessons)


def _times(lessons: Sequence[Any]) -> tuple[tuple[datetime, datetime], ...]:
    return tuple((lesson.starts_at, lesson.ends_at) for lesson in lessons)


def _replace_options(session: Session, request: Request, wanted: Sequence[Mapping[str, Any]]) -> None:
    """Keeps the rows of times that stay (plans name them), adds and removes the rest, numbers them as given."""
    known = {_times(option.lessons): option for option in request.options}
    order = [tuple((lesson["starts_at"], lesson["ends_at"]) for lesson in option["lessons"]) for option in wanted]
    gone = [option for times, option in known.items() if times not in order]
    if gone and _in_use(session, [option.id for option in gone]):
        raise Conflict(
            gettext("A plan uses a time that would be taken away."),
            code="option_in_use",
            field="options",
            remedy=gettext("Keep that time, or withdraw the request and make a new one."),
        )
    for option in gone:
        request.options.remove(option)
    for option in request.options:
        option.position += _BETWEEN_POSITIONS
    session.flush()
    for number, times in enumerate(order):
        if times in known:
            known[times].position = number
        else:
            request.options.append(_option(number, wanted[number]))
    session.flush()


def _in_use(session: Session, option_ids: Sequence[str]) -> bool:
    uses = (exists().where(table.option_id.in_(option_ids)) for table in (PlanVisit, Lock, Visit))
    return any(session.scalar(select(use)) for use in uses)


def _check_options(session: Session, options: Sequence[Mapping[str, Any]], season: Season) -> None:
    """Every lesson ahead, in school hours, in order, on one school day of the season; no two options start alike."""
    holidays = set(session.scalars(select(Holiday.day).where(Holiday.day.between(season.starts_on, season.ends_on))))
    faults: list[FieldError] = []
    starts: set[datetime] = set()
    for number, option in enumerate(options):
        lessons = option["lessons"]
        for position, lesson in enumerate(lessons):
            fault = _lesson_fault(lesson, lessons[position - 1] if position else None, lessons[0], season)
            fault = fault or _school_time_fault(lesson, holidays)
            if fault:
                faults.append(FieldError(f"options.{number}.lessons.{position}", fault))
        if lessons[0]["starts_at"] in starts:
            faults.append(FieldError(f"options.{number}", gettext("Two options start at the same time.")))
        starts.add(lessons[0]["starts_at"])
    if faults:
        raise InvalidInput(gettext("Some of the times cannot be used."), errors=faults)


def _lesson_fault(
    lesson: Mapping[str, datetime], before: Mapping[str, datetime] | None, first: Mapping[str, datetime], season: Season
) -> str | None:
    start, end = lesson["starts_at"], lesson["ends_at"]
    day = to_local(start).date()
    if (start.second, start.microsecond, end.second, end.microsecond) != (0, 0, 0, 0):
        return gettext("Give times to the minute.")
    if start >= end:
        return gettext("The end must come after the start.")
    if start <= now():
        return gettext("This time has gone.")
    if not season.starts_on <= day <= season.ends_on:
        return gettext("This date is not in the season.")
    if {to_local(end).date(), to_local(first["starts_at"]).date()} != {day}:
        return gettext("The lessons of an option must be on one date.")
    if before is not None and start < before["ends_at"]:
        return gettext("The lessons of an option must follow one another.")
    return None


def _school_time_fault(lesson: Mapping[str, datetime], holidays: Collection[date]) -> str | None:
    start, end = to_local(lesson["starts_at"]), to_local(lesson["ends_at"])
    if start.isoweekday() > FRIDAY:
        return gettext("Schools have no lessons on Saturdays and Sundays: choose another day.")
    if start.date() in holidays:
        return gettext("This day is a public holiday: choose another day.")
    if start.time() < FIRST_LESSON or end.time() > LAST_LESSON:
        return gettext("Lessons are between 07:00 and 18:00: choose another time.")
    return None
