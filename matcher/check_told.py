"""What the judge asks of what a plan tells beside its goals: what change would serve somebody, where one more helps."""

from collections import Counter
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from typing import Any

from matcher.check_common import unsorted
from matcher.plan import Bottleneck
from matcher.problem import Pupil, Request, VisitProblem

Change = Mapping[str, Any]

LIMITS = ("max_per_day", "max_per_week", "max_per_term")
MOST_OVER = 60
"""Minutes that a smallest change may add to a way."""


def _parts(change: Change, *keys: str) -> tuple[Any, ...]:
    """Kind, number of keys, and the values of these keys (None where missing): what a pattern can be held against."""
    return (change.get("kind"), len(change), *(change.get(key) for key in keys))


class VisitChanges:
    """Which changes a request of one problem may be told."""

    def __init__(self, problem: VisitProblem) -> None:
        self._people = {person.id for person in problem.role_models}
        starts = [(r.school, option.lessons[0].start) for r in problem.requests for option in r.options]
        self._days = {start.date().isoformat() for _, start in starts}
        self._times = {(school, start.time().isoformat("minutes")) for school, start in starts}

    def has(self, request: Request, change: Change) -> bool:
        """The change is one that this request could have; whether it serves is not asked."""
        match _parts(change, "start", "minutes", "role_model", "limit"):
            case ("nothing" | "unknown", 1, *_):
                return True
            case ("time", 2, str(start), *_):
                day, _, time = start.partition("T")
                own = {option.lessons[0].start.isoformat(timespec="minutes") for option in request.options}
                return day in self._days and (request.school, time) in self._times and start not in own
            case ("distance", 2, _, int(minutes), *_):
                return 1 <= minutes <= MOST_OVER
            case ("topic", 1, *_):
                return bool(request.topics)
            case ("digital", 1, *_):
                return request.mode == "physical"
            case ("fewer_role_models", 1, *_):
                return request.role_models > 1
            case ("limit", 3, _, _, str(person), limit):
                return person in self._people and limit in LIMITS
        return False


def promised_sessions(
    change: Change, pupil: Pupil, rooms: Collection[str], digital: Container[str], minutes: Callable[[str], int]
) -> list[str]:
    """The open sessions one of which the change promises the pupil; none where it is no change of theirs.

    rooms: the open sessions; digital: the digital ones; minutes: from the pupil's home to a session.
    """
    most = pupil.max_travel_minutes
    match _parts(change, "session", "minutes"):
        case ("session", 2, str(session), _) if session in rooms and session not in pupil.choices:
            near = most is None or minutes(session) <= most
            return [session] if near and session not in digital else []
        case ("distance", 2, _, int(least)) if most is not None and least > most:
            return [choice for choice in pupil.choices if choice in rooms and minutes(choice) == least]
        case ("digital", 1, *_):
            return [session for session in rooms if session in digital and session not in pupil.choices]
        case ("mentor", 2, str(session), _) if session in rooms:
            return [session]
    return []


def wrong_bottlenecks(
    told: Sequence[Bottleneck], levels: Mapping[str, Collection[str]], most: Mapping[str, int]
) -> Iterator[str]:
    """What cannot be true of bottlenecks.

    levels: of the pupils who have an open session within reach among their choices; most: how many one more mentor
    there could serve at all.
    """
    yield from unsorted("bottlenecks", [(-one.one_more_mentor_serves, one.session) for one in told])
    for session, times in Counter(one.session for one in told).items():
        if times > 1:
            yield f"bottleneck {session!r} is listed {times} times"
    for one in told:
        if one.session not in most:
            yield f"bottleneck {one.session!r} is no open session"
        elif list(one.levels) != sorted(levels[one.session]):
            yield f"bottleneck {one.session!r} is asked for by other levels than stated"
        elif not 1 <= one.one_more_mentor_serves <= most[one.session]:
            yield f"bottleneck {one.session!r} serves 1 to {most[one.session]}, not {one.one_more_mentor_serves}"
