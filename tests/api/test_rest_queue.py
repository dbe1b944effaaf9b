"""The pupil's own queue over REST: read, answer, change and leave; nobody else's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import EntryState
from api.domain.permissions import Role
from api.services.queue import offers
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.services.queue import worlds


@pytest.fixture(autouse=True)
def running() -> Iterator[None]:
    with time_machine.travel(worlds.RUNNING, tick=False):
        yield


def test_pupil_answers_changes_and_leaves(session: Session, by_token: SignIn) -> None:
    world = worlds.queue_world(session)
    entry, foreign = world.join(session, 0), world.join(session, 0)
    pupil = by_token(make.make_user(session, person_id=entry.pupil.person_id))
    offer = offers.offer_next(session, world.evenings[0], clock.now())
    assert offer is not None
    assert [row["id"] for row in pupil.get("/api/v1/entries").get_json()] == [entry.id]
    place = pupil.get(f"/api/v1/entries/{entry.id}")
    assert (place.get_json()["number"], place.get_json()["offer"]["id"]) == (1, offer.id)
    tagged = {"If-Match": pupil.get(f"/api/v1/offers/{offer.id}").headers["ETag"]}
    assert pupil.post(f"/api/v1/offers/{offer.id}/accept", json={}).status_code == 428
    taken = pupil.post(f"/api/v1/offers/{offer.id}/accept", json={"stay": False}, headers=tagged)
    assert (taken.status_code, taken.get_json()["state"]) == (200, "accepted")
    tagged = {"If-Match": pupil.get(f"/api/v1/entries/{entry.id}").headers["ETag"]}
    order = [row.id for row in world.evenings]
    changed = pupil.patch(f"/api/v1/entries/{entry.id}", json={"choices": order}, headers=tagged)
    assert changed.get_json()["choices"] == order
    again = {"If-Match": changed.headers["ETag"]}
    assert pupil.delete(f"/api/v1/entries/{entry.id}", headers=tagged).status_code == 412
    assert pupil.delete(f"/api/v1/entries/{entry.id}", headers=again).status_code == 204
    session.refresh(entry)
    assert entry.state is EntryState.LEFT
    for path in ("", "/promotions"):
        assert pupil.get(f"/api/v1/entries/{foreign.id}{path}").status_code == 404


def test_registration_answers_everyone_alike(session: Session, client: FlaskClient) -> None:
    world = worlds.queue_world(session)
    known = world.join(session, 0)
    given = {
        "season": world.season.id,
        "programme": world.programme.id,
        "level": world.level.id,
        "grade": 12,
        "birth_year": 2008,
        "choices": [world.evenings[0].id],
    }
    people = (known.pupil.person, make.make_person(session))
    asked = [given | {"name": one.name, "email": one.email} for one in people]
    answers = [client.post("/api/v1/entries", json=one) for one in asked]
    assert [(one.status_code, one.get_json()) for one in answers] == [(202, {"sent": True})] * 2
    assert worlds.letters_to(session, known) == ["queue_known"]


def test_auditor_replays_the_queue_by_numbers(session: Session, by_token: SignIn) -> None:
    world = worlds.queue_world(session)
    entry = world.join(session, 0)
    offers.offer_next(session, world.evenings[0], clock.now())
    path = f"/api/v1/seasons/{world.season.id}/programmes/{world.programme.id}/queue-replay"
    auditor = by_token(make.make_user(session, Role.COORDINATOR))
    (move,) = auditor.get(path).get_json()
    assert (move["entry"], move["move"], move["detail"]["place"][2]) == (entry.id, "offered", entry.lottery_number)
    assert auditor.get(path.replace(world.season.id, world.programme.id)).status_code == 404
    assert by_token(make.make_user(session, Role.ASSISTANT)).get(path).status_code == 404
