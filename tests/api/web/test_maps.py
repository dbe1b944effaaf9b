"""The map and its list: the same numbers, with and without JavaScript."""

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.api.counting import count_queries
from tests.api.web.conftest import for_now
from tests.api.web.reading import page, row_names, rows
from tests.seasons import World, planned_season


def points(client: FlaskClient, address: str) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert answer.status_code == 200
    assert isinstance(answer.json, list)
    return answer.json


def test_list_and_map_say_the_same(client: FlaskClient, world: World) -> None:
    assert rows(page(client, "/kart")) == ["Bergen 2 2 0", "Oslo 1 1 0", "Ålesund 0 0 1"]
    drawn = {point["name"]: (point["served"], point["unserved"]) for point in points(client, "/kart/punkter.json")}
    assert drawn == {"Bergen": (2, 0), "Oslo": (1, 0), "Ålesund": (0, 1)}


def test_a_municipality_shows_its_schools(assistant: FlaskClient, world: World) -> None:
    assert rows(page(assistant, f"/kart?municipality={world.oslo.id}")) == ["Oslo skole 0 1 1 0"]
    (school,) = points(assistant, f"/kart/punkter.json?municipality={world.oslo.id}")
    assert (school["name"], school["served"], school["href"]) == ("Oslo skole 0", 1, None)
    assert assistant.get("/kart?municipality=nowhere").status_code == 404


def test_everyone_sees_municipalities_and_no_way_into_them(client: FlaskClient, world: World) -> None:
    shown = page(client, "/kart")
    assert "municipality=" not in shown
    assert "Skoler, dager og grunner er for dem som planlegger" in shown
    assert {point["href"] for point in points(client, "/kart/punkter.json")} == {None}
    assert client.get("/kart?plan=x").status_code == 200


def test_places_are_sorted(client: FlaskClient, world: World) -> None:
    assert row_names(page(client, "/kart?sort=-unserved"))[0] == "Ålesund"
    assert row_names(page(client, "/kart?sort=-visits"))[0] == "Bergen"


def test_sites_are_drawn_with_those_who_wait(client: FlaskClient, world: World) -> None:
    drawn = {
        point["name"]: (point["served"], point["unserved"]) for point in points(client, "/kart/grupper/punkter.json")
    }
    assert drawn == {"Blindern": (2, 2), "Nygård": (1, 0)}
    assert rows(page(client, "/kart/grupper")) == ["Blindern Institution 2 2 1 1", "Nygård Institution 1 0 1 1"]


def test_digital_site_stands_in_the_list_and_not_on_the_map(
    client: FlaskClient, session: Session, world: World
) -> None:
    assert world.nygard is not None
    world.nygard.digital = True
    session.flush()
    assert [point["name"] for point in points(client, "/kart/grupper/punkter.json")] == ["Blindern"]
    assert len(rows(page(client, "/kart/grupper"))) == 2


def test_without_a_plan_there_is_nothing_to_draw(client: FlaskClient) -> None:
    assert points(client, "/kart/punkter.json") == []
    assert points(client, "/kart/grupper/punkter.json") == []
    assert client.get("/kart").status_code == 200
    assert client.get("/kart/grupper").status_code == 200


def test_questions_do_not_grow_with_the_rows(client: FlaskClient, session: Session) -> None:
    counts: dict[str, list[int]] = {}
    for copies in (1, 3):
        with for_now(session):
            planned_season(session, copies=copies)
            for address in ("/kart", "/kart/punkter.json", "/kart/grupper", "/kart/grupper/punkter.json"):
                page(client, address)
                with count_queries(session) as counted:
                    page(client, address)
                counts.setdefault(address, []).append(counted.total)
    assert all(one == three for one, three in counts.values()), counts
