"""The weekly evenings of a campus: set up, changed, given up; their roster under the judge's eyes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import ProgrammeKind, SessionState
from api.domain.ids import new_id
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import AppError, NotFound
from api.i18n import current_locale
from api.i18n import gettext as _
from api.models.groups import GroupSession, Mentor, Room, Site
from api.models.programmes import Programme, Season
from api.queries import campus, campus_board, campus_meetings, campus_people
from api.queries.campus_rules import rules_now
from api.queries.names import by_name
from api.services.campus import access, meetings, roster, roster_changes, sessions
from api.web import form_values as given
from api.web import site_words, words
from api.web.site import week
from api.web.site.campus import own_site, week_of
from api.web.site.forms import Form

pages = Blueprint("evenings", __name__)
SIZES = ("seats", "ratio", "target", "min_mentors", "min_pupils")
NEW = {
    "weekday": 2, "starts": "17:00", "ends": "19:00", "seats": 20, "ratio": 8, "target": 5, "min_mentors": 2,
    "min_pupils": 6,
}  # fmt: skip


@pages.get("/studiested/<code>/ny-kveld", endpoint="new")
@allowed(Action.MANAGE_GROUPS)
def show_new(code: str) -> str:
    return _new(own_site(code), Form(NEW))


@pages.post("/studiested/<code>/ny-kveld")
@allowed(Action.MANAGE_GROUPS)
def create(code: str) -> Response | tuple[str, int]:
    """The form carries the id of the evening to be, so that one sent twice is one."""
    site = own_site(code)
    try:
        wanted = _values() | {
            "site_id": site.id,
            "season_id": given.text("season"),
            "programme_id": given.text("programme"),
            "first_on": given.day("first_on"),
            "id": _id_to_be(),
        }
        if (made := _made_before(wanted["id"])) is not None:
            return made
        with transaction() as session:
            group, dates = sessions.create(session, current_actor(), wanted)
            target, count = url_for("evenings.evening", session_id=group.id), len(dates.days)
    except NotFound:
        raise
    except IntegrityError:  # the same form was being answered at that moment
        if (made := _made_before(wanted["id"])) is None:
            raise
        return made
    except AppError as error:
        return _new(site, Form(NEW, error)), 422
    flash(site_words.meetings_made(count), "success")
    return redirect(target, 303)


@pages.get("/studiested/kvelder/<session_id>", endpoint="evening")
@allowed(Action.MANAGE_GROUPS)
def show_evening(session_id: str) -> str:
    return _evening(session_id)


@pages.post("/studiested/kvelder/<session_id>")
@allowed(Action.MANAGE_GROUPS)
def change_evening(session_id: str) -> Response | tuple[str, int]:
    """Changes time, room and sizes; what was typed stays when it is refused."""
    try:
        wanted = _values()
        with transaction() as session:
            group = access.group(session, current_actor(), session_id)
            sessions.change_session(session, current_actor(), group, wanted)
    except NotFound:
        raise
    except AppError as error:
        return _evening(session_id, error), 422
    flash(_("The evening is changed."), "success")
    return redirect(url_for("evenings.evening", session_id=session_id), 303)


@pages.post("/studiested/kvelder/<session_id>/avlys", endpoint="cancel")
@allowed(Action.MANAGE_GROUPS)
def cancel_evening(session_id: str) -> Response:
    def act(session: Session) -> None:
        group = access.group(session, current_actor(), session_id)
        sessions.cancel(session, current_actor(), group)

    group = access.group(read_session(), current_actor(), session_id)
    success = _("The evening is cancelled. Pupils are back in the queue and have been told.")
    return given.told(act, success, week_of(group.site_id))


@pages.post("/studiested/kvelder/<session_id>/samlinger", endpoint="add_meeting")
@allowed(Action.MANAGE_GROUPS)
def add_meeting(session_id: str) -> Response | tuple[str, int]:
    try:
        wanted = {"day": given.needed_day("day")}
        with transaction() as session:
            meetings.add(session, current_actor(), session_id, wanted)
    except NotFound:
        raise
    except AppError as error:
        return _evening(session_id, error), 422
    flash(_("The meeting is added. Everyone has been told."), "success")
    return redirect(url_for("evenings.evening", session_id=session_id), 303)


@pages.get("/studiested/kvelder/<session_id>/mentorer", endpoint="roster")
@allowed(Action.MANAGE_GROUPS)
def show_roster(session_id: str) -> str:
    """The roster with the judge's word on a change that the address asks about."""
    session, actor = read_session(), current_actor()
    group = access.group(session, actor, session_id)
    site = session.get_one(Site, group.site_id)
    add, remove = request.args.getlist("inn"), request.args.getlist("ut")
    said, sentences = roster_changes.judged(session, actor, session_id, add=add, remove=remove)
    standing = [row.mentor for row in roster.assignments(session, [group.id])]
    can = campus_board.helpers(session, site, [group], {group.programme_id: rules_now(session, group.programme_id)})
    others = _others(session, group, {one.id for one in standing} | {one.mentor.id for one in can[group.id]})
    teaches = campus_board.covered(session, {one.id for one in (*standing, *others)})
    levels = dict(campus_people.levels(session))
    return render_template(
        "site/campus_roster.html",
        site=site,
        group=group,
        standing=standing,
        can=can[group.id],
        others=others,
        teaches={one: week.named(levels, known, most=9) for one, known in teaches.items()},
        add=add,
        remove=remove,
        said=said,
        sentences=sentences,
        firm=[one for one in said.broken if one.code not in roster_changes.MAY_STAND],
        words=words,
    )


