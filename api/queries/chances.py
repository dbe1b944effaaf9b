"""Chance before asking: what the plan that holds, and the season before, tell about a draft that is not sent yet.

A plan and its problem never change, so what answers for them is prepared once a plan and process, and the few used last
are kept. Nothing here names anybody: a draft hears of counts and shares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from threading import Lock

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import RequestMode, RunKind
from api.models.places import School
from api.models.planning import Plan, Run
from api.models.programmes import ProgrammeRuleVersion, Season, Topic
from api.models.visits import Refusal, Request
from api.queries.group_stories import group_story
from api.queries.kept import Kept
from api.queries.seasons import USABLE
from api.queries.snapshot_grades import without_grades
from api.queries.snapshot_languages import without_language
from api.queries.stories import visit_facts
from matcher import chance_groups, chance_visits
from matcher import problem as m
from matcher.plan import VisitPlan

DRAFT = "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What an order for a visit says so far. topics: codes, none for any. options: lessons in UTC, one or more each."""

    season: Season
    programme_id: str
    school: School
    grades: tuple[int, ...]
    options: tuple[tuple[tuple[datetime, datetime], ...], ...]
    topics: tuple[str, ...] = ()
    mode: RequestMode = RequestMode.PHYSICAL
    role_models: int = 1
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """How many of those like the draft there were in an earlier season, and the share of them served, 0 to 1."""

    season: str
    like: int
    share: float


@dataclass(frozen=True, slots=True)
class VisitChance:
    """now: as matcher.chance_visits says it, None where the season has no plan. past: None where not known yet."""

    now: chance_visits.Now | None
    past: Past | None


@dataclass(frozen=True, slots=True)
class SeatChance:
    """Of one evening. seat: whether the queue as it stands would seat the pupil there, None where no plan says it.

    ahead: how many without a seat wait for it in front. past: None where not known yet.
    """

    seat: bool | None
    ahead: int
    past: Past | None


class _Visits:
    """A plan's answers, one draft at a time: the matcher's tables are made for one thread."""

    def __init__(self, session: Session, plan_id: str, history: chance_visits.History | None) -> None:
        story = visit_facts(session, plan_id).story
        self.problem = _everywhere(session, story.problem)
        self._chances = chance_visits.Chances(self.problem, _of_problem(story.plan, self.problem), history)
        self._schools = {school.id for school in self.problem.schools}
        self._one_at_a_time = Lock()

    def of(self, session: Session, order: Order) -> chance_visits.Chance | None:
        """None for a school that is not in the preparation."""
        if order.school.id not in self._schools:
            return None
        draft, barred = _draft(session, order, self.problem)
        with self._one_at_a_time:
            return self._chances.of(draft, barred)


class _Groups:
    """A plan's answers, one draft at a time."""

    def __init__(self, session: Session, plan_id: str, history: chance_groups.History | None) -> None:
        story = group_story(session, plan_id)
        self.problem = story.problem
        self._chances = chance_groups.Chances(story.problem, story.plan, history)
        self._one_at_a_time = Lock()

    def of(self, draft: chance_groups.Draft) -> chance_groups.Chance:
        with self._one_at_a_time:
            return self._chances.of(draft)


_visits: Kept[_Visits] = Kept(2)
_groups: Kept[_Groups] = Kept(3)
_visit_history: Kept[chance_visits.History] = Kept(1)
_group_history: Kept[chance_groups.History] = Kept(3)


def visit_chance(session: Session, order: Order) -> VisitChance:
    """What an order can expect, from the newest plan of its season and that of the season before."""
    plan_id, _ = _newest(session, order.season, order.programme_id, RunKind.VISIT, before=False)
    before_id, name = _newest(session, order.season, order.programme_id, RunKind.VISIT, before=True)
    if plan_id is None:
        return VisitChance(None, None)
    newest_school = session.scalar(select(func.max(School.id)))
    prepared = _visits.get(
        f"{plan_id} {before_id} {newest_school}",
        lambda: _Visits(session, plan_id, _history_of_visits(session, before_id)),
    )
    found = prepared.of(session, order)
    if found is None:
        return VisitChance(None, None)
    return VisitChance(found.now, _past(name, found.share, found.like))


