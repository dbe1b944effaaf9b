"""How fast the season's pages answer: the median of 20 for each, on the season that `treffpunkt demo` has planned.

    python -m tests.benchmarks.pages [TIMES]

asks for every page of the URL map, in the database that the settings name (TREFFPUNKT_DATA, DATABASE_URL), as somebody
who may see it. It adds users and links there: use a copy. Ends with 1 when a page is over the limit. Processor time
stands beside the time on the wall, which says more where other programs run.
"""

import os
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.app import create_app
from api.config import settings
from api.db import transaction
from api.domain.enums import LinkPurpose, RequestState, RunKind, RunState
from api.domain.permissions import Role
from api.models.access import User
from api.models.base import Base
from api.models.companies import Agreement
from api.models.follow_up import Invitation, PlanApproval
from api.models.group_life import GuardianLink, SeatOffer
from api.models.groups import GroupSession, Meeting, Mentor, Site
from api.models.people import Person
from api.models.places import School
from api.models.plan_rows import PlanUnserved, PlanVisit
from api.models.planning import Plan, Run
from api.models.pupils import Entry, Lottery
from api.models.reports import Survey
from api.models.rights import RoleGrant
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit
from api.queries import season_now, seasons
from api.services import links
from tests.api.two_sides import Side, named_in
from tests.journeys.addresses import page_rules, pages

LIMIT_MS = 200
TIMES = 20


@dataclass(frozen=True, slots=True)
class Measured:
    """One page: milliseconds of the first answer and of the median one, and of the processor for a median one."""

    address: str
    first_ms: float
    median_ms: float
    cpu_ms: float


def of_demo(session: Session) -> Side:
    """Real ids for the parameters of addresses, with users and links. LookupError when no season has been planned."""
    leaves_some = select(Plan).join(PlanUnserved, PlanUnserved.plan_id == Plan.id)
    leaves_some = leaves_some.where(Plan.kind == RunKind.VISIT, Plan.status.in_(seasons.USABLE))
    visits = session.scalars(leaves_some.order_by(Plan.created_at.desc()).limit(1)).first()
    groups = visits and season_now.held_plan(session, visits.season_id, RunKind.GROUP)
    if visits is None or groups is None:
        raise LookupError("there is no planned season; run `treffpunkt demo` first")
    side = Side(ids={name: row.id for name, row in _rows(session, visits.season_id, visits, groups) if row is not None})  # type: ignore[attr-defined]  # every row has an id
    request = session.scalars(select(Request).where(Request.season_id == visits.season_id).limit(1)).one()
    side.ids |= {
        "season_id": visits.season_id,
        "programme_id": request.programme_id,
        "school_id": request.school_id,
        "municipality_id": session.get_one(School, request.school_id).municipality_id,
        "other_id": visits.id,
        "plan_id": groups.id,
        "item_id": session.scalars(
            select(PlanUnserved.request_id).where(PlanUnserved.plan_id == visits.id).limit(1)
        ).one(),
        "code": session.get_one(Site, side.ids["site_id"]).code,
        "object_id": side.ids["site_id"],
        "planned_session_id": side.ids["session_id"],
    }
    _users(session, side)
    _links(session, side)
    return side


def measure(app: Flask, times: int = TIMES) -> tuple[list[Measured], list[str]]:
    """Every page that the season has rows for, and the rules that it has none for."""
    with transaction() as session:
        side = of_demo(session)
        known = {*side.ids, "secret"}
        without = [rule.rule for rule in page_rules(app) if named_in(rule) - known]
        shown = pages(app, session, side, known=known)
    found = []
    for one in shown:
        client = app.test_client()
        if one["cookie"]:
            client.set_cookie("session", one["cookie"])
        found.append(_measured(client, str(one["address"]), times))
    return found, without


def main() -> int:
    os.environ.setdefault("TREFFPUNKT_ENV", "development")
    try:
        found, without = measure(create_app(settings()), int(sys.argv[1]) if len(sys.argv) > 1 else TIMES)
    except LookupError as missing:
        print(missing, file=sys.stderr)
        return 2
    for one in sorted(found, key=lambda one: -one.cpu_ms):
        print(f"{one.median_ms:7.1f} ms  cpu {one.cpu_ms:7.1f}  (first {one.first_ms:7.1f})  {one.address}")
    slow = [one for one in found if one.median_ms >= LIMIT_MS]
    print(f"{len(found)} pages, {len(slow)} of them not under {LIMIT_MS} ms")
    print("no rows for", *without or ["none"])
    return 1 if slow else 0


