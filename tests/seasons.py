"""A small season with everything in it that the pages show, planned for real: what is served, what is not, and why.

Visits: Oslo has an agreement and its week; one request asks for two people, one is digital, one lies too far north for
anyone. Groups: Blindern has one evening that is full with two pupils waiting, one that few want; Nygård has room.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Mode, PriorityReason, ProgrammeKind, RequestMode, RunKind, TopicUse
from api.models.groups import GroupSession, Site
from api.models.places import Municipality
from api.models.planning import Run
from api.models.programmes import ProgrammeRuleVersion, Season, VisitWeek
from api.models.visits import Request, RequestTopic
from api.queries.snapshot import order_of_run, take_snapshot
from api.services import planning
from api.services.write_back import write_plan
from api.worker import placements_of
from matcher.control import Progress, Settings
from matcher.plan import Plan
from matcher.problem import problem_sha256, to_json
from matcher.solve import solve
from tests import factories as make
from tests.replay import built_once

LEASE = timedelta(minutes=10)
LESSON_AT = time(9, 0)


@dataclass
class World:
    """The rows that tests ask for by name. plans: id of each kind's plan, once planned."""

    season: Season
    visit_rules: ProgrammeRuleVersion
    group_rules: ProgrammeRuleVersion
    monday: date
    today: date
    oslo: Municipality
    served: list[Request] = field(default_factory=list)
    unserved: list[Request] = field(default_factory=list)
    blindern: Site | None = None
    nygard: Site | None = None
    evenings: list[GroupSession] = field(default_factory=list)
    plans: dict[RunKind, str] = field(default_factory=dict)
    runs: dict[RunKind, str] = field(default_factory=dict)


def small_season(session: Session, *, copies: int = 1, monday: date = make.MONDAY, today: date | None = None) -> World:
    """The rows, not planned yet. copies: how many times each kind of request and each waiting pupil is there."""
    season = make.make_season(
        session, name="Testsesong", starts_on=monday - timedelta(weeks=2), ends_on=monday + timedelta(weeks=20)
    )
    world = World(
        season=season,
        visit_rules=make.make_rule_version(session, settings={"lead_school_days": 0}),
        group_rules=_group_rules(session),
        monday=monday,
        today=today or monday - timedelta(weeks=8),
        oslo=make.make_municipality(session, name="Oslo"),
    )
    _add_visits(session, world, copies)
    _add_groups(session, world, copies)
    return world


@built_once
def planned_season(session: Session, *, copies: int = 1, monday: date = make.MONDAY) -> World:
    """The rows with a plan of each kind, solved and written the way a worker does it."""
    world = small_season(session, copies=copies, monday=monday)
    for kind in RunKind:
        plan_now(session, world, kind)
    return world


def plan_now(session: Session, world: World, kind: RunKind) -> Plan:
    """Solves a run of the season in this process and writes its plan."""
    rules = world.visit_rules if kind is RunKind.VISIT else world.group_rules
    run = make.make_run(session, kind=kind, season_id=world.season.id, rule_version_id=rules.id)
    moment = clock.at_local(world.today, time(12))
    mine = planning.claim(session, planning.Candidate(run.id, 0), "test", moment, LEASE)
    assert mine is not None
    taken = take_snapshot(session, order_of_run(session, run.id, world.today))
    text = json.dumps(to_json(taken.problem))
    planning.keep_problem(session, mine, text, problem_sha256(taken.problem))
    events: list[Progress] = []
    plan = solve(taken.problem, settings=Settings(workers=1), on_progress=events.append)
    told = [{"goal": e.goal, "value": e.value, "bound": e.bound, "seconds": e.seconds} for e in events]
    planning.heartbeat(session, mine, moment, LEASE, told)
    both = placements_of(taken.problem, plan)
    world.plans[kind] = write_plan(
        session, mine, taken, plan, now=moment, today=world.today, peak_mb=1, placements=both
    )
    world.runs[kind] = run.id
    session.expire_all()
    return plan


