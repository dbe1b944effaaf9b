"""Companies over REST: put in, changed, agreed, times set aside, people who say yes; each contact its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import ProfileState
from api.domain.permissions import Role
from api.models.companies import Company
from api.models.programmes import VisitWeek
from tests import factories as make
from tests.api.conftest import SignIn

ROOT = "/api/v1/companies"


@pytest.fixture
def week(session: Session) -> VisitWeek:
    today = clock.today()
    season = make.make_season(session, starts_on=today, ends_on=today + timedelta(days=120))
    return make.make_visit_week(session, season_id=season.id, monday=today + timedelta(days=35 - today.weekday()))


@pytest.fixture
def company(session: Session, week: VisitWeek) -> Company:
    return make.make_company(session)


@pytest.fixture
def contact(session: Session, by_token: SignIn, company: Company) -> FlaskClient:
    user = make.make_user(session)
    make.make_grant(session, user_id=user.id, role=Role.COMPANY_CONTACT, company_id=company.id)
    return by_token(user)


def agree(client: FlaskClient, company: Company, week: VisitWeek) -> Any:
    body = {"pledged_people": 2, "municipalities": [week.municipality_id], "visit_weeks": [week.id]}
    answer = client.post(f"{ROOT}/{company.id}/agreement", json=body)
    assert answer.status_code == 201, answer.json
    return answer


def test_coordination_puts_a_company_in_and_changes_it(coordinator: FlaskClient, contact: FlaskClient) -> None:
    body = {"name": "Fjord", "orgnr": "123456785", "contact_name": "Kontakt", "contact_email": "k@example.org"}
    made = coordinator.post(ROOT, json=body)
    assert made.status_code == 201, made.json
    assert coordinator.post(ROOT, json=body).status_code == 409
    assert coordinator.post(ROOT, json={"name": "Fjell", "orgnr": "123456786"}).status_code == 422
    assert contact.post(ROOT, json={"name": "Fjell"}).status_code == 404
    at = made.headers["Location"]
    read = coordinator.get(at)
    assert coordinator.patch(at, json={"quota": 4}).status_code == 428
    changed = coordinator.patch(at, json={"quota": 4}, headers={"If-Match": read.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.json is not None
    assert (changed.json["quota"], changed.json["has_contact"]) == (4, False)
    assert coordinator.patch(at, json={"quota": 5}, headers={"If-Match": read.headers["ETag"]}).status_code == 412


def test_a_contact_agrees_and_sets_a_time_aside(
    contact: FlaskClient, session: Session, company: Company, week: VisitWeek
) -> None:
    at = f"{ROOT}/{company.id}"
    assert contact.get(f"{at}/agreement").status_code == 404
    made = agree(contact, company, week)
    assert contact.post(f"{at}/agreement", json={"pledged_people": 1}).status_code == 409
    changed = contact.patch(f"{at}/agreement", json={"pledged_people": 3}, headers={"If-Match": made.headers["ETag"]})
    assert changed.status_code == 200, changed.json
    person = make.make_role_model(session, company_id=company.id)
    slot = {"role_model": person.id, "day": week.monday.isoformat(), "starts": "08:00", "ends": "10:00"}
    key = {"Idempotency-Key": "0f8fad5b-d9cb-469f-a165-70867728950e"}
    first, second = (contact.post(f"{at}/pledge-slots", json=slot, headers=key) for _ in range(2))
    assert (first.status_code, second.json) == (201, first.json), first.json
    [shown] = contact.get(f"{at}/pledge-slots").json["items"]  # type: ignore[index]
    assert (shown["role_model"], shown["used"]) == (person.id, False)
    figures = contact.get(f"{at}/figures").json
    assert figures is not None
    assert (figures["pledged_people"], figures["people"], figures["promised"]) == (3, 1, 3)
    assert contact.delete(f"{at}/pledge-slots/{shown['id']}").status_code == 204
    assert contact.get(f"{at}/pledge-slots").json == {"items": []}


def test_somebody_put_in_by_the_company_is_not_active(contact: FlaskClient, company: Company) -> None:
    body = {
        "person": {"name": "Rollemodell", "email": "r@example.org"},
        "lat": 59.9,
        "lon": 10.7,
        "max_travel_minutes": 45,
        "grades": [8, 13],
    }
    made = contact.post(f"{ROOT}/{company.id}/role-models", json=body)
    assert made.status_code == 201, made.json
    assert made.json is not None
    assert (made.json["state"], made.json["company"]) == ("unconfirmed", company.id)
    at = f"/api/v1/role-models/{made.json['id']}"
    assert contact.post(f"{at}/steps", json={"event": "confirm"}).status_code == 403
    assert contact.post(f"{at}/steps", json={"event": "leave"}).status_code == 200
    assert contact.get(f"{ROOT}/{company.id}/role-models").json["total"] == 1  # type: ignore[index]


def test_a_role_model_confirms_and_changes_the_own_profile(session: Session, by_token: SignIn) -> None:
    own = make.make_role_model(session, state=ProfileState.UNCONFIRMED, confirmed_at=None)
    other = make.make_role_model(session)
    client = by_token(make.make_user(session, person_id=own.person_id))
    at = f"/api/v1/role-models/{own.id}"
    assert client.post(f"{at}/steps", json={"event": "confirm"}).status_code == 200
    read = client.get(at)
    assert read.json is not None
    assert (read.json["state"], read.json["person"]["name"]) == ("active", own.person.name)
    away = client.patch(at, json={"away_until": "2027-03-01"}, headers={"If-Match": read.headers["ETag"]})
    assert away.status_code == 200, away.json
    assert client.post(f"{at}/steps", json={"event": "resume"}).status_code == 409
    for method in ("get", "patch"):
        theirs = getattr(client, method)(
            f"/api/v1/role-models/{other.id}", headers={"If-Match": "*"}, json={"lat": 60.0}
        )
        assert theirs.status_code == 404


def test_another_company_looks_like_one_that_is_not_there(
    contact: FlaskClient, session: Session, week: VisitWeek
) -> None:
    other = make.make_company(session)
    for path in ("", "/agreement", "/pledge-slots", "/role-models", "/figures"):
        assert contact.get(f"{ROOT}/{other.id}{path}").status_code == 404
    assert contact.get(ROOT).json["total"] == 1  # type: ignore[index]
