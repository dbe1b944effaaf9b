"""Rows for tests: the least that is valid, parents included, nothing random. Each function flushes what it makes.

Numbers in names only keep them apart. People have roles for names, and mail at example.org.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from api.domain.enums import (
    Mode,
    OwnerKind,
    PlanStatus,
    PriorityReason,
    ProgrammeKind,
    RunKind,
    WindowKind,
)
from api.domain.permissions import Role
from api.models.access import User
from api.models.base import Base
from api.models.bookings import Booking
from api.models.companies import Agreement, Company
from api.models.group_life import Duty, MentorAssignment
from api.models.groups import GroupSession, Meeting, Mentor, Room, Site
from api.models.people import Person
from api.models.places import County, Municipality, MunicipalityCode, School, SchoolOwner
from api.models.planning import Plan, Run
from api.models.programmes import Level, Programme, ProgrammeRuleVersion, Season, Topic, VisitWeek, Window
from api.models.pupils import Entry, EntryChoice, Membership, Pupil
from api.models.rights import RoleGrant
from api.models.role_models import RoleModel, RoleModelFreeTime
from api.models.visits import Lesson, Request, RequestOption, Visit, VisitRoleModel

MONDAY = date(2027, 1, 18)
MORNING = datetime(2027, 1, 18, 7, 30, tzinfo=UTC)  # 08:30 in Norway
LESSON = timedelta(minutes=45)
OSLO_AT = {"lat": 59.91, "lon": 10.75}
# A hash in argon2id's form that no password has.
NO_PASSWORD = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

RowT = TypeVar("RowT", bound=Base)
_numbers = count(1)


def _add(session: Session, kind: type[RowT], given: dict[str, Any], /, **defaults: Any) -> RowT:
    row = kind(**(defaults | given))
    session.add(row)
    session.flush()
    return row


def _number() -> int:
    return next(_numbers)


def make_person(session: Session, **given: Any) -> Person:
    n = _number()
    return _add(session, Person, given, name=f"Person {n}", email=f"person{n}@example.org")


def make_user(session: Session, *roles: Role, **given: Any) -> User:
    """A user with these roles for the whole country; scoped roles come from make_grant."""
    if "person_id" not in given:
        given["person_id"] = make_person(session).id
    user = _add(session, User, given, login=f"user{_number()}@example.org", password_hash=NO_PASSWORD)
    for role in roles:
        make_grant(session, user_id=user.id, role=role)
    return user


def make_grant(session: Session, **given: Any) -> RoleGrant:
    if "user_id" not in given:
        given["user_id"] = make_user(session).id
    return _add(session, RoleGrant, given, role=Role.COORDINATOR)


def make_county(session: Session, **given: Any) -> County:
    n = _number()
    return _add(session, County, given, code=f"c{n}", name=f"County {n}")


def make_municipality(session: Session, *, code: str | None = None, **given: Any) -> Municipality:
    """A municipality with one code in the list of 2024."""
    n = _number()
    row = _add(session, Municipality, given, name=f"Municipality {n}")
    row.codes.append(MunicipalityCode(code=code or f"m{n}", year=2024))
    session.flush()
    return row


def make_owner(session: Session, **given: Any) -> SchoolOwner:
    return _add(session, SchoolOwner, given, name=f"Owner {_number()}", kind=OwnerKind.MUNICIPALITY)


def make_school(session: Session, **given: Any) -> School:
    if "municipality_id" not in given:
        given["municipality_id"] = make_municipality(session).id
    return _add(session, School, given, name=f"School {_number()}", lowest_grade=8, highest_grade=10, **OSLO_AT)


def make_programme(session: Session, **given: Any) -> Programme:
    n = _number()
    names = {f"name_{locale}": f"Programme {n}" for locale in ("nb", "nn", "en")}
    return _add(session, Programme, given, code=f"programme-{n}", kind=ProgrammeKind.SCHOOL_VISIT, **names)


def make_rule_version(session: Session, **given: Any) -> ProgrammeRuleVersion:
    if "programme_id" not in given:
        given["programme_id"] = make_programme(session).id
    return _add(session, ProgrammeRuleVersion, given, number=1, settings={})


def make_topic(session: Session, **given: Any) -> Topic:
    n = _number()
    return _add(session, Topic, given, code=f"topic-{n}", **{f"name_{x}": f"Topic {n}" for x in ("nb", "nn", "en")})


def make_level(session: Session, **given: Any) -> Level:
    n = _number()
    return _add(session, Level, given, code=f"level-{n}", **{f"name_{x}": f"Level {n}" for x in ("nb", "nn", "en")})


def make_season(session: Session, **given: Any) -> Season:
    n = _number()
    spring = {"starts_on": date(2027, 1, 4), "ends_on": date(2027, 6, 18)}
    return _add(session, Season, given, code=f"season-{n}", name=f"Season {n}", **spring)


def make_window(session: Session, **given: Any) -> Window:
    if "season_id" not in given:
        given["season_id"] = make_season(session).id
    if "programme_id" not in given:
        given["programme_id"] = make_programme(session).id
    opens = MORNING - timedelta(weeks=12)
    times = {"opens_at": opens, "closes_at": opens + timedelta(weeks=6), "answer_on": MONDAY - timedelta(weeks=5)}
    return _add(session, Window, given, kind=WindowKind.REQUEST, **times)


def make_visit_week(session: Session, **given: Any) -> VisitWeek:
    if "season_id" not in given:
        given["season_id"] = make_season(session).id
    if "municipality_id" not in given:
        given["municipality_id"] = make_municipality(session).id
    return _add(session, VisitWeek, given, monday=MONDAY)


def make_company(session: Session, **given: Any) -> Company:
    return _add(session, Company, given, name=f"Company {_number()}")


def make_agreement(session: Session, **given: Any) -> Agreement:
    if "company_id" not in given:
        given["company_id"] = make_company(session).id
    if "season_id" not in given:
        given["season_id"] = make_season(session).id
    return _add(session, Agreement, given, pledged_people=1)


def make_role_model(session: Session, **given: Any) -> RoleModel:
    """Trained, confirmed, in Oslo, an hour's reach, grades 8 to 13, free every weekday from 8 to 16."""
    if "person_id" not in given:
        given["person_id"] = make_person(session).id
    ready = {"trained_on": date(2026, 9, 1), "confirmed_at": datetime(2026, 9, 1, tzinfo=UTC)}
    reach = {"max_travel_minutes": 60, "lowest_grade": 8, "highest_grade": 13}
    row = _add(session, RoleModel, given, **ready, **reach, **OSLO_AT)
    if "free_times" not in given:
        row.free_times = [RoleModelFreeTime(weekday=day, starts=time(8), ends=time(16)) for day in range(1, 6)]
        session.flush()
    return row


