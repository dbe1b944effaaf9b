"""What a role model sees on the own page: what waits for an answer, visits to come, where a place lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from api.domain.enums import InvitationState, VisitState
from api.models.follow_up import Invitation
from api.models.places import Municipality, School
from api.models.role_models import RoleModel, RoleModelFreeTime
from api.models.visits import Request, Visit, VisitRoleModel
from api.queries.postcodes import place_of_postcode

GRID_DAYS = range(1, 6)
GRID_TIMES = tuple((time(hour), time(hour + 2)) for hour in (8, 10, 12, 14))


@dataclass(frozen=True, slots=True)
class Box:
    """A time to tick. weekday: 1 Monday to 7. ticked: whether the profile has all of it."""

    weekday: int
    starts: time
    ends: time
    ticked: bool

    @property
    def value(self) -> str:
        """What a form sends for it."""
        return f"{self.weekday} {self.starts:%H:%M} {self.ends:%H:%M}"


def open_invitations(session: Session, role_model_id: str, now: datetime) -> list[Invitation]:
    """Invitations that wait for an answer, the most urgent first."""
    return list(
        session.scalars(
            select(Invitation)
            .join(Visit, Invitation.visit_id == Visit.id)
            .where(
                Invitation.role_model_id == role_model_id,
                Invitation.state == InvitationState.SENT,
                Invitation.answer_by > now,
            )
            .options(joinedload(Invitation.visit).joinedload(Visit.request).joinedload(Request.school))
            .order_by(Invitation.answer_by, Invitation.id)
        )
    )


def own_visits(session: Session, role_model_id: str, now: datetime) -> list[Visit]:
    """Visits to come that the role model has said yes to, the first first."""
    said_yes = select(Invitation.visit_id).where(
        Invitation.role_model_id == role_model_id, Invitation.state == InvitationState.ACCEPTED
    )
    return list(
        session.scalars(
            select(Visit)
            .join(VisitRoleModel, VisitRoleModel.visit_id == Visit.id)
            .where(
                VisitRoleModel.role_model_id == role_model_id,
                Visit.id.in_(said_yes),
                Visit.state.in_((VisitState.PLANNED, VisitState.CONFIRMED)),
                Visit.ends_at > now,
            )
            .options(joinedload(Visit.request).joinedload(Request.school))
            .order_by(Visit.starts_at, Visit.id)
        )
    )


def place_at(session: Session, name: str) -> tuple[float, float] | None:
    """Where a municipality (the middle of its schools), a postcode or a school lies, None for neither or several."""
    wanted = name.strip().lower()
    code = wanted.partition(" ")[0]
    if len(code) == 4 and code.isascii() and code.isdigit():
        rough = place_of_postcode(session, code)
        return (rough.lat, rough.lon) if rough else None
    middle = (
        select(func.avg(School.lat), func.avg(School.lon))
        .join(Municipality, School.municipality_id == Municipality.id)
        .where(func.lower(Municipality.name) == wanted)
        .group_by(Municipality.id)
    )
    school = select(School.lat, School.lon).where(func.lower(School.name) == wanted)
    for statement in (middle, school):
        found = session.execute(statement.limit(2)).all()
        if len(found) == 1 and found[0][0] is not None:
            return float(found[0][0]), float(found[0][1])
    return None


def grid(role_model: RoleModel) -> tuple[list[list[Box]], list[Box]]:
    """The school week as times to tick, a list of Monday to Friday for each time; and what else the profile has."""
    rows = [[_box(role_model, day, times) for day in GRID_DAYS] for times in GRID_TIMES]
    ticked = [box for row in rows for box in row if box.ticked]
    others = [
        Box(one.weekday, starts, ends, ticked=True)
        for one in sorted(role_model.free_times, key=lambda one: (one.weekday, one.starts))
        for starts, ends in _beside(one, [box for box in ticked if box.weekday == one.weekday])
    ]
    return rows, others


def _box(role_model: RoleModel, day: int, times: tuple[time, time]) -> Box:
    own = [one for one in role_model.free_times if one.weekday == day]
    return Box(day, *times, ticked=any(one.starts <= times[0] and times[1] <= one.ends for one in own))


def _beside(free: RoleModelFreeTime, boxes: list[Box]) -> Iterator[tuple[time, time]]:
    """What is left of a free time beside the boxes, which come in order."""
    starts = free.starts
    for box in boxes:
        if free.starts <= box.starts and box.ends <= free.ends:
            if starts < box.starts:
                yield starts, box.starts
            starts = box.ends
    if starts < free.ends:
        yield starts, free.ends
