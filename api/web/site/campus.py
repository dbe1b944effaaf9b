"""A campus for those who run it: the week, what needs somebody today, evenings and their meetings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import CallOutcome, MeetingState, ProgrammeKind, SessionState
from api.domain.permissions import Action
from api.domain.transitions import Party
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import AppError, NotFound
from api.i18n import current_locale, ngettext
from api.i18n import gettext as _
from api.models.groups import Room, Site
from api.models.programmes import Programme, Season
from api.queries import campus, campus_meetings, campus_people, campus_trouble, group_plan
from api.queries.campus_rules import rules_now
from api.services import change
from api.services.campus import access, attendance, meetings, roster, roster_changes, sessions
from api.services.coordination import calls
from api.services.follow_up import exceptions
from api.services.queue import offers
from api.web import form_values as given
from api.web import site_words, words
from api.web.asked import asked_day

pages = Blueprint("campus", __name__)
SIZES = ("seats", "ratio", "target", "min_mentors", "min_pupils")


@pages.get("/studiested", endpoint="sites")
@allowed(Action.MANAGE_GROUPS)
def show_sites() -> str | Response:
    """The reader's sites; straight to the week where there is one."""
    mine = access.sites(read_session(), current_actor())
    if len(mine) == 1:
        return redirect(url_for("campus.week", code=mine[0].code))
    return render_template("site/campus_sites.html", sites=mine)


@pages.get("/studiested/<code>", endpoint="week")
@allowed(Action.MANAGE_GROUPS)
def show_week(code: str) -> str:
    session, site = read_session(), own_site(code)
    season = campus.season_of(session)
    day = asked_day("uke") or clock.today()
    monday = day - timedelta(days=day.weekday())
    rows = campus.week(session, site.id, season.id, monday) if season else []
    return render_template(
        "site/campus.html",
        site=site,
        season=season,
        rows=rows,
        monday=monday,
        before=monday - timedelta(days=7),
        after=monday + timedelta(days=7),
        troubles=campus_trouble.troubles(session, site.id),
        levels=campus.waiting_by_level(session, site.id, season.id) if season else [],
        words=words,
        site_words=site_words,
        today=clock.today(),
    )


@pages.get("/studiested/<code>/ny-kveld", endpoint="new_session")
@allowed(Action.MANAGE_GROUPS)
def show_new_session(code: str) -> str:
    return _session_form(own_site(code))


@pages.post("/studiested/<code>/ny-kveld")
@allowed(Action.MANAGE_GROUPS)
def create_session(code: str) -> Response | tuple[str, int]:
    site = own_site(code)
    try:
        wanted = _session_values() | {
            "site_id": site.id,
            "season_id": given.text("season"),
            "programme_id": given.text("programme"),
            "first_on": given.day("first_on"),
        }
        with transaction() as session:
            group, _dates = sessions.create(session, current_actor(), wanted)
            target = url_for("campus.evening", session_id=group.id)
    except NotFound:
        raise
    except AppError as error:
        return _session_form(site, error), 422
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
        wanted = _session_values()
        with transaction() as session:
            group = access.group(session, current_actor(), session_id)
            sessions.change_session(session, current_actor(), group, wanted)
    except NotFound:
        raise
    except AppError as error:
        return _evening(session_id, error), 422
    return redirect(url_for("campus.evening", session_id=session_id), 303)


@pages.post("/studiested/kvelder/<session_id>/avlys", endpoint="cancel_evening")
@allowed(Action.MANAGE_GROUPS)
def cancel_evening(session_id: str) -> Response:
    def act(session: Session) -> None:
        group = access.group(session, current_actor(), session_id)
        sessions.cancel(session, current_actor(), group)

    group = access.group(read_session(), current_actor(), session_id)
    success = _("The evening is cancelled. Pupils are back in the queue and have been told.")
    return given.told(act, success, _week_of(group.site_id))


