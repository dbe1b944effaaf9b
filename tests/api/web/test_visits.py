"""The visit plan: what everyone reads, what those who plan read besides, and how the table is searched."""

from datetime import timedelta
from urllib.parse import quote

from flask.testing import FlaskClient
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api.domain.enums import Mode, RunKind
from api.domain.permissions import Role
from api.models.plan_rows import PlanUnserved, PlanVisit, PlanVisitRoleModel
from api.models.visits import Request
from tests import factories as make
from tests.api.counting import count_queries
from tests.api.web.conftest import AsRole, for_now
from tests.api.web.reading import page, row_names, rows, text
from tests.seasons import World, plan_now, planned_season


def visit_of(session: Session, world: World, number: int) -> PlanVisit:
    wanted = select(PlanVisit).where(
        PlanVisit.plan_id == world.plans[RunKind.VISIT], PlanVisit.request_id == world.served[number].id
    )
    return session.scalars(wanted).one()


def test_each_visit_is_a_row_with_its_reason(assistant: FlaskClient, world: World) -> None:
    shown = rows(page(assistant, "/besok"))
    assert len(shown) == 3
    assert "Oslo skole 0 én klasse, 9. trinn, Oslo ma. 18. jan." in shown[0]
    assert "Avsatt for Oslo." in shown[0]
    assert "1 av 1 ønsker." in shown[0]
    assert "Digitalt, som skolen ønsket." in shown[2]


def test_names_and_ways_are_for_those_who_plan(assistant: FlaskClient, world: World, signed_in_as: AsRole) -> None:
    everyone = page(assistant, "/besok")
    assert "Rollemodell A0" not in everyone
    assert "forsker" not in everyone
    assert "Rollemodell Selvstendig" in text(everyone)
    assert "sort=travel" not in everyone
    planner = page(signed_in_as(Role.COORDINATOR), "/besok")
    assert "Rollemodell A0" in planner
    assert "Reise" in planner
    assert "sort=travel" in planner


def test_names_cannot_be_searched_by_those_who_may_not_see_them(
    assistant: FlaskClient, world: World, signed_in_as: AsRole
) -> None:
    address = f"/besok?q={quote('Rollemodell A0')}"
    assert rows(page(assistant, address)) == []
    assert len(rows(page(signed_in_as(Role.COORDINATOR), address))) > 0
    assert len(rows(page(assistant, "/besok?sort=-travel"))) == 3


NARROWED = {
    "q=oslo": ["Oslo skole 0"],
    "q=bedrift+1": ["Oslo skole 0"],
    "q=%25": [],
    "digital=1": ["Bergen skole 0"],
    "reserved=1": ["Oslo skole 0"],
    "first=1": ["Oslo skole 0", "Bergen skole 0", "Bergen skole 0"],
    "locked=1": [],
    "day=2027-01-19": ["Bergen skole 0"],
    "sort=school": ["Bergen skole 0", "Bergen skole 0", "Oslo skole 0"],
    "sort=-time": ["Bergen skole 0", "Bergen skole 0", "Oslo skole 0"],
}


def test_table_is_narrowed_and_sorted(assistant: FlaskClient, world: World) -> None:
    found = {query: row_names(page(assistant, f"/besok?{query}")) for query in NARROWED}
    assert found == NARROWED
    assert row_names(page(assistant, f"/besok?municipality={world.oslo.id}")) == ["Oslo skole 0"]


def test_letters_beyond_z_are_found_in_either_case(assistant: FlaskClient, session: Session) -> None:
    world = planned_season(session)
    world.served[0].school.name = "Ås skole"
    session.flush()
    for typed in ("ås", "Ås", "ÅS"):
        assert row_names(page(assistant, f"/besok?q={quote(typed)}")) == ["Ås skole"]


def test_sorted_column_says_so(assistant: FlaskClient, world: World) -> None:
    shown = page(assistant, "/besok?sort=-school")
    assert shown.count('aria-sort="descending"') == 1
    assert 'aria-sort="ascending"' not in shown


