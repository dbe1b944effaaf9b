"""Requests, role models and the calendar of a season → a problem of visits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import RequestState, TopicUse
from api.domain.programme_rules import VisitRules, visit_rules
from api.domain.school_days import after_school_days
from api.models.companies import Company
from api.models.places import Holiday, School
from api.models.programmes import Window
from api.models.visits import Lesson, Refusal, Request, RequestOption, RequestTopic
from api.queries.snapshot_calendar import SchoolCalendar
from api.queries.snapshot_grades import without_grades
from api.queries.snapshot_languages import without_language
from api.queries.snapshot_people import Engagements, role_models
from matcher import problem as m

NO_DATE = "calendar"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A request that cannot be visited on any of its dates. code: the reason; dates: how many it had."""

    request: str
    code: str
    dates: int


def visit_problem(
    session: Session,
    season_id: str,
    programme_id: str,
    settings: Mapping[str, Any],
    term: tuple[date, date],
    today: date,
    anew: str | None = None,
    only: Collection[str] | None = None,
) -> tuple[m.VisitProblem, tuple[LeftOut, ...], dict[str, int], dict[str, int]]:
    """The problem of a programme's requests in a season, and the rest of a Snapshot; see `take_snapshot`."""
    rules = visit_rules(settings)
    holidays = set(session.scalars(select(Holiday.day)))
    first_alone = after_school_days(today, rules.lead_school_days, holidays)
    first_of_window = after_school_days(today, rules.lead_after_window, holidays)
    first_day = max(min(first_alone, first_of_window), term[0])
    rows = _requests(session, season_id, programme_id)
    known_requests = {row.Request.id for row in rows}
    engagements = Engagements.read(session, season_id, known_requests, (first_day, term[1]), today, anew)
    calendar = SchoolCalendar.read(session, holidays, (first_day, term[1]))
    options = _options(session, season_id, programme_id)
    topics = _topics(session, season_id, programme_id)
    requests: list[m.Request] = []
    left_out: list[LeftOut] = []
    fixed: list[m.FixedVisit] = []
    for row in rows:
        kept = engagements.fixed.get(row.Request.id)
        if row.Request.state is RequestState.VISIT and kept is None and row.Request.id != anew:
            continue  # its visit is held, or nothing of it can be planned any more
        dates = options[row.Request.id]
        first = first_alone if row.Request.window_id is None else first_of_window
        usable = [
            (option_id, option)
            for option_id, option in dates
            if (kept is not None and option_id == kept.option_id) or calendar.is_open(row, _day(option), first)
        ]
        if not usable:
            left_out.append(LeftOut(row.Request.id, NO_DATE, len(dates)))
            continue
        if kept is not None:
            index = [option_id for option_id, _ in usable].index(kept.option_id)
            fixed.append(
                m.FixedVisit(request=row.Request.id, option=index, mode=kept.mode, role_models=kept.role_models)
            )
        people_wanted = row.Request.role_models if kept is None else len(kept.role_models)
        requests.append(_request(row, [option for _, option in usable], topics, people_wanted))
    people = role_models(session, season_id, rules, engagements, (first_day, term[1]), today, only)
    known = {request.id for request in requests}
    free = [row.Request for row in rows if row.Request.id in known and row.Request.id not in engagements.fixed]
    strangers = without_language(session, free, [one.id for one in people])
    short = without_grades(free, people)
    problem = m.VisitProblem(
        today=today,
        travel=m.Travel(detour=rules.detour, kmh=rules.kmh),
        schools=_schools(session, {request.school for request in requests}, rules, today),
        companies=_companies(session, {one.company for one in people if one.company}, engagements),
        requests=tuple(requests),
        role_models=tuple(people),
        refused=(*_refusals(session, known, people, requests), *_unfit(strangers, short)),
        fixed=tuple(fixed),
    )
    return problem, tuple(left_out), _counts(strangers), _counts(short)


def one_request(
    session: Session, request: Request, options: Iterable[m.Option], people: Iterable[m.RoleModel], role_models: int
) -> tuple[m.Request, tuple[m.Refusal, ...]]:
    """A request in these options for so many people, as a problem has it, and the noes of `people` that matter to it.

    options: at least one; they need not be the request's own.
    """
    topics: dict[tuple[str, TopicUse], list[str]] = {}
    for topic in sorted(request.topics, key=lambda topic: topic.topic_id):
        topics.setdefault((request.id, topic.use), []).append(topic.topic_id)
    closes_at = session.scalar(select(Window.closes_at).where(Window.id == request.window_id))
    asked = _request(_Row(request, closes_at), list(options), topics, role_models)
    known = list(people)
    strangers = without_language(session, [request], [one.id for one in known])
    short = without_grades([request], known)
    return asked, (*_refusals(session, {request.id}, known, [asked]), *_unfit(strangers, short))


def places_of(session: Session, wanted: set[str], settings: Mapping[str, Any], today: date) -> tuple[m.School, ...]:
    """Schools as a problem has them."""
    return _schools(session, wanted, visit_rules(settings), today)


@dataclass(frozen=True, slots=True)
class _Row:
    Request: Request
    closes_at: datetime | None


def _requests(session: Session, season_id: str, programme_id: str) -> list[Any]:
    """Requests that can be planned or have a live visit, with their school's place and their window's end."""
    return list(
        session.execute(
            select(Request, School.municipality_id, School.status, Window.closes_at)
            .join(School, Request.school_id == School.id)
            .outerjoin(Window, Request.window_id == Window.id)
            .where(
                Request.season_id == season_id,
                Request.programme_id == programme_id,
                Request.state.in_([RequestState.OPEN, RequestState.VISIT]),
            )
            .order_by(Request.id)
        )
    )


