"""The pupil's page of the survey, and what staff see of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Audience, LinkPurpose
from api.domain.permissions import Role
from api.models.reports import SaidAndDone, Survey, SurveyAnswer
from api.services import links, surveys
from tests import factories as make
from tests.api.services.test_surveys import GIVEN, NEAR_THE_END, seated, token_of, work
from tests.api.web.conftest import AsRole
from tests.api.web.coordination.posting import post
from tests.api.web.reading import page, text

STRANGE = ("𝓕𝓻𝓮𝓭", "' OR 1=1 --", "<script>alert(1)</script>", "\x00", "\ud800", "a" * 5_000, "٣")


@pytest.fixture(autouse=True)
def moving() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NEAR_THE_END, tick=False) as traveller:
        yield traveller


@pytest.fixture
def address(session: Session) -> str:
    """The page of a pupil's link."""
    (entry,) = seated(session)
    work(session)
    return links.address_of(token_of(session, entry))


def replies(session: Session) -> int:
    return session.scalar(select(func.sum(SurveyAnswer.count)).where(SurveyAnswer.question == "replies")) or 0


def test_a_pupil_answers_once(client: FlaskClient, session: Session, address: str) -> None:
    shown = page(client, address)
    assert shown.count("<fieldset") == 5
    answer = post(client, address, seen=address, **GIVEN)
    assert (answer.status_code, answer.location) == (303, address)
    assert "Takk for svaret" in page(client, address)
    assert replies(session) == 1


def test_the_double_click_counts_once(client: FlaskClient, session: Session, address: str) -> None:
    token = {"csrf_token": page(client, address).split('name="csrf-token" content="')[1].split('"')[0]}
    first, second = (client.post(address, data=GIVEN | token) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert "Takk for svaret" in page(client, second.location)
    assert replies(session) == 1


def test_what_is_missing_is_named_and_what_was_chosen_stays(client: FlaskClient, address: str) -> None:
    answer = post(client, address, seen=address, satisfied="5")
    said = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "<title>Feil: " in said
    assert 'href="#mentors"' in said
    assert 'name="satisfied" value="5" checked' in said


@pytest.mark.parametrize("strange", STRANGE, ids=range(len(STRANGE)))
def test_strange_answers_are_refused(client: FlaskClient, session: Session, address: str, strange: str) -> None:
    typed = dict.fromkeys(GIVEN, strange.encode("utf-8", "replace").decode())
    assert post(client, address, seen=address, **typed).status_code == 422
    assert replies(session) == 0


def test_a_survey_that_is_over_says_so(
    client: FlaskClient, session: Session, address: str, moving: time_machine.Traveller
) -> None:
    moving.move_to(session.scalars(select(Survey.closes_at)).one() + timedelta(hours=1))
    answer = client.get(address)
    assert answer.status_code == 410
    assert "Undersøkelsen er over" in answer.get_data(as_text=True)


def test_links_of_other_things_and_unknown_ones_are_not_there(client: FlaskClient, session: Session) -> None:
    later = clock.now() + timedelta(days=1)
    other = links.issue(session, LinkPurpose.EVALUATION, "visit", "some-id", expires_at=later)
    for path in (links.address_of(other), f"/evaluering/{'0' * 64}"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(("lang", "words"), [("nn", "Kor nøgd er du"), ("en", "How satisfied are you")])
def test_the_page_speaks_the_readers_language(client: FlaskClient, address: str, lang: str, words: str) -> None:
    assert words in page(client, f"{address}?lang={lang}")


def test_what_came_of_the_last_answers_stands_there(client: FlaskClient, session: Session, address: str) -> None:
    season = session.scalars(select(Survey.season_id)).one()
    texts = {"said_nb": "Dere ville ha mer R2.", "done_nb": "Ni nye mentorer.", "said_nn": "", "done_nn": ""}
    texts |= {"said_en": "You wanted more R2.", "done_en": "Nine new mentors."}
    session.add(SaidAndDone(season_id=season, audience=Audience.PUPILS, position=1, **texts))
    session.flush()
    assert "Dere ville ha mer R2. Ni nye mentorer." in text(page(client, address))
    assert "You wanted more R2." in text(page(client, f"{address}?lang=en"))
    assert "Dere ville ha mer R2." in text(page(client, f"{address}?lang=nn"))


def test_results_come_when_the_survey_has_closed(
    signed_in_as: AsRole, session: Session, moving: time_machine.Traveller
) -> None:
    entries = seated(session, 6)
    work(session)
    for entry in entries:
        given = GIVEN | {"inspired": "yes" if entry is entries[0] else "no"}
        surveys.answer(session, token_of(session, entry), given)
    survey = session.scalars(select(Survey)).one()
    one = f"/aret/undersokelser/{survey.id}"
    reader = signed_in_as(Role.ASSISTANT)
    assert "Andel som sier" not in page(reader, one)
    moving.move_to(survey.closes_at + timedelta(hours=1))
    reader = signed_in_as(Role.ASSISTANT)
    said = text(page(reader, one))
    assert "Fornøyd med ENT3R 100 %" in said
    assert "Fikk lyst til å velge realfag :" in said  # one of six
    assert "6 har svart" in said
    assert page(reader, "/aret/undersokelser").count("lukket") == 1


def test_staff_of_a_site_and_strangers_see_no_results(
    signed_in_as: AsRole, session: Session, client: FlaskClient
) -> None:
    leader = signed_in_as(Role.SITE_LEADER, make.make_site(session))
    assert leader.get("/aret/undersokelser").status_code == 404
    assert client.get("/aret/undersokelser").status_code == 302
    assert signed_in_as(Role.COORDINATOR).get("/aret/undersokelser/nothing").status_code == 404
