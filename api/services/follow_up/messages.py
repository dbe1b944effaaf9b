"""What people are told about visits: the values of letters, links and calendar entries, written into the outbox.

Values hold no more than the letter says. Names and contact details go to a school only when its contact is verified.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import InvitationKind, LinkPurpose, Mode, TopicUse
from api.mail.calendar import CalendarEvent, uid_of
from api.models.companies import Company
from api.models.follow_up import Invitation
from api.models.links import LinkToken
from api.models.people import Person
from api.models.places import Municipality
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit
from api.queries import follow_up as reads
from api.services import links, outbox

LINK_LASTS_AFTER = timedelta(days=60)  # after the visit, for evaluating and ordering again
LOCALES = ("nb", "nn", "en")


def tell_role_model(
    session: Session,
    kind: str,
    invitation: Invitation,
    *,
    more: Mapping[str, Any] | None = None,
    with_calendar: bool = False,
    cancelled: bool = False,
    dedupe: str | None = None,
) -> None:
    """A letter about an invitation to its role model. The button leads to the invitation, or, after the yes, to the
    visit.
    """
    visit = invitation.visit
    person = invitation.role_model.person
    values = visit_values(session, visit) | _travel(session, invitation) | dict(more or {})
    if invitation.answer_by is not None:
        values["answer_by"] = invitation.answer_by.isoformat()
    calendar = calendar_of(visit, cancelled=cancelled) if with_calendar else None
    outbox.write(
        session,
        kind,
        person,
        values,
        about=("invitation", invitation.id),
        links={"invitation": invitation_link(session, invitation), "visit": visit_link(session, visit, person.id)},
        calendar=calendar,
        dedupe=dedupe,
    )


def tell_school(
    session: Session,
    kind: str,
    request: Request,
    *,
    visit: Visit | None = None,
    more: Mapping[str, Any] | None = None,
    with_calendar: bool = False,
    cancelled: bool = False,
    dedupe: str | None = None,
) -> None:
    """A letter about a request to its contact, with a link to its status. Nothing where there is no contact."""
    if request.contact is None:
        return
    values = visit_values(session, visit) if visit is not None else request_values(session, request)
    calendar = calendar_of(visit, cancelled=cancelled) if with_calendar and visit is not None else None
    about = ("visit", visit.id) if visit is not None else ("request", request.id)
    outbox.write(
        session,
        kind,
        request.contact,
        values | dict(more or {}),
        about=about,
        links={"request": request_link(session, request)},
        calendar=calendar,
        dedupe=dedupe,
    )


def request_values(session: Session, request: Request) -> dict[str, Any]:
    """What every letter about a request may say."""
    town = session.scalar(select(Municipality.name).where(Municipality.id == request.school.municipality_id))
    topics = [row.topic for row in request.topics if row.use is TopicUse.NEEDED]
    topics = topics or [row.topic for row in request.topics]
    return {
        "reference": request.reference,
        "school": request.school.name,
        "municipality": town,
        "grade": request.grade,
        "classes": request.classes,
        "pupils": request.pupils,
        "topics": {locale: [getattr(topic, f"name_{locale}") for topic in topics] for locale in LOCALES},
        "answer_on": request.answer_on.isoformat(),
        "fallback": request.fallback.value,
    }


def visit_values(session: Session, visit: Visit) -> dict[str, Any]:
    """What every letter about a visit may say."""
    option = next(option for option in visit.request.options if option.id == visit.option_id)
    return request_values(session, visit.request) | {
        "mode": visit.mode.value,
        "starts_at": visit.starts_at.isoformat(),
        "ends_at": visit.ends_at.isoformat(),
        "lessons": len(option.lessons),
    }


def people_values(session: Session, visit: Visit) -> dict[str, Any]:
    """Who comes to a visit, for the school; see people_shown."""
    return people_shown(session, visit.request, reads.people_of(session, visit.id))


def people_shown(session: Session, request: Request, role_models: Collection[str]) -> dict[str, Any]:
    """Role models for a school: name and how to reach them when its contact is verified, else title and company."""
    verified = reads.is_verified(session, request)
    rows = session.execute(
        select(Person, RoleModel.title, Company.name)
        .join(RoleModel, RoleModel.person_id == Person.id)
        .outerjoin(Company, RoleModel.company_id == Company.id)
        .where(RoleModel.id.in_(role_models))
        .order_by(RoleModel.id)
    ).all()
    people = [
        {"title": title, "company": company or ""}
        | ({"name": person.name, "phone": person.phone or "", "email": person.email or ""} if verified else {})
        for person, title, company in rows
    ]
    return {"people": people, "verified": verified}


def contact_values(request: Request) -> dict[str, Any]:
    """Whom at the school a role model may reach after the yes."""
    contact = request.contact
    if contact is None:
        return {"contact": None}
    return {"contact": {"name": contact.name, "phone": contact.phone or "", "email": contact.email or ""}}


def calendar_of(visit: Visit, *, cancelled: bool = False) -> dict[str, Any]:
    """The visit in a calendar: the same UID for life, a rising sequence. The summary is the mail's subject."""
    school = visit.request.school
    place = school.name if visit.mode is Mode.PHYSICAL else ""
    return CalendarEvent(
        uid=uid_of("visit", visit.id),
        sequence=visit.version,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        location=place,
        cancelled=cancelled,
    ).values()


def invitation_link(session: Session, invitation: Invitation) -> LinkToken:
    """A link to the invitation that lasts as long as it can be answered; a moment ago for one that cannot be any more.

    The page of an old link says kindly that it is over.
    """
    ends = invitation.answer_by or invitation.visit.starts_at
    person_id = invitation.role_model.person_id
    return links.issue(
        session, LinkPurpose.INVITATION, "invitation", invitation.id, expires_at=ends, person_id=person_id
    )


def visit_link(session: Session, visit: Visit, person_id: str) -> LinkToken:
    """A role model's link to a visit."""
    ends = visit.ends_at + LINK_LASTS_AFTER
    return links.issue(session, LinkPurpose.VISIT, "visit", visit.id, expires_at=ends, person_id=person_id)


def request_link(session: Session, request: Request) -> LinkToken:
    """A school's link to its request."""
    last = max(lesson.ends_at for option in request.options for lesson in option.lessons)
    return links.issue(
        session,
        LinkPurpose.REQUEST,
        "request",
        request.id,
        expires_at=last + LINK_LASTS_AFTER,
        person_id=request.contact_id,
    )


def _travel(session: Session, invitation: Invitation) -> dict[str, Any]:
    member = next((one for one in invitation.visit.role_models if one.role_model_id == invitation.role_model_id), None)
    return {"travel_minutes": None if member is None else member.travel_minutes}


def hear_by(invitations: Iterable[Invitation]) -> datetime | None:
    """When the last of these answers is due; None while one still waits for its turn."""
    answers = [one.answer_by for one in invitations if one.kind is not InvitationKind.NOTICE]
    known = [one for one in answers if one is not None]
    return max(known) if known and len(known) == len(answers) else None
