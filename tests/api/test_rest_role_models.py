"""Role models over REST: registered, changed, and their names kept from those without the right."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api.domain.permissions import Role
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.counting import count_queries

ADDRESS = "/api/v1/role-models"


@pytest.fixture
def given(session: Session) -> dict[str, Any]:
    make.make_topic(session, code="energy")
    return {
        "person": {"name": "Engineer", "email": "engineer@example.org"},
        "title": "Engineer",
        "place": "Oslo",
        "lat": 59.91,
        "lon": 10.75,
        "max_travel_minutes": 45,
        "grades": [8, 13],
        "modes": ["physical", "digital"],
        "topics": ["energy"],
        "languages": ["nb", "en"],
        "free_times": [{"weekday": 1, "starts": "08:00", "ends": "12:00"}],
        "blocked": [{"from_date": "2027-02-01", "to_date": "2027-02-05"}],
    }


def test_registered_role_model_is_given_back(coordinator: FlaskClient, given: dict[str, Any]) -> None:
    answer = coordinator.post(ADDRESS, json=given)
    assert answer.status_code == 201, answer.json
    made = answer.json
    assert made is not None
    apart = ("person", "languages")
    assert {name: made[name] for name in given if name not in apart} == {
        name: value for name, value in given.items() if name not in apart
    }
    assert (made["person"]["name"], made["languages"]) == ("Engineer", ["en", "nb"])
    assert made["confirmed_at"] is not None
    assert coordinator.get(answer.headers["Location"]).json == made


def test_profile_is_changed_and_confirmed(coordinator: FlaskClient, session: Session) -> None:
    row = make.make_role_model(session, confirmed_at=None)
    read = coordinator.get(f"{ADDRESS}/{row.id}")
    change = {"confirmed": True, "person": {"phone": None}, "free_times": [], "grades": [1, 4], "modes": ["digital"]}
    answer = coordinator.patch(f"{ADDRESS}/{row.id}", json=change, headers={"If-Match": read.headers["ETag"]})
    assert answer.status_code == 200, answer.json
    assert answer.json is not None
    assert {name: answer.json[name] for name in ("grades", "modes", "free_times")} == {
        "grades": [1, 4],
        "modes": ["digital"],
        "free_times": [],
    }
    assert answer.json["confirmed_at"] is not None
    assert answer.headers["ETag"] != read.headers["ETag"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lat": 95}, "lat"),
        ({"lat": "59"}, "lat"),
        ({"lat": None}, "lat"),
        ({"grades": [10, 8]}, "grades"),
        ({"grades": [8]}, "grades"),
        ({"modes": []}, "modes"),
        ({"max_travel_minutes": -1}, "max_travel_minutes"),
        ({"free_times": [{"weekday": 8, "starts": "08:00", "ends": "12:00"}]}, "free_times"),
        ({"free_times": [{"weekday": 1, "starts": "12:00", "ends": "08:00"}]}, "free_times"),
        ({"free_times": 2 * [{"weekday": 1, "starts": "08:00", "ends": "12:00"}]}, "free_times"),
        ({"blocked": [{"from_date": "2027-02-05", "to_date": "2027-02-01"}]}, "blocked"),
        ({"trained_on": "20270201"}, "trained_on"),
        ({"person": {}}, "person"),
        ({"topics": ["nothing"]}, "topics"),
        ({"secret": 1}, "secret"),
    ],
)
def test_bad_field_is_named(
    coordinator: FlaskClient, given: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    answer = coordinator.post(ADDRESS, json=given | change)
    assert answer.status_code == 422, answer.json
    assert answer.json is not None
    assert field in answer.json["errors"]["json"]


def test_assistant_sees_role_models_without_names(session: Session, by_token: SignIn) -> None:
    person = make.make_person(session, name="Canary 4711")
    row = make.make_role_model(session, person_id=person.id, lat=59.91273, lon=10.74609)
    assistant = by_token(make.make_user(session, Role.ASSISTANT))
    answer = assistant.get(ADDRESS)
    assert "Canary" not in answer.get_data(as_text=True)
    assert answer.json is not None
    (shown,) = answer.json["items"]
    assert shown == assistant.get(f"{ADDRESS}/{row.id}").json
    assert [shown[name] for name in ("id", "person", "free_times", "blocked")] == [row.id, None, None, None]
    assert (shown["lat"], shown["lon"]) == (59.91, 10.75)


def test_planner_sees_the_exact_place_and_times(coordinator: FlaskClient, session: Session) -> None:
    row = make.make_role_model(session, lat=59.91273, lon=10.74609)
    shown = coordinator.get(f"{ADDRESS}/{row.id}").json
    assert shown is not None
    assert (shown["lat"], shown["lon"]) == (59.91273, 10.74609)
    assert isinstance(shown["free_times"], list)
    assert isinstance(shown["blocked"], list)


def test_company_contact_reaches_own_people_only(session: Session, by_token: SignIn, given: dict[str, Any]) -> None:
    company = make.make_company(session)
    user = make.make_user(session)
    make.make_grant(session, user_id=user.id, role=Role.COMPANY_CONTACT, company_id=company.id)
    own = make.make_role_model(session, company_id=company.id)
    foreign = make.make_role_model(session, company_id=make.make_company(session).id)
    contact = by_token(user)
    listed = contact.get(ADDRESS).json
    assert listed is not None
    assert [(item["id"], item["person"] is not None) for item in listed["items"]] == [(own.id, True)]
    assert contact.get(f"{ADDRESS}/{foreign.id}").status_code == 404
    assert contact.patch(f"{ADDRESS}/{foreign.id}", json={"title": "x"}, headers={"If-Match": "*"}).status_code == 404
    assert contact.post(ADDRESS, json=given).status_code == 404
    assert contact.post(ADDRESS, json=given | {"company": company.id}).status_code == 201


def test_list_takes_few_queries_whatever_its_length(coordinator: FlaskClient, session: Session) -> None:
    make.make_role_model(session)
    coordinator.get(ADDRESS)  # the first use of a token is noted
    with count_queries(session) as one:
        coordinator.get(ADDRESS)
    for _ in range(3):
        make.make_role_model(session)
    with count_queries(session) as four:
        coordinator.get(ADDRESS)
    assert one.total == four.total