@pages.post("/studiested/kvelder/<session_id>/mentorer")
@allowed(Action.MANAGE_GROUPS)
def change_roster(session_id: str) -> Response:
    add, remove = request.form.getlist("inn"), request.form.getlist("ut")

    def act(session: Session) -> None:
        anyway = given.text("anyway") == "1"
        roster_changes.apply(session, current_actor(), session_id, add=add, remove=remove, anyway=anyway)

    target = url_for("evenings.roster", session_id=session_id)
    return given.told(act, _("The roster is changed. The mentors have been told."), target)


def rooms_of(session: Session, site_id: str) -> list[Room]:
    """The rooms of a site by name."""
    return list(session.scalars(select(Room).where(Room.site_id == site_id).order_by(by_name(Room.name))))


def _others(session: Session, group: GroupSession, known: set[str]) -> list[Mentor]:
    """Active mentors of the site who are not in the roster and could not be without breaking a rule."""
    return [one for one in site_words.mentors_of(session, group.site_id) if one.is_active and one.id not in known]


def _values() -> dict[str, Any]:
    """What the form of an evening says; fields left empty are left out."""
    values: dict[str, Any] = {"room_id": given.text("room") or None}
    for name, found in (
        ("weekday", given.whole("weekday", 7)),
        ("starts", given.clock_time("starts")),
        ("ends", given.clock_time("ends")),
        *((size, given.whole(size)) for size in SIZES),
    ):
        if found is not None:
            values[name] = found
    return site_words.required(values, "weekday", "starts", "ends", "seats")


def _made_before(wanted: str | None) -> Response | None:
    """The way to the evening that this form has made already, if it has. Raises NotFound outside the reader's sites."""
    with transaction() as session:
        if wanted is None or session.get(GroupSession, wanted) is None:
            return None
        made = access.group(session, current_actor(), wanted)
        return redirect(url_for("evenings.evening", session_id=made.id), 303)


def _id_to_be() -> str | None:
    """The id that the form carries; None where it carries none that can be one."""
    try:
        return str(UUID(given.text("new")))
    except ValueError:
        return None


def _new(site: Site, form: Form) -> str:
    session = read_session()
    programmes = session.scalars(
        select(Programme).where(Programme.kind == ProgrammeKind.STUDY_GROUP).order_by(Programme.code)
    ).all()
    seasons = session.scalars(select(Season).where(Season.ends_on >= clock.today()).order_by(Season.starts_on)).all()
    name = f"name_{current_locale()}"
    return render_template(
        "site/campus_new.html",
        site=site,
        programmes=[(one.id, getattr(one, name)) for one in programmes],
        seasons=[(one.id, one.name) for one in seasons],
        rooms=rooms_of(session, site.id),
        form=form,
        new_id=form.of("new") or new_id(),
        words=words,
    )


def _evening(session_id: str, error: AppError | None = None) -> str:
    session = read_session()
    group = access.group(session, current_actor(), session_id)
    stands = {name: getattr(group, name) for name in (*SIZES, "weekday")}
    stands |= {"starts": group.starts.strftime("%H:%M"), "ends": group.ends.strftime("%H:%M"), "room": group.room_id}
    is_change = "seats" in request.form
    return render_template(
        "site/campus_evening.html",
        site=session.get_one(Site, group.site_id),
        group=group,
        row=campus.session_row(session, group),
        rows=campus_meetings.meetings_of(session, group.id),
        pupils=campus_people.pupils_of(session, group.id),
        rooms=rooms_of(session, group.site_id),
        rules=rules_now(session, group.programme_id),
        is_open=group.state is SessionState.ACTIVE,
        form=Form(stands, error if is_change else None, typed=is_change),
        adding=Form({}, error if not is_change else None, typed=not is_change),
        words=words,
        site_words=site_words,
    )
