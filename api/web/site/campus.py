"""The week of a campus for those who run it: what needs somebody, the evenings, the queue, where help is needed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.domain.enums import CallOutcome
from api.domain.permissions import Action
from api.domain.transitions import Party
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import NotFound
from api.i18n import gettext as _
from api.models.groups import GroupSession, Site
from api.queries import campus, campus_attendance, campus_people, campus_trouble, group_plan
from api.queries.campus_rules import rules_now
from api.services import change
from api.services.campus import access, attendance, board
from api.services.coordination import calls
from api.services.follow_up import exceptions
from api.web import form_values as given
from api.web import site_words, words
from api.web.asked import asked_day
from api.web.site import before, week

pages = Blueprint("campus", __name__)


@pages.get("/studiested", endpoint="sites")
@allowed(Action.MANAGE_GROUPS)
def show_sites() -> str | Response:
    """The reader's sites; straight to the week where there is one."""
    session = read_session()
    mine = access.sites(session, current_actor())
    if len(mine) == 1:
        return redirect(url_for("campus.week", code=mine[0].code))
    season = campus.season_of(session)
    rows = campus.site_rows(session, mine, season.id) if season else []
    return render_template("site/campus_sites.html", rows=rows, sites=mine)


@pages.get("/studiested/<code>", endpoint="week")
@allowed(Action.MANAGE_GROUPS)
def show_week(code: str) -> str:
    """?uke= any day of the week to see, today's week without."""
    session, site = read_session(), own_site(code)
    season = campus.season_of(session, site.id)
    day = asked_day("uke") or before.first_day(session, site, season)
    monday = day - timedelta(days=day.weekday())
    rows = campus.week(session, site.id, season.id, monday) if season else []
    now = clock.now()
    found = board.board(session, site, [row.group for row in rows], now)
    levels = campus_people.levels(session)
    sick = week.sick(session, site, now)
    lines = [
        one
        for one in campus_trouble.troubles(session, site.id)
        if one.line.object_id not in {panel.row.meeting.id for panel in sick}
    ]
    cards = week.cards(rows, found, levels, {key: rules_now(session, key) for key in _programmes(rows)})
    return render_template(
        "site/campus.html",
        site=site,
        season=season,
        before=before.before(session, site, season, rows, found),
        cards=cards,
        few=week.too_few(cards, {one.line.object_id for one in lines}),
        monday=monday,
        dates={day: monday + timedelta(days=day - 1) for day in range(1, 8)},
        week_before=monday - timedelta(days=7),
        week_after=monday + timedelta(days=7),
        sick=sick,
        lines=lines,
        queue=week.queue(session, site, season, rows, found, levels),
        board=found,
        help=week.helps(rows, found, levels),
        words=words,
        site_words=site_words,
        today=clock.today(),
    )


@pages.get("/studiested/<code>/lister", endpoint="lists")
@allowed(Action.MANAGE_GROUPS)
def show_lists(code: str) -> str:
    """The attendance lists of a week, to be printed. ?uke= any day of it."""
    session, site = read_session(), own_site(code)
    season = campus.season_of(session, site.id)
    day = asked_day("uke") or before.first_day(session, site, season)
    monday = day - timedelta(days=day.weekday())
    rows = campus.week(session, site.id, season.id, monday) if season else []
    held = [row.meeting for row in rows if row.meeting and row.meeting.is_held]
    lists = campus_attendance.attendance_lists(session, [row.meeting for row in held])
    return render_template(
        "site/campus_lists.html",
        site=site,
        monday=monday,
        rows=[(row, lists[row.meeting.id]) for row in held],
        level_words=dict(campus_people.levels(session)),
    )


@pages.post("/studiested/<code>/tilbud", endpoint="send_all")
@allowed(Action.MANAGE_GROUPS)
def send_all(code: str) -> Response:
    """Offers every free seat of the site to the next in line."""
    site_id = own_site(code).id

    def act(session: Session) -> int:
        access.site(session, current_actor(), site_id)
        season = campus.season_of(session, site_id)
        groups = campus.active_sessions(session, site_id, season.id) if season else []
        return _offer(session, groups)

    return given.told(act, site_words.offers_sent, url_for("campus.week", code=code))


@pages.post("/studiested/kvelder/<session_id>/tilbud", endpoint="send_offers")
@allowed(Action.MANAGE_GROUPS)
def send_offers(session_id: str) -> Response:
    """Offers every free seat of an evening to the next in line."""

    def act(session: Session) -> int:
        return _offer(session, [access.group(session, current_actor(), session_id)])

    group = access.group(read_session(), current_actor(), session_id)
    return given.told(act, site_words.offers_sent, week_of(group.site_id))


@pages.post("/studiested/avvik/<line_id>/ring", endpoint="call")
@allowed(Action.HANDLE_EXCEPTIONS)
def note_call(line_id: str) -> Response:
    """Notes that somebody called about a line."""
    site_id = _site_of_line(line_id)
    outcome = CallOutcome.ANSWERED if given.text("outcome") == "answered" else CallOutcome.NO_ANSWER

    def act(session: Session) -> None:
        calls.note_call(session, current_actor(), line_id, outcome)

    return given.told(act, _("The call is noted."), week_of(site_id))


@pages.post("/studiested/avvik/<line_id>/frigi", endpoint="release")
@allowed(Action.MANAGE_GROUPS)
def release_seat(line_id: str) -> Response:
    """Releases the seat of the pupil whom a line is about."""
    site_id = _site_of_line(line_id)
    about = exceptions.reachable_line(read_session(), current_actor(), line_id).object_id

    def act(session: Session) -> None:
        attendance.release_seat(session, current_actor(), about)

    return given.told(act, _("The seat is released and offered to the next in line."), week_of(site_id))


@pages.post("/studiested/avvik/<line_id>/adresse", endpoint="address")
@allowed(Action.HANDLE_EXCEPTIONS)
def correct_address(line_id: str) -> Response:
    """Keeps the address that the person gave on the phone, and sends what did not arrive once more."""
    site_id = _site_of_line(line_id)
    line = exceptions.reachable_line(read_session(), current_actor(), line_id)
    if line.remedy.get("code") != "call_and_correct_address":
        raise NotFound(_("There is no such line."))

    def act(session: Session) -> str:
        return calls.use_remedy(session, current_actor(), line_id, {"address": given.text("address")}).said

    return given.told(act, str, week_of(site_id))


def own_site(code: str) -> Site:
    """A site of the reader's by its code. Raises NotFound."""
    found = group_plan.site_by_code(read_session(), code)
    if found is None:
        raise NotFound(_("There is no such site."))
    return access.site(read_session(), current_actor(), found.id)


def week_of(site_id: str) -> str:
    """The address of a site's week."""
    return url_for("campus.week", code=read_session().get_one(Site, site_id).code)


def leader() -> change.By:
    """Whoever runs the site, as the trail names them."""
    return change.by(Party.SITE, current_actor())


def _offer(session: Session, groups: Sequence[GroupSession]) -> int:
    made = board.send_offers(session, groups, clock.now())
    for group in groups if made else ():
        exceptions.resolve_lines(session, group.id, "underfilled", resolution="send_offers", who=leader())
    return made


def _programmes(rows: Sequence[campus.SessionRow]) -> set[str]:
    return {row.group.programme_id for row in rows}


def _site_of_line(line_id: str) -> str:
    """The site of a line that the reader may handle. Raises NotFound, also for lines of no site."""
    line = exceptions.reachable_line(read_session(), current_actor(), line_id)
    if line.site_id is None:
        raise NotFound(_("There is no such line."))
    return line.site_id
