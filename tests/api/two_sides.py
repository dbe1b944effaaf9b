"""Two of everything that belongs to somebody: a site, a school, a company and their people, ours and theirs.

`ids` holds what the parameters of addresses can name. A new parameter gets its line in `_side` (owned by a side) or in
`SHARED` (everybody's, or national: the roles alone decide).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, Rule

from api import clock
from api.domain.enums import AlternativeKind, Channel, LinkPurpose, Mode, OfferReason, RequestState, RunKind
from api.domain.ids import new_id
from api.domain.permissions import SCOPED_ROLES, Role
from api.models.access import User
from api.models.base import Base
from api.models.follow_up import Alternative, ExceptionItem, Invitation, PledgeSlot
from api.models.group_life import GuardianLink, SeatOffer
from api.models.outbox import OutboxMessage
from api.models.plan_rows import PlanVisit
from api.models.pupils import Lottery
from api.models.sign_in import Contact, MailDomain, SignInSession
from api.services import links, users
from api.services.accounts import sessions
from tests import factories as make
from tests.seasons import World, planned_season

# Parameters that name what everybody, or everybody with the role, may see.
SHARED = frozenset(
    {"season_id", "school_id", "site_id", "session_id", "programme_id", "lottery_id", "plan_id", "other_id", "run_id"}
    | {"visit_id", "item_id", "code", "agreement_id", "municipality_id"}
)
# Words in addresses that are no ids.
WORDS = {"suffix": "csv", "kind": "site", "event": "be_away", "act": "borte", "year": "2027"}


def word_of(rule: Rule, name: str) -> str | None:
    """The word to put for a parameter that is no id: one of those its converter knows, or of WORDS."""
    converter = rule._converters.get(name)
    return sorted(converter.items)[0] if isinstance(converter, AnyConverter) else WORDS.get(name)


def named_in(rule: Rule) -> frozenset[str]:
    """The parameters of an address that name rows."""
    return frozenset(name for name in rule.arguments if word_of(rule, name) is None)


@dataclass
class Side:
    """ids: parameter → id. links: purpose → secret. users: one of each role, scoped to this side."""

    ids: dict[str, str] = field(default_factory=dict)
    links: dict[LinkPurpose, str] = field(default_factory=dict)
    users: dict[Role, User] = field(default_factory=dict)


def two_sides(session: Session) -> tuple[Side, Side]:
    """Our side and theirs, in one planned season."""
    world = planned_season(session)
    return _side(session, world), _side(session, world)


def missing(ids: dict[str, str]) -> dict[str, str]:
    """Ids in the same form that nothing has."""
    return {name: new_id() for name in ids} | {"code": "nowhere"}


def _side(session: Session, world: World) -> Side:
    side = Side()
    site, school, company = make.make_site(session), make.make_school(session), make.make_company(session)
    season_id, programme_id = world.season.id, world.group_rules.programme_id
    volunteer = make.make_role_model(session, company_id=company.id)
    mentor = make.make_mentor(session, site_id=site.id)
    evening = make.make_group_session(session, season_id=season_id, programme_id=programme_id, site_id=site.id)
    meeting = make.make_meeting(session, session_id=evening.id)
    duty = make.make_duty(session, meeting_id=meeting.id, mentor_id=mentor.id)
    entry = make.make_entry(session, evening)
    teacher = make.make_person(session)
    request = make.make_request(
        session,
        season_id=season_id,
        programme_id=world.visit_rules.programme_id,
        school_id=school.id,
        contact_id=teacher.id,
        state=RequestState.VISIT,
    )
    visit = make.make_visit(session, volunteer, request=request)
    agreement = make.make_agreement(session, company_id=company.id, season_id=season_id)
    guardian = GuardianLink(pupil_id=entry.pupil_id, person_id=make.make_person(session).id)
    soon = clock.now() + timedelta(hours=1)
    rows: dict[str, Base] = {
        "guardian": guardian,
        "contact_id": Contact(person_id=teacher.id, school_id=school.id),
        "domain_id": MailDomain(domain=f"{school.id}.example.org", school_id=school.id),
        "alternative_id": Alternative(
            request_id=request.id,
            rank=1,
            kind=AlternativeKind.DATE,
            role_model_id=volunteer.id,
            mode=Mode.PHYSICAL,
            starts_at=visit.starts_at,
            ends_at=visit.ends_at,
            held_until=soon,
        ),
        "slot_id": PledgeSlot(
            agreement_id=agreement.id,
            role_model_id=volunteer.id,
            day=make.MONDAY,
            starts=time(8),
            ends=time(10),
        ),
        "invitation_id": Invitation(visit_id=visit.id, role_model_id=volunteer.id),
        "offer_id": SeatOffer(
            entry_id=entry.id, session_id=evening.id, seat=1, reason=OfferReason.QUEUE, expires_at=soon
        ),
        "line_id": ExceptionItem(
            kind="no_mentor",
            site_id=site.id,
            object_kind="meeting",
            object_id=meeting.id,
            reason={"code": "away"},
            remedy={"code": "call"},
        ),
        "message_id": OutboxMessage(
            kind="login_link",
            channel=Channel.MAIL,
            person_id=teacher.id,
            address=str(teacher.email),
            locale=teacher.locale,
            values={},
            about_kind="person",
            about_id=teacher.id,
            message_id=f"{new_id()}@treffpunkt",
            not_before=soon,
        ),
    }
    for row in rows.values():
        session.add(row)
        session.flush()
    people = {
        Role.ROLE_MODEL: volunteer.person_id,
        Role.MENTOR: mentor.person_id,
        Role.PUPIL: entry.pupil.person_id,
        Role.GUARDIAN: guardian.person_id,
        Role.SCHOOL_CONTACT: teacher.id,
    }
    scopes = {
        Role.SITE_LEADER: {"site_id": site.id},
        Role.MENTOR: {"site_id": site.id},
        Role.SCHOOL_CONTACT: {"school_id": school.id},
        Role.COMPANY_CONTACT: {"company_id": company.id},
    }
    assert scopes.keys() == SCOPED_ROLES
    for role in Role:
        side.users[role] = make.make_user(session, person_id=people.get(role) or make.make_person(session).id)
        make.make_grant(session, user_id=side.users[role].id, role=role, **scopes.get(role, {}))
    account = make.make_user(session, Role.ROLE_MODEL)
    started = sessions.start(session, account.id)
    users.create_token(session, user_id=account.id, name="theirs")
    plan_visit = session.scalars(
        select(PlanVisit.id).where(PlanVisit.plan_id == world.plans[RunKind.VISIT]).limit(1)
    ).one()
    side.ids = {name: row.id for name, row in rows.items()} | {  # type: ignore[attr-defined]
        "site_id": site.id,
        "code": site.code,
        "school_id": school.id,
        "municipality_id": school.municipality_id,
        "agreement_id": agreement.id,
        "company_id": company.id,
        "season_id": season_id,
        "programme_id": programme_id,
        "session_id": evening.id,
        "meeting_id": meeting.id,
        "membership_id": make.make_membership(session, entry_id=entry.id, session_id=evening.id, seat=2).id,
        "duty_id": duty.id,
        "mentor_id": mentor.id,
        "entry_id": entry.id,
        "request_id": request.id,
        "live_visit_id": visit.id,
        "role_model_id": volunteer.id,
        "visit_id": plan_visit,
        "item_id": world.unserved[0].id,
        "plan_id": world.plans[RunKind.GROUP],
        "other_id": world.plans[RunKind.VISIT],
        "run_id": world.runs[RunKind.VISIT],
        "user_id": account.id,
        "object_id": site.id,
        "lottery_id": session.scalars(select(Lottery.id)).first() or new_id(),
    }
    side.ids["session"] = session.get_one(SignInSession, started).id
    side.links = _links(session, side, teacher.id, guardian.id)
    return side


def _links(session: Session, side: Side, person_id: str, guardian_id: str) -> dict[LinkPurpose, str]:
    about = {
        LinkPurpose.LOGIN: ("person", person_id),
        LinkPurpose.CONFIRM_REQUEST: ("request", side.ids["request_id"]),
        LinkPurpose.REQUEST: ("request", side.ids["request_id"]),
        LinkPurpose.INVITATION: ("invitation", side.ids["invitation_id"]),
        LinkPurpose.VISIT: ("visit", side.ids["live_visit_id"]),
        LinkPurpose.PROFILE: ("role_model", side.ids["role_model_id"]),
        LinkPurpose.COMPANY: ("company", side.ids["company_id"]),
        LinkPurpose.ENTRY: ("entry", side.ids["entry_id"]),
        LinkPurpose.OFFER: ("seat_offer", side.ids["offer_id"]),
        LinkPurpose.GUARDIAN: ("guardian_link", guardian_id),
        LinkPurpose.MENTOR: ("mentor", side.ids["mentor_id"]),
        LinkPurpose.EVALUATION: ("visit", side.ids["live_visit_id"]),
        LinkPurpose.FEED: ("site", side.ids["site_id"]),
        LinkPurpose.UNSUBSCRIBE: ("person", person_id),
    }
    soon = clock.now() + timedelta(hours=1)
    return {
        purpose: links.secret_of(
            links.issue(session, purpose, *about[purpose], expires_at=soon, person_id=person_id).id
        )
        for purpose in LinkPurpose
    }
