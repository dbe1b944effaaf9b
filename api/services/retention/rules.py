"""The table of retention: what goes when. The job `retention` keeps it each night, in small batches.

The periods are those of api.models.personal.Retention, which docs/data-model.md prints.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from api.clock import to_oslo
from api.domain.enums import ExceptionState, OutboxState, RunKind
from api.models.access import ApiToken, IdempotencyKey, User
from api.models.bookings import Booking
from api.models.companies import Company
from api.models.drafts import OrderDraft
from api.models.follow_up import ExceptionItem, PlanApproval
from api.models.group_life import Duty, GuardianLink, MentorAssignment
from api.models.groups import GroupSession, Meeting, Mentor, mentor_session
from api.models.jobs import ErasureLog
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.models.people import Person
from api.models.personal import Retention
from api.models.plan_rows import Lock, PlanMentor, PlanSeat, PlanUnserved, PlanVisit, PlanVisitRoleModel
from api.models.planning import Plan, Run
from api.models.programmes import Season
from api.models.pupils import Entry, Pupil
from api.models.rates import RateBucket
from api.models.role_models import RoleModel
from api.models.sign_in import Contact, SignInSession
from api.models.visits import Request
from api.services import jobs
from api.services.retention import pupils, trail
from api.services.retention.erase import PERSON, erase_person, forget_account

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
TERM = timedelta(days=90)
TWO_YEARS = timedelta(days=730)
GONE = (OutboxState.SENT, OutboxState.FAILED, OutboxState.WITHDRAWN)

Due = Callable[[datetime], Select[str]]
Forget = Callable[[Session, list[str], datetime], None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table. due: the keys of rows whose time is over. forget: lets some of them go.

    batch: how many at most in one transaction.
    """

    name: str
    keeps: Retention
    due: Due
    forget: Forget
    batch: int = 500


