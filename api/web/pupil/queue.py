"""The page of the queue, by the link in the mail: GET shows, POST acts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import EntryState
from api.domain.transitions import Party
from api.edge.access import public
from api.edge.session import read_session
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import gettext as _
from api.mail import calendar
from api.models.group_life import FriendCode
from api.models.groups import Meeting
from api.models.pupils import Entry, Pupil
from api.queries import feeds, queue_join, queue_place
from api.queries.campus_rules import rules_now
from api.queries.paging import Page
from api.services import change, links
from api.services.queue import join, leave
from api.services.retention.erase import AT_OWN_WISH, erase_person
from api.web.pupil import forms, names
from api.web.pupil.choosing import EVENINGS, choosing, is_fragment
from api.web.pupil.links_of import entry_of

pages = Blueprint("queue", __name__)
PUPIL = change.by(Party.PUPIL)
ROWS = 25
LOOKS_BACK = timedelta(days=60)


@pages.errorhandler(links.LinkExpired)
def expired(_error: links.LinkExpired) -> tuple[str, int]:
    return render_template("pupil/link_expired.html"), 410


@pages.get("/ko/<secret>")
@public
def place(secret: str) -> str:
    session = read_session()
    entry = entry_of(session, secret)
    if entry.state is EntryState.LEFT:
        return render_template("pupil/gone.html")
    shown = queue_place.place_of_entry(session, entry, clock.now())
    if entry.state is EntryState.UNCONFIRMED:
        template = "pupil/confirm.html" if entry.confirmed_at is None else "pupil/waits_guardian.html"
        return render_template(template, secret=secret, place=shown, asked=_asked_guardian(session, entry), names=names)
    return render_template("pupil/place.html", secret=secret, place=shown, names=names, today=clock.today())


@pages.post("/ko/<secret>/bekreft")
@public
def confirm(secret: str) -> Response:
    with transaction() as session:
        join.confirm(session, entry_of(session, secret), PUPIL)
    return _back(secret)


@pages.post("/ko/<secret>/foresatt")
@public
def ask_guardian_again(secret: str) -> Response:
    """Sends the guardian's link once more, at most once a day."""
    with transaction() as session:
        join.ask_guardian_again(session, entry_of(session, secret))
    flash(_("We have sent the link again."), "success")
    return _back(secret)


@pages.get("/ko/<secret>/sjekk")
@public
def check(secret: str) -> str:
    """Every seat of one's evenings that was given away, with the rule by which."""
    session = read_session()
    entry = entry_of(session, secret)
    rows = queue_place.promotions(session, entry)
    number = max(1, request.args.get("page", 1, type=int))
    part = rows[(number - 1) * ROWS : number * ROWS]
    return render_template(
        "pupil/check.html",
        secret=secret,
        entry=entry,
        page=Page(part, len(rows), number, ROWS, "", False),
        counts=queue_place.counted(rows),
        names=names,
    )


@pages.get("/ko/<secret>/kalender.ics")
@public
def own_calendar(secret: str) -> Response:
    """The meetings of one's own seat."""
    session = read_session()
    entry = entry_of(session, secret)
    events = feeds.of_entry(session, entry.id, clock.now() - LOOKS_BACK)
    body = calendar.feed(names.named(queue_place.programme_of(session, entry)), events, at=entry.created_at)
    return Response(body, content_type="text/calendar; charset=utf-8")


@pages.get("/ko/<secret>/endre")
@public
def wishes(secret: str) -> str:
    session = read_session()
    entry = entry_of(session, secret)
    code = session.get(FriendCode, entry.id)
    form = forms.JoinForm({"level": entry.level_id, "friend_code": code.code if code else ""})
    form.set_chosen([choice.session_id for choice in entry.choices])
    form.typed |= {"home": _home_words(entry.pupil), "school": entry.pupil.school_id or ""}
    form.home = queue_join.home_of(session, entry.pupil)
    if entry.max_travel_minutes is not None:
        form.typed["max_travel_minutes"] = str(entry.max_travel_minutes)
    return _wishes_page(session, secret, entry, form)


@pages.post("/ko/<secret>/endre")
@public
def change_wishes(secret: str) -> Response | str | tuple[str, int]:
    """Changes the wishes; or, with `look` or `add`, shows the same form with travel time, or one evening more."""
    form, session = forms.typed(), read_session()
    entry = entry_of(session, secret)
    home = forms.read_home(session, form)
    if is_fragment() or form.of("look") or form.of("add"):
        if form.of("add"):
            form.choose_too(form.of("add"))
        return _wishes_page(session, secret, entry, form)
    given = forms.wishes(form, home)
    if given is None:
        return _wishes_page(session, secret, entry, form), 422
    try:
        with transaction() as writing:
            leave.change_wishes(writing, entry_of(writing, secret), given, PUPIL)
    except InvalidInput as error:
        forms.keep_faults(form, error)
        return _wishes_page(session, secret, entry, form), 422
    except Conflict as error:
        form.faults["level"] = " ".join(filter(None, (error.sentence, error.remedy)))
        return _wishes_page(session, secret, entry, form), 422
    flash(_("Your wishes are changed. Your place in the queue is as before."), "success")
    return _back(secret)


@pages.post("/ko/<secret>/fravaer")
@public
def tell_absence(secret: str) -> Response:
    coming = request.form.get("coming") == "1"
    with transaction() as session:
        entry = entry_of(session, secret)
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
    session = read_session()
    shown = queue_place.place_of_entry(session, entry_of(session, secret), clock.now())
    return render_template("pupil/go.html", secret=secret, what=what, place=shown, names=names)


@pages.post("/ko/<secret>/<any(forlat, slett):what>")
@public
def go(secret: str, what: str) -> str:
    """Leaves the queue; with `slett` everything that is stored goes too."""
    with transaction() as session:
        entry = entry_of(session, secret)
        leave.leave(session, entry, PUPIL)
        if what == "slett":
            erase_person(session, session.get_one(Pupil, entry.pupil_id).person_id, AT_OWN_WISH)
    return render_template("pupil/gone.html", deleted=what == "slett")


def _back(secret: str) -> Response:
    return redirect(url_for("queue.place", secret=secret), 303)


def _asked_guardian(session: Session, entry: Entry) -> dict[str, datetime] | None:
    """When the guardian was asked, and until when the pupil's own day counts."""
    if entry.confirmed_at is None:
        return None
    days = rules_now(session, entry.programme_id).guardian_days
    return {"at": entry.confirmed_at, "until": entry.confirmed_at + timedelta(days=days)}


def _home_words(pupil: Pupil) -> str:
    return pupil.postcode or (pupil.school.name if pupil.school else "")


def _wishes_page(session: Session, secret: str, entry: Entry, form: forms.JoinForm) -> str:
    open_ = queue_join.of_queue(session, entry.season_id, entry.programme_id)
    shown: dict[str, Any] = {
        "open": open_,
        "form": form,
        "shown": choosing(session, open_, form),
        "part": is_fragment(),
        "asks_chance": False,
        "action": url_for("queue.change_wishes", secret=secret),
        "ranks": range(1, forms.RANKS + 1),
        "names": names,
    }
    if is_fragment():
        return render_template(EVENINGS, **shown)
    return render_template("pupil/wishes.html", secret=secret, levels=queue_join.level_choices(session), **shown)
