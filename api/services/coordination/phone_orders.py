"""Ordering on behalf of somebody who calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from api.domain.permissions import Action, Actor, reach
from api.errors import InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.visits import Request
from api.services import audit
from api.services.follow_up import messages
from api.services.requests import create_request


def order_for_caller(session: Session, actor: Actor, given: Mapping[str, Any]) -> Request:
    """A request for a school whose teacher is on the phone; they get a confirmation with a link to it.

    given: as NewRequestSchema loads it, with a contact. Effects, in order: the request, open, with who took the call;
    an entry in the trail; the letter to the contact. Raises NotFound without the right for the whole country,
    InvalidInput where nobody could be told, and as `requests.create_request`.
    """
    if not reach(actor, Action.CHANGE_REQUESTS).everywhere:
        raise NotFound(_("There is no such school."), field="school")
    contact = given.get("contact") or {}
    if not contact.get("name") or not (contact.get("email") or contact.get("phone")):
        raise InvalidInput(
            _("Say who called, with an e-mail address or a phone number."), field="contact", remedy=_("Ask for it.")
        )
    request = create_request(session, actor, given)
    request.ordered_by_id = actor.user_id
    session.flush()
    audit.record(session, "request.phone", "request", request.id, actor_id=actor.user_id)
    messages.tell_school(session, "ordered_for_you", request, dedupe=f"ordered:{request.id}")
    return request
