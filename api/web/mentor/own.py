"""A mentor's own page: what is asked, the meetings ahead, which evenings suit, exams. Signed in, or by a mailed link.

Names of pupils are shown to those who are signed in only: a link lasts for the season, and mails are passed on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import DutyState, LinkPurpose, MeetingState
from api.domain.permissions import Action
from api.domain.transitions import Party
from api.edge.access import allowed, current_actor, public
from api.edge.session import read_session
from api.errors import AppError, InvalidInput, NotFound
from api.i18n import gettext as _
from api.i18n import mark, ngettext
from api.models.group_life import Duty
from api.models.groups import GroupSession, Meeting, Mentor
from api.queries import campus_people
from api.services import change, links
from api.services.campus import access, hours, leaving, mentors
from api.web import form_values as given
from api.web import site_words, words
from api.web.site.forms import Form
from api.web.site.mentors import answer

pages = Blueprint("mentor", __name__)
_PAST = timedelta(days=1)
ANSWERED = {
    "accept": mark("Thank you. The meeting is yours."),
    "decline": mark("It is noted. Thank you for answering."),
    "away": mark("It is noted. We ask the others who could come."),
    "return": mark("Good. The meeting is yours again."),
}


@pages.get("/mentor", endpoint="own")
@allowed(Action.MARK_ATTENDANCE)
def show_own() -> str:
    return _page(access.own_mentor(read_session(), current_actor()), None)


@pages.post("/mentor/<act>", endpoint="act")
@allowed(Action.MARK_ATTENDANCE)
def act_signed_in(act: str) -> Response | tuple[str, int]:
    actor = current_actor()
    return _act(lambda session: access.own_mentor(session, actor), act, None, actor.user_id)


@pages.get("/mentor/lenke/<secret>", endpoint="by_link")
@public
def show_by_link(secret: str) -> str | tuple[str, int]:
    """Changes nothing: mail scanners follow links."""
    try:
        mentor = _mentor_of(read_session(), secret)
    except links.LinkExpired:
        return render_template("mentor/expired.html"), 410
    return _page(mentor, secret)


@pages.post("/mentor/lenke/<secret>/<act>", endpoint="act_by_link")
@public
def act_by_link(secret: str, act: str) -> Response | tuple[str, int]:
    try:
        _mentor_of(read_session(), secret)
    except links.LinkExpired:
        return render_template("mentor/expired.html"), 410
    return _act(lambda session: _mentor_of(session, secret), act, secret, None)


def _mentor_of(session: Session, secret: str) -> Mentor:
    token = links.find(session, secret, LinkPurpose.MENTOR)
    mentor = session.get(Mentor, token.object_id)
    if mentor is None or not mentor.is_active:
        raise NotFound(_("You are not registered as a mentor."))
    return mentor


def _act(
    find: Callable[[Session], Mentor], act: str, secret: str | None, user_id: str | None
) -> Response | tuple[str, int]:
    """One button of the page: an answer to a duty, the evenings that suit, exam days, or days taken back."""
    who = change.By(Party.SITE, user_id)

    def answered(session: Session) -> str:
        duty = session.get(Duty, given.text("duty"))
        if duty is None or duty.mentor_id != find(session).id:
            raise NotFound(_("There is no such duty."))
        answer(session, duty, act, who)
        return _(ANSWERED[act])

    def available(session: Session) -> str:
        mentors.set_availability(session, find(session), request.form.getlist("sessions"), actor_id=user_id)
        return _("We know now which evenings suit you.")

    def exams(session: Session) -> str:
        first, last = given.needed_day("from_date"), given.needed_day("to_date")
        away = leaving.take_exams(session, find(session), first, last, who)
        if not away:
            return _("Good luck with your exams.")
        return ngettext(
            "You are away from one meeting. We ask the others.",
            "You are away from %(num)s meetings. We ask the others.",
            away,
            num=away,
        )

    def no_exams(session: Session) -> str:
        mentors.remove_exam_block(session, find(session), given.text("block"))
        return _("The days are taken back.")

    acts = {"kvelder": available, "eksamen": exams, "ikke-eksamen": no_exams}
    target = url_for("mentor.by_link", secret=secret) if secret else url_for("mentor.own")
    if act != "eksamen":
        return given.told(acts.get(act, answered), str, target)
    try:
        with transaction() as session:
            said = exams(session)
    except InvalidInput as error:
        return _page(find(read_session()), secret, error), 422
    flash(said, "success")
    return redirect(target, 303)


def _page(mentor: Mentor, secret: str | None, error: AppError | None = None) -> str:
    session = read_session()
    rows = campus_people.duties_of(session, mentor.id, clock.now() - _PAST)
    ahead = [row for row in rows if row[1].ends_at > clock.now() and row[1].state is MeetingState.PLANNED]
    today = clock.today()
    first = today.replace(day=1)
    months = [first, (first - timedelta(days=1)).replace(day=1)]
    return render_template(
        "mentor/own.html",
        mentor=mentor,
        secret=secret,
        asked=[row for row in ahead if row[0].state is DutyState.ASKED],
        ahead=[row for row in ahead if row[0].state in (DutyState.PLANNED, DutyState.AWAY)],
        evenings=mentors.own_site_sessions(session, mentor),
        can={one.id for one in mentor.sessions},
        blocks=campus_people.exam_blocks(session, mentor.id),
        tonight=next((row for row in rows if _is_tonight(*row[:2])), None),
        pupils=[] if secret else _pupils(session, mentor, {row[2].id: row[2] for row in ahead}),
        hours=[(month, hours.of_mentor(session, mentor, month)) for month in months],
        form=Form({}, error),
        words=words,
        site_words=site_words,
    )


def _is_tonight(duty: Duty, meeting: Meeting) -> bool:
    """Whether the mentor marks attendance at this meeting today."""
    held = meeting.state is not MeetingState.CANCELLED and duty.state in (DutyState.PLANNED, DutyState.PRESENT)
    return held and clock.to_oslo(meeting.starts_at).date() == clock.today()


def _pupils(
    session: Session, mentor: Mentor, groups: Mapping[str, GroupSession]
) -> list[tuple[GroupSession, list[str], list[str]]]:
    """Each evening with the names of the mentor's own pupils and of the others there."""
    found = []
    for group_id, rows in campus_people.pupils_of_each(session, groups).items():
        own = [name for name, contact, _hidden in rows if contact == mentor.id]
        found.append((groups[group_id], own, [name for name, contact, _hidden in rows if contact != mentor.id]))
    return found
