"""A message from the coordination to all who have a visit in one week."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import InvitationState, VisitState
from api.domain.permissions import Action, Actor, may
from api.errors import FieldError, InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.follow_up import Invitation
from api.models.people import Person
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit
from api.services import audit, outbox

SCHOOLS, ROLE_MODELS = "schools", "role_models"
GROUPS = (SCHOOLS, ROLE_MODELS)
MOST_SUBJECT, MOST_TEXT = 120, 1500
TOLD = (InvitationState.SENT, InvitationState.ACCEPTED)


@dataclass(frozen=True, slots=True)
class WeekMessage:
    """monday: of the week. to: of GROUPS. text: paragraphs apart by line breaks; no names of people."""

    monday: date
    to: frozenset[str]
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Receivers:
    """Different people with an address, each once; somebody who is both counts as a school."""

    schools: tuple[Person, ...]
    role_models: tuple[Person, ...]

    @property
    def count(self) -> int:
        return len(self.schools) + len(self.role_models)


def receivers(session: Session, actor: Actor, monday: date, to: Collection[str]) -> Receivers:
    """Who would get a message about this week: those who have been told of their visit. Two queries.

    Raises NotFound without the right.
    """
    if not may(actor, Action.MESSAGE_PEOPLE):
        raise NotFound(_("There is no such page."))
    since = clock.at_local(monday, time.min)
    until = clock.at_local(monday + timedelta(days=7), time.min)
    schools = _schools(session, since, until) if SCHOOLS in to else []
    people = _role_models(session, since, until) if ROLE_MODELS in to else []
    seen: set[str] = set()
    kept: dict[str, list[Person]] = {SCHOOLS: [], ROLE_MODELS: []}
    for group, found in ((SCHOOLS, schools), (ROLE_MODELS, people)):
        for person in found:
            address = (person.email or "").lower()
            if address and address not in seen:
                seen.add(address)
                kept[group].append(person)
    return Receivers(tuple(kept[SCHOOLS]), tuple(kept[ROLE_MODELS]))


def send(session: Session, actor: Actor, message: WeekMessage) -> int:
    """Writes the message into the outbox, once for each receiver. The same message twice reaches nobody twice.

    Effects: one outbox row a receiver, one entry in the trail. Returns how many rows were written. Raises NotFound
    without the right, InvalidInput for a text that is missing, too long, or holds a receiver's name.
    """
    found = receivers(session, actor, message.monday, message.to)
    check(message, found)
    content = "\n".join((message.monday.isoformat(), message.subject, message.text))
    batch = hashlib.sha256(content.encode()).hexdigest()[:16]
    values = {"monday": message.monday.isoformat(), "subject": message.subject, "text": message.text}
    written = 0
    for person in (*found.schools, *found.role_models):
        made = outbox.write(
            session, "week_message", person, values, about=("person", person.id), dedupe=f"week:{batch}:{person.id}"
        )
        written += made is not None
    if written:
        detail = {"monday": message.monday.isoformat(), "to": sorted(message.to), "messages": written}
        audit.record(session, "week.message", "week", message.monday.isoformat(), actor_id=actor.user_id, detail=detail)
    return written


def check(message: WeekMessage, found: Receivers) -> None:
    """Raises InvalidInput naming every field that has to be put right."""
    faults = []
    if message.monday.weekday() != 0:
        faults.append(FieldError("monday", _("Give a Monday.")))
    if not message.to or not message.to <= set(GROUPS):
        faults.append(FieldError("to", _("Choose schools, role models or both.")))
    for field, value, most in (("subject", message.subject, MOST_SUBJECT), ("text", message.text, MOST_TEXT)):
        if not value.strip():
            faults.append(FieldError(field, _("Write something here.")))
        elif len(value) > most:
            faults.append(FieldError(field, _("At most %(count)s characters.", count=most)))
    if "\n" in message.subject or "\r" in message.subject:
        faults.append(FieldError("subject", _("The subject is one line.")))
    said = f"{message.subject}\n{message.text}".casefold()
    if any(person.name.casefold() in said for person in (*found.schools, *found.role_models)):
        faults.append(FieldError("text", _("Leave names of people out: everyone gets the same text.")))
    if faults:
        raise InvalidInput(_("The message cannot be sent like this."), errors=faults)


def weeks(session: Session) -> list[date]:
    """Mondays of the weeks from now on that have visits; one query."""
    today = clock.today()
    rows = session.scalars(
        select(Visit.starts_at).where(
            Visit.state.in_((VisitState.PLANNED, VisitState.CONFIRMED)),
            Visit.starts_at >= clock.at_local(today - timedelta(days=today.weekday()), time.min),
        )
    )
    days = {clock.to_oslo(moment).date() for moment in rows}
    return sorted({day - timedelta(days=day.weekday()) for day in days})


def _schools(session: Session, since: datetime, until: datetime) -> list[Person]:
    told = exists().where(Invitation.visit_id == Visit.id, Invitation.sent_at.is_not(None))
    return list(
        session.scalars(
            select(Person)
            .join(Request, Request.contact_id == Person.id)
            .join(Visit, Visit.request_id == Request.id)
            .where(*_in_week(since, until), told)
            .order_by(Person.id)
        ).unique()
    )


def _role_models(session: Session, since: datetime, until: datetime) -> list[Person]:
    return list(
        session.scalars(
            select(Person)
            .join(RoleModel, RoleModel.person_id == Person.id)
            .join(Invitation, Invitation.role_model_id == RoleModel.id)
            .join(Visit, Visit.id == Invitation.visit_id)
            .where(*_in_week(since, until), Invitation.state.in_(TOLD), Invitation.sent_at.is_not(None))
            .order_by(Person.id)
        ).unique()
    )


def _in_week(since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Visit.state.in_((VisitState.PLANNED, VisitState.CONFIRMED)),
        Visit.starts_at >= since,
        Visit.starts_at < until,
    )
