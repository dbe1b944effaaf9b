"""The two problems as frozen, validated values: ranges by type, what holds between parts by `matcher.consistency`.

Units: minutes for travel, kilometres per hour for speed, degrees (EPSG:4326) for places, local time without a zone.
Attribute names are those of the formats, but `class_` and `from_`, whose names Python keeps for itself.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from matcher.consistency import group_errors, visit_errors
from matcher.fields import (
    AS_GIVEN,
    CONFIG,
    Boolean,
    Count,
    Date,
    DateTime,
    Id,
    Integer,
    InvalidProblem,
    Positive,
    Time,
    number,
    parse_as,
)

Mode = Literal["physical", "digital"]
Grade = Annotated[int, Field(strict=True, ge=1, le=13)]
Latitude = Annotated[float, number(-90, 90), AS_GIVEN]
Longitude = Annotated[float, number(-180, 180), AS_GIVEN]


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Matrix:
    """Directed travel minutes, row = from; places are "role_model:r1", "school:s1", "pupil:p1", "site:x"."""

    places: tuple[Id, ...]
    minutes: tuple[tuple[Count, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Travel:
    """How minutes between places are found: great circle times `detour` (≥ 1) at `kmh` (> 0), or a matrix."""

    detour: Annotated[float, number(1), AS_GIVEN] = 1.3
    kmh: Annotated[float, number(5e-324), AS_GIVEN] = 50
    matrix: Matrix | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class School:
    """A school that may be visited."""

    id: Id
    lat: Latitude
    lon: Longitude
    municipality: Id
    visits_last_12_months: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Company:
    """An employer; `quota` limits the engagements of its people, None for no limit."""

    id: Id
    quota: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Lesson:
    """One lesson, half-open [start, end)."""

    start: DateTime
    end: DateTime


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Option:
    """A time that suits the school: one or more lessons in order on one date."""

    lessons: Annotated[tuple[Lesson, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Request:
    """A school's wish for `role_models` people in one of `options`."""

    id: Id
    school: Id
    grade: Grade
    classes: Positive = 1
    topics: tuple[Id, ...] = ()
    wishes: tuple[Id, ...] = ()
    mode: Literal["physical", "digital", "either"]
    prefers: Mode = "physical"
    role_models: Annotated[int, Field(strict=True, ge=1, le=3)] = 1
    options: Annotated[tuple[Option, ...], Field(min_length=1)]
    priority: Boolean = False
    submitted: Date


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Interval:
    """A half-open time [start, end) in which a role model is free; it may span days."""

    start: DateTime
    end: DateTime


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Reservation:
    """On the dates [from_, to], both included, the role model serves only these municipalities."""

    municipalities: Annotated[tuple[Id, ...], Field(min_length=1)]
    from_: Date = Field(alias="from")
    to: Date


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class RoleModel:
    """A person who visits. `grades` is [lowest, highest], both included; limits count engagements."""

    id: Id
    company: Id | None = None
    lat: Latitude
    lon: Longitude
    topics: tuple[Id, ...] = ()
    grades: tuple[Grade, Grade]
    modes: Annotated[tuple[Mode, ...], Field(min_length=1)]
    max_travel_minutes: Count
    free: tuple[Interval, ...]
    max_lessons: Count = 3
    max_per_day: Count = 1
    max_per_week: Count = 2
    max_per_term: Count = 6
    reserved: tuple[Reservation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Refusal:
    """A no: `role_model` does not take what matches all that is given of request, school and start (of an option)."""

    role_model: Id
    request: Id | None = None
    school: Id | None = None
    start: DateTime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class FixedVisit:
    """A visit that must be in the plan unchanged; `option` is an index into the request's options."""

    request: Id
    option: Count
    mode: Mode
    role_models: Annotated[tuple[Id, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class VisitProblem:
    """Who could visit which class when; raises InvalidProblem when its parts do not fit together."""

    format: Literal["treffpunkt.visit-problem/1"] = "treffpunkt.visit-problem/1"
    today: Date
    travel: Travel = Travel()
    schools: tuple[School, ...]
    companies: tuple[Company, ...]
    requests: tuple[Request, ...]
    role_models: tuple[RoleModel, ...]
    refused: tuple[Refusal, ...] = ()
    fixed: tuple[FixedVisit, ...] = ()

    def __post_init__(self) -> None:
        if errors := visit_errors(self):
            raise InvalidProblem(errors)


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Rules:
    """`classes`: how many priority classes there are, each with its goal, at most 20; `placement`: the choice rule."""

    classes: Annotated[int, Field(strict=True, ge=1, le=20)] = 3
    placement: Literal["most_served", "queue_first"] = "most_served"


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Site:
    """A campus, or the digital one, to which nobody travels."""

    id: Id
    lat: Latitude
    lon: Longitude
    digital: Boolean = False


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Session:
    """One room at one weekly time; weekday 1 is Monday; `ratio` is the most pupils a mentor may have."""

    id: Id
    site: Id
    weekday: Annotated[int, Field(strict=True, ge=1, le=7)]
    start: Time
    end: Time
    seats: Count
    ratio: Count
    target: Count = 5
    min_mentors: Count = 2
    min_pupils: Count = 6


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Mentor:
    """A student who teaches `levels`, can stand in `sessions`, in at most `max_sessions` of them."""

    id: Id
    levels: tuple[Id, ...]
    sessions: tuple[Id, ...]
    max_sessions: Count
    contracted: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Pupil:
    """An entry in the queue; `class_` 0 goes first; `choices` are sessions, best first."""

    id: Id
    level: Id
    class_: Count = Field(alias="class")
    joined: Date
    lottery: Integer
    lat: Latitude | None = None
    lon: Longitude | None = None
    max_travel_minutes: Count | None = None
    choices: Annotated[tuple[Id, ...], Field(max_length=5)]
    mentor: Id | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class FixedMentor:
    """A mentor who stays in a session."""

    mentor: Id
    session: Id


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class FixedPupil:
    """A pupil who keeps the seat in a session."""

    pupil: Id
    session: Id


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Fixed:
    """What stays where it is."""

    mentors: tuple[FixedMentor, ...] = ()
    pupils: tuple[FixedPupil, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class GroupProblem:
    """Who could learn and teach where; raises InvalidProblem when its parts do not fit together."""

    format: Literal["treffpunkt.group-problem/1"] = "treffpunkt.group-problem/1"
    travel: Travel = Travel()
    rules: Rules = Rules()
    sites: tuple[Site, ...]
    sessions: tuple[Session, ...]
    mentors: tuple[Mentor, ...]
    pupils: tuple[Pupil, ...]
    fixed: Fixed = Fixed()

    def __post_init__(self) -> None:
        if errors := group_errors(self):
            raise InvalidProblem(errors)


Problem = VisitProblem | GroupProblem

_FORMATS: dict[str, TypeAdapter[Any]] = {
    "treffpunkt.visit-problem/1": TypeAdapter(VisitProblem),
    "treffpunkt.group-problem/1": TypeAdapter(GroupProblem),
}


_LONGEST: dict[str, tuple[str, TypeAdapter[Any]]] = {
    "treffpunkt.visit-problem/1": ("requests", TypeAdapter(Request)),
    "treffpunkt.group-problem/1": ("pupils", TypeAdapter(Pupil)),
}


def load_problem(text: str | bytes) -> Problem:
    """The problem of a JSON text; raises InvalidProblem with one line for each fault."""
    problem: Problem = parse_as(_FORMATS, text)
    return problem


def to_json(problem: Problem) -> dict[str, Any]:
    """The problem as JSON values, defaults filled in, arrays as given."""
    data: dict[str, Any] = _FORMATS[problem.format].dump_python(problem, mode="json", by_alias=True)
    return data


def problem_sha256(problem: Problem) -> str:
    """SHA-256 (hex) of the problem with defaults filled in, as UTF-8 JSON with sorted keys and no spaces."""
    digest = hashlib.sha256()
    for text in _in_pieces(problem):
        digest.update(text.encode())
    return digest.hexdigest()


def _in_pieces(problem: Problem) -> Iterator[str]:
    """The JSON text of the problem; its longest list a thousand entries at a time, for the sake of memory."""
    name, adapter = _LONGEST[problem.format]
    entries = getattr(problem, name)
    data = _FORMATS[problem.format].dump_python(problem, mode="json", by_alias=True, exclude={name})
    for before, key in zip("{" + "," * len(data), sorted({*data, name}), strict=True):
        yield f"{before}{json.dumps(key)}:"
        if key != name:
            yield _compact(data[key])
            continue
        for first in range(0, max(1, len(entries)), 1000):
            some = [adapter.dump_python(entry, mode="json", by_alias=True) for entry in entries[first : first + 1000]]
            yield ("," if first else "[") + _compact(some)[1:-1]
        yield "]"
    yield "}"


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
