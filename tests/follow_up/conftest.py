"""The application of the tests of api, a town of one's own, and the clock of a journey."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Engine

from api.db import transaction
from tests.api.conftest import app, quick_passwords
from tests.follow_up.post_office import PostOffice
from tests.year.town import START, build

__all__ = ["app", "quick_passwords"]


@pytest.fixture
def office(own_database: Engine, app: Flask) -> Iterator[PostOffice]:
    """A town at START, whose clock only moves when a test moves it."""
    with time_machine.travel(START, tick=False) as traveller:
        with transaction() as session:
            town = build(session)
        yield PostOffice(app, town, traveller.move_to)
