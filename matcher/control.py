"""How a caller steers a solve: when to stop, how hard to try, and what is heard on the way."""

import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version

SEEDS = 2**31
"""Solvers take seeds from 0 to SEEDS - 1."""
FOR_THE_JUDGE = 0.3
"""Of the time kept for what follows the search, the part of the judge, who comes last."""
AFTER_REQUEST = 0.4
"""Seconds that what follows the search, up to the judge, may take after a request."""


class Stop:
    """Ends a solve by time or on request; safe to use from another thread or a signal handler.

    `seconds`: wall-clock limit, at least 0, counted from construction; None for no limit.
    """

    def __init__(self, seconds: float | None = None) -> None:
        if seconds is not None and not seconds >= 0:
            raise ValueError(f"seconds is {seconds}; give 0 or more")
        self.seconds = seconds
        self.kept = 0.0
        self._started = time.monotonic()
        self._requested_at: float | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since construction."""
        return time.monotonic() - self._started

    def remaining(self) -> float:
        """Seconds left, at least 0; infinite without a limit, 0 once stopping was requested."""
        return self._remaining(0.0, 0.0)

    def _remaining(self, before: float, after: float) -> float:
        """Seconds until so many seconds before the limit, and until so many seconds after a request."""
        if self._requested_at is not None:
            return max(0.0, self._requested_at + after - time.monotonic())
        return float("inf") if self.seconds is None else max(0.0, self.seconds - before - self.elapsed)

    def request(self) -> None:
        """Ask the solve to end now with the best plan it has."""
        if self._requested_at is None:
            self._requested_at = time.monotonic()

    @property
    def requested(self) -> bool:
        """True when somebody asked for an end, whatever the time."""
        return self._requested_at is not None

    def keep(self, seconds: float) -> None:
        """Keep so many seconds of the limit, at most half of it, for what follows the search for a plan."""
        self.kept = seconds if self.seconds is None else min(seconds, self.seconds / 2)

    def searching(self) -> "Stop":
        """The stop of the search: what is kept for later is no time of its own."""
        return _Part(self, 1.0, 0.0)

    def afterwards(self) -> "Stop":
        """The stop of what makes a whole plan of what was found, up to the judge."""
        return _Part(self, FOR_THE_JUDGE, AFTER_REQUEST)

    @property
    def expired(self) -> bool:
        """True when the solve has to end, by time or on request."""
        return self.remaining() <= 0


class _Part(Stop):
    """Another stop, heard this share of what it keeps before its limit, and so many seconds after a request to it."""

    def __init__(self, stop: Stop, share: float, after: float) -> None:
        super().__init__(stop.seconds)
        self._stop, self._share, self._after = stop, share, after

    @property
    def elapsed(self) -> float:
        return self._stop.elapsed

    def remaining(self) -> float:
        return self._stop._remaining(self._share * self._stop.kept, self._after)

    def request(self) -> None:
        self._stop.request()

    @property
    def requested(self) -> bool:
        return self._stop.requested


@dataclass(frozen=True, slots=True)
class Settings:
    """What besides problem and seed may change a plan; echoed in the certificate.

    `workers`: threads or child processes used side by side, 1 to 64.
    `deterministic_limit`: work units of the solver for each goal (repeatable, unlike seconds), above 0; None for none.
    """

    workers: int = 2
    deterministic_limit: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.workers <= 64:
            raise ValueError(f"workers is {self.workers}; give 1 to 64")
        if self.deterministic_limit is not None and not self.deterministic_limit > 0:
            raise ValueError(f"deterministic_limit is {self.deterministic_limit}; give a number above 0")

    def as_dict(self) -> dict[str, int | float | None]:
        """The settings by name, for the certificate."""
        return asdict(self)


def echoed(settings: Settings, stop: Stop) -> dict[str, int | float | None]:
    """What the certificate repeats of settings and limits; `seconds` is the time limit, None for none."""
    return settings.as_dict() | {"seconds": stop.seconds}


def versions() -> dict[str, str]:
    """What besides problem, seed and settings a plan depends on, for the certificate."""
    return {name: _version(name) for name in ("ortools", "numpy")} | {"python": platform.python_version()}


_version = cache(version)
"""Reading it takes milliseconds, and it does not change while a process runs."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of one goal: the best value so far (None before a plan), the proven bound, seconds since the start."""

    goal: str
    value: int | None
    bound: int | None
    seconds: float


OnProgress = Callable[[Progress], None]


def no_progress(_: Progress) -> None:
    """The listener of those who do not listen."""
