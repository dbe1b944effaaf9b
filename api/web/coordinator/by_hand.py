"""What coordinators do by hand: a message to all of a week, and an order for somebody on the phone."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from api import clock
from api.db import transaction
from api.domain.enums import Mode, RequestMode, SchoolStatus
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import AppError, Conflict, InvalidInput
from api.i18n import gettext as _
from api.i18n import long_date, ngettext, number
from api.models.places import Municipality, School
from api.queries import season_now
from api.queries.names import by_name
from api.services.coordination import phone_orders, week_messages
from api.services.coordination.week_messages import WeekMessage
from api.web.asked import asked_text

pages = Blueprint("by_hand", __name__)
MOST_SCHOOLS, TIMES = 20, 3
LESSON_MINUTES = 45


@pages.get("/melding")
@allowed(Action.MESSAGE_PEOPLE)
def message() -> str:
    return _message_page(None, [])


@pages.post("/melding")
@allowed(Action.MESSAGE_PEOPLE)
def send_message() -> Response:
    """Shows who would get it, and sends it when `send` is pressed on that page."""
    given = _message()
    faults: list[str] = []
    try:
        week_messages.check(given, _receivers(given))
    except InvalidInput as refused:
        faults = [one.sentence for one in refused.errors]
    if faults or request.form.get("step") != "send":
        return make_response(_message_page(given, faults, is_checked=not faults), 422 if faults else 200)
    with transaction() as session:
        written = week_messages.send(session, current_actor(), given)
    flash(
        ngettext("One message is on its way.", "%(count)s messages are on their way.", written, count=number(written)),
        "success",
    )
    return redirect(url_for("by_hand.message"), code=303)


@pages.get("/bestill-for")
@allowed(Action.CHANGE_REQUESTS)
def order() -> str:
    return _order_page({}, [])


@pages.post("/bestill-for")
@allowed(Action.CHANGE_REQUESTS)
def keep_order() -> Response:
    """Takes a request on the phone; what cannot be used is named, and what was typed stays."""
    typed = {name: value.replace("\x00", "").strip()[:200] for name, value in request.form.items()}
    try:
        given = _order(typed)
        with transaction() as session:
            made = phone_orders.order_for_caller(session, current_actor(), given)
            reference, answer_on = made.reference, made.answer_on
    except (InvalidInput, Conflict) as refused:
        return make_response(_order_page(typed, _sentences(refused)), 422)
    flash(
        _(
            "Kept as %(reference)s. Say it on the phone: answer by %(day)s.",
            reference=reference,
            day=long_date(answer_on),
        ),
        "success",
    )
    return redirect(url_for("by_hand.order"), code=303)


def _message() -> WeekMessage:
    try:
        monday = date.fromisoformat(request.form.get("monday", ""))
    except ValueError:
        monday = clock.today()
    text = request.form.get("text", "").replace("\x00", "").replace("\r\n", "\n")
    subject = request.form.get("subject", "").replace("\x00", "").strip()
    return WeekMessage(monday, frozenset(request.form.getlist("to")), subject, text.strip())


def _receivers(given: WeekMessage) -> week_messages.Receivers:
    return week_messages.receivers(read_session(), current_actor(), given.monday, given.to)


def _message_page(given: WeekMessage | None, faults: list[str], *, is_checked: bool = False) -> str:
    return render_template(
        "coordinator/week_message.html",
        weeks=week_messages.weeks(read_session()),
        given=given,
        faults=faults,
        is_checked=is_checked,
        found=_receivers(given) if given and is_checked else None,
        most_subject=week_messages.MOST_SUBJECT,
        most_text=week_messages.MOST_TEXT,
    )


def _order_page(typed: dict[str, str], faults: list[str]) -> str:
    session = read_session()
    wanted = typed.get("q") or asked_text("q")
    found = session.execute(
        select(School.id, School.name, Municipality.name.label("municipality"))
        .join(Municipality, Municipality.id == School.municipality_id)
        .where(School.status == SchoolStatus.ACTIVE, School.name.icontains(wanted, autoescape=True))
        .order_by(by_name(School.name), School.id)
        .limit(MOST_SCHOOLS)
    ).all()
    return render_template(
        "coordinator/phone_order.html",
        season=season_now.shown_season(session),
        schools=found if wanted else [],
        wanted=wanted,
        typed=typed,
        faults=faults,
        times=range(1, TIMES + 1),
    )


def _order(typed: dict[str, str]) -> dict[str, Any]:
    """What was typed, as the service takes it. Raises InvalidInput."""
    season = season_now.shown_season(read_session())
    if season is None or not typed.get("school"):
        raise InvalidInput(_("Find the school first, and choose it."), field="school")
    mode = typed.get("mode", "")
    options = [_option(typed, index) for index in range(1, TIMES + 1) if typed.get(f"day{index}")]
    if not options:
        raise InvalidInput(_("Give at least one day and time."), field="day1")
    return {
        "season": season.id,
        "school": typed["school"],
        "grade": _whole(typed, "grade", 1, 13),
        "classes": _whole(typed, "classes", 1, 50),
        "mode": RequestMode(mode) if mode in set(RequestMode) else RequestMode.PHYSICAL,
        "prefers": Mode.DIGITAL if mode == RequestMode.DIGITAL.value else Mode.PHYSICAL,
        "options": options,
        "contact": {
            "name": typed.get("name", ""),
            "email": typed.get("email") or None,
            "phone": typed.get("phone", "")[:32] or None,
        },
    }


def _option(typed: dict[str, str], index: int) -> dict[str, Any]:
    try:
        day = date.fromisoformat(typed[f"day{index}"])
        starts = datetime.strptime(typed.get(f"starts{index}", ""), "%H:%M").time()  # noqa: DTZ007 (a time of day)
    except ValueError:
        raise InvalidInput(_("Give each day with a time."), field=f"day{index}") from None
    begins = clock.at_local(day, starts)
    return {"lessons": [{"starts_at": begins, "ends_at": begins + timedelta(minutes=LESSON_MINUTES)}]}


def _whole(typed: dict[str, str], name: str, least: int, most: int) -> int:
    text = typed.get(name, "")
    if not text.isdecimal() or len(text) > 3 or not least <= int(text) <= most:
        raise InvalidInput(
            _("Give a whole number from %(least)s to %(most)s for grade and classes.", least=least, most=most),
            field=name,
        )
    return int(text)


def _sentences(refused: AppError) -> list[str]:
    return [one.sentence for one in refused.errors] or [" ".join(filter(None, (refused.sentence, refused.remedy)))]
