"""Private calendars to subscribe to: each has an address of its own that its person makes, and can end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import LinkPurpose
from api.domain.permissions import Actor, Role
from api.errors import Forbidden, NotFound
from api.i18n import gettext, use_mail_locale
from api.mail import calendar, feed_words
from api.mail.calendar import CalendarEvent
from api.models.access import User
from api.models.companies import Company
from api.models.groups import Mentor, Site
from api.models.links import LinkToken
from api.models.people import Person
from api.models.places import School
from api.models.rights import RoleGrant
from api.models.role_models import RoleModel
from api.models.sign_in import Contact
from api.queries import feeds as reads
from api.queries.names import by_name
from api.queries.season_now import shown_season
from api.services import audit, links

LASTS = timedelta(days=730)
LOOKS_BACK = timedelta(days=60)
PAST_TOO = "season"  # who may see seasons keeps the calendar of one that is over
NATIONAL = (Role.COORDINATOR, Role.DEPUTY, Role.ADMIN)

Read = Callable[[Session, str, datetime], list[CalendarEvent]]
READS: dict[str, Read] = {
    "school": reads.of_school,
    "role_model": reads.of_role_model,
    "company": reads.of_company,
    "mentor": reads.of_mentor,
    "site": reads.of_site,
    "season": reads.of_season,
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What somebody may have a calendar of. kind: of READS. id: of its row."""

    kind: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A subject, and the path of its calendar where the person has made one."""

    subject: Subject
    path: str | None


def subjects_of(session: Session, person_id: str | None) -> list[Subject]:
    """Everything that a person may have a calendar of now, by what the person is and may see."""
    found = [
        Subject("role_model", row_id, feed_words.own_visits())
        for row_id in session.scalars(select(RoleModel.id).where(RoleModel.person_id == person_id))
    ]
    mentors = select(Mentor.id).where(Mentor.person_id == person_id, Mentor.is_active)
    found += [Subject("mentor", row_id, feed_words.own_meetings()) for row_id in session.scalars(mentors)]
    grants = select(RoleGrant).join(User, RoleGrant.user_id == User.id)
    roles = session.scalars(grants.where(User.person_id == person_id, User.is_active)).all()
    contact = select(Contact.school_id).where(Contact.person_id == person_id, Contact.verified_at.is_not(None))
    taught = {row.school_id for row in roles if row.role is Role.SCHOOL_CONTACT} | set(session.scalars(contact))
    for school in session.scalars(
        select(School).where(School.id.in_(taught)).order_by(by_name(School.name), School.id)
    ):
        found.append(Subject("school", school.id, feed_words.calendar_of_visits(school.name)))
    sent_by = {row.company_id for row in roles if row.role is Role.COMPANY_CONTACT}
    for company in session.scalars(
        select(Company).where(Company.id.in_(sent_by)).order_by(by_name(Company.name), Company.id)
    ):
        found.append(Subject("company", company.id, feed_words.calendar_of_visits(company.name)))
    led = {row.site_id for row in roles if row.role is Role.SITE_LEADER}
    for site in session.scalars(select(Site).where(Site.id.in_(led)).order_by(by_name(Site.name), Site.id)):
        found.append(Subject("site", site.id, feed_words.calendar_of_site(site.name)))
    season = shown_season(session) if any(row.role in NATIONAL for row in roles) else None
    if season is not None:
        found.append(Subject("season", season.id, feed_words.calendar_of_visits(season.name)))
    return found


def feeds_of(session: Session, actor: Actor) -> list[Feed]:
    """Every subject of a person with its calendar's path, where there is one."""
    return [
        Feed(subject, _path(token) if (token := _live(session, actor, subject.kind, subject.id)) else None)
        for subject in subjects_of(session, actor.person_id)
    ]


def make(session: Session, actor: Actor, kind: str, object_id: str) -> Feed:
    """The person's calendar of a subject: the one there is, or a new one. Raises NotFound for what is not theirs."""
    _require_writer(actor)
    subject = next(
        (own for own in subjects_of(session, actor.person_id) if (own.kind, own.id) == (kind, object_id)), None
    )
    if subject is None:
        raise _missing()
    token = _live(session, actor, kind, object_id)
    if token is None:
        ends = clock.now() + LASTS
        token = links.issue(session, LinkPurpose.FEED, kind, object_id, expires_at=ends, person_id=actor.person_id)
        audit.record(session, "feed.make", "link_token", token.id, actor_id=actor.user_id, detail={"kind": kind})
    return Feed(subject, _path(token))


def end(session: Session, actor: Actor, kind: str, object_id: str) -> None:
    """Ends the person's calendar of a subject: its address answers no more. Harmless when repeated."""
    _require_writer(actor)
    while (token := _live(session, actor, kind, object_id)) is not None:
        token.revoked_at = clock.now()
        session.flush()
        audit.record(session, "feed.end", "link_token", token.id, actor_id=actor.user_id, detail={"kind": kind})


def calendar_at(session: Session, secret: str) -> bytes:
    """The calendar behind an address, in its person's language. Raises NotFound, also when the right to it is gone."""
    try:
        token = links.find(session, secret, LinkPurpose.FEED)
    except links.LinkExpired as error:
        raise _missing() from error
    person = session.get(Person, token.person_id) if token.person_id else None
    if person is None:
        raise _missing()
    with use_mail_locale(person.locale):
        for own in subjects_of(session, person.id):
            if own.kind == token.object_kind and (own.kind == PAST_TOO or own.id == token.object_id):
                events = READS[own.kind](session, token.object_id, clock.now() - LOOKS_BACK)
                return calendar.feed(own.name, events, at=token.created_at)
    raise _missing()


def _require_writer(actor: Actor) -> None:
    if actor.read_only:
        raise Forbidden(gettext("This token may only read."), remedy=gettext("Use one with the scope write."))


def _path(token: LinkToken) -> str:
    return links.address_of(token) + ".ics"


def _live(session: Session, actor: Actor, kind: str, object_id: str) -> LinkToken | None:
    return session.scalar(
        select(LinkToken)
        .where(LinkToken.purpose == LinkPurpose.FEED, LinkToken.person_id == actor.person_id)
        .where(LinkToken.object_kind == kind, LinkToken.object_id == object_id)
        .where(LinkToken.revoked_at.is_(None), LinkToken.expires_at > clock.now())
        .order_by(LinkToken.id)
        .limit(1)
    )


def _missing() -> NotFound:
    return NotFound(gettext("There is no such calendar."))