def due_batches(session: Session, now: datetime) -> list[str]:
    """`rule:number` for each batch that is due."""
    found = []
    for rule in RULES:
        waiting = session.scalar(select(func.count()).select_from(rule.due(now).subquery())) or 0
        found += [f"{rule.name}:{number}" for number in range(-(-waiting // rule.batch))]
    return [*found, "ledger:0"]


def forget_batch(session: Session, batch: str, now: datetime) -> None:
    """One batch of a rule: the first rows that are due, whichever number it has."""
    name = batch.partition(":")[0]
    if name == "ledger":
        jobs.prune(session, now)
        return
    rule = next(rule for rule in RULES if rule.name == name)
    keys = list(session.scalars(rule.due(now).limit(rule.batch)))
    if keys:
        rule.forget(session, keys, now)


def _deletes(table: Any, key: Any = None) -> Forget:
    column = table.id if key is None else key

    def forget(session: Session, keys: list[str], now: datetime) -> None:
        session.execute(delete(table).where(column.in_(keys)), execution_options={"synchronize_session": "fetch"})

    return forget


def _empties(table: Any, **values: Any) -> Forget:
    def forget(session: Session, keys: list[str], now: datetime) -> None:
        statement = update(table).where(table.id.in_(keys)).values(**values)
        session.execute(statement, execution_options={"synchronize_session": "fetch"})

    return forget


def _erases(rule: str) -> Forget:
    def forget(session: Session, keys: list[str], now: datetime) -> None:
        for person_id in keys:
            erase_person(session, person_id, rule)

    return forget


def _forget_accounts(session: Session, keys: list[str], now: datetime) -> None:
    for user_id in keys:
        forget_account(session, user_id)


def _past(table: Any) -> Due:
    return lambda now: select(table.id).where(table.expires_at < now - DAY)


def _tokens(now: datetime) -> Select[str]:
    return select(ApiToken.id).where(or_(ApiToken.expires_at < now - DAY, ApiToken.revoked_at < now - DAY))


def _texts(now: datetime) -> Select[str]:
    left = func.coalesce(OutboxMessage.sent_at, OutboxMessage.first_tried_at, OutboxMessage.not_before)
    return select(OutboxMessage.id).where(
        OutboxMessage.values.is_not(None), OutboxMessage.state.in_(GONE), left < now - WEEK
    )


def _messages(now: datetime) -> Select[str]:
    return select(OutboxMessage.id).where(OutboxMessage.state.in_(GONE), OutboxMessage.created_at < now - TWO_YEARS)


def _accounts(now: datetime) -> Select[str]:
    return select(User.id).where(
        func.coalesce(User.last_sign_in_at, User.created_at) < now - TWO_YEARS, User.login.not_like("erased:%")
    )


def _contacts(now: datetime) -> Select[str]:
    """People of visits of whom nothing has been heard: no visit, no request, nothing said."""
    since = now - TWO_YEARS
    return _known(since).where(
        ~exists().where(Request.contact_id == Person.id, Request.created_at >= since),
        ~exists().where(Booking.person_id == Person.id, Booking.ends_at >= since),
        ~exists().where(Contact.person_id == Person.id, Contact.created_at >= since),
        ~exists().where(
            RoleModel.person_id == Person.id, func.coalesce(RoleModel.confirmed_at, RoleModel.created_at) >= since
        ),
        ~exists().where(Company.contact_id == Person.id),
        ~exists().where(Mentor.person_id == Person.id),
        ~exists().where(Pupil.person_id == Person.id),
        ~exists().where(GuardianLink.person_id == Person.id),
    )


def _mentors(now: datetime) -> Select[str]:
    since = now - TWO_YEARS
    day = to_oslo(since).date()
    taught = (
        exists()
        .where(Duty.mentor_id == Mentor.id)
        .where(Meeting.id == Duty.meeting_id, Meeting.ends_at >= since)
        .correlate(Mentor)
    )
    on_roster = exists().where(
        MentorAssignment.mentor_id == Mentor.id,
        or_(MentorAssignment.to_date.is_(None), MentorAssignment.to_date >= day),
    )
    offered = (
        exists()
        .where(mentor_session.c.mentor_id == Mentor.id)
        .where(GroupSession.id == mentor_session.c.session_id)
        .where(Season.id == GroupSession.season_id, Season.ends_on >= day)
        .correlate(Mentor)
    )
    return (
        _known(since)
        .join(Mentor, Mentor.person_id == Person.id)
        .where(Mentor.created_at < since, ~taught, ~on_roster, ~offered)
    )


def _known(since: datetime) -> Select[str]:
    """People whom we have known since before, who have no account in use and are not forgotten."""
    forgotten = select(ErasureLog.object_id).where(ErasureLog.object_kind == PERSON)
    return select(Person.id).where(
        Person.created_at < since,
        Person.id.not_in(forgotten),
        ~exists().where(User.person_id == Person.id, User.login.not_like("erased:%")),
    )


def _entries(now: datetime) -> Select[str]:
    return select(Entry.id).join(Season, Entry.season_id == Season.id).where(Season.ends_on < _term_over(now))


def _pupils(now: datetime) -> Select[str]:
    return select(Pupil.id).where(Pupil.created_at < now - TERM, ~exists().where(Entry.pupil_id == Pupil.id))


def _group_problems(now: datetime) -> Select[str]:
    return (
        select(Run.id)
        .join(Season, Run.season_id == Season.id)
        .where(Run.kind == RunKind.GROUP, Run.problem.is_not(None), Season.ends_on < _term_over(now))
    )


def _problems(now: datetime) -> Select[str]:
    return select(Run.id).where(Run.problem.is_not(None), Run.created_at < now - TWO_YEARS)


def _plans(now: datetime) -> Select[str]:
    """Old plans that still have rows about people; heads, goals and proofs stay."""
    people = (
        exists().where(PlanUnserved.plan_id == Plan.id),
        exists().where(PlanMentor.plan_id == Plan.id),
        exists()
        .where(PlanVisit.plan_id == Plan.id)
        .where(PlanVisitRoleModel.plan_visit_id == PlanVisit.id)
        .correlate(Plan),
    )
    return select(Plan.id).where(Plan.created_at < now - TWO_YEARS, or_(*people))


def _forget_plan_rows(session: Session, keys: list[str], now: datetime) -> None:
    visits = select(PlanVisit.id).where(PlanVisit.plan_id.in_(keys))
    for statement in (
        delete(PlanSeat).where(PlanSeat.plan_id.in_(keys)),
        delete(PlanMentor).where(PlanMentor.plan_id.in_(keys)),
        delete(PlanUnserved).where(PlanUnserved.plan_id.in_(keys)),
        delete(PlanVisitRoleModel).where(PlanVisitRoleModel.plan_visit_id.in_(visits)),
    ):
        session.execute(statement, execution_options={"synchronize_session": False})
    session.expire_all()


def _old(table: Any, *conditions: Any) -> Due:
    return lambda now: select(table.id).where(table.created_at < now - TWO_YEARS, *conditions)


def _term_over(now: datetime) -> date:
    return to_oslo(now - TERM).date()


NO_PROBLEM = {"problem": None, "problem_sha256": None, "document": None, "stand_ins": None}

RULES: tuple[Rule, ...] = (
    Rule("links", Retention.TOKEN, _past(LinkToken), _deletes(LinkToken)),
    Rule("sessions", Retention.TOKEN, _past(SignInSession), _deletes(SignInSession)),
    Rule("tokens", Retention.TOKEN, _tokens, _deletes(ApiToken)),
    Rule("repeats", Retention.TOKEN, _past(IdempotencyKey), _deletes(IdempotencyKey)),
    Rule(
        "rates",
        Retention.TOKEN,
        lambda now: select(RateBucket.key_hash).where(RateBucket.expires_at < now - DAY),
        _deletes(RateBucket, RateBucket.key_hash),
    ),
    Rule(
        "drafts",
        Retention.DRAFT,
        lambda now: select(OrderDraft.id).where(OrderDraft.expires_at < now),
        _deletes(OrderDraft),
    ),
    Rule("texts", Retention.MESSAGE, _texts, _empties(OutboxMessage, values=None)),
    Rule("messages", Retention.MESSAGE, _messages, _deletes(OutboxMessage)),
    Rule("accounts", Retention.ACCOUNT, _accounts, _forget_accounts),
    Rule("contacts", Retention.CONTACT, _contacts, _erases("contact"), batch=20),
    Rule(
        "exceptions",
        Retention.CONTACT,
        _old(ExceptionItem, ExceptionItem.state == ExceptionState.RESOLVED),
        _deletes(ExceptionItem),
    ),
    Rule("mentors", Retention.MENTOR, _mentors, _erases("mentor"), batch=20),
    Rule("entries", Retention.PUPIL, _entries, pupils.count_and_delete, batch=100),
    Rule("pupils", Retention.PUPIL, _pupils, pupils.delete_pupils, batch=20),
    Rule("group_problems", Retention.PLAN, _group_problems, _empties(Run, **NO_PROBLEM)),
    Rule("problems", Retention.PLAN, _problems, _empties(Run, **NO_PROBLEM)),
    Rule("plans", Retention.PLAN, _plans, _forget_plan_rows, batch=5),
    Rule("locks", Retention.PLAN, _old(Lock), _deletes(Lock)),
    Rule(
        "orders",
        Retention.AUDIT,
        _old(Run, Run.requested_by_id.is_not(None)),
        _empties(Run, requested_by_id=None),
    ),
    Rule(
        "approvals",
        Retention.AUDIT,
        _old(PlanApproval, PlanApproval.approved_by_id.is_not(None)),
        _empties(PlanApproval, approved_by_id=None),
    ),
    Rule("trail", Retention.AUDIT, trail.due, trail.forget, batch=5000),
)
