"""Who got a place beside chance: shown to staff, small numbers hidden, and never known to the matcher."""

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.domain.enums import Gender, RunKind
from api.domain.permissions import Role
from api.models.places import Municipality, School
from api.models.planning import Run
from api.models.pupils import Entry, Pupil
from api.queries import equality, equality_visits
from api.queries.snapshot import order_of_run, take_snapshot
from matcher import problem as m
from matcher.problem import problem_sha256
from tests import factories as make
from tests.api.counting import count_queries
from tests.api.web.conftest import AsRole
from tests.api.web.reading import page, text
from tests.seasons import World, plan_now, planned_season


def many_pupils(session: Session, world: World, count: int) -> None:
    """So many more who want Monday's thirty seats, every second a girl, at two schools, and a plan with them."""
    world.evenings[0].seats = world.evenings[0].ratio = 30
    schools = [make.make_school(session, name=f"School {n}", pupils=90 + 300 * n) for n in range(2)]
    for number in range(count):
        pupil = make.make_pupil(
            session, school_id=schools[number % 3 % 2].id, gender=(Gender.GIRL, Gender.BOY)[number % 2]
        )
        make.make_entry(session, world.evenings[0], pupil_id=pupil.id, level_id=level_of(session))
    plan_now(session, world, RunKind.GROUP)


def level_of(session: Session) -> str:
    return session.scalars(select(Entry.level_id)).first() or ""


def problem_of(session: Session, world: World) -> str:
    run = session.get_one(Run, world.runs[RunKind.GROUP])
    return problem_sha256(take_snapshot(session, order_of_run(session, run.id, world.today)).problem)


def test_matcher_has_no_field_for_any_of_it() -> None:
    known = {field.name for part in (m.Pupil, m.Site, m.Session, m.Mentor, m.GroupProblem) for field in fields(part)}
    assert {field.name for field in fields(m.Pupil)} == {
        "id", "level", "class_", "joined", "lottery", "lat", "lon", "max_travel_minutes", "choices", "mentor",
    }  # fmt: skip
    assert known.isdisjoint({"gender", "municipality", "school", "size", "distance_band"})


def test_attributes_change_nothing_in_the_problem(session: Session, world: World) -> None:
    before = problem_of(session, world)
    school = make.make_school(session)
    session.execute(update(Pupil).values(gender=Gender.GIRL, school_id=school.id, lat=59.9, lon=10.7))
    placed = problem_of(session, world)
    assert placed != before
    session.execute(update(Pupil).values(gender=Gender.BOY))
    session.execute(update(School).values(pupils=700))
    town = session.scalars(select(Municipality.id).where(Municipality.id != school.municipality_id)).first()
    session.execute(update(School).values(municipality_id=town or school.municipality_id))
    session.execute(update(Municipality).values(name="Elsewhere"))
    assert problem_of(session, world) == placed


def test_report_counts_everyone_once(session: Session, world: World) -> None:
    many_pupils(session, world, 40)
    found = equality.report(session, world.plans[RunKind.GROUP])
    for lines in (found.gender, found.school_size, found.distance):
        shown: Sequence[int] = [line.asked for line in lines if line.asked is not None]
        assert 40 <= sum(shown) <= 45
    girls, boys = (next(line for line in found.gender if line.group == one) for one in (Gender.GIRL, Gender.BOY))
    assert (girls.asked, boys.asked) == (20, 20)
    assert girls.least is not None
    assert boys.most is not None


def test_page_and_sheet_are_for_staff(session: Session, world: World, signed_in_as: AsRole) -> None:
    many_pupils(session, world, 40)
    coordinator = signed_in_as(Role.COORDINATOR)
    said = text(page(coordinator, "/grupper/likhet"))
    assert "Hvem fikk plass, ved siden av en trekning" in said
    assert "Jenter 20 " in said
    sheet = coordinator.get("/grupper/likhet.csv")
    assert sheet.status_code == 200
    assert "Etter kjønn, der eleven har oppgitt det;Jenter;20;" in sheet.get_data(as_text=True)
    assert coordinator.get("/grupper/likhet.pdf").status_code == 404
    assert "Hvem fikk plass" in text(page(coordinator, "/grupper/uten"))
    leader = signed_in_as(Role.SITE_LEADER, world.nygard)
    assert leader.get("/grupper/likhet").status_code == 404
    assert "Hvem fikk plass" not in text(page(leader, "/grupper/uten"))


def test_visits_are_compared_by_what_was_asked(session: Session, signed_in_as: AsRole) -> None:
    world = planned_season(session, copies=3)
    found = equality_visits.visit_report(session, world.plans[RunKind.VISIT])
    assert [(line.group, line.asked, line.served) for line in found.mode] == [("digital", 3, 3), ("physical", 9, 6)]
    assert [(line.group, line.asked, line.served) for line in found.way] == [
        ("1_minutes", 9, 9), ("4_minutes", 3, 0),
    ]  # fmt: skip
    assert [(line.group, line.asked, line.is_outside) for line in found.first_visit] == [("first", 12, False)]
    assert {line.group for line in found.municipality} == {"others"}
    assert sum(line.asked or 0 for line in found.school_size) == 12
    coordinator = signed_in_as(Role.COORDINATOR)
    said = text(page(coordinator, "/besok/likhet"))
    assert "Hvem fikk besøk, ved siden av en trekning" in said
    assert "Mer enn en time 3 0 " in said
    assert "Etter hvor skolen vil møtes;På skjerm;3;3;" in coordinator.get("/besok/likhet.csv").get_data(as_text=True)
    assert "Hvem fikk besøk" in text(page(coordinator, "/besok/uten"))
    assert signed_in_as(Role.SITE_LEADER, world.nygard).get("/besok/likhet").status_code == 404


def test_questions_do_not_grow_with_the_pupils(session: Session, world: World) -> None:
    plan = world.plans[RunKind.GROUP]
    with count_queries(session) as few:
        equality.report(session, plan)
    many_pupils(session, world, 12)
    with count_queries(session) as more:
        equality.report(session, world.plans[RunKind.GROUP])
    assert few.total == more.total == 1
