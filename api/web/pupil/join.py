"""Joining the waiting list: one page, and the same receipt for everyone."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from api import clock
from api.db import transaction
from api.edge import public_forms
from api.edge.access import current_actor, public, signed_in
from api.edge.session import read_session
from api.errors import InvalidInput, NotFound
from api.i18n import current_locale
from api.i18n import gettext as _
from api.models.pupils import Entry
from api.queries import people_and_topics, queue_join, queue_place
from api.queries.queue_join import Joinable
from api.services import links
from api.services.queue import join, leave, letters
from api.web.pupil import forms, names

pages = Blueprint("join", __name__)
FORM, LOST = "join", "lost-link"
GRADES = (8, 9, 10, 11, 12, 13)


@pages.get("/elev/bli-med")
@public
def show() -> str:
    """The form; where there are several programmes, the one that the address names or the first."""
    return _page(_asked(), forms.JoinForm())


@pages.post("/elev/bli-med")
@public
def send() -> Response | tuple[str, int]:
    open_, form = _asked(), forms.typed()
    if open_ is None:
        raise NotFound(_("This cannot be joined now."))
    checked = public_forms.check(FORM, mail=form.of("email"))
    given = forms.read(read_session(), form, open_)
    if given is None or checked.again:
        return _page(open_, form, checked.again), 422
    try:
        with transaction() as session:
            join.register(session, given, locale=current_locale())
    except InvalidInput as error:
        forms.keep_faults(form, error)
        return _page(open_, form), 422
    return redirect(url_for("join.receipt"), 303)


@pages.get("/elev/bli-med/takk")
@public
def receipt() -> str:
    return render_template("pupil/receipt.html")


@pages.get("/elev/mistet-lenke")
@public
def lost() -> str:
    return render_template("pupil/lost_link.html", again=None, email="")


@pages.post("/elev/mistet-lenke")
@public
def send_lost() -> Response | tuple[str, int]:
    """The same answer whether or not anybody in a queue has the address."""
    address, again = public_forms.asked_address(LOST)
    if again:
        return render_template("pupil/lost_link.html", again=again, email=address), 422
    with transaction() as session:
        leave.send_lost_links(session, address)
    return redirect(url_for("join.receipt"), 303)


@pages.get("/elev/ko")
@signed_in
def mine() -> str:
    """The places in the queue of the pupil who is signed in."""
    session = read_session()
    rows = queue_place.entries_of_person(session, current_actor().person_id)
    places = [queue_place.place_of_entry(session, row, clock.now()) for row in rows]
    return render_template("pupil/mine.html", places=places, names=names)


@pages.post("/elev/ko/<uuid:entry_id>")
@signed_in
def open_mine(entry_id: str) -> Response:
    """A fresh link to one's own page of the queue."""
    with transaction() as session:
        person_id = current_actor().person_id
        entry = session.get(Entry, str(entry_id))
        if entry is None or person_id is None or entry.pupil.person_id != person_id:
            raise NotFound(_("There is no such entry in the queue."))
        target = links.address_of(letters.entry_link(session, entry, person_id))
    return redirect(target, 303)


def _asked() -> Joinable | None:
    found = queue_join.joinable(read_session(), clock.now())
    wanted = request.args.get("program")
    return next((one for one in found if one.programme.code == wanted), found[0] if found else None)


def _page(open_: Joinable | None, form: forms.JoinForm, again: str | None = None) -> str:
    session = read_session()
    if open_ is None:
        return render_template("pupil/closed.html")
    evenings = queue_join.evenings(session, open_.season.id, open_.programme.id)
    others = [one for one in queue_join.joinable(session, clock.now()) if one.programme.id != open_.programme.id]
    home = form.schools[0] if len(form.schools) == 1 else None
    minutes = queue_join.minutes_to(evenings, open_.rules, home.lat if home else None, home.lon if home else None)
    return render_template(
        "pupil/join.html",
        open=open_,
        others=others,
        form=form,
        again=again,
        evenings=evenings,
        minutes=minutes,
        demand=queue_join.demand(session, open_, clock.now()),
        in_period=open_.in_period(clock.now()),
        levels=people_and_topics.level_names(session),
        grades=GRADES,
        ranks=range(1, forms.RANKS + 1),
        names=names,
    )
