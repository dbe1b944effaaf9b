"""The weeks before the season's visits, so that what is planned is still to come."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_autumn() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield
