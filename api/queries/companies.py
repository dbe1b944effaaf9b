"""Companies as they are seen: the list, the people and times of an agreement, what was promised and what came of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from api import clock
from api.domain.enums import InvitationState, VisitState
from api.domain.name_order import name_key
from api.domain.permissions import Action, Actor, reach
from api.models.bookings import Booking
from api.models.companies import Agreement, Company
from api.models.follow_up import Invitation, PledgeSlot
from api.models.places import Municipality
from api.models.programmes import VisitWeek
from api.models.role_models import RoleModel, agreement_role_model
from api.models.visits import Request, Visit
from api.queries.names import by_name
from api.queries.paging import Page, Window, page_of


def promised_visits(pledged_people: int, slots: int) -> int:
    """How many visits an agreement promises: one of each person pledged, or as many as the times set aside."""
    return max(pledged_people, slots)


@dataclass(slots=True)
class Week:
    """What came of one week of an agreement. monday: its day.

    promised: times set aside. asked: asking or telling one person about one visit. accepted: those who said yes, or had
    nothing against it. held: of these, visits that took place. silent: those who let the time go by.
    """

    monday: date
    promised: int = 0
    asked: int = 0
    accepted: int = 0
    held: int = 0
    silent: int = 0


@dataclass(slots=True)
class Figures:
    """What an agreement promised and what was delivered. people: how many stand in it, of pledged_people."""

    agreement_id: str
    pledged_people: int
    people: int
    weeks: list[Week] = field(default_factory=list)

    def total(self, name: str) -> int:
        """One of the figures over all weeks."""
        return sum(getattr(week, name) for week in self.weeks)

    @property
    def promised(self) -> int:
        """Visits of the whole agreement, which may be more than what its weeks have set aside so far."""
        return promised_visits(self.pledged_people, self.total("promised"))

    @property
    def asked(self) -> int:
        return self.total("asked")

    @property
    def accepted(self) -> int:
        return self.total("accepted")

    @property
    def held(self) -> int:
        return self.total("held")

    @property
    def silent(self) -> int:
        return self.total("silent")


@dataclass(frozen=True, slots=True)
class Slot:
    """A time set aside. school: where the person is in that time, None while it is free."""

    slot: PledgeSlot
    used: bool
    school: str | None


def companies(session: Session, actor: Actor, window: Window) -> Page[Company]:
    """The companies in the actor's reach. Sorts: name."""
    where = reach(actor, Action.SEE_COMPANIES)
    statement = select(Company)
    if not where.everywhere:
        statement = statement.where(Company.id.in_(where.scopes))
    return page_of(session, statement, window, {"name": (Company.name, Company.id)})


def role_models_of(session: Session, company_id: str) -> list[RoleModel]:
    """The company's people, by name."""
    rows = session.scalars(
        select(RoleModel).where(RoleModel.company_id == company_id).options(joinedload(RoleModel.person))
    )
    return sorted(rows, key=lambda one: (name_key(one.person.name), one.id))


def slots(session: Session, agreement_id: str) -> list[Slot]:
    """The times set aside for an agreement, in order, and which of them are in use."""
    rows = session.scalars(
        select(PledgeSlot)
        .where(PledgeSlot.agreement_id == agreement_id)
        .options(joinedload(PledgeSlot.role_model).joinedload(RoleModel.person))
        .order_by(PledgeSlot.day, PledgeSlot.starts, PledgeSlot.id)
    ).all()
    booked = defaultdict(list)
    for booking in session.scalars(
        select(Booking).where(
            Booking.person_id.in_({one.role_model.person_id for one in rows}), Booking.released_at.is_(None)
        )
    ):
        booked[booking.person_id].append(booking)
    visits = {one.visit_id for taken in booked.values() for one in taken if one.visit_id}
    schools = dict(
        session.execute(
            select(Visit.id, Request).join(Request, Visit.request_id == Request.id).where(Visit.id.in_(visits))
        ).all()
    )
    found = []
    for row in rows:
        starts, ends = (clock.at_local(row.day, at) for at in (row.starts, row.ends))
        use = [one for one in booked[row.role_model.person_id] if one.starts_at < ends and one.ends_at > starts]
        school = next((schools[one.visit_id].school.name for one in use if one.visit_id in schools), None)
        found.append(Slot(row, bool(use), school))
    return found


def figures(session: Session, agreement: Agreement) -> Figures:
    """Promised, asked, accepted, held and silent, by week of the visits."""
    weeks: dict[date, Week] = {}

    def week_of(day: date) -> Week:
        monday = day - timedelta(days=day.weekday())
        return weeks.setdefault(monday, Week(monday))

    for named in agreement.visit_weeks:
        week_of(named.monday)
    for day in session.scalars(select(PledgeSlot.day).where(PledgeSlot.agreement_id == agreement.id)):
        week_of(day).promised += 1
    people = select(agreement_role_model.c.role_model_id).where(agreement_role_model.c.agreement_id == agreement.id)
    rows = session.execute(
        select(Invitation.state, Visit.state, Visit.starts_at)
        .join(Visit, Invitation.visit_id == Visit.id)
        .join(Request, Visit.request_id == Request.id)
        .where(
            Invitation.role_model_id.in_(people),
            Request.season_id == agreement.season_id,
            Invitation.state.not_in((InvitationState.QUEUED, InvitationState.WITHDRAWN)),
        )
    )
    for answer, visit, starts_at in rows:
        week = week_of(clock.to_oslo(starts_at).date())
        week.asked += 1
        week.accepted += answer is InvitationState.ACCEPTED
        week.held += answer is InvitationState.ACCEPTED and visit is VisitState.HELD
        week.silent += answer is InvitationState.EXPIRED
    count = len(session.scalars(people).all())
    return Figures(agreement.id, agreement.pledged_people, count, [weeks[monday] for monday in sorted(weeks)])


def weeks_of_season(session: Session, season_id: str) -> list[VisitWeek]:
    """The visit weeks that an agreement can name, in order."""
    return list(
        session.scalars(
            select(VisitWeek)
            .join(Municipality, VisitWeek.municipality_id == Municipality.id)
            .where(VisitWeek.season_id == season_id)
            .options(joinedload(VisitWeek.municipality))
            .order_by(VisitWeek.monday, by_name(Municipality.name), VisitWeek.id)
        )
    )