def test_pages_hold_fifteen_rows_and_keep_the_search(assistant: FlaskClient, session: Session) -> None:
    planned_season(session, copies=7)
    first = page(assistant, "/besok?sort=school&q=skole")
    assert len(rows(first)) == 15
    assert "21 besøk" in text(first)
    assert "sort=school" in first.split('aria-current="true"')[-1]
    second = page(assistant, "/besok?sort=school&q=skole&page=2")
    assert len(rows(second)) == 6
    assert rows(page(assistant, "/besok?page=99")) == []


STRANGE = (
    "page=0", "page=-1", "page=x", "page=99999999999999999999", "sort=;drop", "day=2027-13-45", "q=%00",
    "municipality='", "q=" + "æ" * 500,
)  # fmt: skip


def test_strange_questions_get_an_ordinary_page(assistant: FlaskClient, world: World) -> None:
    answers = {query: assistant.get(f"/besok?{query}").status_code for query in STRANGE}
    assert answers == dict.fromkeys(STRANGE, 200)


def test_goals_and_bounds_are_for_those_who_plan(assistant: FlaskClient, world: World, signed_in_as: AsRole) -> None:
    everyone = page(assistant, "/besok")
    assert "Kontrollert: ingen bedre fordeling finnes." in everyone
    assert "Jevn fordeling (lavest er best)" not in everyone
    for role in (Role.COORDINATOR, Role.DEPUTY, Role.ADMIN):
        assert "Jevn fordeling (lavest er best)" in page(signed_in_as(role), "/besok")
    assert "Jevn fordeling (lavest er best)" not in page(signed_in_as(Role.ASSISTANT), "/besok")


def test_why_page_says_what_speaks_for_the_choice(assistant: FlaskClient, session: Session, world: World) -> None:
    shown = text(page(assistant, f"/besok/{visit_of(session, world, 0).id}"))
    assert "Avsatt for Oslo den uka, etter avtale." in shown
    assert "Kan også det dere ønsket: energi." in shown
    assert "Hvem andre kunne kommet?" in shown


def test_why_page_lists_the_others_for_those_who_plan(
    assistant: FlaskClient, session: Session, world: World, signed_in_as: AsRole
) -> None:
    address = f"/besok/{visit_of(session, world, 0).id}"
    assert "forsker" not in page(assistant, address)
    others = rows(page(signed_in_as(Role.COORDINATOR), address))
    assert len(others) == 2
    assert all("Rollemodell" in row for row in others)


def test_unserved_request_says_why_not(assistant: FlaskClient, session: Session, world: World) -> None:
    shown = text(page(assistant, "/besok/uten"))
    assert "1 bestilling uten besøk" in shown
    assert "Øygard skole 0 2 klasser, 9. trinn, Ålesund" in shown
    assert "Ingen rollemodell bor nær nok." in shown
    assert "3 bor for langt unna" in shown
    assert "Ønsket to. 21. jan." in shown
    alone = text(page(assistant, f"/besok/uten/{world.unserved[0].id}"))
    assert "3 bor for langt unna" in alone
    assert "forsker" not in alone


def add_unserved(session: Session, world: World, request: Request, code: str, count: int) -> str:
    plan = world.plans[RunKind.VISIT]
    session.add(PlanUnserved(plan_id=plan, request_id=request.id, reasons=[{"code": code, "count": count}]))
    session.flush()
    return f"/besok/uten/{request.id}"


def test_request_without_a_usable_day_says_so(session: Session, world: World, planner: FlaskClient) -> None:
    late = make.make_request(session, season_id=world.season.id, programme_id=world.visit_rules.programme_id)
    address = add_unserved(session, world, late, "calendar", 2)
    for shown in (text(page(planner, "/besok/uten")), text(page(planner, address))):
        assert "Ingen av de 2 dagene dere foreslo, kan brukes." in shown
        assert "En dag må ligge i sesongen, langt nok fram, og være skoledag der." in shown
    english = text(page(planner, f"{address}?lang=en"))
    assert "None of the 2 days proposed can be used." in english


