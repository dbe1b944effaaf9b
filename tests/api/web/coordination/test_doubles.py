"""Doubles: what looks alike is proposed, the older one is kept, and two with live visits are never merged."""

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api.domain.enums import RequestState
from api.domain.permissions import Role
from api.models.companies import Company
from api.models.people import Person
from api.models.role_models import RoleModel
from tests import factories as make
from tests.api.web.conftest import AsRole
from tests.api.web.coordination.posting import post
from tests.api.web.reading import page, text
from tests.seasons import World


def test_doubled_request_is_merged_into_the_older_one_with_its_times(
    session: Session, world: World, planner: FlaskClient
) -> None:
    older = world.served[0]
    start = older.options[0].lessons[0].starts_at
    newer = make.make_request(
        session, season_id=world.season.id, school_id=older.school_id, starts=(start, start + timedelta(days=1))
    )
    proposed = text(page(planner, "/dobbelt"))
    assert older.reference in proposed
    assert newer.reference in proposed
    post(planner, "/dobbelt", seen="/dobbelt", kind="request", keep=older.id, gone=newer.id)
    session.expire_all()
    assert (newer.state, newer.merged_into_id) == (RequestState.CANCELLED, older.id)
    assert [option.lessons[0].starts_at for option in older.options] == [start, start + timedelta(days=1)]
    assert newer.reference not in text(page(planner, "/dobbelt"))


def test_two_requests_with_visits_are_not_merged(session: Session, world: World, planner: FlaskClient) -> None:
    older = world.served[0]
    start = older.options[0].lessons[0].starts_at
    newer = make.make_request(session, season_id=world.season.id, school_id=older.school_id, starts=(start,))
    older.state = newer.state = RequestState.VISIT
    session.flush()
    post(planner, "/dobbelt", seen="/dobbelt", kind="request", keep=older.id, gone=newer.id)
    assert "Begge har besøk som skal holdes." in text(page(planner, "/dobbelt"))
    session.expire_all()
    assert newer.state is RequestState.VISIT


def test_person_of_two_rows_becomes_one(session: Session, world: World, planner: FlaskClient) -> None:
    older = make.make_person(session, name="Lærer 1", email="laerer@example.org")
    newer = make.make_person(session, name="Lærer 1", email="Laerer@example.org")
    gone = world.served[0].contact_id = newer.id
    session.flush()
    assert "Samme navn og e-post" in text(page(planner, "/dobbelt"))
    post(planner, "/dobbelt", seen="/dobbelt", kind="person", keep=older.id, gone=gone)
    session.expire_all()
    assert world.served[0].contact_id == older.id
    assert session.get(Person, gone) is None


def test_two_profiles_are_not_made_one(session: Session, world: World, planner: FlaskClient) -> None:
    people = [make.make_person(session, name="Forsker 1", email="forsker@example.org") for _ in range(2)]
    for person in people:
        make.make_role_model(session, person_id=person.id)
    post(planner, "/dobbelt", seen="/dobbelt", kind="person", keep=people[0].id, gone=people[1].id)
    assert "Begge har noe bare én kan ha" in text(page(planner, "/dobbelt"))
    assert session.get(Person, people[1].id) is not None


def test_company_keeps_its_people(session: Session, world: World, planner: FlaskClient) -> None:
    older, newer = make.make_company(session, name="Kraft"), make.make_company(session, name="KRAFT AS")
    gone, role_model = newer.id, make.make_role_model(session, company_id=newer.id)
    post(planner, "/dobbelt", seen="/dobbelt", kind="company", keep=older.id, gone=gone)
    session.expire_all()
    assert session.get_one(RoleModel, role_model.id).company_id == older.id
    assert session.get(Company, gone) is None


def test_strangers_are_not_merged_and_not_by_everyone(
    session: Session, world: World, planner: FlaskClient, signed_in_as: AsRole
) -> None:
    one, other = make.make_person(session), make.make_person(session)
    post(planner, "/dobbelt", seen="/dobbelt", kind="person", keep=one.id, gone=other.id)
    assert session.get(Person, other.id) is not None
    assert signed_in_as(Role.ASSISTANT).get("/dobbelt").status_code == 404


def test_page_says_what_would_happen_before_it_does(session: Session, world: World, planner: FlaskClient) -> None:
    older = world.served[0]
    start = older.options[0].lessons[0].starts_at
    newer = make.make_request(
        session, season_id=world.season.id, school_id=older.school_id, starts=(start, start + timedelta(days=1))
    )
    look = f"/dobbelt/par?kind=request&keep={older.id}&gone={newer.id}"
    said = text(page(planner, look))
    assert "Sammenslåing kan ikke angres." in said
    assert "Én tid fra den legges til den eldste." in said
    session.expire_all()
    assert newer.state is RequestState.OPEN
    one, other = (make.make_person(session, name="Lærer 9", email="l9@example.org") for _ in range(2))
    newer.contact_id = other.id
    session.flush()
    assert "1 bestillinger" in text(page(planner, f"/dobbelt/par?kind=person&keep={one.id}&gone={other.id}"))
    stranger = make.make_person(session)
    refused = text(page(planner, f"/dobbelt/par?kind=person&keep={one.id}&gone={stranger.id}"))
    assert "Disse to kan ikke slås sammen" in refused
    assert planner.get(f"/dobbelt/par?kind=rule&keep={one.id}&gone={other.id}").status_code == 404
