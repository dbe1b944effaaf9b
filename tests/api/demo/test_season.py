"""The demo season: its size and mix, nobody who could exist, and hard enough to be worth solving."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from api import db
from api.demo.frame import season_dates
from api.demo.rows import Rows
from api.demo.season import build_season, demo_code, existing_seasons
from api.demo.towns import CAMPUSES, TOWNS
from api.domain.enums import Gender, PriorityReason, RequestState, RunKind, VisitState
from api.models.companies import Agreement
from api.models.groups import Mentor, Site
from api.models.people import Person
from api.models.places import Holiday, Municipality, MunicipalityCode, School
from api.models.programmes import ProgrammeRuleVersion, Season, VisitWeek
from api.models.pupils import Entry, EntryChoice, Lottery, Pupil
from api.models.role_models import RoleModel, RoleModelFreeTime
from api.models.visits import Request, Visit
from api.queries import queue_draw
from api.queries.snapshot import Order, take_snapshot
from matcher.control import Settings, Stop
from matcher.problem import GroupProblem, VisitProblem
from matcher.replay import Draw, lottery_faults
from matcher.solve import solve
from matcher.travel import TravelTimes, place

TODAY = date(2026, 11, 21)


@dataclass(frozen=True)
class Built:
    session: Session
    season: Season
    visits: VisitProblem
    groups: GroupProblem


def taken(session: Session, season: Season, rule_version: str, kind: RunKind) -> VisitProblem | GroupProblem:
    rules = session.get_one(ProgrammeRuleVersion, rule_version)
    order = Order(kind, season.id, rules.programme_id, rules.settings, season.starts_on, season.ends_on, TODAY)
    return take_snapshot(session, order).problem


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    file: Path = tmp_path_factory.mktemp("demo") / "demo.db"
    db.upgrade(f"sqlite:///{file}")
    engine = db.make_engine(f"sqlite:///{file}")
    with Session(engine, expire_on_commit=False) as session:
        rules = build_season(session, today=TODAY, seed=1, scale=1, from_register=False)
        session.commit()
        code = demo_code(1, 1, from_register=False)
        season = session.scalars(select(Season).where(Season.code == code)).one()
        visits = taken(session, season, rules["rollemodell"], RunKind.VISIT)
        groups = taken(session, season, rules["ent3r"], RunKind.GROUP)
        assert isinstance(visits, VisitProblem)
        assert isinstance(groups, GroupProblem)
        yield Built(session, season, visits, groups)
    engine.dispose()


def count(built: Built, model: type, *conditions: object) -> int:
    return built.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0  # type: ignore[arg-type]


def test_season_has_the_size_of_the_national_one(built: Built) -> None:
    assert count(built, Site, Site.digital.is_(False)) == 18
    assert count(built, School) == 390
    assert count(built, Pupil) == count(built, Entry) == 4_267
    assert 170 <= count(built, Mentor) <= 330
    assert count(built, Agreement, Agreement.season_id == built.season.id) == 5
    assert count(built, Request, Request.season_id == built.season.id) == 240
    ready = count(built, RoleModel, RoleModel.trained_on.is_not(None), RoleModel.confirmed_at > date_time(2025))
    companies = count(built, RoleModel, RoleModel.company_id.is_not(None))
    assert (ready, companies) == (240, 40)
    assert len(built.visits.role_models) == 240
    last = select(Request.id).join(Season, Request.season_id == Season.id).where(Season.code == "demo-before")
    assert count(built, Visit, Visit.state == VisitState.HELD, Visit.request_id.in_(last)) == 82


def date_time(year: int):  # type: ignore[no-untyped-def]
    from datetime import UTC, datetime

    return datetime(year, 11, 21, tzinfo=UTC)


def test_pupils_are_mixed_as_the_report_says(built: Built) -> None:
    genders = Counter(built.session.scalars(select(Pupil.gender)))
    assert genders[Gender.GIRL] == round(0.68 * 4_267)
    grades = Counter(built.session.scalars(select(Entry.grade)))
    assert grades[10] == round(0.45 * 4_267)
    assert set(grades) == {10, 11, 12, 13}
    assert count(built, Entry, Entry.priority_reason == PriorityReason.RETURNING) > 800
    schools = built.session.scalar(select(func.count(func.distinct(Pupil.school_id))))
    assert schools == 390
    assert len({pupil.lottery for pupil in built.groups.pupils}) == 4_267


def test_oslo_and_trondheim_have_their_weeks_and_companies_their_people_reserved(built: Built) -> None:
    towns = built.session.scalars(
        select(Municipality.name).join(VisitWeek, VisitWeek.municipality_id == Municipality.id)
    )
    assert set(towns) == {"Oslo", "Trondheim"}
    assert sum(bool(person.reserved) for person in built.visits.role_models) == 40


def test_nobody_could_exist(built: Built) -> None:
    people = built.session.scalars(select(Person)).all()
    assert len(people) > 4_500
    assert {person.email.partition("@")[2] for person in people if person.email} == {"example.org"}
    assert all(person.phone is None for person in people)
    assert all(re.fullmatch(r"[A-ZÆØÅ][a-zæøå ]+ \d+", person.name) for person in people)


def test_nobody_is_asked_to_come_at_christmas_before_the_season(built: Built) -> None:
    assert count(built, Holiday, Holiday.day == date(TODAY.year, 12, 25)) == 1


def test_fifteen_in_a_hundred_requests_ask_for_two(built: Built) -> None:
    assert sum(request.role_models == 2 for request in built.visits.requests) == 36


def test_some_visits_stand_and_some_requests_were_promised_anew(built: Built) -> None:
    assert len(built.visits.fixed) == 8
    assert sum(request.priority for request in built.visits.requests) == 6


def test_whoever_has_had_a_visit_is_neither_told_late_nor_asked_again(built: Built) -> None:
    late = select(Request.id).where(Request.state == RequestState.VISIT, Request.answered_at.is_(None))
    unasked = select(Visit.id).where(Visit.state == VisitState.HELD, Visit.held_asked_at.is_(None))
    assert built.session.scalars(late).all() == built.session.scalars(unasked).all() == []


def test_travel_keeps_some_visits_of_one_day_apart(built: Built) -> None:
    """Two requests that one role model could take on one date, were it not for the way between the schools."""
    times = TravelTimes(built.visits.travel)
    places = {school.id: place("school", school.id, school.lat, school.lon) for school in built.visits.schools}
    options = [
        (option.lessons[0].start, option.lessons[-1].end, places[request.school])
        for request in built.visits.requests
        if request.mode == "physical"
        for option in request.options
    ]
    busy = {weekday for person in built.visits.role_models if person.max_per_day > 1 for weekday in range(1, 6)}
    conflicts = 0
    for one, other in combinations(sorted(options, key=lambda option: option[0]), 2):
        gap = (other[0] - one[1]).total_seconds() / 60
        same_day = one[0].date() == other[0].date()
        conflicts += same_day and 0 <= gap < times.minutes(one[2], other[2]) <= 60 and one[0].isoweekday() in busy
    assert conflicts > 50


def test_some_requests_cannot_be_served_in_any_plan(built: Built) -> None:
    plan = solve(built.visits, stop=Stop(30), settings=Settings(workers=1))
    goals = {goal.name: goal for goal in plan.goals}  # type: ignore[union-attr]
    assert goals["schools"].bound < len(built.visits.schools)
    assert 10 <= len(plan.unserved) <= 120
    assert plan.certificate.judge == "ok"


def test_five_sites_and_more_have_waiting_lists_while_others_have_room(built: Built) -> None:
    """Pupils per seat of the mentors, by site: more than one and nobody can help it."""
    site_of = {session.id: session.site for session in built.groups.sessions}
    wanted = Counter(site_of[pupil.choices[0]] for pupil in built.groups.pupils)
    room: Counter[str] = Counter()
    for mentor in built.groups.mentors:
        room[site_of[mentor.sessions[0]]] += 8 * mentor.max_sessions
    crowded = [site for site in wanted if wanted[site] > room[site]]
    assert len(crowded) >= 5
    assert len(crowded) < len(wanted)


def test_draw_is_one_that_an_auditor_can_replay(built: Built) -> None:
    of = queue_draw.draw(built.session, built.session.scalars(select(Lottery.id)).one())
    result = queue_draw.drawn(built.session, of)
    draw = Draw(of.lottery.seed or "", of.lottery.seed_hash, tuple(queue_draw.tickets(of, result)), result.first)
    assert len(draw.tickets) == len(built.groups.pupils)
    assert lottery_faults(built.groups.pupils, draw) == []


def test_same_seed_gives_the_same_season_on_both_databases(own_database: Engine, built: Built) -> None:
    with db.transaction() as session:
        build_season(session, today=TODAY, seed=1, scale=1, from_register=False)
    with db.reading() as session:
        entries = session.execute(select(EntryChoice.entry_id, EntryChoice.rank, EntryChoice.session_id)).all()
        times = session.scalar(select(func.count()).select_from(RoleModelFreeTime))
        codes = existing_seasons(session)
    here = built.session.execute(select(EntryChoice.entry_id, EntryChoice.rank, EntryChoice.session_id)).all()
    assert sorted(map(tuple, entries)) == sorted(map(tuple, here))
    assert times == count(built, RoleModelFreeTime)
    years = {"demo-2024v", "demo-2024h", "demo-2025v", "demo-2025h", "demo-2026v"}
    assert set(codes) == {"demo-1x1", "demo-before", *years}


@pytest.mark.parametrize(
    ("today", "name", "first"),
    [
        (date(2026, 11, 21), "Vår 2027", date(2027, 1, 11)),
        (date(2027, 2, 1), "Vår 2027", date(2027, 3, 8)),
        (date(2027, 4, 1), "Høst 2027", date(2027, 8, 30)),
        (date(2027, 12, 31), "Vår 2028", date(2028, 2, 7)),
    ],
)
def test_season_is_the_next_that_can_be_planned(today: date, name: str, first: date) -> None:
    dates = season_dates(today)
    assert (dates.name, dates.first) == (name, first)
    assert dates.first.weekday() == 0
    assert dates.starts_on <= dates.first < dates.ends_on


@pytest.mark.parametrize("month", [1, 3, 5, 7, 9, 11])
def test_season_can_be_made_at_any_time_of_the_year(built: Built, month: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr(Rows, "insert", lambda rows, _: made.append(rows.count(Entry)))
    build_season(built.session, today=date(2027, month, 17), seed=month, scale=1, from_register=False)
    assert made == [4_267]


def test_season_is_seated_in_a_register_where_there_is_one(session: Session) -> None:
    from tests import factories as make

    oslo = make.make_municipality(session, code="0301")
    real = [
        make.make_school(
            session, municipality_id=oslo.id, source="geonorge", pupils=200, lat=59.9 + n / 1000, lon=10.7
        ).id
        for n in range(4)
    ]
    build_season(session, today=TODAY, seed=1, scale=1, from_register=True)
    sending = set(session.scalars(select(Pupil.school_id)))
    assert set(real) <= sending
    assert session.scalar(select(func.count()).select_from(School)) == 390
    codes = session.scalars(select(MunicipalityCode.municipality_id).where(MunicipalityCode.code == "0301")).all()
    assert codes == [oslo.id]


def test_towns_add_up() -> None:
    assert sum(town.lower + town.upper for town in TOWNS) == 390
    assert len(CAMPUSES) == 18
    assert len({town.code for town in TOWNS}) == len(TOWNS)
