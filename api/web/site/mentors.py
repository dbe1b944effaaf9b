"""Mentors of a campus and their hours, for those who run it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.permissions import Action
from api.domain.transitions import Party
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import AppError, NotFound
from api.i18n import gettext as _
from api.models.group_life import Duty
from api.models.groups import Mentor, Site
from api.models.programmes import Level
from api.queries import campus_people
from api.services import change
from api.services.campus import access, hours, leaving, mentors, stand_ins
from api.web import form_values as given
from api.web import site_words, words
from api.web.asked import asked_text
from api.web.downloads import sheet
from api.web.site.campus import own_site
from api.web.site.forms import Form

pages = Blueprint("campus_mentors", __name__)


@pages.get("/studiested/<code>/mentorer", endpoint="all")
@allowed(Action.MANAGE_GROUPS)
def show_mentors(code: str) -> str:
    return _all(own_site(code))


@pages.post("/studiested/<code>/mentorer")
@allowed(Action.MANAGE_GROUPS)
def register(code: str) -> Response | tuple[str, int]:
    site = own_site(code)
    try:
        wanted = site_words.required(
            {name: value for name, value in (_values() | {"site_id": site.id}).items() if value not in ("", None)},
            "name",
            "email",
        )
        with transaction() as session:
            made = mentors.register(session, current_actor(), wanted)
            target = url_for("campus_mentors.one", mentor_id=made.id)
    except NotFound:
        raise
    except AppError as error:
        return _all(site, error), 422
    return redirect(target, 303)


@pages.get("/studiested/mentorer/<mentor_id>", endpoint="one")
@allowed(Action.MANAGE_GROUPS)
def show_mentor(mentor_id: str) -> str:
    return _one(mentor_id)


@pages.post("/studiested/mentorer/<mentor_id>")
@allowed(Action.MANAGE_GROUPS)
def change_mentor(mentor_id: str) -> Response | tuple[str, int]:
    try:
        wanted = _values()
        wanted["phone"] = wanted["phone"] or None
        with transaction() as session:
            mentor = access.mentor(session, current_actor(), mentor_id)
            mentors.change(session, current_actor(), mentor, site_words.required(wanted, "name", "email"))
    except NotFound:
        raise
    except AppError as error:
        return _one(mentor_id, error), 422
    return redirect(url_for("campus_mentors.one", mentor_id=mentor_id), 303)


@pages.post("/studiested/mentorer/<mentor_id>/attest", endpoint="clear")
@allowed(Action.MANAGE_GROUPS)
def clear(mentor_id: str) -> Response | tuple[str, int]:
    """Notes that a certificate was seen, where a programme of the site names its statute."""
    try:
        issued_on, seen_on = given.needed_day("issued_on"), given.needed_day("seen_on")
        with transaction() as session:
            mentor = access.mentor(session, current_actor(), mentor_id)
            mentors.clear(session, current_actor(), mentor, issued_on=issued_on, seen_on=seen_on)
    except NotFound:
        raise
    except AppError as error:
        return _one(mentor_id, error), 422
    return redirect(url_for("campus_mentors.one", mentor_id=mentor_id), 303)


@pages.post("/studiested/mentorer/<mentor_id>/slutt", endpoint="leave")
@allowed(Action.MANAGE_GROUPS)
def leave(mentor_id: str) -> Response:
    """The mentor has left the site: off every roster at once."""

    def act(session: Session) -> None:
        mentor = access.mentor(session, current_actor(), mentor_id)
        leaving.leave(session, current_actor(), mentor)

    target = url_for("campus_mentors.one", mentor_id=mentor_id)
    return given.told(act, _("The mentor is off every roster."), target)


@pages.post("/studiested/vakter/<duty_id>/<event>", endpoint="duty")
@allowed(Action.MANAGE_GROUPS)
def answer_for(duty_id: str, event: str) -> Response:
    """What a mentor has said on the phone: yes, no, away, well again."""
    meeting_id = access.duty(read_session(), current_actor(), duty_id).meeting_id

    def act(session: Session) -> None:
        answer(session, access.duty(session, current_actor(), duty_id), event, change.by(Party.SITE, current_actor()))

    return given.told(act, _("It is noted."), url_for("meetings.meeting", meeting_id=meeting_id))


@pages.get("/studiested/<code>/timer", endpoint="hours")
@allowed(Action.SEE_HOURS)
def show_hours(code: str) -> str:
    site, month = _site_for_hours(code), _month()
    found = hours.of_month(read_session(), current_actor(), site.id, month)
    last = (month - timedelta(days=1)).replace(day=1)
    following = (month + timedelta(days=31)).replace(day=1)
    return render_template(
        "site/campus_hours.html", site=site, month=found, before=last, after=following, site_words=site_words
    )


@pages.get("/studiested/<code>/timer.<suffix>", endpoint="hours_sheet")
@allowed(Action.SEE_HOURS)
def download_hours(code: str, suffix: str) -> Response:
    site, month = _site_for_hours(code), _month()
    headings, rows = hours.sheet(hours.of_month(read_session(), current_actor(), site.id, month))
    return sheet(f"timer-{site.code}-{month:%Y-%m}", suffix, headings, rows)


def answer(session: Session, duty: Duty, event: str, who: change.By) -> None:
    """One of accept, decline, away and return, for a duty. Raises NotFound for another word."""
    acts = {
        "accept": stand_ins.accept,
        "decline": stand_ins.decline,
        "away": stand_ins.be_away,
        "return": stand_ins.come_after_all,
    }
    if event not in acts:
        raise NotFound(_("There is no such answer."))
    acts[event](session, duty, who)


def _site_for_hours(code: str) -> Site:
    found = read_session().scalar(select(Site).where(Site.code == code))
    if found is None:
        raise NotFound(_("There is no such site."))
    return access.site(read_session(), current_actor(), found.id, Action.SEE_HOURS)


def _month() -> date:
    """The month asked for as YYYY-MM, else the last one."""
    try:
        return date.fromisoformat(f"{asked_text('maned')}-01")
    except ValueError:
        return (clock.today().replace(day=1) - timedelta(days=1)).replace(day=1)


def _values() -> dict[str, Any]:
    values: dict[str, Any] = {name: given.text(name) for name in ("name", "email", "phone")}
    values["levels"] = request.form.getlist("levels")
    for name in ("contracted", "max_sessions"):
        number = given.whole(name, 20)
        if number is not None:
            values[name] = number
    values["trained_on"] = given.day("trained_on")
    return values


def _all(site: Site, error: AppError | None = None) -> str:
    session = read_session()
    rows = site_words.mentors_of(session, site.id)
    statute, _months = mentors.statute_at(session, site.id)
    return render_template(
        "site/campus_mentors.html",
        site=site,
        rows=rows,
        statute=statute,
        cleared=campus_people.clearances(session, [row.id for row in rows]) if statute else {},
        levels=_levels(session),
        form=Form({"contracted": 1, "max_sessions": 2}, error),
    )


def _one(mentor_id: str, error: AppError | None = None) -> str:
    session = read_session()
    mentor: Mentor = access.mentor(session, current_actor(), mentor_id)
    statute, months = mentors.statute_at(session, mentor.site_id)
    is_certificate = "issued_on" in request.form
    stands = {
        "name": mentor.person.name,
        "email": mentor.person.email,
        "phone": mentor.person.phone,
        "levels": [level.code for level in mentor.levels],
        "contracted": mentor.contracted,
        "max_sessions": mentor.max_sessions,
        "trained_on": mentor.trained_on,
    }
    return render_template(
        "site/campus_mentor.html",
        site=mentor.site,
        mentor=mentor,
        statute=statute,
        months=months,
        clearance=campus_people.clearances(session, [mentor.id]).get(mentor.id) if statute else None,
        levels=_levels(session),
        form=Form(stands, error if not is_certificate else None, typed=not is_certificate),
        certificate=Form({"seen_on": clock.today()}, error if is_certificate else None, typed=is_certificate),
        duties=campus_people.duties_of(session, mentor.id, clock.now()),
        blocks=campus_people.exam_blocks(session, mentor.id),
        can=mentor.sessions,
        words=words,
        site_words=site_words,
    )


def _levels(session: Session) -> list[Level]:
    return list(session.scalars(select(Level).order_by(Level.position, Level.code)))
