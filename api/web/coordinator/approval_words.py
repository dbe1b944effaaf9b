"""An approval in words: what gets better and what it costs, who hears what, and what happens by itself afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from api import clock
from api.domain.deadlines import after_working_days, object_by, school_days_before
from api.i18n import clock_time, mark, ngettext, number, short_date, short_datetime
from api.i18n import gettext as _
from api.models.follow_up import PlanApproval
from api.queries import follow_up as reads
from api.queries.coordination_approval import Sent
from api.queries.coordination_compare import Comparison, GoalPair
from api.services.follow_up.approval import Preview
from api.web import words

CHANGES: dict[str, tuple[str, str, str]] = {
    "lost": (mark("Loses its visit"), "cross", "danger"),
    "gained": (mark("New visit"), "plus", "success"),
    "moved": (mark("Another time"), "clock", "info"),
    "people": (mark("Other people"), "people", "info"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """What happens and when; done: it has happened."""

    when: str
    what: str
    more: str
    done: bool


def lead(found: Preview, compared: Comparison | None) -> str:
    """What the approval changes, in one line."""
    if compared is None:
        visits = len(found.visits)
        return ngettext("One visit is made.", "%(count)s visits are made.", visits, count=number(visits))
    counts = compared.counts
    moved = counts["moved"] + counts["people"]
    parts = [
        ngettext("One more request gets a visit.", "%(count)s more requests get a visit.", counts["gained"],
                 count=number(counts["gained"])) if counts["gained"] else "",
        ngettext("One loses its visit.", "%(count)s lose their visit.", counts["lost"],
                 count=number(counts["lost"])) if counts["lost"] else "",
        ngettext("One gets another time or other people.", "%(count)s get another time or other people.", moved,
                 count=number(moved)) if moved else "",
    ]  # fmt: skip
    return " ".join(filter(None, parts)) or _("The same visits as in the current plan.")


def difference(goal: GoalPair) -> tuple[str, str, str]:
    """How a goal's new value stands to the current one: sign, amount and word."""
    if goal.is_better is None or goal.before is None or goal.after is None:
        return "equal", "", _("the same")
    by = goal.after - goal.before
    amount = f"{'+' if by > 0 else '−'}{number(abs(by))}"
    return ("up", amount, _("better")) if goal.is_better else ("down", amount, _("worse"))


def letter(kind: str, count: int) -> tuple[str, str]:
    """Who gets a letter, and what it says besides."""
    many = number(count)
    if kind == "visit_confirmed_school":
        who = ngettext("one school gets yes and a name", "%(count)s schools get yes and a name", count, count=many)
        return who, ""
    if kind == "visit_asking_school":
        who = ngettext(
            "one school hears that we are asking", "%(count)s schools hear that we are asking", count, count=many
        )
        return who, _("And when they hear more")
    if kind == "invitation_notice":
        who = ngettext("one of an agreement is confirmed", "%(count)s of agreements are confirmed", count, count=many)
        return who, _("Each may say no within 48 hours")
    return ngettext("one role model is asked", "%(count)s role models are asked", count, count=many), _(
        "Yes or no with one press"
    )


def moment(when: datetime) -> str:
    """ "today at 12.00" or a date with the time."""
    local = clock.to_oslo(when)
    if local.date() == clock.today():
        return _("today at %(time)s", time=clock_time(when))
    if local.date() == clock.today() + timedelta(days=1):
        return _("tomorrow at %(time)s", time=clock_time(when))
    return short_datetime(when)


def left(until: datetime) -> str:
    """ "2 t 19 min"."""
    minutes = max(0, int((until - clock.now()).total_seconds() // 60))
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(count)s min", count=number(rest))
    return _("%(hours)s h %(minutes)s min", hours=number(hours), minutes=number(rest))


def passed(approval: PlanApproval) -> float:
    """How much of the time to undo has gone, of a hundred."""
    whole = (approval.send_at - approval.created_at).total_seconds()
    gone = (clock.now() - approval.created_at).total_seconds()
    return round(min(100.0, max(0.0, 100 * gone / whole)), 1) if whole > 0 else 100.0


def steps(session: Session, approval: PlanApproval, sent: Sent, programme_id: str) -> Sequence[Step]:
    """What happens by itself, from the approval on."""
    rules, holidays = reads.rules_of(session, programme_id), reads.holidays(session)
    visits = len(approval.items)
    listed = [
        Step(
            _at(approval.created_at), _("The plan was approved"),
            ngettext("One visit is made.", "%(count)s visits are made.", visits, count=number(visits)), True,
        ),
        Step(
            _at(approval.send_at),
            ngettext("One message leaves", "%(count)s messages leave", sent.messages, count=number(sent.messages)),
            _("People of agreements may say no until %(when)s.",
              when=short_datetime(object_by(approval.send_at, rules, holidays))) if sent.notices else "",
            approval.sent_at is not None,
        ),
    ]  # fmt: skip
    if sent.asked:
        over = after_working_days(approval.send_at, rules.silence_working_days, holidays)
        listed.append(
            Step(
                short_date(clock.to_oslo(over)),
                ngettext("Last day for the one who is asked", "Last day for the %(count)s who are asked", sent.asked,
                         count=number(sent.asked)),
                _("Silence counts as no. Then the next one is asked."), over < clock.now(),
            )
        )  # fmt: skip
    if sent.first is not None:
        day = clock.to_oslo(sent.first).date()
        by = school_days_before(day, rules.confirm_school_days, holidays)
        listed.append(
            Step(
                short_date(by),
                _("All visits in week %(week)s are to be confirmed", week=day.isocalendar().week),
                _("What is missing then comes on the list of today."), by < clock.today(),
            )
        )  # fmt: skip
    return listed


def goal_label(goal: GoalPair) -> str:
    return words.goal_label(goal.name)


def _at(when: datetime) -> str:
    return clock_time(when) if clock.to_oslo(when).date() == clock.today() else short_datetime(when)
