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
from api.queries import queue_join, queue_place
from api.queries.queue_join import Joinable
from api.services import links
from api.services.queue import join, leave, letters
from api.web.pupil import forms, names
from api.web.pupil.choosing import EVENINGS, choosing, is_fragment

pages = Blueprint("join", __name__)
FORM, LOST = "join", "lost-link"
OLDEST_GRADE = 13


@pages.get("/elev/bli-med")
@public
def show() -> str:
    """The form; where there are several programmes, the one that the address names or the first."""
    return _page(*_asked(), forms.JoinForm())


@pages.post("/elev/bli-med")
@public
def send() -> Response | str | tuple[str, int]:
    """Signs up; or, with `look` or `add`, shows the same form with travel time, or one evening more."""
    (open_, others), form = _asked(), forms.typed()
    if open_ is None:
        raise NotFound(_("This cannot be joined now."))
    if is_fragment() or form.of("look") or form.of("add"):
        return _looked(open_, others, form)
    checked = public_forms.check(FORM, mail=form.of("email"))
    given = forms.read(read_session(), form, open_)
    if given is None or checked.again:
        return _page(open_, others, form, checked.again), 422
    try:
        with transaction() as session:
            join.register(session, given, locale=current_locale())
    except InvalidInput as error:
        forms.keep_faults(form, error)
        return _page(open_, others, form), 422
    return redirect(url_for("join.receipt"), 303)


@pages.get("/elev/bli-med/takk")
@public
def receipt() -> str:
    return render_template("pupil/receipt.html")


@pages.get("/elev/mistet-lenke")
@public
def lost() -> str:
    return render_template("pupil/lost_link.html", again=None, form=forms.JoinForm())


@pages.post("/elev/mistet-lenke")
@public
def send_lost() -> Response | tuple[str, int]:
    """The same answer whether or not anybody in a queue has the address."""
    address, again = public_forms.asked_address(LOST)
    if again:
        form = forms.JoinForm({"email": address}, {"email": again})
        return render_template("pupil/lost_link.html", form=form), 422
    with transaction() as session:
        leave.send_lost_links(session, address)
    return redirect(url_for("join.lost_sent"), 303)


@pages.get("/elev/mistet-lenke/sendt")
@public
def lost_sent() -> str:
    return render_template("pupil/lost_sent.html")


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


def _asked() -> tuple[Joinable | None, list[Joinable]]:
    """The programme and season that the address names, or the first; and the others."""
    found = queue_join.joinable(read_session(), clock.now())
    programme, season = request.args.get("program"), request.args.get("sesong")
    of_programme = [one for one in found if one.programme.code == programme] or found
    of_season = [one for one in of_programme if one.season.code == season] or of_programme
    asked = of_season[0] if of_season else None
    return asked, [one for one in found if one is not asked]


def _looked(open_: Joinable, others: list[Joinable], form: forms.JoinForm) -> str:
    """The form, or the part of it with the evenings, with travel time; nothing is judged but the home."""
    forms.read_home(read_session(), form)
    if form.of("add"):
        form.choose_too(form.of("add"))
    return _page(open_, others, form)


def _page(open_: Joinable | None, others: list[Joinable], form: forms.JoinForm, again: str | None = None) -> str:
    session = read_session()
    if open_ is None:
        return render_template("pupil/closed.html")
    return render_template(
        EVENINGS if is_fragment() else "pupil/join.html",
        open=open_,
        others=others,
        form=form,
        again=again,
        shown=choosing(session, open_, form),
        part=is_fragment(),
        asks_chance=True,
        action=url_for("join.send", program=open_.programme.code, sesong=open_.season.code),
        levels=queue_join.level_choices(session),
        grades=[(grade, names.grade(grade)) for grade in range(open_.rules.lowest_grade, OLDEST_GRADE + 1)],
        year=clock.today().year,
        ranks=range(1, forms.RANKS + 1),
        names=names,
    )
