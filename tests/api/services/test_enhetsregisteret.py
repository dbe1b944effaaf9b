"""Looking a company up: recorded answers, and a register that fails in every way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests
import responses

from api.config import settings
from api.services.companies import enhetsregisteret

URL = "https://register.example.org/api"
ORGNR = "974760673"
ANSWER = {
    "organisasjonsnummer": ORGNR,
    "navn": "REGISTERENHETEN I BRØNNØYSUND",
    "organisasjonsform": {"kode": "ORGL"},
    "forretningsadresse": {"poststed": "BRØNNØYSUND", "kommune": "BRØNNØY"},
}


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Iterator[responses.RequestsMock]:
    there = replace(settings(), company_register_url=URL)
    monkeypatch.setattr(enhetsregisteret, "settings", lambda: there)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def test_a_company_is_found(register: responses.RequestsMock) -> None:
    register.get(f"{URL}/enheter/{ORGNR}", json=ANSWER)
    found = enhetsregisteret.look_up(ORGNR)
    assert found == enhetsregisteret.Entity(ORGNR, "REGISTERENHETEN I BRØNNØYSUND", "Brønnøysund")


@pytest.mark.parametrize("answer", [{"status": 404}, {"status": 410}, {"json": ANSWER | {"slettedato": "2020-01-01"}}])
def test_one_that_is_not_there_is_none(register: responses.RequestsMock, answer: dict[str, object]) -> None:
    register.get(f"{URL}/enheter/{ORGNR}", **answer)
    assert enhetsregisteret.look_up(ORGNR) is None


@pytest.mark.parametrize(
    "answer",
    [{"status": 500}, {"body": "<html>"}, {"json": []}, {"json": {}}, {"body": requests.ConnectTimeout()}],
)
def test_a_register_that_fails_is_said_to(register: responses.RequestsMock, answer: dict[str, object]) -> None:
    register.get(f"{URL}/enheter/{ORGNR}", **answer)
    with pytest.raises(enhetsregisteret.Unreachable):
        enhetsregisteret.look_up(ORGNR)


def test_a_wrong_number_is_never_asked_for(register: responses.RequestsMock) -> None:
    assert enhetsregisteret.look_up("974760674") is None
    assert len(register.calls) == 0


def test_without_the_setting_nobody_is_asked() -> None:
    assert enhetsregisteret.is_set_up() is False
    assert enhetsregisteret.look_up(ORGNR) is None
