"""A school's own orders when it is signed in, and a new link for those who are not."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from werkzeug import Response

from api.db import transaction
from api.domain.enums import RequestState
from api.domain.permissions import Action, reach
from api.edge import public_forms
from api.edge.access import allowed, current_actor, public
from api.edge.session import read_session
from api.i18n import gettext as _
from api.i18n import mark
from api.queries import schools as reads
from api.queries.requests import request as request_in_reach
from api.queries.requests import shown_states
from api.services import links
from api.services.follow_up import messages
from api.services.schools import order as orders
from api.web.asked import asked_window

pages = Blueprint("own_orders", __name__)
LOST = "lost-order"
STATES = {
    RequestState.UNCONFIRMED: mark("Waits for the link in the mail"),
    RequestState.OPEN: mark("We are finding a role model"),
    RequestState.VISIT: mark("There is a visit"),
    RequestState.DECLINED: mark("We found nobody for your days"),
    RequestState.CANCELLED: mark("Cancelled"),
}


@pages.get("/bestillinger")
@allowed(Action.CHANGE_REQUESTS)
def mine() -> str:
    where = reach(current_actor(), Action.CHANGE_REQUESTS)
    newest_first = replace(asked_window(("submitted_at",)), descending=True)
    found = reads.orders(read_session(), where, newest_first)
    words = {key: _(STATES[state]) for key, state in shown_states(read_session(), where, found.items).items()}
    return render_template("school/own.html", page=found, words=words)


@pages.post("/bestillinger/<uuid:request_id>")
@allowed(Action.CHANGE_REQUESTS)
def open_mine(request_id: UUID) -> Response:
    """A fresh link to the page of one's own order."""
    with transaction() as session:
        order = request_in_reach(session, reach(current_actor(), Action.CHANGE_REQUESTS), str(request_id))
        target = links.address_of(messages.request_link(session, order))
    return redirect(target, 303)


@pages.get("/bestilling/mistet-lenke")
@public
def lost() -> str:
    return render_template("school/lost_link.html", again=None, email="")


@pages.post("/bestilling/mistet-lenke")
@public
def send_lost() -> Response | tuple[str, int]:
    """The same answer whether or not anybody has ordered with the address."""
    address, again = public_forms.asked_address(LOST)
    if again:
        return render_template("school/lost_link.html", again=again, email=address), 422
    with transaction() as session:
        orders.send_lost_links(session, address)
    return redirect(url_for("own_orders.sent"), 303)


@pages.get("/bestilling/mistet-lenke/sendt")
@public
def sent() -> str:
    return render_template("school/lost_link_sent.html")