def test_visit_dropped_since_things_changed_says_so(session: Session, world: World, planner: FlaskClient) -> None:
    session.execute(delete(PlanVisitRoleModel))
    session.execute(delete(PlanVisit))
    address = add_unserved(session, world, world.served[0], "changed", 1)
    for shown in (text(page(planner, "/besok/uten")), text(page(planner, address))):
        assert "Vi fant et besøk, men noe ble endret mens forslaget ble laget, og det passer ikke lenger." in shown
    assert "Ingen rollemodell passer" not in text(page(planner, address))


def test_why_not_of_an_older_plan_keeps_to_that_plan(session: Session, world: World, planner: FlaskClient) -> None:
    first = world.plans[RunKind.VISIT]
    make.make_role_model(session, lat=69.6, lon=18.9, max_travel_minutes=90)
    plan_now(session, world, RunKind.VISIT)
    address = f"/besok/uten/{world.unserved[0].id}?plan={first}"
    assert f'href="{address}"' in page(planner, f"/besok/uten?plan={first}")
    assert f'href="/besok/uten?plan={first}"' in page(planner, address)


def test_why_not_page_names_the_nearest_for_those_who_plan(world: World, signed_in_as: AsRole) -> None:
    shown = rows(page(signed_in_as(Role.COORDINATOR), f"/besok/uten/{world.unserved[0].id}"))
    assert any("Rollemodell A0" in row and "Bor for langt unna" in row for row in shown)


def test_what_is_not_there_is_not_found(assistant: FlaskClient, world: World) -> None:
    assert assistant.get("/besok/nothing").status_code == 404
    assert assistant.get("/besok/uten/nothing").status_code == 404
    assert assistant.get(f"/besok/uten/{world.served[0].id}").status_code == 404


def test_another_plan_is_shown_to_those_who_see_runs(
    client: FlaskClient, session: Session, signed_in_as: AsRole
) -> None:
    world = planned_season(session)
    first = world.plans[RunKind.VISIT]
    late = make.make_role_model(session, lat=69.6, lon=18.9, max_travel_minutes=90)
    assert late.id
    plan_now(session, world, RunKind.VISIT)
    coordinator = signed_in_as(Role.COORDINATOR)
    assert "3 av 4 bestillinger" in text(page(coordinator, f"/besok?plan={first}"))
    assert "4 av 4 bestillinger" in text(page(coordinator, "/besok"))
    assert f"plan={first}" in page(coordinator, f"/besok?plan={first}")
    assert "4 av 4 bestillinger" in text(page(client, f"/kart?plan={first}"))
    assert coordinator.get("/besok?plan=nothing").status_code == 404
    assert coordinator.get(f"/grupper?plan={first}").status_code == 404


def test_visit_of_two_shows_both(world: World, session: Session, signed_in_as: AsRole) -> None:
    both = next(row for row in rows(page(signed_in_as(Role.COORDINATOR), "/besok")) if "ti. 19. jan." in row)
    assert both.count("forsker") + both.count("ingeniør") == 2
    assert visit_of(session, world, 1).mode is Mode.PHYSICAL
    assert visit_of(session, world, 1).ends_at - visit_of(session, world, 1).starts_at == timedelta(minutes=45)


def test_questions_do_not_grow_with_the_rows(assistant: FlaskClient, session: Session) -> None:
    counts: dict[str, list[int]] = {}
    for copies in (1, 3):
        with for_now(session):
            planned_season(session, copies=copies)
            for address in ("/besok", "/besok/uten"):
                page(assistant, address)
                with count_queries(session) as counted:
                    page(assistant, address)
                counts.setdefault(address, []).append(counted.total)
    assert all(one == three for one, three in counts.values()), counts
