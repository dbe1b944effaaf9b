"""Requests over REST: made, read, changed, withdrawn, within reach only."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.enums import ProgrammeKind, RequestState, SchoolStatus, WindowKind
from api.domain.permissions import Role
from api.models.places import Holiday, School
from api.models.plan_rows import PlanVisit
from api.models.visits import Request
from tests import factories as make
from tests.api.conftest import SignIn

TODAY = "2026-12-01T08:00:00+00:00"
ADDRESS = "/api/v1/requests"


@pytest.fixture(autouse=True)
def day() -> Any:
    with time_machine.travel(TODAY, tick=False):
        yield


def option(day: str = "2027-01-18", start: str = "08:30", end: str = "09:15") -> dict[str, Any]:
    return {"lessons": [{"start": f"{day}T{start}:00+01:00", "end": f"{day}T{end}:00+01:00"}]}


@pytest.fixture
def given(session: Session) -> dict[str, Any]:
    """A request that can be made."""
    make.make_programme(session, kind=ProgrammeKind.SCHOOL_VISIT)
    make.make_topic(session, code="energy")
    return {
        "season": make.make_season(session).id,
        "school": make.make_school(session).id,
        "grade": 9,
        "classes": 2,
        "topics": ["energy"],
        "options": [option(), option("2027-01-19")],
        "contact": {"name": "Adviser", "email": "adviser@example.org"},
    }


def test_made_request_is_given_back_with_its_address_and_version(
    coordinator: FlaskClient, given: dict[str, Any]
) -> None:
    answer = coordinator.post(ADDRESS, json=given)
    assert answer.status_code == 201, answer.json
    made = answer.json
    assert made is not None
    assert {name: made[name] for name in ("grade", "classes", "topics", "wishes", "state", "answer_on")} == {
        "grade": 9,
        "classes": 2,
        "topics": ["energy"],
        "wishes": [],
        "state": "open",
        "answer_on": "2026-12-15",  # ten working days after 1 December
    }
    assert made["options"][0]["lessons"] == [{"start": "2027-01-18T07:30:00+00:00", "end": "2027-01-18T08:15:00+00:00"}]
    read = coordinator.get(answer.headers["Location"])
    assert (read.json, read.headers["ETag"]) == (made, answer.headers["ETag"])


def test_request_for_an_open_visit_week_gets_the_window_s_date(
    coordinator: FlaskClient, session: Session, given: dict[str, Any]
) -> None:
    from datetime import UTC, datetime

    from api.models.programmes import Programme

    school = session.get(School, given["school"])
    programme = session.scalars(select(Programme)).one()
    assert school is not None
    window = make.make_window(
        session,
        season_id=given["season"],
        programme_id=programme.id,
        kind=WindowKind.REQUEST,
        opens_at=datetime(2026, 11, 1, tzinfo=UTC),
        closes_at=datetime(2026, 12, 8, tzinfo=UTC),
        answer_on=date(2026, 12, 11),
    )
    week = {"season_id": given["season"], "municipality_id": school.municipality_id, "monday": date(2027, 1, 18)}
    make.make_visit_week(session, window_id=window.id, **week)
    made = coordinator.post(ADDRESS, json=given).json
    assert made is not None
    assert made["answer_on"] == "2026-12-11"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"grade": 14}, "grade"),
        ({"grade": "9"}, "grade"),
        ({"grade": True}, "grade"),
        ({"classes": 0}, "classes"),
        ({"colour": "red"}, "colour"),
        ({"topics": ["unknown"]}, "topics"),
        ({"options": []}, "options"),
        ({"options": [option("2026-11-01")]}, "options.0.lessons.0"),
        ({"options": [option("2028-01-18")]}, "options.0.lessons.0"),
        ({"options": [option(start="10:00", end="09:00")]}, "options.0.lessons.0"),
        ({"options": [option("2027-01-16")]}, "options.0.lessons.0"),
        ({"options": [option(start="06:55", end="07:40")]}, "options.0.lessons.0"),
        ({"options": [option(start="17:30", end="18:15")]}, "options.0.lessons.0"),
        ({"options": [option(), option()]}, "options.1"),
        ({"curriculum": "a\x00b"}, "curriculum"),
        ({"curriculum": "\ud800"}, "curriculum"),
        ({"contact": {"name": "", "email": "a@example.org"}}, "contact"),
        ({"contact": {"name": "Adviser", "email": "no mail"}}, "contact"),
        ({"school": "x"}, "school"),
    ],
)
def test_bad_field_is_named(
    coordinator: FlaskClient, given: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    answer = coordinator.post(ADDRESS, json=given | change)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json"), answer.json
    assert answer.json is not None
    assert field in answer.json["errors"]["json"]


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        (option("2027-01-16", "03:00", "03:45"), "lørdag og søndag"),
        (option("2027-01-17"), "lørdag og søndag"),
        (option("2027-01-20"), "helligdag"),
        (option(start="06:59", end="07:30"), "07.00 og 18.00"),
        (option(start="17:30", end="18:01"), "07.00 og 18.00"),
    ],
)
def test_time_without_lessons_is_refused_with_its_remedy(
    coordinator: FlaskClient, session: Session, given: dict[str, Any], times: dict[str, Any], sentence: str
) -> None:
    session.add(Holiday(day=date(2027, 1, 20), name="fri"))
    session.flush()
    answer = coordinator.post(ADDRESS, json=given | {"options": [option(), times]}, headers={"Accept-Language": "nb"})
    assert (answer.status_code, session.scalar(select(func.count()).select_from(Request))) == (422, 0), answer.json
    assert answer.json is not None
    [[said]] = answer.json["errors"]["json"].values()
    assert list(answer.json["errors"]["json"]) == ["options.1.lessons.0"]
    assert sentence in said
    assert ": velg" in said


def test_first_and_last_minute_of_the_school_day_are_taken(coordinator: FlaskClient, given: dict[str, Any]) -> None:
    times = [option(start="07:00", end="07:45"), option(start="17:15", end="18:00")]
    assert coordinator.post(ADDRESS, json=given | {"options": times}).status_code == 201


def test_change_to_a_time_without_lessons_is_refused(coordinator: FlaskClient, given: dict[str, Any]) -> None:
    made = coordinator.post(ADDRESS, json=given)
    answer = coordinator.patch(
        made.headers["Location"],
        json={"options": [option("2027-01-17")]},
        headers={"If-Match": made.headers["ETag"]},
    )
    assert answer.status_code == 422


def test_closed_school_is_refused_with_its_remedy(
    coordinator: FlaskClient, session: Session, given: dict[str, Any]
) -> None:
    session.get_one(School, given["school"]).status = SchoolStatus.CLOSED
    session.flush()
    answer = coordinator.post(ADDRESS, json=given, headers={"Accept-Language": "nb"})
    assert (answer.status_code, session.scalar(select(func.count()).select_from(Request))) == (422, 0)
    assert answer.json is not None
    assert "lagt ned" in str(answer.json)
    assert "school" in answer.json["errors"]["json"]


def test_change_needs_the_version(coordinator: FlaskClient, given: dict[str, Any]) -> None:
    made = coordinator.post(ADDRESS, json=given)
    place = made.headers["Location"]
    assert coordinator.patch(place, json={"grade": 10}).status_code == 428
    assert coordinator.patch(place, json={"grade": 10}, headers={"If-Match": '"old"'}).status_code == 412
    changed = coordinator.patch(place, json={"grade": 10}, headers={"If-Match": made.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.json is not None
    assert changed.json["grade"] == 10
    again = coordinator.patch(place, json={"grade": 8}, headers={"If-Match": made.headers["ETag"]})
    assert (again.status_code, again.json and again.json["code"]) == (412, "precondition_failed")


def test_changed_parts_change_the_version(coordinator: FlaskClient, given: dict[str, Any]) -> None:
    made = coordinator.post(ADDRESS, json=given)
    match = {"If-Match": made.headers["ETag"]}
    changed = coordinator.patch(made.headers["Location"], json={"options": [option("2027-01-19")]}, headers=match)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != made.headers["ETag"]


def test_unchanged_request_is_not_sent_again(coordinator: FlaskClient, given: dict[str, Any]) -> None:
    made = coordinator.post(ADDRESS, json=given)
    headers = {"If-None-Match": made.headers["ETag"]}
    assert coordinator.get(made.headers["Location"], headers=headers).status_code == 304


def test_options_keep_their_rows_and_follow_the_order_given(
    coordinator: FlaskClient, session: Session, given: dict[str, Any]
) -> None:
    made = coordinator.post(ADDRESS, json=given)
    assert made.json is not None
    row = session.get(Request, made.json["id"])
    assert row is not None
    first, second = (kept.id for kept in row.options)
    wanted = {"options": [option("2027-01-20"), option("2027-01-19"), option()]}
    coordinator.patch(made.headers["Location"], json=wanted, headers={"If-Match": made.headers["ETag"]})
    session.refresh(row, ["options"])
    assert [kept.id for kept in row.options][1:] == [second, first]
    assert [kept.position for kept in row.options] == [0, 1, 2]


def test_time_that_a_plan_uses_stays(coordinator: FlaskClient, session: Session, given: dict[str, Any]) -> None:
    made = coordinator.post(ADDRESS, json=given)
    assert made.json is not None
    row = session.get(Request, made.json["id"])
    assert row is not None
    used = row.options[0]
    values = {"starts_at": used.lessons[0].starts_at, "ends_at": used.lessons[0].ends_at, "mode": "physical"}
    plan = make.make_plan(session)
    session.add(PlanVisit(plan_id=plan.id, request_id=row.id, option_id=used.id, **values))
    session.flush()
    change = {"options": [option("2027-01-19")]}
    answer = coordinator.patch(made.headers["Location"], json=change, headers={"If-Match": made.headers["ETag"]})
    assert (answer.status_code, answer.json and answer.json["code"]) == (409, "option_in_use")


def test_withdrawn_request_cannot_be_changed(coordinator: FlaskClient, given: dict[str, Any]) -> None:
    made = coordinator.post(ADDRESS, json=given)
    place = made.headers["Location"]
    gone = coordinator.patch(place, json={"state": "cancelled"}, headers={"If-Match": made.headers["ETag"]})
    assert gone.json is not None
    assert gone.json["state"] == RequestState.CANCELLED
    after = coordinator.patch(place, json={"grade": 8}, headers={"If-Match": gone.headers["ETag"]})
    assert after.status_code == 409


def test_same_key_makes_one_request(coordinator: FlaskClient, session: Session, given: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "order-1"}
    first, second = (coordinator.post(ADDRESS, json=given, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert (first.json, first.headers["ETag"]) == (second.json, second.headers["ETag"])
    assert session.scalar(select(func.count()).select_from(Request)) == 1
    other = coordinator.post(ADDRESS, json=given | {"grade": 8}, headers=key)
    assert other.status_code == 422


def test_school_contact_reaches_own_school_only(session: Session, by_token: SignIn, given: dict[str, Any]) -> None:
    user = make.make_user(session)
    make.make_grant(session, user_id=user.id, role=Role.SCHOOL_CONTACT, school_id=given["school"])
    foreign = make.make_request(session)
    contact = by_token(user)
    own = contact.post(ADDRESS, json=given)
    assert own.status_code == 201
    listed = contact.get(ADDRESS).json
    assert listed is not None
    assert own.json is not None
    assert [item["id"] for item in listed["items"]] == [own.json["id"]]
    missing = contact.get(f"{ADDRESS}/{uuid4()}")
    theirs = contact.get(f"{ADDRESS}/{foreign.id}")
    assert [missing.status_code, theirs.status_code] == [404, 404]
    assert (missing.json and missing.json["detail"]) == (theirs.json and theirs.json["detail"])
    assert contact.patch(f"{ADDRESS}/{foreign.id}", json={"grade": 8}, headers={"If-Match": "*"}).status_code == 404
    assert contact.post(ADDRESS, json=given | {"school": make.make_school(session).id}).status_code == 404


def test_list_is_sorted_filtered_and_paged(coordinator: FlaskClient, session: Session) -> None:
    rows = [make.make_request(session, grade=grade) for grade in (10, 8, 9)]
    answer = coordinator.get(f"{ADDRESS}?sort=-grade&size=2&page=2").json
    assert answer is not None
    assert {name: answer[name] for name in ("total", "page", "size", "pages")} == {
        "total": 3,
        "page": 2,
        "size": 2,
        "pages": 2,
    }
    assert [item["grade"] for item in answer["items"]] == [8]
    one = coordinator.get(f"{ADDRESS}?school={rows[0].school_id}").json
    assert one is not None
    assert [item["id"] for item in one["items"]] == [rows[0].id]


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "size=201", "sort=password", "state=lost", "school=1", "unknown=1", "page=1e9"]
)
def test_bad_query_is_422(coordinator: FlaskClient, query: str) -> None:
    assert coordinator.get(f"{ADDRESS}?{query}").status_code == 422