def lessons_on(world: World, day: int, at: time = LESSON_AT) -> datetime:
    """The start of a lesson on a day of the season's first week, 0 Monday."""
    return clock.at_local(world.monday + timedelta(days=day), at)


def run_of(session: Session, world: World, **given: object) -> Run:
    """Another run of the season's visits, in the state given."""
    given.setdefault("rule_version_id", world.visit_rules.id)
    return make.make_run(session, season_id=world.season.id, **given)


def _group_rules(session: Session) -> ProgrammeRuleVersion:
    programme = make.make_programme(session, kind=ProgrammeKind.STUDY_GROUP)
    return make.make_rule_version(session, programme_id=programme.id, settings={"min_mentors": 1, "min_pupils": 1})


def _add_visits(session: Session, world: World, copies: int) -> None:
    bergen = make.make_municipality(session, name="Bergen")
    north = make.make_municipality(session, name="Ålesund")
    energy = make.make_topic(session, name_nb="energi", name_en="energy")
    week = VisitWeek(season_id=world.season.id, municipality_id=world.oslo.id, monday=world.monday)
    session.add(week)
    company = make.make_company(session, name="Bedrift 1")
    agreement = make.make_agreement(session, company_id=company.id, season_id=world.season.id)
    agreement.municipalities, agreement.visit_weeks = [world.oslo], [week]
    for number in range(copies):
        reserved = make.make_role_model(session, company_id=company.id, topics=[energy], title="ingeniør")
        reserved.agreements = [agreement]
        for name in ("Rollemodell A", "Rollemodell B"):
            person = make.make_person(session, name=f"{name}{number}")
            make.make_role_model(session, person_id=person.id, title="forsker", digital=True, topics=[energy])
        at = {"oslo": {"municipality_id": world.oslo.id}, "bergen": {"municipality_id": bergen.id}}
        schools = [make.make_school(session, name=f"{place.capitalize()} skole {number}", **at[place]) for place in at]
        far = make.make_school(session, name=f"Øygard skole {number}", municipality_id=north.id, lat=69.6, lon=18.9)
        common = {"season_id": world.season.id, "programme_id": world.visit_rules.programme_id, "pupils": 25}
        world.served += [
            _request(session, world, 0, school_id=schools[0].id, wish=energy.id, **common),
            _request(session, world, 1, school_id=schools[1].id, role_models=2, **common),
            _request(
                session, world, 2, school_id=schools[1].id, mode=RequestMode.DIGITAL, prefers=Mode.DIGITAL, **common
            ),
        ]
        world.unserved.append(_request(session, world, 3, school_id=far.id, classes=2, **common))


def _request(session: Session, world: World, day: int, *, wish: str | None = None, **given: object) -> Request:
    request = make.make_request(session, starts=(lessons_on(world, day),), **given)
    if wish is not None:
        request.topics = [RequestTopic(topic_id=wish, use=TopicUse.WISHED)]
        session.flush()
    return request


def _add_groups(session: Session, world: World, copies: int) -> None:
    level = make.make_level(session, name_nb="matematikk 1P", name_nn="matematikk 1P", name_en="mathematics 1P")
    world.blindern = make.make_site(session, name="Blindern", code="blindern")
    world.nygard = make.make_site(session, name="Nygård", code="nygard", lat=60.38, lon=5.33)
    common = {"season_id": world.season.id, "programme_id": world.group_rules.programme_id, "min_mentors": 1}
    full, closed, open_ = (
        make.make_group_session(session, site_id=site.id, weekday=day, seats=2, min_pupils=least, **common)
        for site, day, least in ((world.blindern, 1, 1), (world.blindern, 3, 50), (world.nygard, 2, 1))
    )
    world.evenings = [full, closed, open_]
    for evening in world.evenings:
        make.make_mentor(session, site_id=evening.site_id, levels=[level], sessions=[evening], max_sessions=1)
    for _ in range(2 + 2 * copies):
        make.make_entry(session, full, level_id=level.id, priority_class=1, priority_reason=PriorityReason.GRADE_10)
    make.make_entry(session, open_, full, level_id=level.id, priority_class=2)
