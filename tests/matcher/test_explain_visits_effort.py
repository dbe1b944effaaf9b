"""Where a season asks for too much work, smallest changes are left open, and found when somebody asks for one."""

import pytest

from matcher.control import Stop
from matcher.explain import explain
from matcher.solve import solve
from matcher.visits import smallest_change
from tests.benchmarks.instances_visits import season

OPEN = {"kind": "unknown"}


def test_what_was_left_open_is_looked_for_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = season(60, 45, 1, scarce=True)
    whole = {item.request: item.smallest_change for item in solve(problem).unserved}
    assert any(change not in (None, OPEN) for change in whole.values())
    monkeypatch.setattr(smallest_change, "MOST_WORK", 0)
    plan = solve(problem)
    assert [item.smallest_change for item in plan.unserved] == [OPEN] * len(whole)
    for request, change in whole.items():
        assert explain(problem, plan, request)["smallest_change"] == change


def test_a_stop_leaves_one_open_too() -> None:
    problem = season(60, 45, 1, scarce=True)
    plan = solve(problem)
    stop = Stop()
    stop.request()
    assert smallest_change.change_of(problem, plan, plan.unserved[0].request, stop) == OPEN