def _options(session: Session, season_id: str, programme_id: str) -> defaultdict[str, list[tuple[str, m.Option]]]:
    """Each request's options by position; of two that start at the same time the first."""
    rows = session.execute(
        select(RequestOption.request_id, RequestOption.id, Lesson.starts_at, Lesson.ends_at)
        .join(Lesson, Lesson.option_id == RequestOption.id)
        .join(Request, RequestOption.request_id == Request.id)
        .where(Request.season_id == season_id, Request.programme_id == programme_id)
        .order_by(RequestOption.request_id, RequestOption.position, Lesson.position)
    )
    lessons: dict[tuple[str, str], list[m.Lesson]] = {}
    for request_id, option_id, starts_at, ends_at in rows:
        lesson = m.Lesson(start=clock.to_local(starts_at), end=clock.to_local(ends_at))
        lessons.setdefault((request_id, option_id), []).append(lesson)
    options: defaultdict[str, list[tuple[str, m.Option]]] = defaultdict(list)
    taken: set[tuple[str, datetime]] = set()
    for (request_id, option_id), parts in lessons.items():
        if (request_id, parts[0].start) not in taken:
            taken.add((request_id, parts[0].start))
            options[request_id].append((option_id, m.Option(lessons=tuple(parts))))
    return options


def _topics(session: Session, season_id: str, programme_id: str) -> dict[tuple[str, TopicUse], list[str]]:
    topics: dict[tuple[str, TopicUse], list[str]] = {}
    for request_id, use, topic_id in session.execute(
        select(RequestTopic.request_id, RequestTopic.use, RequestTopic.topic_id)
        .join(Request, RequestTopic.request_id == Request.id)
        .where(Request.season_id == season_id, Request.programme_id == programme_id)
        .order_by(RequestTopic.request_id, RequestTopic.topic_id)
    ):
        topics.setdefault((request_id, use), []).append(topic_id)
    return topics


def _request(
    row: Any, options: list[m.Option], topics: Mapping[tuple[str, TopicUse], list[str]], people_wanted: int
) -> m.Request:
    """Requests of one window all count as submitted when it closes. A kept visit wants the people it has."""
    request: Request = row.Request
    submitted_at = request.submitted_at if row.closes_at is None else max(request.submitted_at, row.closes_at)
    return m.Request(
        id=request.id,
        school=request.school_id,
        grade=request.grade,
        classes=request.classes,
        topics=tuple(topics.get((request.id, TopicUse.NEEDED), ())),
        wishes=tuple(topics.get((request.id, TopicUse.WISHED), ())),
        mode=request.mode.value,
        prefers=request.prefers.value,
        role_models=people_wanted,
        options=tuple(options),
        priority=request.priority,
        submitted=clock.to_oslo(submitted_at).date(),
    )


def _day(option: m.Option) -> date:
    return option.lessons[0].start.date()


def _schools(session: Session, wanted: set[str], rules: VisitRules, today: date) -> tuple[m.School, ...]:
    visits = Engagements.visits_of_schools(session, rules, today)
    rows = session.execute(select(School.id, School.lat, School.lon, School.municipality_id).order_by(School.id))
    return tuple(
        m.School(id=school, lat=lat, lon=lon, municipality=municipality, visits_last_12_months=visits.get(school, 0))
        for school, lat, lon, municipality in rows
        if school in wanted
    )


def _companies(session: Session, wanted: set[str], engagements: Engagements) -> tuple[m.Company, ...]:
    """What is left of each company's quota after what its people do outside this problem."""
    used: defaultdict[str, int] = defaultdict(int)
    for (_, company), count in engagements.elsewhere.items():
        if company is not None:
            used[company] += count
    rows = session.execute(select(Company.id, Company.quota).order_by(Company.id))
    return tuple(
        m.Company(id=company, quota=None if quota is None else max(0, quota - used[company]))
        for company, quota in rows
        if company in wanted
    )


def _unfit(*unfit: Mapping[str, Iterable[str]]) -> Iterator[m.Refusal]:
    """Role models without a request's language, or without some of its grades, count as refused for it: the problem
    knows no languages, and one grade.
    """
    pairs = {(request, one) for found in unfit for request, people in found.items() for one in people}
    return (m.Refusal(role_model=one, request=request) for request, one in sorted(pairs))


def _counts(unfit: Mapping[str, Sequence[str]]) -> dict[str, int]:
    return {request: len(people) for request, people in unfit.items()}


def _refusals(
    session: Session, requests: set[str], people: Iterable[m.RoleModel], asked: Iterable[m.Request]
) -> tuple[m.Refusal, ...]:
    """Each no whose parts are in the problem; a no to another request or school says nothing here."""
    known = {one.id for one in people}
    schools = {request.school for request in asked}
    rows = session.scalars(select(Refusal).order_by(Refusal.id))
    return tuple(
        m.Refusal(
            role_model=row.role_model_id,
            request=row.request_id,
            school=row.school_id,
            start=None if row.starts_at is None else clock.to_local(row.starts_at),
        )
        for row in rows
        if row.role_model_id in known
        and (row.request_id is None or row.request_id in requests)
        and (row.school_id is None or row.school_id in schools)
    )
