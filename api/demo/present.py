"""The half year that runs: its last weeks are lived through by the services, day by day, until the present moment.

What people do is written as acts at moments of working days; between them the jobs of the scheduler do what was due,
and mails leave. So every state, line, deadline and trail is what the service itself made of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.db import reading, transaction
from api.demo.season import PREFIX
from api.domain.permissions import Actor
from api.domain.school_days import is_school_day
from api.models.follow_up import ExceptionItem
from api.models.people import Person
from api.models.places import Holiday
from api.models.programmes import Season
from api.services.campus import meetings, warnings
from api.services.follow_up import promises, sending, silence, steps
from api.services.outbox_sending import send_due
from api.services.queue import due

CODE, NAME = f"{PREFIX}now", "Dette halvåret"
BACK, AHEAD = timedelta(weeks=12), timedelta(weeks=8)
TICKS = (6, 5, 3, 2, 1)  # working days ago, on which something of the stories falls due
PHONE = "000 00 000"  # rings nowhere
Act = Callable[[Session], None]
JOBS = (
    (meetings.due_hold, meetings.do_hold),
    (warnings.due_not_marked, warnings.do_not_marked),
    (warnings.due_underfilled, warnings.do_underfilled),
    (sending.due_turns, sending.do_turn),
    (silence.due_reminders, silence.do_reminder),
    (silence.due_silences, silence.do_silence),
    (promises.due_promises, promises.do_promise),
    (steps.due_calls, steps.do_call),
    (steps.due_ready, steps.do_ready),
    (steps.due_day_before, steps.do_day_before),
    (steps.due_held, steps.do_held),
    (promises.due_confirmations, promises.do_confirmation),
    (due.due_expiries, due.do_expiry),
)


@dataclass(slots=True)
class Days:
    """Working days around today, and what is done on them. Moments of today that have not come are not lived."""

    now: datetime
    holidays: frozenset[date]
    acts: list[tuple[datetime, int, Act]] = field(default_factory=list)

    def back(self, count: int, hour: int = 9, minute: int = 0) -> datetime:
        """A time on the working day so many before today, 1 and up."""
        return clock.at_local(self._count(-1, count), time(hour, minute))

    def ahead(self, count: int) -> date:
        """The working day so many after today, 1 and up."""
        return self._count(1, count)

    def do(self, moment: datetime, act: Act) -> None:
        self.acts.append((min(moment, self.now), len(self.acts), act))

    def _count(self, step: int, count: int) -> date:
        day = clock.to_oslo(self.now).date()
        while count:
            day += timedelta(days=step)
            count -= is_school_day(day, self.holidays)
        return day


def is_lived_in(session: Session) -> bool:
    """Whether the half year that runs is there."""
    return session.scalar(select(Season.id).where(Season.code == CODE)) is not None


def add_present(actor: Actor, password: str) -> None:
    """Makes the half year that runs and lives it until now. actor: who coordinates. password: of the demo's users."""
    from api.demo.present_campus import plan_campus
    from api.demo.present_users import add_users
    from api.demo.present_visits import plan_visits

    now = clock.now()
    today = clock.to_oslo(now).date()
    with reading() as session:
        days = Days(now, frozenset(session.scalars(select(Holiday.day))))
    with clock.as_of(now - BACK), transaction() as session:
        season = Season(code=CODE, name=NAME, starts_on=today - BACK, ends_on=today + AHEAD)
        session.add(season)
        session.flush()
        season_id = season.id
        add_users(session, password)
    plan_visits(days, season_id, actor)
    plan_campus(days, season_id)
    _live(days)
    with transaction() as session:
        _give_numbers(session)


def _give_numbers(session: Session) -> None:
    """Whoever is to be called has a number, though none that rings."""
    wanted = select(ExceptionItem.person_id).where(ExceptionItem.person_id.is_not(None))
    session.execute(update(Person).where(Person.id.in_(wanted)).values(phone=PHONE))


def _live(days: Days) -> None:
    """All acts in their order; on some mornings, and at the end, what is due by itself."""
    ticks = [days.back(count, 8, 30) for count in TICKS]
    none: Act = _nothing
    script = [*days.acts, *((moment, len(days.acts) + n, none) for n, moment in enumerate([*ticks, days.now]))]
    for moment, _, act in sorted(script, key=lambda one: one[:2]):
        with clock.as_of(moment):
            with transaction() as session:
                act(session)
            if act is none:
                _tick(moment)
            send_due(moment)


def _tick(moment: datetime) -> None:
    for find, do in JOBS:
        with transaction() as session:
            for item in find(session, moment):
                do(session, item, moment)


def _nothing(_session: Session) -> None:
    """A moment at which only the jobs have something to do."""