@pages.post("/studiested/kvelder/<session_id>/tilbud", endpoint="send_offers")
@allowed(Action.MANAGE_GROUPS)
def send_offers(session_id: str) -> Response:
    """Offers every free seat to the next in line."""

    def act(session: Session) -> int:
        group = access.group(session, current_actor(), session_id)
        made = offers.fill(session, group, clock.now())
        if made:
            exceptions.resolve_lines(session, group.id, "underfilled", resolution="send_offers", who=_leader())
        return len(made)

    group = access.group(read_session(), current_actor(), session_id)
    return given.told(act, _offers_sent, _week_of(group.site_id))


@pages.post("/studiested/kvelder/<session_id>/samlinger", endpoint="add_meeting")
@allowed(Action.MANAGE_GROUPS)
def add_meeting(session_id: str) -> Response | tuple[str, int]:
    try:
        wanted = _meeting_values() | {"day": given.needed_day("day")}
        with transaction() as session:
            meetings.add(session, current_actor(), session_id, wanted)
    except NotFound:
        raise
    except AppError as error:
        return _evening(session_id, error), 422
    return redirect(url_for("campus.evening", session_id=session_id), 303)


@pages.get("/studiested/samlinger/<meeting_id>", endpoint="meeting")
@allowed(Action.MANAGE_GROUPS)
def show_meeting(meeting_id: str) -> str:
    return _meeting(meeting_id)


@pages.post("/studiested/samlinger/<meeting_id>")
@allowed(Action.MANAGE_GROUPS)
def move_meeting(meeting_id: str) -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            meeting, _group = access.meeting(session, current_actor(), meeting_id)
            meetings.move(session, current_actor(), meeting, _meeting_values())
    except NotFound:
        raise
    except AppError as error:
        return _meeting(meeting_id, error), 422
    return redirect(url_for("campus.meeting", meeting_id=meeting_id), 303)


@pages.post("/studiested/samlinger/<meeting_id>/avlys", endpoint="cancel_meeting")
@allowed(Action.MANAGE_GROUPS)
def cancel_meeting(meeting_id: str) -> Response:
    def act(session: Session) -> None:
        meeting, group = access.meeting(session, current_actor(), meeting_id)
        meetings.cancel(session, meeting, group, _leader())

    target = url_for("campus.meeting", meeting_id=meeting_id)
    return given.told(act, _("The meeting is cancelled. Everyone has been told."), target)


@pages.post("/studiested/samlinger/<meeting_id>/plasser", endpoint="same_day")
@allowed(Action.MANAGE_GROUPS)
def same_day(meeting_id: str) -> Response:
    """Tells the next in line that there are seats this evening."""

    def act(session: Session) -> None:
        meeting, _group = access.meeting(session, current_actor(), meeting_id)
        offers.same_day(session, meeting, clock.now())

    target = url_for("campus.meeting", meeting_id=meeting_id)
    return given.told(act, _("Those who are next in line have been told of the free seats."), target)


