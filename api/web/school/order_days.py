"""The calendar of the order form: which days are open, how many could come, and by when the school hears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Mode, RequestMode
from api.domain.programme_rules import VisitRules
from api.i18n import gettext as _
from api.i18n import long_date, ngettext, number
from api.models.programmes import Season
from api.queries import chances, order_calendar, promises
from api.queries import follow_up as reads
from api.queries.order_calendar import OrderCalendar, Week
from api.queries.schools import visit_programme_id
from api.queries.supply import Supply, Wish, supply
from api.web.school import order_words
from api.web.school.order_form import OrderForm

MODES = {
    RequestMode.PHYSICAL: (Mode.PHYSICAL,),
    RequestMode.DIGITAL: (Mode.DIGITAL,),
    RequestMode.EITHER: (Mode.PHYSICAL, Mode.DIGITAL),
}


@dataclass(frozen=True)
class OrderDays:
    """What the page knows of its days. until: the week that was asked for; shown weeks go at least so far."""

    session: Session
    form: OrderForm
    season: Season
    programme_id: str
    rules: VisitRules
    until: date | None = None

    @cached_property
    def calendar(self) -> OrderCalendar:
        return order_calendar.order_calendar(self.session, self.season, self.rules, self.programme_id, self.form.school)

    @cached_property
    def weeks(self) -> tuple[Week, ...]:
        return self.calendar.shown(self.form.days, self.until)

    @property
    def more(self) -> tuple[Week, ...]:
        return self.calendar.more_after(self.weeks)

    @property
    def closed(self) -> dict[date, str]:
        """Days that cannot be chosen, with their reason."""
        return {one.day: one.reason for week in self.calendar.weeks for one in week.days if one.reason is not None}

    @cached_property
    def supply(self) -> Supply | None:
        """Who could come on the shown days; None while the school is not known."""
        school, form = self.form.school, self.form
        if school is None:
            return None
        shown = [one.day for week in self.weeks for one in week.days if one.is_open]
        lessons = form.lessons
        wish = Wish(
            school=school,
            starts=form.first_lesson,
            ends=form.times[lessons - 1][1],
            lessons=lessons,
            grades=tuple(form.grades),
            topics=tuple(form.lists["topics"]),
            modes=MODES[form.mode],
            language=form.of("language") or None,
        )
        return supply(self.session, self.season, self.rules, wish, shown)

    def count(self, day: date) -> int | None:
        """How many could come that day; None while the school is not known."""
        return None if self.supply is None else len(self.supply.free.get(day, ()))

    @property
    def line(self) -> str:
        """What is chosen, and how many could come on one of the days."""
        chosen = [day for day in self.form.days if day in set(self.calendar.open_days)]
        if not chosen:
            return _("No days chosen yet")
        said = ngettext("%(count)s day chosen.", "%(count)s days chosen.", len(chosen), count=number(len(chosen)))
        if self.supply is None:
            return said
        come = self.supply.on_any(chosen)
        who = ngettext(
            "%(count)s role model can come on at least one of them.",
            "%(count)s role models can come on at least one of them.",
            come,
            count=number(come),
        )
        if not come:
            who = _("Nobody can come on them yet. Choose more days if you can.")
        return f"{said} {who}"

    @cached_property
    def promise(self) -> tuple[date, datetime | None]:
        """By when the school hears, and when the window that its days fall in closes."""
        days: Sequence[date] = self.form.days
        if not days:
            days = [week.monday for week in self.weeks if week.closes_at is not None]
        window = None
        if self.form.school is not None:
            window = promises.window_for(
                self.session, self.season.id, self.programme_id, self.form.school.municipality_id, days, clock.now()
            )
        return promises.answer_on(self.session, window, clock.now()), window.closes_at if window else None

    @cached_property
    def chance(self) -> chances.VisitChance | None:
        """How likely a visit is as the order stands; None while school, years or days are not known."""
        school, form, is_open = self.form.school, self.form, set(self.calendar.open_days)
        days = [day for day in form.days if day in is_open]
        if school is None or not form.grades or not days:
            return None
        times = form.times[: form.lessons]
        asked = chances.Order(
            season=self.season,
            programme_id=self.programme_id,
            school=school,
            grades=tuple(form.grades),
            options=tuple(
                tuple((clock.at_local(day, start), clock.at_local(day, end)) for start, end in times) for day in days
            ),
            topics=tuple(form.lists["topics"]),
            mode=form.mode,
            role_models=int(form.of("role_models")) if form.of("role_models") in ("1", "2", "3") else 1,
            language=form.of("language") or None,
        )
        return chances.visit_chance(self.session, asked)

    @property
    def chance_words(self) -> tuple[str, str]:
        """What the order can expect, in a word and what it means; empty where there is nothing to go by."""
        return order_words.chance(self.chance)

    @property
    def promised(self) -> str:
        return long_date(self.promise[0])


def order_days(session: Session, form: OrderForm, until: date | None = None) -> OrderDays | None:
    """The days of an order form; None when there is no season to order in."""
    programme = visit_programme_id(session)
    rules = reads.rules_of(session, programme)
    season = order_calendar.season_to_order_in(session, rules, form.days)
    return None if season is None else OrderDays(session, form, season, programme, rules, until)
