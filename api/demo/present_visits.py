"""School visits of the half year that runs: one of each stage between an order and a visit that was held."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from api import clock
from api.demo.present import PHONE, Days
from api.domain.enums import InvitationState, Mode, RefusalScope, RequestMode
from api.domain.permissions import Actor
from api.domain.transitions import Party
from api.models.follow_up import Invitation
from api.models.places import Municipality, School
from api.models.visits import Request, Visit
from api.queries import follow_up as reads
from api.services.change import SYSTEM, by
from api.services.coordination.phone_orders import order_for_caller
from api.services.follow_up import arrange, invitations, sending, steps, turn
from api.services.follow_up.candidates import best_for
from api.services.schools.alternatives import offer_alternatives

ROLE_MODEL, SCHOOL = by(Party.ROLE_MODEL), by(Party.SCHOOL)
TOWNS = ("Oslo", "Bergen", "Trondheim", "Stavanger", "Bærum")
LESSON = timedelta(minutes=45)
Step = Callable[[Session, str], None]


@dataclass(slots=True)
class Orders:
    """Orders by the phone, each of a school of its own. made: ids of requests by the name of the story."""

    season: str
    actor: Actor
    made: dict[str, str] = field(default_factory=dict)

    def take(self, session: Session, story: str, days: Iterable[date]) -> Request:
        """An order for a lesson at half past nine on one of these days, in the person or digital."""
        number = len(self.made)
        school = _school(session, self.season, TOWNS[number % len(TOWNS)])
        contact = {
            "name": f"Kontaktlærer {900 + number}",
            "email": f"kontaktlaerer{900 + number}@example.org",
            "phone": PHONE,
        }
        given: dict[str, Any] = {
            "school": school, "season": self.season, "programme": "rollemodell", "contact": contact,
            "grade": 9, "classes": 1, "pupils": 24 + number % 6, "mode": RequestMode.EITHER, "prefers": Mode.PHYSICAL,
            "options": [{"lessons": [_lesson(day)]} for day in days],
        }  # fmt: skip
        request = order_for_caller(session, self.actor, given)
        self.made[story] = request.id
        return request


def _school(session: Session, season_id: str, town: str) -> str:
    """A school of the town that has not ordered yet this half year, else one of anywhere."""
    taken = select(Request.school_id).where(Request.season_id == season_id)
    free = (
        select(School.id).join(Municipality, School.municipality_id == Municipality.id).where(School.id.not_in(taken))
    )
    there_first = case((Municipality.name == town, 0), else_=1)
    return session.scalars(free.order_by(there_first, School.id).limit(1)).one()


def _lesson(day: date) -> dict[str, datetime]:
    starts_at = clock.at_local(day, time(9, 30))
    return {"starts_at": starts_at, "ends_at": starts_at + LESSON}


def plan_visits(days: Days, season_id: str, actor: Actor) -> None:
    """Writes the stories into the days."""
    orders = Orders(season_id, actor)

    def story(
        name: str, ordered: int, asked: int | None, first: int, steps_of: dict[int, Step] | None = None, hour: int = 8
    ) -> None:
        """Ordered, and asked, so many working days ago, for a visit so many ahead (or, negative, ago)."""
        when = [days.ahead(first + n) if first > 0 else clock.to_oslo(days.back(-first)).date() for n in (0, 1, 2)]
        when = sorted(set(when))
        days.do(days.back(ordered), lambda session: _order(orders, session, name, when))
        if asked is not None:
            moment = days.back(asked, hour) if asked else days.now - timedelta(hours=1)
            days.do(moment, lambda session: _ask(session, orders.made[name]))
        for back, act in (steps_of or {}).items():
            days.do(days.back(back, 11), _on(orders, name, act))

    for back in range(5):
        story(f"out {back}", back + 2, back, 14 + back)
    story("out 5", 7, 5, 13, hour=15)
    story("accepted", 6, 4, 15, {3: _accept, 2: _called})
    story("settled", 8, 7, 12, {5: _accept, 4: _called})
    story("declined", 7, 4, 16, {3: _decline})
    story("silent", 13, 11, 15)
    story("not confirmed", 6, 3, 9)
    story("not called", 12, 9, 13, {8: _accept})
    story("not ready", 14, 12, 4, {9: _accept, 8: _called})
    story("held", 15, 14, -2, {12: _accept, 11: _called, 3: _ready})
    story("at risk", 9, None, 14)
    story("late", 12, None, 15)
    days.do(days.now - timedelta(minutes=20), lambda session: _order(orders, session, "new", [days.ahead(20)]))
    days.do(days.back(4), lambda session: _order(orders, session, "no", [days.ahead(17)]))
    days.do(days.back(1, 10), lambda session: _say_no(session, orders.made["no"]))


def _on(orders: Orders, name: str, act: Step) -> Callable[[Session], None]:
    return lambda session: act(session, orders.made[name])


def _order(orders: Orders, session: Session, name: str, days: Iterable[date]) -> None:
    orders.take(session, name, days)


def _ask(session: Session, request_id: str) -> None:
    """The best who can come is asked, as after a plan."""
    turn.take(session)
    request = session.get_one(Request, request_id)
    found = best_for(session, request)
    if found is not None:
        visit = arrange.new_visit(session, request, found, SYSTEM)
        arrange.add_people(session, visit, found.people, SYSTEM)
        sending.announce(session, visit, clock.now())


def _invitation(session: Session, request_id: str) -> Invitation | None:
    return session.scalar(
        select(Invitation)
        .join(Visit, Invitation.visit_id == Visit.id)
        .where(Visit.request_id == request_id, Invitation.state == InvitationState.SENT)
    )


def _accept(session: Session, request_id: str) -> None:
    if (found := _invitation(session, request_id)) is not None:
        invitations.accept(session, found.id, ROLE_MODEL)


def _decline(session: Session, request_id: str) -> None:
    if (found := _invitation(session, request_id)) is not None:
        invitations.decline(session, found.id, RefusalScope.TIME, ROLE_MODEL)


def _called(session: Session, request_id: str) -> None:
    if (visit := reads.live_visit(session, request_id)) is not None:
        for one in list(visit.role_models):
            steps.called(session, visit.id, one.role_model_id, ROLE_MODEL)


def _ready(session: Session, request_id: str) -> None:
    if (visit := reads.live_visit(session, request_id)) is not None:
        steps.ready(session, visit.id, SCHOOL)
        for one in list(visit.role_models):
            steps.ready(session, visit.id, ROLE_MODEL, role_model_id=one.role_model_id)


def _say_no(session: Session, request_id: str) -> None:
    offer_alternatives(session, session.get_one(Request, request_id), SYSTEM)