def make_request(session: Session, *, starts: tuple[datetime, ...] = (MORNING,), **given: Any) -> Request:
    """An open request with one option of one 45-minute lesson for each start."""
    if "season_id" not in given:
        given["season_id"] = make_season(session).id
    if "programme_id" not in given:
        given["programme_id"] = make_programme(session).id
    if "school_id" not in given:
        given["school_id"] = make_school(session).id
    options = [
        RequestOption(position=n, lessons=[Lesson(position=0, starts_at=at, ends_at=at + LESSON)])
        for n, at in enumerate(starts)
    ]
    asked = {"grade": 9, "submitted_at": datetime(2026, 11, 2, 9, tzinfo=UTC), "answer_on": date(2026, 11, 16)}
    return _add(session, Request, given, options=options, **asked)


def make_visit(session: Session, *role_models: RoleModel, **given: Any) -> Visit:
    """A planned visit in the request's first option, without bookings."""
    request = given.pop("request", None) or make_request(session)
    option = request.options[0]
    when = {"starts_at": option.lessons[0].starts_at, "ends_at": option.lessons[-1].ends_at}
    people = [VisitRoleModel(role_model_id=row.id, travel_minutes=0) for row in role_models]
    whole = {"request_id": request.id, "option_id": option.id, "mode": Mode.PHYSICAL, "role_models": people}
    return _add(session, Visit, given, **whole, **when)


def make_booking(session: Session, **given: Any) -> Booking:
    if "person_id" not in given:
        given["person_id"] = make_person(session).id
    return _add(session, Booking, given, starts_at=MORNING, ends_at=MORNING + LESSON)


def make_site(session: Session, **given: Any) -> Site:
    n = _number()
    return _add(session, Site, given, code=f"site-{n}", name=f"Site {n}", institution="Institution", **OSLO_AT)


