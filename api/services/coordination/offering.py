"""Offering a school the smallest change that would give it a visit, from the list of those without one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import AlternativeKind, Mode
from api.domain.permissions import Action, Actor, reach
from api.domain.transitions import Party
from api.errors import Conflict, NotFound
from api.i18n import gettext as _
from api.models.visits import Request
from api.queries import coordination_smallest, stories
from api.services.change import by
from api.services.follow_up.candidates import Candidate, Someone
from api.services.schools import alternatives

KINDS = {"date": AlternativeKind.DATE, "mode": AlternativeKind.MODE}


def offer_smallest(
    session: Session, actor: Actor, plan_id: str, request_id: str, seen: datetime | None, now: datetime | None = None
) -> Request:
    """Says no to what was asked for, and offers the smallest change instead, held as any alternative is.

    seen: the time of the change that was on the screen. Nobody whom the plan uses then is offered. Raises NotFound
    without the right, and Conflict when the change is another one by now or the role model's time is taken.
    """
    request = session.get(Request, request_id)
    if request is None or not reach(actor, Action.CHANGE_REQUESTS).everywhere:
        raise NotFound(_("There is no such request."))
    facts = stories.visit_facts(session, plan_id)
    found = coordination_smallest.smallest_changes(session, facts, [request_id]).get(request_id)
    changed = Conflict(_("This has changed in the meantime."), remedy=_("Load the page again to see how it stands."))
    if found is None or found.code not in KINDS or found.role_model is None:
        raise changed
    if coordination_smallest.starts_at(found) != seen:
        raise changed
    mode = Mode.DIGITAL if found.code == "mode" or request.mode.value == "digital" else Mode.PHYSICAL
    candidate = Candidate(
        option_id=None,
        lessons=tuple((clock.from_local(one.start), clock.from_local(one.end)) for one in found.lessons),
        mode=mode,
        people=(Someone(found.role_model, found.minutes if mode is Mode.PHYSICAL else 0, False),),
        worth=(),
    )
    held = alternatives.offer_alternatives(
        session, request, by(Party.COORDINATION, actor), now, offers=[(KINDS[found.code], candidate)]
    )
    if not held:
        raise changed
    return request
