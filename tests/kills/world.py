"""A small season, planned, with enough going on that every process has something to lose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import time_machine
from sqlalchemy import select

from api.db import transaction
from api.domain.enums import RunKind
from api.domain.permissions import Actor, Grant, Role
from api.models.access import User
from api.models.places import School
from api.services import users
from api.services.follow_up import approval
from tests import factories as make
from tests.seasons import planned_season

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """What the driver knows: a season and its first Monday, schools, and a coordinator's key."""

    season: str
    monday: date
    schools: list[str]
    token: str


def users_actor(user: User) -> Actor:
    return Actor(user.id, frozenset({Grant(Role.COORDINATOR)}), person_id=user.person_id)


def small_world() -> World:
    """Built in the database that `transaction()` writes to, at START; its visits are approved and not yet sent."""
    with time_machine.travel(START, tick=True), transaction() as session:
        season = planned_season(session, copies=3)
        for request in (*season.served, *season.unserved):
            request.contact_id = make.make_person(session).id
        user = make.make_user(session, Role.COORDINATOR)
        approval.approve(session, users_actor(user), season.plans[RunKind.VISIT])
        token = users.create_token(session, user_id=user.id, name="driver", scopes=("read", "write"))
        schools = list(session.scalars(select(School.id).order_by(School.id)))
        return World(season.season.id, season.monday, schools, token)
