"""What lies below the list of today, for a look and not for work: promises, silence, the season."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import InvitationState, ProfileState, ProgrammeKind, RequestState, VisitState
from api.domain.school_days import days, is_school_day
from api.models.follow_up import Evaluation, Invitation
from api.models.places import Municipality, School
from api.models.plan_rows import PlanVisit
from api.models.planning import Plan
from api.models.programmes import Programme, Season
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit
from api.queries import follow_up as reads
from api.queries.names import by_name

AT_RISK_DAYS = 3
SOON = timedelta(weeks=4)
A_YEAR = timedelta(weeks=52)
TO_BE = (VisitState.PLANNED, VisitState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Promise:
    """A request whose promise date is near or past, without an answer. asked: invitations that wait for an answer."""

    request: str
    reference: str
    school: str
    municipality: str
    grade: int
    answer_on: date
    is_planned: bool
    asked: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Invitations that wait for an answer, by working days since they were sent; the last place is that day or more.

    reminders: the days on which one is reminded. paused: role models who rest after two silent weeks.
    """

    days: Sequence[int] = ()
    reminders: Sequence[int] = ()
    paused: int = 0

    @property
    def asked(self) -> int:
        return sum(self.days)


@dataclass(frozen=True, slots=True)
class Funnel:
    """A season's visits, from what was asked for to what was evaluated."""

    requests: int = 0
    proposed: int = 0
    confirmed: int = 0
    held: int = 0
    evaluated: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """soon: confirmed visits in the next four weeks. before: those of the funnel's numbers that are known of the season
    of a year ago as it stood on this day; None without such a season.
    """

    promises: Sequence[Promise] = ()
    promises_in_all: int = 0
    promises_open: int = 0
    silence: Silence = field(default_factory=Silence)
    funnel: Funnel = field(default_factory=Funnel)
    before: dict[str, int] | None = None
    soon: int = 0


def look(session: Session, season: Season) -> Look:
    """Promises at risk and invitations on their way to silence, of every season that is not over, and the funnel of
    this one; a fixed number of queries.
    """
    today = clock.today()
    promised = (
        _is_alive(season, today),
        Request.state.in_((RequestState.OPEN, RequestState.VISIT)),
        Request.answered_at.is_(None),
    )
    at_risk = (*promised, Request.answer_on <= today + timedelta(days=AT_RISK_DAYS))
    counts = session.execute(
        select(func.count(), func.count().filter(*at_risk)).select_from(Request).where(*promised)
    ).one()
    soon = (
        select(func.count())
        .select_from(Visit)
        .where(Visit.state == VisitState.CONFIRMED, Visit.starts_at.between(clock.now(), clock.now() + SOON))
    )
    return Look(
        promises=_promises(session, at_risk),
        promises_in_all=counts[1],
        promises_open=counts[0],
        silence=_silence(session),
        funnel=_funnel(session, season.id),
        before=_before(session, season),
        soon=session.scalar(soon) or 0,
    )


def _is_alive(season: Season, today: date) -> ColumnElement[bool]:
    """Requests of the season shown, and of those that are not over: two overlap while the next is planned."""
    alive = select(Season.id).where((Season.id == season.id) | (Season.ends_on >= today))
    return Request.season_id.in_(alive)


def _promises(session: Session, at_risk: Collection[Any]) -> list[Promise]:
    waiting = (InvitationState.QUEUED, InvitationState.SENT)
    asked = (
        select(func.count(Invitation.id))
        .join(Visit, Visit.id == Invitation.visit_id)
        .where(Visit.request_id == Request.id, Visit.state.in_(TO_BE), Invitation.state.in_(waiting))
        .correlate(Request)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Request.id, Request.reference, School.name, Municipality.name, Request.grade, Request.answer_on,
            Request.state == RequestState.VISIT, asked,
        )
        .join(School, School.id == Request.school_id)
        .join(Municipality, Municipality.id == School.municipality_id)
        .where(*at_risk)
        .order_by(Request.answer_on, by_name(School.name), Request.id)
        .limit(5)
    )  # fmt: skip
    return [Promise(*row) for row in rows]


