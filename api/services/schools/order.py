"""A school orders a visit: without signing in the order waits for the link in a mail, and is open from then on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import LinkPurpose, Locale, RequestState
from api.domain.permissions import ANONYMOUS, Actor
from api.domain.transitions import Party
from api.errors import Conflict, InvalidInput
from api.i18n import current_locale
from api.i18n import gettext as _
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.models.people import Person
from api.models.role_models import RoleModel
from api.models.visits import Request
from api.queries import follow_up as reads
from api.services import links, outbox
from api.services.accounts import verification
from api.services.change import SYSTEM, By, begin, by, move
from api.services.follow_up import invitations, messages, turn
from api.services.requests import new_request

SCHOOL = By(Party.SCHOOL)
FOLLOWED = (RequestState.OPEN, RequestState.VISIT, RequestState.DECLINED)
MOST_LINKS = 5
REMINDED_AFTER = 0.5  # of the days that an order waits


def order(
    session: Session,
    given: Mapping[str, Any],
    *,
    previous_id: str | None = None,
    invited_id: str | None = None,
    actor: Actor = ANONYMOUS,
    by_mail: bool = True,
    now: datetime | None = None,
) -> Request:
    """An order of a visit.

    given: as NewRequestSchema loads it, with a contact. previous_id: the school's order that it repeats. invited_id:
    the role model whom the school names. actor: a verified contact of the school who is signed in has nothing to
    confirm, unless by_mail. Effects, in order: the request, unconfirmed or open, with its reference and its promise
    date as of now; the contact's place at the school; the letter with the link. Raises InvalidInput without name and
    mail of a contact, and as `requests.create_request` for what is asked.
    """
    now = now or clock.now()
    contact = given.get("contact") or {}
    for name in ("name", "email"):
        if not contact.get(name):
            raise InvalidInput(
                _("We need a name and an e-mail address to answer."), field=name, remedy=_("Fill in both.")
            )
    request = new_request(session, given, now)
    previous = session.get(Request, previous_id) if previous_id else None
    if previous is not None and previous.school_id == request.school_id:
        request.previous_id = previous.id
    if invited_id and session.get(RoleModel, invited_id) is not None:
        request.invited_id = invited_id
    assert request.contact is not None
    request.contact.locale = Locale(current_locale())
    if not by_mail and verification.is_verified(session, actor.person_id, request.school_id):
        request.contact = session.get(Person, actor.person_id)
        begin(session, request, "order", by(Party.SCHOOL, actor))
        _opened(session, request, by(Party.SCHOOL, actor), now)
        return request
    begin(session, request, "draft", SCHOOL)
    verification.contact_of(session, request.contact.id, request.school_id)
    _ask_to_confirm(session, request, now)
    return request


def confirm(session: Session, token: LinkToken, now: datetime | None = None) -> Request:
    """Opens the order that a link stands for; the link is used up.

    Effects, in order: the link, the request; the school's mail domain vouches for the contact where it can; the letter
    with the link to the status; the role model whom the school named is asked. Raises links.LinkExpired, IllegalStep
    when the order has lapsed or was withdrawn.
    """
    turn.take(session)  # before link and order: an order that lapses at this moment takes its turn first, too
    links.use(session, token)
    request = session.get_one(Request, token.object_id)
    move(session, request, "confirm", SCHOOL)
    outbox.withdraw(session, "request", request.id, "order_reminder")
    if request.contact_id is not None:
        verification.verify_by_mail(session, request.contact_id)
    _opened(session, request, SCHOOL, now or clock.now())
    return request


def send_link(session: Session, request: Request) -> None:
    """A new link, to the address that the order has and to no other."""
    messages.tell_school(session, "order_link", request)


def send_lost_links(session: Session, address: str) -> None:
    """A new link for each of the newest orders that were made with this mail address, if there is one."""
    ordered = (
        select(Request)
        .join(Person, Request.contact_id == Person.id)
        .where(func.lower(Person.email) == address.lower(), Request.state.in_(FOLLOWED))
        .order_by(Request.submitted_at.desc(), Request.id)
        .limit(MOST_LINKS)
    )
    for request in session.scalars(ordered).all():
        send_link(session, request)


def due_reminders(session: Session, now: datetime) -> list[str]:
    """Orders that have waited for half of their time, and whose contact has not been reminded."""
    return [one.id for one in _waiting(session) if _reminder_is_due(session, one, now)]


def do_reminder(session: Session, request_id: str, now: datetime) -> None:
    """Reminds of the order once, with the same link."""
    request = session.get_one(Request, request_id)
    if request.state is not RequestState.UNCONFIRMED or not _reminder_is_due(session, request, now):
        return
    token = session.scalar(
        select(LinkToken).where(LinkToken.object_id == request.id, LinkToken.purpose == LinkPurpose.CONFIRM_REQUEST)
    )
    if token is not None and request.contact is not None:
        _write_with_link(session, "order_reminder", request, token, dedupe=_reminder_of(request))


def due_lapses(session: Session, now: datetime) -> list[str]:
    """Orders whose link was never followed in time."""
    return [one.id for one in _waiting(session) if one.submitted_at + _patience(session, one) <= now]


def do_lapse(session: Session, request_id: str, now: datetime) -> None:
    """Ends an order that nobody has confirmed, after the reminder: the address may be somebody else's."""
    turn.take(session)
    if request_id in due_lapses(session, now):
        move(session, session.get_one(Request, request_id), "lapse", SYSTEM)
        links.revoke(session, "request", request_id, LinkPurpose.CONFIRM_REQUEST)
        outbox.withdraw(session, "request", request_id)


def _opened(session: Session, request: Request, who: By, now: datetime) -> None:
    messages.tell_school(session, "order_received", request, dedupe=f"received:{request.id}")
    if request.invited_id is None:
        return
    turn.take(session)
    try:
        with session.begin_nested():
            invitations.invite_directly(session, request, request.invited_id, who, now)
    except Conflict:
        session.refresh(request)
        messages.tell_school(session, "named_cannot_come", request, dedupe=f"named:{request.id}")


def _ask_to_confirm(session: Session, request: Request, now: datetime) -> None:
    link = links.issue(
        session,
        LinkPurpose.CONFIRM_REQUEST,
        "request",
        request.id,
        expires_at=now + _patience(session, request),
        person_id=request.contact_id,
    )
    _write_with_link(session, "order_to_confirm", request, link, dedupe=f"confirm:{request.id}")


def _write_with_link(session: Session, kind: str, request: Request, link: LinkToken, *, dedupe: str) -> None:
    assert request.contact is not None
    outbox.write(
        session,
        kind,
        request.contact,
        messages.request_values(session, request) | {"until": link.expires_at.isoformat()},
        about=("request", request.id),
        links={"confirm": link},
        dedupe=dedupe,
    )


def _waiting(session: Session) -> list[Request]:
    waiting = select(Request).where(Request.state == RequestState.UNCONFIRMED)
    return list(session.scalars(waiting.order_by(Request.submitted_at, Request.id)))


def _reminder_is_due(session: Session, request: Request, now: datetime) -> bool:
    patience = _patience(session, request)
    if not request.submitted_at + patience * REMINDED_AFTER <= now < request.submitted_at + patience:
        return False
    return not session.scalar(select(exists().where(OutboxMessage.dedupe_key == _reminder_of(request))))


def _reminder_of(request: Request) -> str:
    return f"order-reminder:{request.id}"


def _patience(session: Session, request: Request) -> timedelta:
    return timedelta(days=reads.rules_of(session, request.programme_id).confirm_days)
