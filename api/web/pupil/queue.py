"""The page of the queue, by the link in the mail: GET shows, POST acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import EntryState, LinkPurpose
from api.domain.transitions import IllegalStep, Party
from api.edge.access import public
from api.edge.session import read_session
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.group_life import FriendCode, GuardianLink, SeatOffer
from api.models.groups import Meeting
from api.models.links import LinkToken
from api.models.pupils import Entry, Pupil
from api.queries import people_and_topics, queue_join, queue_place
from api.services import change, links
from api.services.queue import join, leave, letters, offers
from api.services.retention.erase import AT_OWN_WISH, erase_person
from api.web.pupil import forms, names

pages = Blueprint("queue", __name__)
PUPIL = change.by(Party.PUPIL)


@pages.errorhandler(links.LinkExpired)
def expired(_error: links.LinkExpired) -> tuple[str, int]:
    return render_template("pupil/link_expired.html"), 410


@pages.get("/ko/<secret>")
@public
def place(secret: str) -> str:
    session = read_session()
    entry = _entry(session, secret)
    if entry.state is EntryState.UNCONFIRMED:
        waits = entry.confirmed_at is not None
        return render_template("pupil/confirm.html", secret=secret, entry=entry, waits_for_guardian=waits)
    if entry.state is EntryState.LEFT:
        return render_template("pupil/gone.html")
    shown = queue_place.place_of_entry(session, entry, clock.now())
    return render_template("pupil/place.html", secret=secret, place=shown, names=names, State=EntryState)


@pages.post("/ko/<secret>/bekreft")
@public
def confirm(secret: str) -> Response:
    with transaction() as session:
        join.confirm(session, _entry(session, secret), PUPIL)
    return _back(secret)


@pages.get("/ko/<secret>/sjekk")
@public
def check(secret: str) -> str:
    """Every seat of one's evenings that was given away, with the rule by which."""
    session = read_session()
    entry = _entry(session, secret)
    return render_template(
        "pupil/check.html",
        secret=secret,
        place=queue_place.place_of_entry(session, entry, clock.now()),
        rows=queue_place.promotions(session, entry),
        names=names,
    )


@pages.get("/ko/<secret>/endre")
@public
def wishes(secret: str) -> str:
    session = read_session()
    entry = _entry(session, secret)
    code = session.get(FriendCode, entry.id)
    typed = {f"choice_{number}": choice.session_id for number, choice in enumerate(entry.choices, start=1)}
    typed |= {"level": entry.level_id, "friend_code": code.code if code else ""}
    if entry.max_travel_minutes is not None:
        typed["max_travel_minutes"] = str(entry.max_travel_minutes)
    return _wishes_page(session, secret, entry, forms.JoinForm(typed))


@pages.post("/ko/<secret>/endre")
@public
def change_wishes(secret: str) -> Response | tuple[str, int]:
    form = forms.typed()
    minutes = form.of("max_travel_minutes")
    given: dict[str, Any] = {
        "level": form.of("level"),
        "choices": forms.ranked(form),
        "friend_code": form.of("friend_code") or None,
        "max_travel_minutes": int(minutes) if minutes.isdecimal() and len(minutes) < 5 else None,
    }
    try:
        with transaction() as session:
            leave.change_wishes(session, _entry(session, secret), given, PUPIL)
    except (InvalidInput, Conflict) as error:
        if isinstance(error, links.LinkExpired):
            raise
        if isinstance(error, InvalidInput):
            forms.keep_faults(form, error)
        else:
            form.faults["level"] = " ".join(filter(None, (error.sentence, error.remedy)))
        return _wishes_page(read_session(), secret, _entry(read_session(), secret), form), 422
    flash(_("Your wishes are changed. Your place in the queue is as before."), "success")
    return _back(secret)


@pages.post("/ko/<secret>/fravaer")
@public
def tell_absence(secret: str) -> Response:
    coming = request.form.get("coming") == "1"
    with transaction() as session:
        entry = _entry(session, secret)
        meeting = session.get(Meeting, request.form.get("meeting", ""))
        if meeting is None:
            raise NotFound(_("There is no such meeting."))
        leave.tell_absence(session, entry, meeting, coming=coming)
    flash(_("Good, we expect you.") if coming else _("Thank you for saying so. You need not say why."), "success")
    return _back(secret)


@pages.get("/ko/<secret>/<any(forlat, slett):what>")
@public
def ask_to_go(secret: str, what: str) -> str:
    """Asks once more, and says what it means."""
    entry = _entry(read_session(), secret)
    return render_template("pupil/go.html", secret=secret, what=what, entry=entry)


