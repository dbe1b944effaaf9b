"""What a school, or the coordination for it, does to an order when it is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from api.domain.enums import TopicUse
from api.domain.permissions import Action, Actor, reach
from api.errors import Conflict, NotFound
from api.i18n import gettext as _
from api.models.follow_up import Alternative
from api.models.visits import Request, Visit
from api.queries import follow_up as reads
from api.queries.requests import request as request_in_reach
from api.services import requests
from api.services.change import by
from api.services.follow_up import messages
from api.services.follow_up.visits import party_of
from api.services.schools import alternatives


def visit_of(session: Session, actor: Actor, request_id: str) -> Visit:
    """The live visit of a request that the actor may change, as the school may know it. Raises NotFound, Conflict where
    there is none.
    """
    request = request_in_reach(session, reach(actor, Action.CHANGE_REQUESTS), request_id)
    visit = reads.told_visit(session, request.id)
    if visit is None:
        raise Conflict(_("The request has no visit."), remedy=_("Load the page again to see how it stands."))
    return visit


def order_again(session: Session, actor: Actor, request_id: str, given: Mapping[str, Any]) -> Request:
    """A new request like an earlier one, at new times. given: `season` and `options`, and what is to be different.

    Effects, in order: the request, open, which remembers what it repeats; the letter to its contact. Raises NotFound
    out of reach, and as `requests.create_request`.
    """
    before = request_in_reach(session, reach(actor, Action.CHANGE_REQUESTS), request_id)
    same: dict[str, Any] = {name: getattr(before, name) for name in requests.PLAIN_FIELDS}
    for name, use in (("topics", TopicUse.NEEDED), ("wishes", TopicUse.WISHED)):
        same[name] = [row.topic.code for row in before.topics if row.use is use]
    made = requests.create_request(session, actor, same | dict(given) | {"school": before.school_id})
    if "contact" not in given and before.contact is not None:
        made.contact = before.contact
    made.previous_id = before.id
    session.flush()
    messages.tell_school(session, "order_received", made, dedupe=f"received:{made.id}")
    return made


def choose(session: Session, actor: Actor, alternative_id: str) -> Visit | None:
    """As `alternatives.choose`, for those who may change the request. Raises NotFound for everyone else."""
    found = session.get(Alternative, alternative_id)
    if found is None or not reach(actor, Action.CHANGE_REQUESTS).covers(found.request.school_id):
        raise NotFound(_("There is no such alternative."))
    return alternatives.choose(session, found.id, by(party_of(actor), actor))
