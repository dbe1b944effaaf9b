"""Words of a campus: duties, attendance, and the lines of its list."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from babel import dates
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from api.domain.enums import DutyState, MeetingState, Presence
from api.errors import InvalidInput
from api.i18n import current_locale, mark, ngettext, short_datetime
from api.i18n import gettext as _
from api.models.groups import Mentor
from api.models.people import Person
from api.queries.campus_trouble import Trouble
from api.queries.names import by_name

DUTIES: dict[DutyState, str] = {
    DutyState.ASKED: mark("asked"),
    DutyState.PLANNED: mark("on duty"),
    DutyState.DECLINED: mark("said no"),
    DutyState.WITHDRAWN: mark("taken off"),
    DutyState.AWAY: mark("away"),
    DutyState.PRESENT: mark("was there"),
}
MEETINGS: dict[MeetingState, str] = {
    MeetingState.PLANNED: mark("planned"),
    MeetingState.HELD: mark("held"),
    MeetingState.CANCELLED: mark("cancelled"),
}
PRESENCES: dict[Presence, str] = {
    Presence.HERE: mark("Here"),
    Presence.TOLD: mark("Told"),
    Presence.NOT_TOLD: mark("Not told"),
}


def duty(state: DutyState) -> str:
    """A duty's state."""
    return _(DUTIES[state])


def meeting(state: MeetingState) -> str:
    """A meeting's state."""
    return _(MEETINGS[state])


def presence(state: Presence) -> str:
    """What was tapped."""
    return _(PRESENCES[state])


def sentence(trouble: Trouble) -> str:
    """What a line of the list says, in one sentence."""
    reason = trouble.line.reason
    match trouble.line.kind:
        case "too_few_mentors":
            return _(
                "%(when)s: %(adults)s of %(least)s adults for %(pupils)s pupils. %(asked)s have been asked.",
                when=short_datetime(datetime.fromisoformat(reason["starts_at"])),
                **{name: reason[name] for name in ("adults", "least", "pupils", "asked")},
            )
        case "absent":
            return ngettext(
                "%(pupil)s has been away once without a word.",
                "%(pupil)s has been away %(num)s times without a word.",
                reason["times"],
                pupil=trouble.pupil,
            )
        case "underfilled":
            return _(
                "%(seated)s of at least %(least)s pupils have a seat. %(waiting)s wait.",
                **{name: reason[name] for name in ("seated", "least", "waiting")},
            )
        case "not_marked":
            return _(
                "%(when)s: nobody has marked who was there.",
                when=short_datetime(datetime.fromisoformat(reason["starts_at"])),
            )
        case "mail_failed" if str(reason.get("letter", "")).startswith("queue_offer"):
            return _("An offer of a seat did not arrive. The seat is held until somebody is reached.")
        case "mail_failed":
            return _("A message did not arrive.")
    return _("Something needs you here.")


def month_name(day: date) -> str:
    """ "januar 2027"."""
    return dates.format_date(day, "LLLL y", locale=current_locale())


def again_untold(times: int) -> str:
    """What follows when a pupil is away without a word for so many times."""
    if times == 2:
        return _("The second time without a word. Call home afterwards.")
    return _("%(times)s times without a word. The leader of the site decides about the seat.", times=times)


def offers_sent(count: int) -> str:
    """What came of sending offers."""
    if not count:
        return _("No seat could be offered: they are taken, or nobody in line can take them.")
    return ngettext("One offer is sent.", "%(num)s offers are sent.", count, num=count)


def mentors_asked(count: int) -> str:
    """What came of asking others to step in."""
    if not count:
        return _("Nobody else could come. Call, or cancel the meeting.")
    return ngettext("One mentor is asked.", "%(num)s mentors are asked. The first yes has it.", count, num=count)


def told_tonight(count: int) -> str:
    """What came of telling those who are next in line of seats for one evening."""
    if not count:
        return _("Nobody was told: no seat is empty, or nobody else waits for this evening.")
    return ngettext("One pupil has been told.", "%(num)s pupils have been told.", count, num=count)


def meetings_made(count: int) -> str:
    """What came of a new evening."""
    return ngettext(
        "The evening is set up, with one meeting.", "The evening is set up, with %(num)s meetings.", count, num=count
    )


def mentors_of(session: Session, site_id: str) -> list[Mentor]:
    """The mentors of a site by name, those who have left last."""
    rows = session.scalars(
        select(Mentor)
        .join(Person, Mentor.person_id == Person.id)
        .options(joinedload(Mentor.person), selectinload(Mentor.levels))
        .where(Mentor.site_id == site_id)
        .order_by(Mentor.is_active.desc(), by_name(Person.name), Mentor.id)
    )
    return list(rows)


def required(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """The values, when these are given. Raises InvalidInput naming the first that is missing or empty."""
    for name in names:
        if values.get(name) in (None, ""):
            raise InvalidInput(_("This is missing."), field=name, remedy=_("Fill it in."))
    return values