@pages.post("/ko/<secret>/<any(forlat, slett):what>")
@public
def go(secret: str, what: str) -> str:
    """Leaves the queue; with `slett` everything that is stored goes too."""
    with transaction() as session:
        entry = _entry(session, secret)
        leave.leave(session, entry, PUPIL)
        if what == "slett":
            erase_person(session, session.get_one(Pupil, entry.pupil_id).person_id, AT_OWN_WISH)
    return render_template("pupil/gone.html", deleted=what == "slett")


@pages.get("/plass/<secret>")
@public
def offer(secret: str) -> str:
    session = read_session()
    found, entry = _offer(session, secret)
    shown = queue_place.place_of_entry(session, entry, clock.now())
    if shown.offer is None or shown.offer.id != found.id:
        return render_template("pupil/offer_over.html", state=found.state)
    return render_template("pupil/offer.html", secret=secret, place=shown, names=names)


@pages.post("/plass/<secret>")
@public
def answer(secret: str) -> Response | tuple[str, int]:
    """answer: `yes`, `stay` (yes, and stay in line for a higher choice) or `no`."""
    return _answer(lambda session: _offer(session, secret))


@pages.post("/ko/<secret>/svar")
@public
def answer_here(secret: str) -> Response | tuple[str, int]:
    """The open offer answered from the page of the queue, as on its own page."""
    return _answer(lambda session: _open_offer(session, secret))


@pages.get("/foresatt/<secret>")
@public
def guardian(secret: str) -> str:
    session = read_session()
    link = _guardian(session, secret)
    entries = queue_place.entries_of_person(session, session.get_one(Pupil, link.pupil_id).person_id)
    places = [queue_place.place_of_entry(session, row, clock.now()) for row in entries]
    return render_template("pupil/guardian.html", secret=secret, link=link, places=places, names=names)


@pages.post("/foresatt/<secret>")
@public
def guardian_answer(secret: str) -> Response | str:
    """answer: `yes`, or `no`, which takes the pupil off every list."""
    said = request.form.get("answer")
    with transaction() as session:
        link = _guardian(session, secret)
        if said == "yes":
            join.confirm_as_guardian(session, link, PUPIL)
        elif said == "no":
            person_id = session.get_one(Pupil, link.pupil_id).person_id
            for entry in queue_place.entries_of_person(session, person_id):
                leave.leave(session, entry, PUPIL)
        else:
            raise InvalidInput(_("Choose one of the answers."), field="answer")
    if said == "no":
        return render_template("pupil/gone.html", deleted=False)
    return redirect(url_for("queue.guardian", secret=secret), 303)


def _answer(find: Callable[[Session], tuple[SeatOffer, Entry]]) -> Response | tuple[str, int]:
    said = request.form.get("answer")
    if said not in ("yes", "stay", "no"):
        raise InvalidInput(_("Choose one of the answers."), field="answer")
    try:
        with transaction() as session:
            found, entry = find(session)
            if said == "no":
                offers.decline(session, found, PUPIL)
            else:
                offers.accept(session, found, PUPIL, stay=said == "stay")
            entry_page = _own_page(session, entry)
    except IllegalStep:
        return render_template("pupil/offer_over.html", state=None), 409
    return redirect(entry_page, 303)


def _open_offer(session: Session, secret: str) -> tuple[SeatOffer, Entry]:
    entry = _entry(session, secret)
    found = offers.open_offer(session, entry.id)
    if found is None:
        raise NotFound(_("There is no such offer."))
    return found, entry


def _token(session: Session, secret: str, purpose: LinkPurpose) -> LinkToken:
    return links.find(session, secret, purpose)


def _entry(session: Session, secret: str) -> Entry:
    found = session.get(Entry, _token(session, secret, LinkPurpose.ENTRY).object_id)
    if found is None:
        raise NotFound(_("There is no such entry in the queue."))
    return found


def _offer(session: Session, secret: str) -> tuple[SeatOffer, Entry]:
    found = session.get(SeatOffer, _token(session, secret, LinkPurpose.OFFER).object_id)
    if found is None:
        raise NotFound(_("There is no such offer."))
    return found, session.get_one(Entry, found.entry_id)


def _guardian(session: Session, secret: str) -> GuardianLink:
    found = session.get(GuardianLink, _token(session, secret, LinkPurpose.GUARDIAN).object_id)
    if found is None:
        raise NotFound(_("There is no such link."))
    return found


def _own_page(session: Session, entry: Entry) -> str:
    return links.address_of(letters.entry_link(session, entry, session.get_one(Pupil, entry.pupil_id).person_id))


def _back(secret: str) -> Response:
    return redirect(url_for("queue.place", secret=secret), 303)


def _wishes_page(session: Session, secret: str, entry: Entry, form: forms.JoinForm) -> str:
    return render_template(
        "pupil/wishes.html",
        secret=secret,
        form=form,
        evenings=queue_join.evenings(session, entry.season_id, entry.programme_id),
        levels=people_and_topics.level_names(session),
        ranks=range(1, forms.RANKS + 1),
        names=names,
    )
