"""An offer of a seat and its three answers, by the link in its mail or from the page of the queue."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import LinkPurpose, OfferState
from api.domain.transitions import IllegalStep, Party
from api.edge.access import public
from api.edge.session import read_session
from api.errors import InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.group_life import SeatOffer
from api.models.pupils import Entry
from api.queries import queue_place
from api.services import change, links
from api.services.queue import offers
from api.web.pupil import links_of, names

pages = Blueprint("offer", __name__)
PUPIL = change.by(Party.PUPIL)
YES, STAY, NO = "yes", "stay", "no"
Find = Callable[[Session], tuple[SeatOffer, Entry]]


@pages.errorhandler(links.LinkExpired)
def expired(error: links.LinkExpired) -> tuple[str, int]:
    """The link lives as long as its offer: what became of that is said, and what comes next."""
    if error.token.purpose is not LinkPurpose.OFFER:
        return render_template("pupil/link_expired.html"), 410
    found, entry = links_of.offer_by_id(read_session(), error.token.object_id)
    return _over(found, entry), 410


@pages.get("/plass/<secret>")
@public
def show(secret: str) -> str:
    session = read_session()
    found, entry = links_of.offer_of(session, secret)
    shown = queue_place.place_of_entry(session, entry, clock.now())
    if shown.offer is None or shown.offer.id != found.id:
        return _over(found, entry)
    return render_template("pupil/offer.html", secret=secret, place=shown, names=names)


@pages.post("/plass/<secret>")
@public
def answer(secret: str) -> Response | tuple[str, int]:
    """answer: `yes`, `stay` (yes, and stay in line for a higher choice) or `no`."""
    return _answer(lambda session: links_of.offer_of(session, secret))


@pages.post("/ko/<secret>/svar")
@public
def answer_here(secret: str) -> Response | tuple[str, int]:
    """The open offer answered from the page of the queue, as on its own page. offer: its id, as the page showed it."""
    return _answer(lambda session: _shown_offer(session, secret))


def _answer(find: Find) -> Response | tuple[str, int]:
    said = request.form.get("answer")
    if said not in (YES, STAY, NO):
        raise InvalidInput(_("Choose one of the answers."), field="answer")
    try:
        with transaction() as session:
            found, entry = find(session)
            if said == NO:
                offers.decline(session, found, PUPIL)
            else:
                offers.accept(session, found, PUPIL, stay=said == STAY)
            target, evening = links_of.own_page(session, entry), names.on_evening(found.session)
    except links.LinkExpired:
        find(read_session())  # raises it anew, with a token that can still be read
        raise
    except IllegalStep:
        found, entry = find(read_session())
        return _over(found, entry), 409
    if said == NO:
        flash(_("You have said no to %(evening)s.", evening=evening), "success")
    return redirect(target, 303)


def _shown_offer(session: Session, secret: str) -> tuple[SeatOffer, Entry]:
    """The offer that the page showed, whatever has become of it meanwhile."""
    entry = links_of.entry_of(session, secret)
    found = session.get(SeatOffer, request.form.get("offer", ""))
    if found is None or found.entry_id != entry.id:
        raise NotFound(_("There is no such offer."))
    return found, entry


def _over(found: SeatOffer, entry: Entry) -> str:
    """What became of an offer that cannot be answered any more; one whose time is over counts as expired at once."""
    state = found.state
    if state is OfferState.OPEN and found.expires_at <= clock.now():
        state = OfferState.EXPIRED
    again = entry.silences > (1 if found.state is OfferState.EXPIRED else 0)
    shown = {"state": state, "offer": found, "again": again, "State": OfferState, "names": names}
    return render_template("pupil/offer_over.html", **shown)