def seat_chances(
    session: Session,
    season: Season,
    programme_id: str,
    *,
    level: str,
    class_: int,
    joined: date,
    evenings: Mapping[str, str],
    drawn_later: bool,
) -> dict[str, SeatChance]:
    """The chance of a seat for each evening, if it were the pupil's only wish.

    evenings: session → its site. drawn_later: everyone who joins now counts as equal until the draw, so the queue says
    nothing yet, and those who joined in the registration period of the season before do.
    """
    before_id, name = _newest(session, season, programme_id, RunKind.GROUP, before=True)
    history = _history_of_groups(session, before_id)
    plan_id, _ = _newest(session, season, programme_id, RunKind.GROUP, before=False)
    if drawn_later or plan_id is None:
        if history is None:
            return {one: SeatChance(None, 0, None) for one in evenings}
        told = {one: history.share(level, class_, 0, frozenset([site]), None) for one, site in evenings.items()}
        return {one: SeatChance(None, 0, _past(name, *said)) for one, said in told.items()}
    prepared = _groups.get(f"{plan_id} {before_id}", lambda: _Groups(session, plan_id, history))
    known = {one.id for one in prepared.problem.sessions}
    found = {}
    for one in evenings:
        if one not in known:
            found[one] = SeatChance(None, 0, None)
            continue
        last = min(class_, prepared.problem.rules.classes - 1)
        said = prepared.of(chance_groups.Draft(level=level, class_=last, joined=joined, choices=(one,)))
        found[one] = SeatChance(said.session is not None, said.ahead, _past(name, said.share, said.like))
    return found


def _past(season: str, share: float | None, like: int) -> Past | None:
    return None if share is None else Past(season, like, share)


def _newest(
    session: Session, season: Season, programme_id: str, kind: RunKind, *, before: bool
) -> tuple[str | None, str]:
    """The newest plan whose problem is kept, of the season or of the last one before it; and its season's name."""
    which = Season.ends_on < season.starts_on if before else Season.id == season.id
    row = session.execute(
        select(Plan.id, Season.name)
        .join(Season, Plan.season_id == Season.id)
        .join(Run, Plan.run_id == Run.id)
        .join(ProgrammeRuleVersion, Run.rule_version_id == ProgrammeRuleVersion.id)
        .where(which, Plan.kind == kind, Plan.status.in_(USABLE), Run.problem_sha256.is_not(None))
        .where(ProgrammeRuleVersion.programme_id == programme_id)
        .order_by(Season.starts_on.desc(), Plan.created_at.desc(), Plan.id.desc())
        .limit(1)
    ).one_or_none()
    return (None, "") if row is None else (row.id, row.name)


def _history_of_visits(session: Session, plan_id: str | None) -> chance_visits.History | None:
    if plan_id is None:
        return None

    def make() -> chance_visits.History:
        story = visit_facts(session, plan_id).story
        return chance_visits.History(story.problem, _of_problem(story.plan, story.problem))

    return _visit_history.get(plan_id, make)


def _history_of_groups(session: Session, plan_id: str | None) -> chance_groups.History | None:
    if plan_id is None:
        return None

    def make() -> chance_groups.History:
        story = group_story(session, plan_id)
        return chance_groups.History(story.problem, story.plan)

    return _group_history.get(plan_id, make)


def _of_problem(plan: VisitPlan, problem: m.VisitProblem) -> VisitPlan:
    """The plan without the requests that its rows say had no usable date, so that no problem has them."""
    known = {request.id for request in problem.requests}
    return replace(plan, unserved=tuple(one for one in plan.unserved if one.request in known))


def _everywhere(session: Session, problem: m.VisitProblem) -> m.VisitProblem:
    """The problem with every school, and the role models' standing noes to those that were not in it."""
    known, people = {school.id for school in problem.schools}, {person.id for person in problem.role_models}
    rows = session.execute(select(School.id, School.lat, School.lon, School.municipality_id)).all()
    schools = [m.School(id=i, lat=lat, lon=lon, municipality=town) for i, lat, lon, town in rows if i not in known]
    noes = session.execute(
        select(Refusal.role_model_id, Refusal.school_id).where(
            Refusal.school_id.is_not(None), Refusal.request_id.is_(None), Refusal.starts_at.is_(None)
        )
    )
    refused = [m.Refusal(role_model=who, school=where) for who, where in noes if who in people and where not in known]
    return replace(problem, schools=(*problem.schools, *schools), refused=(*problem.refused, *refused))


def _draft(session: Session, order: Order, problem: m.VisitProblem) -> tuple[m.Request, frozenset[str]]:
    """The order as a request of the problem, and who cannot take its language or all of its years of school."""
    topics = session.scalars(select(Topic.id).where(Topic.code.in_(order.topics))) if order.topics else ()
    lessons = [
        tuple(m.Lesson(start=clock.to_local(start), end=clock.to_local(end)) for start, end in option)
        for option in order.options
    ]
    draft = m.Request(
        id=DRAFT,
        school=order.school.id,
        grade=min(order.grades),
        topics=tuple(sorted(topics)),
        mode=order.mode.value,
        prefers="digital" if order.mode is RequestMode.DIGITAL else "physical",
        role_models=order.role_models,
        options=tuple(m.Option(lessons=option) for option in lessons),
        submitted=problem.today,
    )
    row = Request(id=DRAFT, grade=min(order.grades), more_grades=sorted(order.grades)[1:], language=order.language)
    people = [person.id for person in problem.role_models]
    unfit = (without_language(session, [row], people), without_grades([row], problem.role_models))
    return draft, frozenset(one for found in unfit for one in found.get(DRAFT, ()))