@pages.get("/studiested/kvelder/<session_id>/mentorer", endpoint="roster")
@allowed(Action.MANAGE_GROUPS)
def show_roster(session_id: str) -> str:
    """The roster with the judge's word on a change that the address asks about."""
    session, actor = read_session(), current_actor()
    group = access.group(session, actor, session_id)
    add, remove = request.args.getlist("inn"), request.args.getlist("ut")
    said, sentences = roster_changes.judged(session, actor, session_id, add=add, remove=remove)
    standing = [row.mentor for row in roster.assignments(session, [group.id])]
    where = {one.id for one in standing}
    can = [one for one in site_words.mentors_of(session, group.site_id) if one.id not in where and one.is_active]
    return render_template(
        "site/campus_roster.html",
        site=session.get_one(Site, group.site_id),
        group=group,
        standing=standing,
        can=can,
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

    target = url_for("campus.roster", session_id=session_id)
    return given.told(act, _("The roster is changed. The mentors have been told."), target)


@pages.post("/studiested/avvik/<line_id>/ring", endpoint="call")
@allowed(Action.HANDLE_EXCEPTIONS)
def note_call(line_id: str) -> Response:
    """Notes that somebody called about a line."""
    line = _line(line_id)
    outcome = CallOutcome.ANSWERED if given.text("outcome") == "answered" else CallOutcome.NO_ANSWER

    def act(session: Session) -> None:
        calls.note_call(session, current_actor(), line_id, outcome)

    return given.told(act, _("The call is noted."), _week_of(line))


@pages.post("/studiested/avvik/<line_id>/frigi", endpoint="release")
@allowed(Action.MANAGE_GROUPS)
def release_seat(line_id: str) -> Response:
    """Releases the seat of the pupil whom a line is about."""
    line = _line(line_id)
    about = exceptions.reachable_line(read_session(), current_actor(), line_id).object_id

    def act(session: Session) -> None:
        attendance.release_seat(session, current_actor(), about)

    return given.told(act, _("The seat is released and offered to the next in line."), _week_of(line))


def own_site(code: str) -> Site:
    """A site of the reader's by its code. Raises NotFound."""
    found = group_plan.site_by_code(read_session(), code)
    if found is None:
        raise NotFound(_("There is no such site."))
    return access.site(read_session(), current_actor(), found.id)


def _leader() -> change.By:
    return change.by(Party.SITE, current_actor())


def _line(line_id: str) -> str:
    """The site of a line that the reader may handle. Raises NotFound, also for lines of no site."""
    line = exceptions.reachable_line(read_session(), current_actor(), line_id)
    if line.site_id is None:
        raise NotFound(_("There is no such line."))
    return line.site_id


def _week_of(site_id: str) -> str:
    return url_for("campus.week", code=read_session().get_one(Site, site_id).code)


def _offers_sent(count: int) -> str:
    return ngettext("One offer is sent.", "%(num)s offers are sent.", count)


def _session_values() -> dict[str, Any]:
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


def _meeting_values() -> dict[str, Any]:
    values = {"day": given.day("day"), "starts": given.clock_time("starts"), "ends": given.clock_time("ends")}
    told = {name: value for name, value in values.items() if value is not None}
    return told | {"room_id": given.text("room") or None}


def _session_form(site: Site, error: AppError | None = None) -> str:
    session = read_session()
    programmes = session.scalars(
        select(Programme).where(Programme.kind == ProgrammeKind.STUDY_GROUP).order_by(Programme.code)
    ).all()
    seasons = session.scalars(select(Season).where(Season.ends_on >= clock.today()).order_by(Season.starts_on)).all()
    return render_template(
        "site/campus_new.html",
        site=site,
        programmes=programmes,
        seasons=seasons,
        rooms=_rooms(session, site.id),
        error=error,
        form=request.form,
        words=words,
        locale_name=f"name_{current_locale()}",
    )


def _evening(session_id: str, error: AppError | None = None) -> str:
    session = read_session()
    group = access.group(session, current_actor(), session_id)
    rules = rules_now(session, group.programme_id)
    row = campus.session_row(session, group)
    return render_template(
        "site/campus_evening.html",
        site=session.get_one(Site, group.site_id),
        group=group,
        row=row,
        rows=campus_meetings.meetings_of(session, group.id),
        pupils=campus_people.pupils_of(session, group.id),
        rooms=_rooms(session, group.site_id),
        rules=rules,
        is_open=group.state is SessionState.ACTIVE,
        error=error,
        form=request.form,
        words=words,
        site_words=site_words,
    )


def _meeting(meeting_id: str, error: AppError | None = None) -> str:
    session = read_session()
    meeting, group = access.meeting(session, current_actor(), meeting_id)
    local = clock.to_local(meeting.starts_at), clock.to_local(meeting.ends_at)
    return render_template(
        "site/campus_meeting.html",
        site=session.get_one(Site, group.site_id),
        group=group,
        meeting=meeting,
        row=campus_meetings.meeting_rows(session, [meeting])[0],
        rooms=_rooms(session, group.site_id),
        local=local,
        is_planned=meeting.state is MeetingState.PLANNED,
        is_ahead=meeting.ends_at > clock.now(),
        error=error,
        form=request.form,
        words=words,
        site_words=site_words,
    )


def _rooms(session: Session, site_id: str) -> list[Room]:
    return list(session.scalars(select(Room).where(Room.site_id == site_id).order_by(Room.name)))
