"""The guardian's page, by the link in the mail: what the pupil asked for, yes or no, copies of offers, delete."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.transitions import Party
from api.edge.access import public
from api.edge.session import read_session
from api.errors import InvalidInput
from api.i18n import gettext as _
from api.models.group_life import GuardianLink
from api.models.pupils import Pupil
from api.queries import queue_place
from api.services import change, links
from api.services.queue import join, leave
from api.services.retention.erase import AT_OWN_WISH, erase_person
from api.web.pupil import links_of, names

pages = Blueprint("guardian", __name__)
PUPIL = change.by(Party.PUPIL)
DELETE = "slett"


@pages.errorhandler(links.LinkExpired)
def expired(_error: links.LinkExpired) -> tuple[str, int]:
    return render_template("pupil/guardian_expired.html"), 410


@pages.get("/foresatt/<secret>")
@public
def show(secret: str) -> str:
    session = read_session()
    link = links_of.guardian_of(session, secret)
    pupil = session.get_one(Pupil, link.pupil_id)
    entries = queue_place.entries_of_person(session, pupil.person_id)
    places = [queue_place.place_of_entry(session, row, clock.now()) for row in entries]
    return render_template(
        "pupil/guardian.html",
        secret=secret,
        link=link,
        pupil=pupil,
        places=places,
        offers=queue_place.offers_of(session, [row.id for row in entries]),
        asks=link.confirmed_at is None and any(join.waits_for_guardian(session, row) for row in entries),
        names=names,
    )


@pages.post("/foresatt/<secret>")
@public
def answer(secret: str) -> Response:
    """answer: `yes`. Twice is as good as once."""
    if request.form.get("answer") != "yes":
        raise InvalidInput(_("Choose one of the answers."), field="answer")
    with transaction() as session:
        join.confirm_as_guardian(session, links_of.guardian_of(session, secret), PUPIL)
    flash(_("Thank you. You have said yes."), "success")
    return redirect(url_for("guardian.show", secret=secret), 303)


@pages.get("/foresatt/<secret>/<any(nei, slett):what>")
@public
def ask(secret: str, what: str) -> str:
    """Asks once more, and says what it means."""
    links_of.guardian_of(read_session(), secret)
    return render_template("pupil/guardian_ask.html", secret=secret, delete=what == DELETE)


@pages.post("/foresatt/<secret>/<any(nei, slett):what>")
@public
def take_off(secret: str, what: str) -> str:
    """Takes the pupil off every list; with `slett` everything that is stored of the pupil and the guardian goes too."""
    with transaction() as session:
        link = links_of.guardian_of(session, secret)
        _leave_all(session, link)
        if what == DELETE:
            erase_person(session, session.get_one(Pupil, link.pupil_id).person_id, AT_OWN_WISH)
    return render_template("pupil/gone.html", deleted=what == DELETE, by_guardian=True)


def _leave_all(session: Session, link: GuardianLink) -> None:
    person_id = session.get_one(Pupil, link.pupil_id).person_id
    for entry in queue_place.entries_of_person(session, person_id):
        leave.leave(session, entry, PUPIL)