def _rows(session: Session, season_id: str, visits: Plan, groups: Plan) -> Iterator[tuple[str, Base | None]]:
    def first(query: object) -> Base | None:
        return session.scalars(query.limit(1)).first()  # type: ignore[attr-defined]  # every kind has an id

    evening = first(select(GroupSession).where(GroupSession.season_id == season_id))
    assert isinstance(evening, GroupSession)
    yield "session_id", evening
    yield "site_id", session.get(Site, evening.site_id)
    yield "visit_id", first(select(PlanVisit).where(PlanVisit.plan_id == visits.id))
    yield "run_id", first(select(Run).where(Run.state == RunState.DONE))
    company = first(select(Agreement).where(Agreement.season_id == season_id))
    yield "agreement_id", company
    if isinstance(company, Agreement):
        yield "company_id", company.company
        yield "role_model_id", first(select(RoleModel).where(RoleModel.company_id == company.company_id))
    yield "live_visit_id", first(select(Visit).join(Request).where(Request.state == RequestState.VISIT))
    yield "mentor_id", first(select(Mentor).where(Mentor.site_id == evening.site_id))
    yield "meeting_id", first(select(Meeting).where(Meeting.session_id == evening.id))
    for name, kind in {
        "entry_id": Entry,
        "offer_id": SeatOffer,
        "guardian": GuardianLink,
        "invitation_id": Invitation,
        "survey_id": Survey,
        "lottery_id": Lottery,
        "user_id": User,
    }.items():
        yield name, first(select(kind))
    yield "request_id", first(select(Request).where(Request.state == RequestState.VISIT))
    for name, plan in (("approval_id", visits), ("group_approval_id", groups)):
        yield name, first(select(PlanApproval).where(PlanApproval.plan_id == plan.id))


def _users(session: Session, side: Side) -> None:
    scopes = {
        Role.SITE_LEADER: {"site_id": side.ids["site_id"]},
        Role.MENTOR: {"site_id": side.ids["site_id"]},
        Role.SCHOOL_CONTACT: {"school_id": side.ids["school_id"]},
        Role.COMPANY_CONTACT: {"company_id": side.ids.get("company_id")},
    }
    people = {
        Role.ROLE_MODEL: session.get_one(RoleModel, side.ids["role_model_id"]).person_id,
        Role.MENTOR: session.get_one(Mentor, side.ids["mentor_id"]).person_id,
        Role.PUPIL: session.get_one(Entry, side.ids["entry_id"]).pupil.person_id,
    }
    for role in Role:
        person_id = people.get(role)
        user = session.scalars(select(User).where(User.person_id == person_id)).first() if person_id else None
        if user is None:
            if person_id is None:
                person = Person(name="Benchmark", locale="nb")
                session.add(person)
                session.flush()
                person_id = person.id
            user = User(person_id=person_id, login=f"{role.value}-{person_id}@example.org")
            session.add(user)
            session.flush()
        if role not in session.scalars(select(RoleGrant.role).where(RoleGrant.user_id == user.id)).all():
            session.add(RoleGrant(user_id=user.id, role=role, **scopes.get(role, {})))
            session.flush()
        side.users[role] = user


def _links(session: Session, side: Side) -> None:
    about = {
        LinkPurpose.CONFIRM_REQUEST: ("request", "request_id"),
        LinkPurpose.REQUEST: ("request", "request_id"),
        LinkPurpose.INVITATION: ("invitation", "invitation_id"),
        LinkPurpose.VISIT: ("visit", "live_visit_id"),
        LinkPurpose.PROFILE: ("role_model", "role_model_id"),
        LinkPurpose.COMPANY: ("company", "company_id"),
        LinkPurpose.ENTRY: ("entry", "entry_id"),
        LinkPurpose.OFFER: ("seat_offer", "offer_id"),
        LinkPurpose.GUARDIAN: ("guardian_link", "guardian"),
        LinkPurpose.MENTOR: ("mentor", "mentor_id"),
        LinkPurpose.EVALUATION: ("visit", "live_visit_id"),
    }
    soon = clock.now() + timedelta(hours=1)
    person_id = side.users[Role.ROLE_MODEL].person_id
    for purpose, (kind, name) in about.items():
        if name in side.ids:
            link = links.issue(session, purpose, kind, side.ids[name], expires_at=soon, person_id=person_id)
            side.links[purpose] = links.secret_of(link.id)


def _measured(client: FlaskClient, address: str, times: int) -> Measured:
    first, _cpu = _timed(client, address)
    taken = [_timed(client, address) for _ in range(times)]
    return Measured(
        address, first, statistics.median(one for one, _ in taken), statistics.median(one for _, one in taken)
    )


def _timed(client: FlaskClient, address: str) -> tuple[float, float]:
    began, worked = time.perf_counter(), time.process_time()
    client.get(address).get_data()
    return (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000


if __name__ == "__main__":
    sys.exit(main())
