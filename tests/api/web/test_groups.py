"""The group plan: evenings, sites, and a queue of numbers that only those in charge may read."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import RunKind
from api.domain.permissions import Role
from api.models.groups import GroupSession
from api.models.people import Person
from api.models.plan_rows import PlanUnserved
from api.services import write_back
from api.services.recheck import StandingGroups
from matcher.plan import GroupPlan
from matcher.problem import GroupProblem
from tests import factories as make
from tests.api.counting import count_queries
from tests.api.web.conftest import AsRole, for_now
from tests.api.web.reading import page, row_names, rows, text
from tests.seasons import World, plan_now, planned_season, small_season


def test_each_evening_is_a_row(planner: FlaskClient, world: World) -> None:
    shown = rows(page(planner, "/grupper"))
    assert [row.split(" ")[0] for row in shown] == ["Blindern", "Blindern", "Nygård"]
    assert "Mandag 17.00–19.00 Matematikk 1P 1 2 elever per mentor 2 av 2 plasser 0 2" in shown[0]
    assert "Onsdag 17.00–19.00 Går ikke" in shown[1]
    assert "Tirsdag 17.00–19.00 Matematikk 1P 1 1 elever per mentor 1 av 2 plasser 1 0" in shown[2]


def test_plan_of_visits_alone_in_an_earlier_season_hides_no_plan_of_groups(
    planner: FlaskClient, world: World, session: Session
) -> None:
    earlier = make.make_season(session, starts_on=world.season.starts_on - timedelta(days=60))
    make.make_plan(session, run=make.make_run(session, season_id=earlier.id))
    session.flush()
    assert len(rows(page(planner, "/grupper"))) == 3


def test_evenings_are_sorted_and_narrowed(planner: FlaskClient, world: World) -> None:
    assert world.nygard is not None
    assert row_names(page(planner, "/grupper?sort=-waiting"))[0] == "Blindern"
    assert row_names(page(planner, "/grupper?sort=-free"))[0] == "Nygård"
    assert row_names(page(planner, "/grupper?sort=time")) == ["Blindern", "Nygård", "Blindern"]
    assert row_names(page(planner, f"/grupper?site={world.nygard.id}")) == ["Nygård"]


def test_sites_have_those_placed_and_those_who_wait(client: FlaskClient, world: World) -> None:
    assert rows(page(client, "/grupper/steder")) == ["Blindern Institution 2 2 1 1", "Nygård Institution 1 0 1 1"]


def test_a_sites_week_says_what_is_full_and_what_is_not_held(planner: FlaskClient, world: World) -> None:
    shown = text(page(planner, "/grupper/blindern"))
    assert "2 elever på én fast kveld i uka. 2 står på venteliste." in shown
    assert "17.00–19.00 Fullt" in shown
    assert "2 av 2 elever · 1 mentor" in shown
    assert "Går ikke: for få elever ønsker den." in shown
    assert planner.get("/grupper/nowhere").status_code == 404


def test_everyone_sees_a_sites_evenings_and_figures_and_no_row_of_the_plan(
    client: FlaskClient, world: World, signed_in_as: AsRole
) -> None:
    for reader in (client, signed_in_as(Role.SITE_LEADER, world.nygard)):
        shown = text(page(reader, "/grupper/blindern"))
        assert "2 elever på én fast kveld i uka. 2 står på venteliste." in shown
        assert "Mandag 17.00–19.00" in shown
        assert "Går ikke" not in shown
        assert "2 av 2 elever" not in shown


def test_a_site_leader_sees_the_evenings_of_the_own_site(world: World, signed_in_as: AsRole) -> None:
    shown = page(signed_in_as(Role.SITE_LEADER, world.nygard), "/grupper")
    assert row_names(shown) == ["Nygård"]
    assert 'value="' + (world.blindern.id if world.blindern else "") not in shown


def test_an_evening_left_out_since_things_changed_says_so(
    session: Session, planner: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_the_first(before: GroupProblem, now: GroupProblem, plan: GroupPlan) -> StandingGroups:
        first, *others = plan.sessions
        return StandingGroups(tuple(others), ({"code": "min_pupils", "session": first.session},))

    monkeypatch.setattr(write_back, "standing_groups", without_the_first)
    world = small_season(session)
    first = min(plan_now(session, world, RunKind.GROUP).sessions, key=lambda held: held.session).session
    evening = session.get(GroupSession, first)
    assert evening is not None
    shown = text(page(planner, f"/grupper/{evening.site.code}"))
    assert "Noe ble endret mens forslaget ble laget." in shown
    assert "Kontrollert, men endret etterpå: én linje passer ikke lenger og er tatt ut." in shown
    assert "ingen bedre fordeling" not in shown
    assert "noe ble endret mens forslaget ble laget" in text(page(planner, "/grupper/uten"))


def test_who_waits_is_for_the_leader_of_the_site(client: FlaskClient, world: World, signed_in_as: AsRole) -> None:
    everyone = text(page(client, "/grupper/blindern"))
    assert "ser bare prosjektlederen på stedet" in everyone
    own = signed_in_as(Role.SITE_LEADER, world.blindern)
    assert "Matematikk 1P" in text(page(own, "/grupper/blindern")).split("Venteliste (2)")[1]
    assert len(rows(page(own, "/grupper/blindern/venteliste"))) == 2
    other = signed_in_as(Role.SITE_LEADER, world.nygard)
    assert other.get("/grupper/blindern/venteliste").status_code == 404
    assert "ser bare prosjektlederen på stedet" in text(page(other, "/grupper/blindern"))
    assert client.get("/grupper/blindern/venteliste").status_code == 302
    assert signed_in_as(Role.ASSISTANT).get("/grupper/blindern/venteliste").status_code == 404
    assert len(rows(page(signed_in_as(Role.COORDINATOR), "/grupper/blindern/venteliste"))) == 2


def test_queue_says_what_became_of_each_wish(world: World, signed_in_as: AsRole) -> None:
    first, second = rows(page(signed_in_as(Role.COORDINATOR), "/grupper/blindern/venteliste"))
    assert "Nummer 3" in first
    assert "10. trinn Blindern, mandag 17.00 : rommet er fullt" in first
    assert first.endswith(" 0")
    assert "Nummer 4" in second
    assert "rommet er fullt" in second
    assert second.endswith(" 1")


def test_queue_says_what_would_give_a_place(session: Session, world: World, signed_in_as: AsRole) -> None:
    told = session.scalars(select(PlanUnserved.smallest_change).where(PlanUnserved.entry_id.is_not(None))).all()
    assert [change["kind"] for change in told if change] == ["session", "session"]
    coordinator = signed_in_as(Role.COORDINATOR)
    first, *_ = rows(page(coordinator, "/grupper/uten"))[-2:]
    assert "Med Nygård, tirsdag 17.00 som et valg til ville det blitt plass." in first
    assert "With Nygård, Tuesday 17:00 as one more choice there would be a place." in text(
        page(coordinator, "/grupper/blindern/venteliste?lang=en")
    )


def test_no_pupil_has_a_name_anywhere(
    client: FlaskClient, session: Session, world: World, signed_in_as: AsRole
) -> None:
    for number, person in enumerate(session.query(Person).all()):
        person.name = f"Canary{number}"
    session.flush()
    coordinator = signed_in_as(Role.COORDINATOR)
    for address in ("/grupper", "/grupper/steder", "/grupper/uten", "/grupper/blindern", "/kart/grupper"):
        if address != "/grupper":
            assert "Canary" not in page(client, address), address
        assert "Canary" not in page(coordinator, address).replace(_own_name(page(coordinator, address)), ""), address
    queue = page(coordinator, "/grupper/blindern/venteliste")
    assert "Canary" not in queue.replace(_own_name(queue), "")


def test_reasons_are_counted_for_everyone_and_small_numbers_hidden(
    client: FlaskClient, world: World, signed_in_as: AsRole
) -> None:
    assert rows(page(client, "/grupper/uten"))[0] == "Rommet er fullt færre enn 5"
    leader = signed_in_as(Role.SITE_LEADER, world.blindern)
    assert rows(page(leader, "/grupper/uten"))[0] == "Rommet er fullt færre enn 5"
    coordinator = page(signed_in_as(Role.COORDINATOR), "/grupper/uten")
    assert rows(coordinator)[0] == "Rommet er fullt 2"
    assert "Nummer 3" in text(coordinator)


def test_site_leader_sees_goals_and_bounds(world: World, signed_in_as: AsRole) -> None:
    assert "Elever med mentoren de ba om" in page(signed_in_as(Role.SITE_LEADER, world.blindern), "/grupper")


def test_questions_do_not_grow_with_the_rows(session: Session, signed_in_as: AsRole) -> None:
    counts: dict[str, list[int]] = {}
    for copies in (1, 3):
        with for_now(session):
            planned_season(session, copies=copies)
            coordinator = signed_in_as(Role.COORDINATOR)
            for address in ("/grupper", "/grupper/blindern", "/grupper/uten", "/grupper/blindern/venteliste"):
                page(coordinator, address)
                with count_queries(session) as counted:
                    page(coordinator, address)
                counts.setdefault(address, []).append(counted.total)
    assert all(one == three for one, three in counts.values()), counts


def test_strange_questions_get_an_ordinary_page(planner: FlaskClient, world: World) -> None:
    for query in ("page=-5", "sort=x", "site='", "site=%00", "page=" + "9" * 40):
        assert planner.get(f"/grupper?{query}").status_code == 200, query
    assert world.plans[RunKind.GROUP]


def _own_name(shown: str) -> str:
    """The reader's own name, which stands in the head of the page."""
    return text(shown.split('class="tp-person"')[1].split("</span>")[0].removeprefix(">"))
