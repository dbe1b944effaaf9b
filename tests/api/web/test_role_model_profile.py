"""A role model's own page: opening changes nothing, one click says yes, what was typed is kept, deleting forgets."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import InvitationState, LinkPurpose, ProfileState
from api.models.follow_up import Invitation
from api.models.outbox import OutboxMessage
from api.models.role_models import RoleModel
from api.services import links
from api.services.profiles import letters, reconfirm
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.web.reading import csrf

NAUGHTY = (
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "{{ 7 * 7 }}",
    "\u202eabc\u0000",
    "😀" * 60,
    "null",
    "=1+1",
    "x" * 5000,
)


@pytest.fixture
def person(session: Session) -> RoleModel:
    """Put in by a company, and not yet asked for anything."""
    company = make.make_company(session)
    return make.make_role_model(
        session, company_id=company.id, state=ProfileState.UNCONFIRMED, confirmed_at=None, trained_on=None, place="Oslo"
    )


@pytest.fixture
def path(session: Session, person: RoleModel) -> str:
    return links.address_of(letters.profile_link(session, person))


def form_of(**typed: object) -> dict[str, object]:
    plain = {"place": "Oslo", "max_travel_minutes": "45", "lowest_grade": "8", "highest_grade": "10"}
    limits = {"max_lessons": "3", "max_per_day": "1", "max_per_week": "2", "max_per_term": "6"}
    more = {"modes": ["physical", "digital"], "times": ["2 08:00 10:00", "2 10:00 12:00"], "languages": ["nb", "en"]}
    return plain | limits | more | typed


def read(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def ticked(page: str) -> set[str]:
    """The times of the week whose boxes are ticked."""
    return set(re.findall(r'name="times" value="([^"]+)"[^>]* checked', page))


def test_opening_changes_nothing_and_one_click_says_yes(
    client: FlaskClient, session: Session, person: RoleModel, path: str
) -> None:
    assert "Vil du bli rollemodell?" in read(client, path)
    assert person.state is ProfileState.UNCONFIRMED
    assert client.post(f"{path}/bekreft").status_code == 303
    session.refresh(person)
    assert person.state is ProfileState.ACTIVE
    assert person.confirmed_at is not None
    assert "Sist bekreftet" in read(client, path)


def test_a_profile_that_rests_is_asked_again_after_one_click(
    client: FlaskClient, session: Session, person: RoleModel, path: str
) -> None:
    long_ago = clock.now() - timedelta(days=90)
    person.state, person.confirmed_at = ProfileState.PAUSED, long_ago
    session.flush()
    assert "Profilen din hviler" in read(client, path)
    client.post(f"{path}/gjenoppta")
    session.refresh(person)
    assert person.state is ProfileState.ACTIVE
    assert person.confirmed_at is not None
    assert person.confirmed_at > long_ago  # silences before it count no longer


def test_what_is_saved_is_what_was_ticked(client: FlaskClient, session: Session, person: RoleModel, path: str) -> None:
    topic = make.make_topic(session)
    blocked = {"from_0": "2027-02-01", "to_0": "2027-02-05", "from_1": "2027-03-01", "to_1": ""}
    sent = form_of(topics=[topic.code], **blocked)
    assert client.post(f"{path}/lagre", data=sent).status_code == 303
    session.expire_all()
    assert [(one.weekday, f"{one.starts:%H}-{one.ends:%H}") for one in person.free_times] == [(2, "08-12")]
    assert sorted((one.from_date, one.to_date) for one in person.blocked) == [
        (date(2027, 2, 1), date(2027, 2, 5)),
        (date(2027, 3, 1), date(2027, 3, 1)),
    ]
    assert (person.max_travel_minutes, person.lowest_grade, person.highest_grade) == (45, 8, 10)
    assert (person.physical, person.digital, [one.code for one in person.topics]) == (True, True, [topic.code])
    assert person.state is ProfileState.UNCONFIRMED  # saving is no yes
    page = read(client, path)
    assert ticked(page) == {"2 08:00 10:00", "2 10:00 12:00"}


def test_times_outside_the_grid_are_kept(client: FlaskClient, session: Session, person: RoleModel, path: str) -> None:
    client.post(f"{path}/lagre", data=form_of(times=["3 08:30 11:15", "6 10:00 12:00"]))
    page = read(client, path)
    assert ticked(page) == {"3 08:30 11:15", "6 10:00 12:00"}
    client.post(f"{path}/lagre", data=form_of(times=["1 09:00 13:00"]))
    assert ticked(read(client, path)) == {"1 09:00 10:00", "1 10:00 12:00", "1 12:00 13:00"}
    client.post(f"{path}/lagre", data=form_of(times=sorted(ticked(read(client, path)))))
    session.expire_all()
    assert [(one.starts.hour, one.ends.hour) for one in person.free_times] == [(9, 13)]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"max_travel_minutes": "langt"}, "max_travel_minutes"),
        ({"place": "Ingensteds"}, "place"),
        ({"lowest_grade": "10", "highest_grade": "8"}, "lowest_grade"),
        ({"modes": []}, "modes"),
        ({"languages": []}, "languages"),
        ({"other_languages": "polsk, klingonsk språk"}, "other_languages"),
        ({"from_0": "2027-02-05", "to_0": "2027-02-01"}, "from_0"),
        ({"times": ["9 08:00 10:00"]}, "times"),
    ],
)
def test_a_mistake_is_named_and_what_was_typed_is_kept(
    client: FlaskClient, session: Session, person: RoleModel, path: str, typed: dict[str, object], field: str
) -> None:
    answer = client.post(f"{path}/lagre", data=form_of(max_per_term="7", **typed))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'id="{field}-fault"' in page
    assert f'href="#{field}"' in page
    assert '<option value="7" selected>' in page.split('name="max_per_term"')[1]
    session.refresh(person)
    assert person.max_per_term == 6


def test_a_town_says_where_the_person_leaves_from(
    client: FlaskClient, session: Session, person: RoleModel, path: str
) -> None:
    town = make.make_municipality(session, name="Byen")
    for lat in (60.0, 62.0):
        make.make_school(session, municipality_id=town.id, lat=lat, lon=11.0)
    client.post(f"{path}/lagre", data=form_of(place="byen"))
    session.refresh(person)
    assert (person.lat, person.lon, person.place) == (61.0, 11.0, "byen")


def test_away_and_a_day_that_has_been(client: FlaskClient, session: Session, person: RoleModel, path: str) -> None:
    ahead = clock.today() + timedelta(days=20)
    client.post(f"{path}/borte", data={"away_until": ahead.isoformat()})
    past = client.post(f"{path}/borte", data={"away_until": "2020-01-01"})
    assert past.status_code == 422
    session.refresh(person)
    assert person.away_until == ahead


def test_four_films_one_by_one_and_then_trained(
    client: FlaskClient, session: Session, person: RoleModel, path: str
) -> None:
    assert client.post(f"{path}/film", data={"id": "5"}).status_code == 422
    for film in ("1", "1", "3", "2"):
        assert client.post(f"{path}/film", data={"id": film}).status_code == 303
    session.refresh(person)
    assert person.trained_on is None
    assert len(re.findall(r'name="id" value="4"', read(client, path))) == 1
    client.post(f"{path}/film", data={"id": "4"})
    session.refresh(person)
    assert person.trained_on == clock.today()
    assert "Opplæring fullført" in read(client, path)


def test_a_pause_of_ones_own_and_back_with_one_click(
    client: FlaskClient, session: Session, person: RoleModel, path: str
) -> None:
    client.post(f"{path}/bekreft")
    for act, state in (("pause", ProfileState.PAUSED), ("gjenoppta", ProfileState.ACTIVE)):
        assert client.post(f"{path}/{act}").status_code == 303
        session.refresh(person)
        assert person.state is state


def test_naughty_strings_and_the_double_click(
    client: FlaskClient, session: Session, person: RoleModel, path: str
) -> None:
    for text in NAUGHTY:
        sent = form_of(title=text, phone=text, place="Oslo", other_languages="")
        answers = [client.post(f"{path}/lagre", data=sent).status_code for _click in range(2)]
        assert answers == [303, 303]
        assert client.get(path).status_code == 200
        assert client.post(f"{path}/lagre", data=form_of(place=text, other_languages=text)).status_code in (303, 422)
    assert "<script>alert(1)</script>" not in read(client, path)


def test_the_slider_shows_what_more_minutes_open_for_and_stores_nothing(
    client: FlaskClient, session: Session, person: RoleModel, path: str
) -> None:
    stored = person.max_travel_minutes
    whole, part = client.get(f"{path}?minutter=90"), client.get(f"{path}?minutter=90", headers={"HX-Request": "true"})
    assert "90 minutter" in whole.get_data(as_text=True)
    assert "90 minutter" in part.get_data(as_text=True)
    assert "<form" not in part.get_data(as_text=True)
    assert client.get(f"{path}?minutter=-1&x=%00").status_code == 200
    session.refresh(person)
    assert person.max_travel_minutes == stored


def test_own_invitations_and_visits_open_by_a_button_and_others_do_not(
    client: FlaskClient, session: Session, person: RoleModel, path: str
) -> None:
    other = make.make_role_model(session)
    rows = []
    for role_model in (person, other):
        visit = make.make_visit(session, role_model)
        ahead = clock.now() + timedelta(days=2)
        asked = Invitation(
            visit_id=visit.id,
            role_model_id=role_model.id,
            state=InvitationState.SENT,
            sent_at=clock.now(),
            answer_by=ahead,
        )
        session.add(asked)
        rows.append((visit, asked))
    session.flush()
    page = read(client, path)
    assert rows[0][1].id in page
    assert rows[1][1].id not in page
    opened = client.post(f"{path}/invitasjon", data={"id": rows[0][1].id})
    assert client.get(opened.headers["Location"]).status_code == 200
    assert client.post(f"{path}/invitasjon", data={"id": rows[1][1].id}).status_code == 404
    assert client.post(f"{path}/besok", data={"id": rows[1][0].id}).status_code == 404


def test_leaving_asks_once_more_and_closes_the_link(
    client: FlaskClient, session: Session, person: RoleModel, path: str
) -> None:
    assert "Slutte som rollemodell?" in read(client, f"{path}/slutt")
    assert person.state is ProfileState.UNCONFIRMED
    assert client.post(f"{path}/slutt").status_code == 200
    session.refresh(person)
    assert person.state is ProfileState.LEFT
    assert client.get(path).status_code == 404


def test_deleting_forgets_who_it_was(client: FlaskClient, session: Session, person: RoleModel, path: str) -> None:
    assert client.post(f"{path}/slett").status_code == 200
    session.expire_all()
    assert person.person.email is None
    assert client.get(path).status_code == 404


def test_an_old_link_gets_a_new_one_by_mail_once_a_day(
    client: FlaskClient, session: Session, person: RoleModel
) -> None:
    about = ("role_model", person.id)
    old = links.issue(
        session, LinkPurpose.PROFILE, *about, expires_at=clock.now() - timedelta(days=1), person_id=person.person_id
    )
    path = links.address_of(old)
    assert client.get(path).status_code == 410
    for _again in range(2):
        assert client.post(f"{path}/ny-lenke").status_code == 200
    sent = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "profile_link")).all()
    assert [one.person_id for one in sent] == [person.person_id]


def test_signed_in_the_own_profile_and_no_other(session: Session, signed_in: SignIn, person: RoleModel) -> None:
    own = signed_in(make.make_user(session, person_id=person.person_id))
    page = read(own, "/rollemodell")
    assert person.person.name in page
    assert own.post("/rollemodell/bekreft", data={"csrf_token": csrf(page)}).status_code == 303
    session.refresh(person)
    assert person.state is ProfileState.ACTIVE
    assert signed_in(make.make_user(session)).get("/rollemodell").status_code == 404


def kinds(session: Session) -> list[str]:
    return [one.kind for one in session.scalars(select(OutboxMessage).order_by(OutboxMessage.created_at))]


def test_an_old_profile_is_asked_once_and_again_a_year_after_its_yes(
    client: FlaskClient, session: Session, person: RoleModel, path: str
) -> None:
    now = clock.now()
    person.state, person.confirmed_at = ProfileState.ACTIVE, now - timedelta(days=360)
    session.flush()
    assert reconfirm.due_reconfirmations(session, now) == []
    later = now + timedelta(days=10)
    for _tick in range(2):
        for due in reconfirm.due_reconfirmations(session, later):
            reconfirm.do_reconfirm(session, due, later)
    reconfirm.do_reconfirm(session, person.id, later)
    assert kinds(session) == ["profile_confirm"]
    client.post(f"{path}/bekreft")
    session.refresh(person)
    assert reconfirm.due_reconfirmations(session, later) == []
    assert reconfirm.due_reconfirmations(session, now + timedelta(days=400)) == [person.id]


def test_a_new_profile_is_reminded_once(session: Session, person: RoleModel) -> None:
    later = clock.now() + timedelta(days=8)
    assert reconfirm.due_reconfirmations(session, clock.now()) == []
    for _tick in range(2):
        for due in reconfirm.due_reconfirmations(session, later):
            reconfirm.do_reconfirm(session, due, later)
    assert kinds(session) == ["profile_reminder"]
