"""What a role model sees on the own page: what waits for an answer, visits to come, where a place lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from api.domain.enums import InvitationState, VisitState
from api.models.follow_up import Invitation
from api.models.places import Municipality, School
from api.models.role_models import RoleModel, RoleModelFreeTime
from api.models.visits import Request, Visit, VisitRoleModel

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
    """Where a municipality (the middle of its schools) or a school of this name lies, None for neither or several."""
    wanted = name.strip().lower()
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


def boxes(role_model: RoleModel) -> list[list[Box]]:
    """The week as times to tick, a list for each weekday: two hours each, and whatever else the profile has."""
    return [_of_day(day, [one for one in role_model.free_times if one.weekday == day]) for day in _days(role_model)]


def _days(role_model: RoleModel) -> Iterable[int]:
    return sorted({*GRID_DAYS, *(one.weekday for one in role_model.free_times)})


def _of_day(day: int, own: list[RoleModelFreeTime]) -> list[Box]:
    grid = GRID_TIMES if day in GRID_DAYS else ()
    edges = {edge for times in GRID_TIMES for edge in times}
    found = {
        times: Box(day, *times, ticked=any(one.starts <= times[0] and times[1] <= one.ends for one in own))
        for times in grid
    }
    for one in own:
        if day not in GRID_DAYS or not (one.starts in edges and one.ends in edges):
            found[one.starts, one.ends] = Box(day, one.starts, one.ends, ticked=True)
    return [found[times] for times in sorted(found)]
