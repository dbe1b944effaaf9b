"""The overview of the day for those who look after others: what needs them, what has happened; never an empty one."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.permissions import Role
from api.domain.promise import next_working_day
from api.domain.school_days import is_school_day
from api.models.access import User
from api.models.outbox import OutboxMessage
from api.models.people import Person
from api.models.places import Holiday
from api.models.rights import RoleGrant
from api.queries import digest as reads
from api.services import outbox
from api.services.unsubscribing import is_unwanted

KIND = "digest"
HOUR = time(7)
NATIONAL = frozenset({Role.COORDINATOR, Role.DEPUTY})
READERS = NATIONAL | {Role.SITE_LEADER, Role.COMPANY_CONTACT}


def due_digest(session: Session, now: datetime) -> list[str]:
    """Ids of the people who are to get today's overview and have not yet; nobody on days off."""
    if not _is_working_day(session, now):
        return []
    people = session.scalars(
        select(User.person_id)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .where(User.is_active, RoleGrant.role.in_(READERS))
        .distinct()
        .order_by(User.person_id)
    ).all()
    newest = select(OutboxMessage.dedupe_key).where(OutboxMessage.created_at >= now - timedelta(days=1))
    written = set(session.scalars(newest.where(OutboxMessage.kind == KIND)))
    return [person for person in people if _key(person, now) not in written]


def do_digest(session: Session, person_id: str, now: datetime) -> None:
    """Writes one person's overview of today, unless it is empty, unwanted or written."""
    person = session.get(Person, person_id)
    if person is None or not _is_working_day(session, now) or is_unwanted(session, person_id, KIND):
        return
    needs_you, happened = overview(session, person_id, now)
    if not needs_you and not happened:
        return
    day = clock.to_oslo(now).date().isoformat()
    outbox.write(
        session,
        KIND,
        person,
        {"day": day, "needs_you": needs_you, "happened": happened},
        about=("person", person_id),
        dedupe=_key(person_id, now),
    )


def overview(session: Session, person_id: str, now: datetime) -> tuple[list[list[str | int]], list[list[str | int]]]:
    """What needs the person, and what has happened, over all the person's roles: [code, count], counts above 0."""
    holidays = set(session.scalars(select(Holiday.day)))
    today = clock.to_oslo(now).date()
    before = today - timedelta(days=1)
    while not is_school_day(before, holidays):
        before -= timedelta(days=1)
    since = clock.at_local(before, HOUR)
    needs, happened = Counter[str](), Counter[str]()
    grants = session.scalars(
        select(RoleGrant)
        .join(User, RoleGrant.user_id == User.id)
        .where(User.person_id == person_id, User.is_active, RoleGrant.role.in_(READERS))
        .order_by(RoleGrant.id)
    ).all()
    if any(grant.role in NATIONAL for grant in grants):
        needs.update(dict(reads.waits_for_coordination(session, next_working_day(today, holidays))))
        happened.update(dict(reads.happened_to_visits(session, since)))
    for grant in grants:
        if grant.site_id is not None:
            needs.update(dict(reads.waits_for_site(session, grant.site_id, clock.at_local(today, time(23, 59)))))
            happened.update(dict(reads.happened_at_site(session, grant.site_id, since)))
        if grant.company_id is not None:
            needs.update(dict(reads.waits_for_company(session, grant.company_id)))
            happened.update(dict(reads.happened_to_visits(session, since, grant.company_id)))
    return [[code, count] for code, count in needs.items()], [[code, count] for code, count in happened.items()]


def _is_working_day(session: Session, now: datetime) -> bool:
    today = clock.to_oslo(now).date()
    return is_school_day(today, {today} if session.get(Holiday, today) else set())


def _key(person_id: str, now: datetime) -> str:
    return f"digest:{person_id}:{clock.to_oslo(now).date()}"
