"""The adapter of Nasjonalt skoleregister, against answers in the shape its documentation gives."""

from __future__ import annotations

from typing import Any

import pytest
import responses
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import Ownership
from api.models.places import School
from api.services.import_schools import store_register
from api.services.school_register_nsr import NSR_URL, RegisterUnreachable, read_nsr
from tests.api.services.nsr_answers import UNIT, answer_lists, answer_unit


@responses.activate
def test_active_schools_of_all_pages_come_in(session: Session) -> None:
    upper = {"Organisasjonsnummer": "974589656", "ErGrunnskole": False, "ErVideregaaendeSkole": True}
    answer_lists(
        [UNIT, UNIT | {"ErAktiv": False}, UNIT | {"ErSkole": False}], [UNIT | upper, UNIT | {"ErGrunnskole": False}]
    )
    answer_unit()
    vg = {"SkoletrinnGSFra": None, "SkoletrinnGSTil": None, "SkoletrinnVGSFra": 1, "SkoletrinnVGSTil": 3}
    answer_unit(Organisasjonsnummer="974589656", Navn="Berg vgs", ErPrivatskole=True, **vg)
    heard: list[tuple[int, int]] = []

    result = store_register(session, read_nsr(lambda read, there: heard.append((read, there))))

    assert (result.created, heard) == (2, [(1, 2), (2, 2)])
    first, second = session.scalars(select(School).order_by(School.name))
    assert (first.lowest_grade, first.highest_grade, first.pupils, first.municipality.name) == (8, 10, 540, "Oslo")
    assert (second.lowest_grade, second.highest_grade, second.ownership) == (11, 13, Ownership.PRIVATE)


@responses.activate
@pytest.mark.parametrize("place", [None, {"Breddegrad": 0.0, "Lengdegrad": 0.0}])
def test_a_school_without_a_place_is_named_and_left_out(place: dict[str, float] | None) -> None:
    answer_lists([UNIT])
    answer_unit(Koordinat=place)

    register = read_nsr(lambda read, there: None)

    assert register.schools == []
    assert register.notices == ["Left out Aker skole (974589648): the register's lat, lon cannot be used."]


@responses.activate
def test_a_school_that_is_listed_without_a_place_is_not_closed(session: Session) -> None:
    answer_lists([UNIT])
    answer_unit()
    store_register(session, read_nsr(lambda read, there: None))
    responses.reset()
    answer_lists([UNIT])
    answer_unit(Koordinat=None)

    assert store_register(session, read_nsr(lambda read, there: None), complete=True).closed == 0


@responses.activate
def test_a_register_that_fails_midway_gives_nothing() -> None:
    answer_lists([UNIT])
    responses.get(f"{NSR_URL}/enhet/974589648", status=404)

    with pytest.raises(RegisterUnreachable, match="does not answer"):
        read_nsr(lambda read, there: None)


@responses.activate
@pytest.mark.parametrize("body", [{"Enheter": []}, [], {"AntallSider": "x", "EnhetListe": []}])
def test_an_answer_of_another_shape_is_refused(body: Any) -> None:
    responses.get(f"{NSR_URL}/enheter", json=body)

    with pytest.raises(RegisterUnreachable):
        read_nsr(lambda read, there: None)
