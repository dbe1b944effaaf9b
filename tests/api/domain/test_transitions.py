"""The one table of transitions: whole, sound, and drawn in the docs as it is."""

from collections import Counter
from enum import StrEnum
from pathlib import Path

import pytest
from sqlalchemy import Enum

from api.domain.state_page import state_page
from api.domain.transitions import STEPS, Party, step, things
from api.models.registry import metadata

PAGE = Path(__file__).parents[3] / "docs" / "states.md"


def states_of(thing: str) -> set[str]:
    """The words that the table's column `state` may hold."""
    kind = metadata.tables[thing].columns["state"].type
    assert isinstance(kind, Enum)
    return set(kind.enums)


def test_page_shows_the_table_as_it_is() -> None:
    assert PAGE.read_text(encoding="utf-8") == state_page()


@pytest.mark.parametrize("thing", things())
def test_words_are_those_of_the_column(thing: str) -> None:
    used = {state for one in STEPS if one.thing == thing for state in (*one.sources, one.target)} - {""}
    assert used == states_of(thing)


@pytest.mark.parametrize("thing", things())
def test_every_state_can_be_reached_from_nothing(thing: str) -> None:
    steps = [one for one in STEPS if one.thing == thing]
    reached = {""}
    while more := {one.target for one in steps if reached & set(one.sources)} - reached:
        reached |= more
    assert reached - {""} == states_of(thing)


@pytest.mark.parametrize("thing", things())
def test_rows_of_a_thing_have_versions(thing: str) -> None:
    assert "version" in metadata.tables[thing].columns


def test_an_event_means_one_thing() -> None:
    assert [pair for pair, count in Counter((one.thing, one.event) for one in STEPS).items() if count > 1] == []


def test_a_thing_stands_in_one_place() -> None:
    listed = [one.thing for one in STEPS]
    assert things() == [name for number, name in enumerate(listed) if number == 0 or listed[number - 1] != name]


def test_every_step_has_somebody_who_takes_it() -> None:
    assert [one for one in STEPS if not one.by] == []
    assert issubclass(Party, StrEnum)


def test_unknown_event_is_a_mistake_in_the_code() -> None:
    with pytest.raises(LookupError):
        step("request", "explode")