def make_room(session: Session, **given: Any) -> Room:
    if "site_id" not in given:
        given["site_id"] = make_site(session).id
    return _add(session, Room, given, name=f"Room {_number()}", seats=40)


def make_group_session(session: Session, **given: Any) -> GroupSession:
    """Tuesdays from 17 to 19, 40 seats."""
    if "season_id" not in given:
        given["season_id"] = make_season(session).id
    if "programme_id" not in given:
        given["programme_id"] = make_programme(session, kind=ProgrammeKind.STUDY_GROUP).id
    if "site_id" not in given:
        given["site_id"] = make_site(session).id
    return _add(session, GroupSession, given, weekday=2, starts=time(17), ends=time(19), seats=40)


def make_meeting(session: Session, **given: Any) -> Meeting:
    if "session_id" not in given:
        given["session_id"] = make_group_session(session).id
    starts = datetime(2027, 1, 19, 16, tzinfo=UTC)
    return _add(session, Meeting, given, starts_at=starts, ends_at=starts + timedelta(hours=2))


def make_mentor(session: Session, **given: Any) -> Mentor:
    if "person_id" not in given:
        given["person_id"] = make_person(session).id
    if "site_id" not in given:
        given["site_id"] = make_site(session).id
    return _add(session, Mentor, given, contracted=1, max_sessions=2, trained_on=date(2026, 9, 1))


def make_pupil(session: Session, **given: Any) -> Pupil:
    if "person_id" not in given:
        given["person_id"] = make_person(session).id
    return _add(session, Pupil, given)


def make_entry(session: Session, *choices: GroupSession, **given: Any) -> Entry:
    """A waiting entry for the sessions, best first; season and programme are the first one's."""
    first = choices[0] if choices else make_group_session(session)
    if "pupil_id" not in given:
        given["pupil_id"] = make_pupil(session).id
    if "level_id" not in given:
        given["level_id"] = make_level(session).id
    ranked = [EntryChoice(rank=rank, session_id=row.id) for rank, row in enumerate(choices or (first,), start=1)]
    place = {"priority_class": 2, "priority_reason": PriorityReason.REST, "joined_on": date(2026, 9, 5), "grade": 10}
    where = {"season_id": first.season_id, "programme_id": first.programme_id, "lottery_number": _number()}
    return _add(session, Entry, given, choices=ranked, **place, **where)


def make_membership(session: Session, **given: Any) -> Membership:
    if "entry_id" not in given:
        given["entry_id"] = make_entry(session).id
    if "session_id" not in given:
        given["session_id"] = make_group_session(session).id
    return _add(session, Membership, given, seat=1, from_date=date(2027, 1, 19), reason="plan")


def make_run(session: Session, **given: Any) -> Run:
    """A queued run of visits."""
    if "season_id" not in given:
        given["season_id"] = make_season(session).id
    if "rule_version_id" not in given:
        given["rule_version_id"] = make_rule_version(session).id
    return _add(session, Run, given, kind=RunKind.VISIT)


def make_plan(session: Session, **given: Any) -> Plan:
    """The head of an optimal plan, without goals and rows."""
    run = given.pop("run", None) or make_run(session)
    whole = {"run_id": run.id, "season_id": run.season_id, "kind": run.kind, "certificate": {"judge": "ok"}}
    return _add(session, Plan, given, status=PlanStatus.OPTIMAL, problem_sha256="0" * 64, **whole)


def make_assignment(session: Session, **given: Any) -> MentorAssignment:
    if "session_id" not in given:
        given["session_id"] = make_group_session(session).id
    if "mentor_id" not in given:
        given["mentor_id"] = make_mentor(session).id
    return _add(session, MentorAssignment, given, from_date=date(2027, 1, 4))


def make_duty(session: Session, *, booked: bool = True, **given: Any) -> Duty:
    """A planned duty, with the booking that holds the mentor's time."""
    meeting = given.pop("meeting", None) or make_meeting(session)
    mentor = given.pop("mentor", None) or make_mentor(session)
    row = _add(session, Duty, given, meeting_id=meeting.id, mentor_id=mentor.id)
    if booked:
        times = {"starts_at": meeting.starts_at, "ends_at": meeting.ends_at}
        make_booking(session, person_id=mentor.person_id, meeting_id=meeting.id, **times)
    return row
