"""Runs a solver call so that a stop is obeyed within moments, also where the solver itself does not listen."""

import threading
from collections.abc import Callable
from typing import TypeVar

from ortools.util.python.solve_interrupter import SolveInterrupter

from matcher.control import Stop

T = TypeVar("T")

POLL_SECONDS = 0.05
GRACE_SECONDS = 0.5


class Stopped(Exception):
    """The stop came before the solver call was done."""


def listen(stop: Stop) -> None:
    """Raises Stopped when the stop has come: a look on the way of what takes long."""
    if stop.expired:
        raise Stopped


def run(stop: Stop, call: Callable[[SolveInterrupter], T], *, listens: bool = True) -> T:
    """The call's result. Raises Stopped when the stop comes first and the call does not end soon after.

    The call runs in a thread of its own, so that signal handlers run meanwhile; one that does not end is left to its
    own time limit, and nothing it touches is used again. `listens`: the call ends soon once it is interrupted.
    """
    interrupter = SolveInterrupter()
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call(interrupter))
        except BaseException as error:
            errors.append(error)

    listen(stop)
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    while thread.is_alive() and not stop.expired:
        thread.join(min(POLL_SECONDS, max(0.001, stop.remaining())))
    if thread.is_alive():
        interrupter.interrupt()
        thread.join(GRACE_SECONDS if listens else 0)
    if errors:
        raise errors[0]
    if not results:
        raise Stopped
    return results[0]
