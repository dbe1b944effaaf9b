"""What everyone may read: seasons, figures, schools, sites, sessions; no person in any of it."""

from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api.domain.enums import RequestState, RunKind
from tests import factories as make
from tests.seasons import planned_season


def test_figures_count_the_season(client: FlaskClient, session: Session) -> None:
    season = make.make_season(session)
    make.make_request(session, season_id=season.id, classes=3)
    make.make_request(session, season_id=season.id, state=RequestState.CANCELLED)
    group = make.make_group_session(session, season_id=season.id)
    make.make_entry(session, group, season_id=season.id)
    figures = client.get(f"/api/v1/seasons/{season.id}/figures").json
    assert figures is not None
    counted = {name: figures.pop(name) for name in ("requests", "schools", "classes", "sites", "sessions", "pupils")}
    assert counted == {
        "requests": 1,
        "schools": 1,
        "classes": 3,
        "sites": 1,
        "sessions": 1,
        "pupils": 1,
    }
    assert len(figures) == 17
    assert set(figures.values()) == {None}


def test_figures_tell_what_the_newest_plans_come_to(client: FlaskClient, session: Session) -> None:
    world = planned_season(session)
    figures = client.get(f"/api/v1/seasons/{world.season.id}/figures").json
    assert figures is not None
    assert figures["visit_plan"] == world.plans[RunKind.VISIT]
    visits = ("visits", "visit_plan_proven", "schools_visited", "reserved", "classes_visited", "pupils_visited")
    assert [figures[name] for name in visits] == [3, True, 2, 1, 3, 75]
    assert figures["first_visits"] == 2
    assert figures["group_plan"] == world.plans[RunKind.GROUP]
    groups = ("seats", "waiting", "group_plan_proven", "sessions_held", "mentors", "sites_waiting", "passed_over")
    assert [figures[name] for name in groups] == [3, 2, True, 2, 2, 1, 0]
    assert figures["priority_classes"] == [
        {"priority_class": 1, "served": 2, "wanted": 4},
        {"priority_class": 2, "served": 1, "wanted": 1},
    ]


def test_school_is_found_by_part_of_a_name(client: FlaskClient, session: Session) -> None:
    wanted = make.make_school(session, name="100%_Bjølsen skole")
    make.make_school(session, name="1000 Bjølsen skole")
    answer = client.get("/api/v1/schools", query_string={"text": "100%_"}).json
    assert answer is not None
    assert [item["id"] for item in answer["items"]] == [wanted.id]


@pytest.mark.parametrize("kind", ["seasons", "schools", "sites", "sessions"])
def test_missing_row_is_404(client: FlaskClient, kind: str) -> None:
    answer = client.get(f"/api/v1/{kind}/{uuid4()}")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_one_row_equals_its_line_in_the_list(client: FlaskClient, session: Session) -> None:
    group = make.make_group_session(session)
    school = make.make_school(session)
    for kind, row in (("sites", group.site_id), ("sessions", group.id), ("schools", school.id)):
        listed = client.get(f"/api/v1/{kind}").json
        assert listed is not None
        (line,) = (item for item in listed["items"] if item["id"] == row)
        assert client.get(f"/api/v1/{kind}/{row}").json == line


def test_page_beyond_the_last_is_empty(client: FlaskClient, session: Session) -> None:
    make.make_school(session)
    answer = client.get("/api/v1/schools?page=1000000&size=200").json
    assert answer is not None
    assert (answer["items"], answer["pages"]) == ([], 1)


@pytest.mark.parametrize("text", ["\x00", "a" * 101, "%00"])
def test_strange_search_is_no_failure(client: FlaskClient, text: str) -> None:
    assert client.get("/api/v1/schools", query_string={"text": text}).status_code in (200, 422)
