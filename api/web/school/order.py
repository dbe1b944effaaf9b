"""A school orders a visit without signing in: who and when, school and wishes, a look over, and the receipt.

What is typed is kept in a draft on the server, whose id is in the browser's signed cookie.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, json, redirect, render_template, request, url_for
from flask import session as cookie
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import LinkPurpose, RequestState
from api.edge import public_forms
from api.edge.access import current_actor, public
from api.edge.session import read_session
from api.errors import AppError, NotFound
from api.i18n import clock_time
from api.i18n import gettext as _
from api.models.drafts import OrderDraft
from api.models.people import Person
from api.models.places import Municipality
from api.models.visits import Request
from api.queries import schools as catalogue
from api.queries.school_search import schools_named
from api.services import links
from api.services.follow_up import messages
from api.services.schools import drafts
from api.services.schools import order as orders
from api.web.asked import asked_day, asked_text
from api.web.school import order_words
from api.web.school.order_days import OrderDays, order_days
from api.web.school.order_form import ROWS, OrderForm, posted, values_of
from api.web.words import grade

pages = Blueprint("order", __name__)
DRAFT = "order_draft"
FORM = "order"
SEARCH, ANOTHER, CHOSEN, WEEKS, BACK = "search", "another", "school", "weeks", "back"
OF_ITS_OWN = ("grades", "days", "class1", "class2", "class3", "pupils1", "pupils2", "pupils3", "classes", "pupils")


@pages.get("/bestill")
@public
def show() -> str:
    """Who and when. `rollemodell` in the address names somebody of the catalogue; `uke` shows weeks so far."""
    session = read_session()
    form = OrderForm(session, _values(session))
    named = asked_text("rollemodell")
    if catalogue.entry(session, named):
        form.texts["invited"] = named
    return when_page(form)


@pages.post("/bestill")
@public
def keep_when() -> Response | tuple[str, int]:
    """Keeps the page, whatever the button; `next` goes on when nothing has to be put right."""
    step = request.form.get("step", "next")
    values = posted("when")
    if step == ANOTHER:
        values |= {"school": "", "search": ""}
    elif step == SEARCH:
        values |= {"school": ""}
    form = _kept(values)
    if step == WEEKS:
        return redirect(url_for("order.show", uke=request.form.get("uke", "")[:10], _anchor="days"), 303)
    if step in (SEARCH, ANOTHER, CHOSEN):
        return redirect(url_for("order.show", _anchor="grades" if form.school else "search"), 303)
    days = days_of(form)
    form.read_when(days.season, days.closed)
    if form.faults:
        return when_page(form), 422
    return redirect(url_for("order.check" if form.of("looked") else "order.wishes"), 303)


@pages.get("/bestill/skoler")
@public
def schools() -> str:
    """Options for the list of schools: those that `search` finds, at most ten."""
    found = schools_named(read_session(), asked_text("search"))
    return render_template("school/school_options.html", schools=found)


@pages.post("/bestill/kladd")
@public
def keep_draft() -> Response:
    """Keeps what has been typed so far, and says what follows from it: for scripts, while the page is open."""
    part = "wishes" if request.form.get("part") == "wishes" else "when"
    form = _kept(posted(part))
    days = days_of(form)
    said: dict[str, Any] = {"saved": order_words.saved_at(clock.now()), "chance": days.chance_words}
    if part == "when":
        said |= {
            "line": days.line,
            "promised": days.promised,
            "counts": {
                one.day.isoformat(): order_words.come(days.count(one.day))
                for week in days.weeks
                for one in week.days
                if one.is_open
            },
            "times": [f"{clock_time(start)}–{clock_time(end)}" for start, end in form.times],
        }
    return Response(json.dumps(said), mimetype="application/json")


@pages.get("/bestill/skole")
@public
def wishes() -> Response | str:
    form = _begun()
    return redirect(url_for("order.show"), 303) if form is None else wishes_page(form)


@pages.post("/bestill/skole")
@public
def keep_wishes() -> Response | tuple[str, int]:
    form = _kept(posted("wishes"))
    if not _is_begun(form) or request.form.get("step") == BACK:
        return redirect(url_for("order.show"), 303)
    form.read_wishes()
    if form.faults:
        return wishes_page(form), 422
    _kept({"looked": "1"})
    return redirect(url_for("order.check"), 303)


@pages.get("/bestill/se-over")
@public
def check() -> Response | str:
    form = _begun()
    if form is None:
        return redirect(url_for("order.show"), 303)
    return check_page(form)


@pages.post("/bestill/se-over")
@public
def send() -> Response | tuple[str, int]:
    """Sends the order; a second click finds the same receipt."""
    with transaction() as session:
        known = drafts.draft(session, cookie.get(DRAFT), lock=True)
        if known is not None and known.request_id is not None:
            return redirect(url_for("order.receipt"), 303)
    form = _begun()
    if form is None:
        return redirect(url_for("order.show"), 303)
    days = days_of(form)
    given = form.read_when(days.season, days.closed)
    if form.faults:
        return when_page(form), 422
    given |= form.read_wishes()
    if form.faults:
        return wishes_page(form), 422
    checked = public_forms.check(FORM, mail=form.of("email"))
    if checked.again:
        return check_page(form, checked.again), 422
    try:
        _order(form, given, by_mail=checked.by_mail)
    except NotFound:
        raise
    except AppError as error:
        return check_page(form, order_words.sentence(error)), 422
    return redirect(url_for("order.receipt"), 303)


@pages.get("/bestill/kvittering")
@public
def receipt() -> Response | str:
    made = _ordered(read_session())
    if made is None:
        return redirect(url_for("order.show"))
    mail = made.contact.email if made.contact and made.state is RequestState.UNCONFIRMED else ""
    return render_template("school/receipt.html", order=made, mail=mail, window=order_words.window_of(made))


@pages.post("/bestill/kvittering")
@public
def another() -> Response:
    """One more order like the one that has been sent, for other classes on other days."""
    with transaction() as session:
        made = _ordered(session)
        if made is not None:
            begin_anew(session, {name: value for name, value in values_of(made).items() if name not in OF_ITS_OWN})
    return redirect(url_for("order.show"), 303)


@pages.get("/bestilling/bekreft/<secret>")
@public
def look(secret: str) -> str | tuple[str, int]:
    """Changes nothing: mail scanners follow links."""
    session = read_session()
    try:
        token = links.find(session, secret, LinkPurpose.CONFIRM_REQUEST)
    except links.LinkExpired as old:
        return _over(session, old.token.object_id)
    return render_template("school/confirm.html", secret=secret, order=session.get(Request, token.object_id))


@pages.post("/bestilling/bekreft/<secret>")
@public
def confirm(secret: str) -> Response | tuple[str, int]:
    """Twice, or too late: says how the order stands."""
    with transaction() as session:
        try:
            made = orders.confirm(session, links.find(session, secret, LinkPurpose.CONFIRM_REQUEST))
        except links.LinkExpired as old:
            return _over(session, old.token.object_id)
        address = links.address_of(messages.request_link(session, made))
    return redirect(address, 303)


def _over(session: Session, request_id: str) -> tuple[str, int]:
    order = session.get(Request, request_id)
    known = order is not None and order.state not in (RequestState.UNCONFIRMED, RequestState.CANCELLED)
    return render_template("school/link_over.html", confirmed=known), 410


def begin_anew(session: Session, values: dict[str, Any]) -> None:
    """Puts a new draft into this browser."""
    _remember(drafts.save(session, None, values))


def days_of(form: OrderForm) -> OrderDays:
    """The days that a form is about. Raises NotFound when there is no season to order in."""
    found = order_days(read_session(), form, asked_day("uke"))
    if found is None:
        raise NotFound(_("There is no season to order in yet."))
    return found


def when_page(form: OrderForm, again: str | None = None) -> str:
    session = read_session()
    return render_template(
        "school/order_when.html",
        form=form,
        again=again,
        days=days_of(form),
        rows=ROWS,
        offered_grades=[(one, grade(one)) for one in form.offered_grades],
        starts=order_words.starts(form.of("starts")),
        come=order_words.come,
        span=order_words.week_span,
        town=_town(session, form),
        named=catalogue.entry(session, form.of("invited")),
        saved=_saved(session),
    )


def wishes_page(form: OrderForm) -> str:
    session = read_session()
    return render_template(
        "school/order_wishes.html",
        form=form,
        days=days_of(form),
        facts=order_words.short_facts(form),
        saved=_saved(session),
        **order_words.wishes_of(session, form),
    )


def check_page(form: OrderForm, again: str | None = None) -> str:
    session = read_session()
    return render_template(
        "school/check.html",
        form=form,
        again=again,
        days=days_of(form),
        when=order_words.when_rows(form, _town(session, form)),
        who=order_words.wish_rows(session, form),
        named=catalogue.entry(session, form.of("invited")),
    )


def _order(form: OrderForm, given: dict[str, Any], *, by_mail: bool) -> None:
    with transaction() as session:
        draft = drafts.draft(session, cookie.get(DRAFT), lock=True)
        if draft is None or draft.request_id is not None:
            return
        made = orders.order(
            session,
            given,
            previous_id=form.of("previous"),
            invited_id=form.of("invited"),
            actor=current_actor(),
            by_mail=by_mail,
        )
        session.flush()
        drafts.sent(session, draft, made)


def _begun() -> OrderForm | None:
    """The form as far as its draft has come; None where no school and no day has been chosen."""
    session = read_session()
    form = OrderForm(session, _values(session))
    return form if _is_begun(form) else None


def _is_begun(form: OrderForm) -> bool:
    return form.school is not None and bool(form.lists["days"])


def _values(session: Session) -> dict[str, Any]:
    """What the draft holds; for a new one what we know of those who are signed in, or have just ordered."""
    found = _draft(session)
    if found is not None and found.request_id is None:
        return dict(found.values)
    person = session.get(Person, current_actor().person_id) if current_actor().person_id else None
    if person is None:
        return {}
    school = catalogue.school_of_person(session, person)
    last = catalogue.last_order(session, person.id)
    known = {"name": person.name, "email": person.email or "", "phone": person.phone or "", "school": school or ""}
    return known if last is None else {"grades": [str(last.grade)], **known}


def _kept(values: dict[str, Any]) -> OrderForm:
    """Keeps fields in the draft of this browser. The form as it is then."""
    with transaction() as session:
        saved = drafts.save(session, cookie.get(DRAFT), {**_values(session), **values})
        _remember(saved)
        all_values = dict(saved.values)
    return OrderForm(read_session(), all_values)


def _remember(saved: OrderDraft) -> None:
    cookie[DRAFT] = saved.id
    if not current_actor().is_known:
        cookie.permanent = True


def _draft(session: Session) -> OrderDraft | None:
    return drafts.draft(session, cookie.get(DRAFT))


def _saved(session: Session) -> str:
    found = _draft(session)
    return "" if found is None or found.request_id is not None else order_words.saved_at(found.saved_at)


def _ordered(session: Session) -> Request | None:
    found = _draft(session)
    return None if found is None else found.request


def _town(session: Session, form: OrderForm) -> str:
    if form.school is None:
        return ""
    return session.scalar(select(Municipality.name).where(Municipality.id == form.school.municipality_id)) or ""
