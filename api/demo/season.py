"""Builds a demo season: seeded, on real towns, without a person who could exist. Two halves on one frame."""

from __future__ import annotations

from datetime import date, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.demo.agreements import add_agreements_of
from api.demo.frame import make_frame
from api.demo.groups import add_groups
from api.demo.rows import Rows
from api.demo.visits import LAST_SEASON, add_visits
from api.demo.years import add_years
from api.models.programmes import Season

PREFIX = "demo-"


def demo_code(seed: int, scale: int, *, from_register: bool) -> str:
    """The code of the season that these choices give."""
    return f"{PREFIX}{seed}x{scale}" + ("-register" if from_register else "")


def existing_seasons(session: Session) -> dict[str, str]:
    """Ids of all seasons by code."""
    return dict(session.execute(select(Season.code, Season.id)).all())


def build_season(session: Session, *, today: date, seed: int, scale: int, from_register: bool) -> dict[str, str]:
    """Writes a whole season. The same arguments give the same rows. Returns the ids of its rule versions by programme.

    seed: any integer. scale: 1 and up, times the size in product.md. from_register: seat it in imported schools.
    """
    moment = clock.at_local(today, time(0))
    rows = Rows(seed, int(moment.timestamp() * 1000))
    code = demo_code(seed, scale, from_register=from_register)
    frame = make_frame(session, rows, code, today, scale, from_register=from_register)
    add_visits(rows, frame)
    add_groups(rows, frame)
    add_agreements_of(rows, LAST_SEASON)
    add_years(rows, frame)
    rows.insert(session)
    return frame.rules
