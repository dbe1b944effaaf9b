"""By when a school hears: the window that its days fall in, and the date that is promised."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.clock import to_local
from api.domain.deadlines import monday_of
from api.domain.enums import WindowKind
from api.domain.promise import WORKING_DAYS, promise_date
from api.models.places import Holiday
from api.models.programmes import VisitWeek, Window


def window_for(
    session: Session, season_id: str, programme_id: str, municipality_id: str, days: Collection[date], moment: datetime
) -> Window | None:
    """The window open at `moment` for a visit week of the municipality that a day falls in, else for no week."""
    rows = session.execute(
        select(Window, VisitWeek.municipality_id, VisitWeek.monday)
        .outerjoin(VisitWeek, VisitWeek.window_id == Window.id)
        .where(
            Window.season_id == season_id,
            Window.programme_id == programme_id,
            Window.kind == WindowKind.REQUEST,
            Window.opens_at <= moment,
            Window.closes_at > moment,
        )
        .order_by(Window.closes_at, Window.id)
    ).all()
    weeks = {monday_of(day) for day in days}
    for window, municipality, monday in rows:
        if municipality == municipality_id and monday in weeks:
            return window
    return next((window for window, municipality, _monday in rows if municipality is None), None)


def answer_on(session: Session, window: Window | None, moment: datetime) -> date:
    """The promise date of an order that comes in at `moment`: the window's published date, else 10 working days."""
    day = to_local(moment).date()
    last = day + timedelta(days=5 * WORKING_DAYS)
    holidays = set(session.scalars(select(Holiday.day).where(Holiday.day.between(day, last))))
    return promise_date(day, holidays, published=window.answer_on if window else None)
