"""The agreements of a season as coordination keeps account of them: promised, asked, accepted, held, what is next."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from api import clock
from api.domain.enums import InvitationState, RequestState, RunKind, VisitState
from api.domain.name_order import name_key
from api.models.companies import Agreement, Company, agreement_municipality
from api.models.follow_up import Invitation, PledgeSlot
from api.models.places import Municipality, School
from api.models.plan_rows import PlanVisit, PlanVisitRoleModel
from api.models.programmes import Season, VisitWeek
from api.models.role_models import agreement_role_model
from api.models.visits import Lesson, Request, RequestOption, Visit
from api.queries import season_now
from api.queries.companies import promised_visits
from api.queries.names import by_name
from api.queries.paging import Page, Window, page_of

WEEK = timedelta(days=7)
ENDS_SOON = timedelta(days=120)
NOT_ASKED = (InvitationState.QUEUED, InvitationState.WITHDRAWN)
SERVABLE = (RequestState.OPEN, RequestState.DECLINED)


@dataclass(slots=True)
class Account:
    """An agreement and what came of it, one row of the ledger.

    people: how many are named of `pledged`. slots: times set aside. asked: one person asked, or told, about one visit;
    each of these is accepted, waiting, silent or declined. held: accepted visits that took place. proposed: visits of
    the newest plan with its people that nobody has been asked about yet. to_serve: open requests of its municipalities.
    weeks_left: visit weeks that are not over. ends_soon: the season is near its end and nothing follows it.
    """

    id: str
    company_id: str
    company: str
    pledged: int
    towns: Sequence[Municipality]
    weeks: Sequence[VisitWeek]
    people: int = 0
    slots: int = 0
    asked: int = 0
    accepted: int = 0
    held: int = 0
    waiting: int = 0
    silent: int = 0
    declined: int = 0
    proposed: int = 0
    to_serve: int = 0
    weeks_left: int = 0
    ends_soon: bool = False

    @property
    def promised(self) -> int:
        return promised_visits(self.pledged, self.slots)

    @property
    def unanswered(self) -> int:
        return self.waiting + self.silent

    @property
    def unasked(self) -> int:
        """Promises that nobody was asked for: ours to mend."""
        return max(0, self.promised - self.asked)

    @property
    def step(self) -> str:
        """What is due: approve, ask, more_requests, never_asked, renew, or nothing ("on_track")."""
        if self.unasked and not self.weeks_left:
            return "never_asked"
        if self.unasked and self.proposed:
            return "approve"
        if self.unasked:
            return "ask" if self.to_serve else "more_requests"
        return "renew" if self.ends_soon else "on_track"


@dataclass(frozen=True, slots=True)
class Ledger:
    """All agreements of a season, by company. plan_id: the newest plan, None before there is one."""

    season: Season
    rows: Sequence[Account]
    plan_id: str | None = None

    def total(self, name: str) -> int:
        """One of the figures over all agreements."""
        return sum(getattr(row, name) for row in self.rows)

    @property
    def widest(self) -> int:
        """What the longest bar stands for, at least 1."""
        return max([1, *(max(row.promised, row.accepted) for row in self.rows)])

    @property
    def most_unasked(self) -> Account | None:
        """The agreement with most promises that can still be asked for, None where there are none."""
        due = [row for row in self.rows if row.step in ("ask", "approve", "more_requests")]
        return max(due, key=lambda row: row.unasked, default=None)


def ledger(session: Session, season: Season, municipality_id: str = "") -> Ledger:
    """The account of a season, of one municipality where it is named; a fixed number of queries.

    With a municipality, agreements that name it, times set aside in its weeks, and visits at its schools.
    """
    accounts = {
        row.id: _account(row, season, municipality_id) for row in session.scalars(_agreements(season, municipality_id))
    }
    plan = season_now.held_plan(session, season.id, RunKind.VISIT)
    _add_people(session, accounts)
    _add_slots(session, accounts, municipality_id)
    _add_answers(session, accounts, season, municipality_id)
    if plan is not None:
        _add_proposed(session, accounts, plan.id, municipality_id)
    _add_open_requests(session, accounts.values(), season, plan.id if plan else None)
    _add_ends(session, accounts.values(), season)
    rows = sorted(accounts.values(), key=lambda row: (row.company.casefold(), row.id))
    return Ledger(season, rows, plan.id if plan else None)


def agreement(session: Session, agreement_id: str) -> Agreement | None:
    """One agreement with its company, municipalities and weeks."""
    return session.scalar(
        select(Agreement)
        .where(Agreement.id == agreement_id)
        .options(
            joinedload(Agreement.company),
            selectinload(Agreement.municipalities),
            selectinload(Agreement.visit_weeks).joinedload(VisitWeek.municipality),
        )
    )


def open_requests(session: Session, season_id: str, towns: Collection[str], asked: Window) -> Page[Request]:
    """Requests of these municipalities with a time to come and no visit, nor a proposed one. Sorts: answer_on."""
    plan = season_now.held_plan(session, season_id, RunKind.VISIT)
    statement = (
        select(Request)
        .join(School, Request.school_id == School.id)
        .where(School.municipality_id.in_(towns), *_can_be_served(season_id, plan.id if plan else None))
        .options(joinedload(Request.school), selectinload(Request.options).selectinload(RequestOption.lessons))
    )
    return page_of(session, statement, asked, {"answer_on": (Request.answer_on, Request.submitted_at, Request.id)})


def seasons(session: Session) -> list[Season]:
    """All seasons, the newest first."""
    return list(session.scalars(select(Season).order_by(Season.starts_on.desc(), Season.id)))


def towns_of(session: Session, season_id: str) -> list[Municipality]:
    """Municipalities with visit weeks or agreements in a season, by name."""
    with_weeks = select(VisitWeek.municipality_id).where(VisitWeek.season_id == season_id)
    with_agreements = (
        select(agreement_municipality.c.municipality_id)
        .join(Agreement, agreement_municipality.c.agreement_id == Agreement.id)
        .where(Agreement.season_id == season_id)
    )
    return list(
        session.scalars(
            select(Municipality)
            .where(Municipality.id.in_(with_weeks) | Municipality.id.in_(with_agreements))
            .order_by(by_name(Municipality.name), Municipality.id)
        )
    )


def _agreements(season: Season, municipality_id: str) -> Select[Agreement]:
    statement = (
        select(Agreement)
        .join(Company, Agreement.company_id == Company.id)
        .where(Agreement.season_id == season.id)
        .options(
            joinedload(Agreement.company),
            selectinload(Agreement.municipalities),
            selectinload(Agreement.visit_weeks).joinedload(VisitWeek.municipality),
        )
    )
    if municipality_id:
        statement = statement.where(Agreement.municipalities.any(Municipality.id == municipality_id))
    return statement


def _account(row: Agreement, season: Season, municipality_id: str) -> Account:
    weeks = [one for one in row.visit_weeks if municipality_id in ("", one.municipality_id)]
    weeks.sort(key=lambda one: (one.monday, name_key(one.municipality.name)))
    today = clock.today()
    return Account(
        id=row.id,
        company_id=row.company_id,
        company=row.company.name,
        pledged=row.pledged_people,
        towns=sorted(row.municipalities, key=lambda town: (name_key(town.name), town.id)),
        weeks=weeks,
        weeks_left=sum(one.monday + WEEK > today for one in weeks) if weeks else int(today <= season.ends_on),
    )


def _add_people(session: Session, accounts: dict[str, Account]) -> None:
    members = agreement_role_model.c
    counted = session.execute(
        select(members.agreement_id, func.count())
        .where(members.agreement_id.in_(accounts))
        .group_by(members.agreement_id)
    )
    for agreement_id, count in counted:
        accounts[agreement_id].people = count


def _add_slots(session: Session, accounts: dict[str, Account], municipality_id: str) -> None:
    counted = session.execute(
        select(PledgeSlot.agreement_id, PledgeSlot.day, func.count())
        .where(PledgeSlot.agreement_id.in_(accounts))
        .group_by(PledgeSlot.agreement_id, PledgeSlot.day)
    )
    for agreement_id, day, count in counted:
        row = accounts[agreement_id]
        if not municipality_id or any(week.monday <= day < week.monday + WEEK for week in row.weeks):
            row.slots += count


def _add_answers(session: Session, accounts: dict[str, Account], season: Season, municipality_id: str) -> None:
    members = agreement_role_model.c
    statement = (
        select(members.agreement_id, Invitation.state, Visit.state, func.count())
        .join(Invitation, Invitation.role_model_id == members.role_model_id)
        .join(Visit, Invitation.visit_id == Visit.id)
        .join(Request, Visit.request_id == Request.id)
        .where(
            members.agreement_id.in_(accounts),
            Request.season_id == season.id,
            Invitation.state.not_in(NOT_ASKED),
        )
        .group_by(members.agreement_id, Invitation.state, Visit.state)
    )
    if municipality_id:
        statement = statement.join(School, Request.school_id == School.id).where(
            School.municipality_id == municipality_id
        )
    for agreement_id, answer, visit, count in session.execute(statement):
        row = accounts[agreement_id]
        row.asked += count
        row.waiting += count if answer is InvitationState.SENT else 0
        row.silent += count if answer is InvitationState.EXPIRED else 0
        row.declined += count if answer in (InvitationState.DECLINED, InvitationState.FELL_THROUGH) else 0
        if answer is InvitationState.ACCEPTED:
            row.accepted += count
            row.held += count if visit is VisitState.HELD else 0


def _add_proposed(session: Session, accounts: dict[str, Account], plan_id: str, municipality_id: str) -> None:
    members = agreement_role_model.c
    statement = (
        select(members.agreement_id, func.count())
        .join(PlanVisitRoleModel, PlanVisitRoleModel.role_model_id == members.role_model_id)
        .join(PlanVisit, PlanVisitRoleModel.plan_visit_id == PlanVisit.id)
        .join(Request, PlanVisit.request_id == Request.id)
        .where(
            members.agreement_id.in_(accounts),
            PlanVisit.plan_id == plan_id,
            PlanVisit.starts_at > clock.now(),
            Request.state == RequestState.OPEN,
        )
        .group_by(members.agreement_id)
    )
    if municipality_id:
        statement = statement.join(School, Request.school_id == School.id).where(
            School.municipality_id == municipality_id
        )
    for agreement_id, count in session.execute(statement):
        accounts[agreement_id].proposed = count


def _add_open_requests(session: Session, accounts: Iterable[Account], season: Season, plan_id: str | None) -> None:
    counted: Counter[str] = Counter()
    statement = (
        select(School.municipality_id, func.count())
        .join(Request, Request.school_id == School.id)
        .where(*_can_be_served(season.id, plan_id))
        .group_by(School.municipality_id)
    )
    for municipality_id, count in session.execute(statement):
        counted[municipality_id] = count
    for row in accounts:
        row.to_serve = sum(counted[town.id] for town in row.towns)


def _can_be_served(season_id: str, plan_id: str | None) -> list[ColumnElement[bool]]:
    """No visit, none proposed either, and a time to come."""
    ahead = (
        select(RequestOption.request_id)
        .join(Lesson, Lesson.option_id == RequestOption.id)
        .where(Lesson.position == 0, Lesson.starts_at > clock.now())
    )
    asked = [Request.season_id == season_id, Request.state.in_(SERVABLE), Request.id.in_(ahead)]
    if plan_id is not None:
        asked.append(Request.id.not_in(select(PlanVisit.request_id).where(PlanVisit.plan_id == plan_id)))
    return asked


def _add_ends(session: Session, accounts: Iterable[Account], season: Season) -> None:
    """Agreements near the end of their season that nothing follows."""
    today = clock.today()
    if not season.ends_on - ENDS_SOON <= today <= season.ends_on:
        return
    later: defaultdict[str, int] = defaultdict(int)
    for company_id in session.scalars(
        select(Agreement.company_id)
        .join(Season, Agreement.season_id == Season.id)
        .where(Season.starts_on > season.ends_on)
    ):
        later[company_id] += 1
    for row in accounts:
        row.ends_soon = not later[row.company_id]
