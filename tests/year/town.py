"""A small season to live through: schools, role models, an agreement, two evenings with mentors, and who runs it.

It is planned for the term that starts on 4 January; the year begins in November before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import time_machine
from sqlalchemy.orm import Session

from api.domain.enums import ProgrammeKind, WindowKind
from api.domain.permissions import Role
from api.models.programmes import VisitWeek
from api.services import users
from tests import factories as make

START = datetime(2026, 11, 9, 9, tzinfo=UTC)
END = datetime(2027, 7, 1, tzinfo=UTC)
REGISTRATION_ENDS = datetime(2026, 12, 1, 11, tzinfo=UTC)
SPRING = {"starts_on": date(2027, 1, 4), "ends_on": date(2027, 6, 18)}
PEOPLE, SCHOOLS = 5, 4


@dataclass(frozen=True)
class Town:
    """Ids by which the doors are used, and the keys of a coordinator and of a site leader."""

    season: str
    schools: list[str]
    group_programme: str
    level: str
    site: str
    evenings: list[str]
    coordinator: str
    leader: str


def build(session: Session) -> Town:
    """The rows, at START."""
    with time_machine.travel(START, tick=False):
        season = make.make_season(session, name="Våren 2027", **SPRING)
        schools = _visits(session, season.id)
        group_programme, level, site, evenings = _groups(session, season.id)
        coordinator = make.make_user(session, Role.COORDINATOR)
        leader = make.make_user(session)
        make.make_grant(session, user_id=leader.id, role=Role.SITE_LEADER, site_id=site)
        keys = [
            users.create_token(session, user_id=user.id, name="year", scopes=("read", "write"), days=365)
            for user in (coordinator, leader)
        ]
        return Town(season.id, schools, group_programme, level, site, evenings, *keys)


def _visits(session: Session, season_id: str) -> list[str]:
    make.make_rule_version(session)
    oslo = make.make_municipality(session, name="Oslo")
    company = make.make_company(session, name="Bedrift 1")
    agreement = make.make_agreement(session, company_id=company.id, season_id=season_id)
    week = VisitWeek(season_id=season_id, municipality_id=oslo.id, monday=date(2027, 2, 8))
    session.add(week)
    agreement.municipalities, agreement.visit_weeks = [oslo], [week]
    for number in range(PEOPLE):
        pledged = number == 0
        row = make.make_role_model(
            session, digital=True, title="ingeniør", company_id=company.id if pledged else None, max_per_term=4
        )
        row.agreements = [agreement] if pledged else []
    return [make.make_school(session, municipality_id=oslo.id).id for _ in range(SCHOOLS)]


def _groups(session: Session, season_id: str) -> tuple[str, str, str, list[str]]:
    programme = make.make_programme(session, kind=ProgrammeKind.STUDY_GROUP)
    rules = {"min_mentors": 1, "min_pupils": 1}
    make.make_rule_version(session, programme_id=programme.id, settings=rules)
    level = make.make_level(session)
    site = make.make_site(session)
    make.make_window(
        session,
        season_id=season_id,
        programme_id=programme.id,
        kind=WindowKind.REGISTRATION,
        opens_at=START - timedelta(days=7),
        closes_at=REGISTRATION_ENDS,
        answer_on=date(2026, 12, 15),
    )
    evenings = []
    for weekday in (1, 3):
        room = make.make_room(session, site_id=site.id)
        evening = make.make_group_session(
            session,
            season_id=season_id,
            programme_id=programme.id,
            site_id=site.id,
            room_id=room.id,
            weekday=weekday,
            seats=3,
            min_mentors=1,
            min_pupils=1,
        )
        first = datetime(2027, 1, 10 + weekday, 16, tzinfo=UTC)
        for number in range(10):
            starts = first + timedelta(weeks=number)
            make.make_meeting(
                session, session_id=evening.id, room_id=room.id, starts_at=starts, ends_at=starts + timedelta(hours=2)
            )
        make.make_mentor(session, site_id=site.id, levels=[level], sessions=[evening], max_sessions=1)
        evenings.append(evening)
    spare = make.make_mentor(session, site_id=site.id, levels=[level], sessions=evenings, max_sessions=2)
    assert spare.sessions
    return programme.id, level.id, site.id, [evening.id for evening in evenings]