def _silence(session: Session) -> Silence:
    programme_id = session.scalar(
        select(Programme.id).where(Programme.kind == ProgrammeKind.SCHOOL_VISIT).order_by(Programme.code).limit(1)
    )
    if programme_id is None:
        return Silence()
    rules, holidays = reads.rules_of(session, programme_id), reads.holidays(session)
    sent = session.scalars(
        select(Invitation.sent_at)
        .join(Visit, Visit.id == Invitation.visit_id)
        .where(Invitation.state == InvitationState.SENT, Visit.state.in_(TO_BE))
    )
    last = rules.silence_working_days
    today = clock.today()
    counted = Counter(min(last, _working_days(moment, today, holidays)) for moment in sent if moment is not None)
    paused = session.scalar(select(func.count()).select_from(RoleModel).where(RoleModel.state == ProfileState.PAUSED))
    reminders = (rules.remind_hours // 24, rules.later_remind_hours // 24)
    return Silence([counted[day] for day in range(last + 1)], reminders, paused or 0)


def _working_days(moment: datetime, today: date, holidays: Collection[date]) -> int:
    """Working days after the moment's own, until today."""
    first = clock.to_oslo(moment).date() + timedelta(days=1)
    return sum(is_school_day(day, holidays) for day in days(first, today))


def _funnel(session: Session, season_id: str) -> Funnel:
    season = Request.season_id == season_id
    requests = session.scalar(
        select(func.count()).select_from(Request).where(season, Request.state != RequestState.UNCONFIRMED)
    )
    visits = dict(
        session.execute(
            select(Visit.state, func.count())
            .join(Request, Request.id == Visit.request_id)
            .where(season)
            .group_by(Visit.state)
        ).all()
    )
    newest = (select(Plan.id).where(Plan.season_id == season_id, Plan.status.in_(("optimal", "feasible")))).order_by(
        Plan.created_at.desc()
    )
    held = visits.get(VisitState.HELD, 0)
    confirmed = visits.get(VisitState.CONFIRMED, 0) + held
    live = visits.get(VisitState.PLANNED, 0) + confirmed
    proposed = session.scalar(
        select(func.count()).select_from(PlanVisit).where(PlanVisit.plan_id == _newest_visit_plan(newest))
    )
    evaluated = session.scalar(
        select(func.count(func.distinct(Evaluation.visit_id)))
        .join(Visit, Visit.id == Evaluation.visit_id)
        .join(Request, Request.id == Visit.request_id)
        .where(season)
    )
    return Funnel(requests or 0, max(live, proposed or 0), confirmed, held, evaluated or 0)


def _newest_visit_plan(newest: Any) -> Any:
    return newest.where(Plan.kind == "visit").limit(1).scalar_subquery()


def _before(session: Session, season: Season) -> dict[str, int] | None:
    """The season that began about a year before, as far as its rows tell how it stood a year ago."""
    a_year = timedelta(days=365)
    begun = season.starts_on - a_year
    earlier = session.scalar(
        select(Season)
        .where(Season.starts_on.between(begun - timedelta(days=60), begun + timedelta(days=60)), Season.id != season.id)
        .order_by(Season.starts_on)
        .limit(1)
    )
    if earlier is None:
        return None
    then = clock.now() - A_YEAR
    of_season = Request.season_id == earlier.id
    visits = select(func.count()).select_from(Visit).join(Request, Request.id == Visit.request_id).where(of_season)
    evaluated = (
        select(func.count(func.distinct(Evaluation.visit_id)))
        .join(Visit, Visit.id == Evaluation.visit_id)
        .join(Request, Request.id == Visit.request_id)
        .where(of_season, Evaluation.created_at <= then)
    )
    statements = {
        "requests": select(func.count()).select_from(Request).where(of_season, Request.submitted_at <= then),
        "held": visits.where(Visit.state == VisitState.HELD, Visit.starts_at <= then),
        "evaluated": evaluated,
    }
    return {name: session.scalar(statement) or 0 for name, statement in statements.items()}
