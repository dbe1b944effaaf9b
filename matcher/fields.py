"""Scalar types of the file formats, and one line of text for each thing that is wrong with a file."""

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Annotated, Any, TypeVar

from pydantic import ConfigDict, Field, PlainSerializer, PlainValidator, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

CONFIG = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

T = TypeVar("T", date, datetime, time)


class InvalidProblem(Exception):
    """A problem or plan that can't be used; `errors`: a line for each fault with path, what is wrong, what is right."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = tuple(errors)


def _text_to(kind: type[T], length: int, example: str) -> Callable[[Any], T]:
    def parse(value: Any) -> T:
        if type(value) is kind:
            clock = value if isinstance(value, (datetime, time)) else None
            if clock is None or (clock.tzinfo is None and not clock.second and not clock.microsecond):
                return value
        elif isinstance(value, str) and len(value) == length:
            try:
                return kind.fromisoformat(value)
            except ValueError:
                pass
        raise PydanticCustomError(
            "local_time", "Input should be a {kind} like {example}", {"kind": kind.__name__, "example": example}
        )

    return parse


def _minutes(value: datetime | time) -> str:
    return value.isoformat(timespec="minutes")


def number(low: float, high: float = math.inf) -> PlainValidator:
    """A finite int or float within [low, high], kept as given, so that the problem's hash is that of its file."""

    def parse(value: Any) -> Any:
        if type(value) in (int, float) and low <= value <= min(high, sys.float_info.max):
            return value
        limits = f"from {low:g} to {high:g}" if math.isfinite(high) else f"of at least {low:g}"
        raise PydanticCustomError("number", "Input should be a finite number {limits}", {"limits": limits})

    return PlainValidator(parse)


AS_GIVEN = PlainSerializer(lambda value: value)
Id = Annotated[str, Field(strict=True, min_length=1)]
Integer = Annotated[int, Field(strict=True)]
MOST = 1_000_000_000
Count = Annotated[int, Field(strict=True, ge=0, le=MOST)]
Positive = Annotated[int, Field(strict=True, ge=1, le=MOST)]
Boolean = Annotated[bool, Field(strict=True)]
Date = Annotated[date, PlainValidator(_text_to(date, 10, "2026-11-02")), PlainSerializer(date.isoformat)]
DateTime = Annotated[datetime, PlainValidator(_text_to(datetime, 16, "2027-01-18T08:30")), PlainSerializer(_minutes)]
Time = Annotated[time, PlainValidator(_text_to(time, 5, "17:00")), PlainSerializer(_minutes)]


def read_json(text: str | bytes) -> Any:
    """The value of a JSON text; a broken one raises InvalidProblem with line and column."""
    try:
        return json.loads(text, object_pairs_hook=_as_dict)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise InvalidProblem([f"$: is not JSON at {where}: {error.msg}; give one JSON object"]) from None
    except UnicodeDecodeError:
        raise InvalidProblem(["$: is not UTF-8; save the file as UTF-8"]) from None
    except RecursionError:
        raise InvalidProblem(["$: is nested too deeply; use the shape of the format"]) from None
    except ValueError:
        raise InvalidProblem(["$: holds a number of thousands of digits; give numbers of the format's range"]) from None


def _as_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, each key once; what its lists name again and again is one string in memory."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidProblem([f"{twice}: key stands twice in one object; keep one of them"])
    for value in found.values():
        if type(value) is list and value and type(value[0]) is str:
            value[:] = [sys.intern(name) if type(name) is str else name for name in value]
    return found


def parse_as(formats: Mapping[str, TypeAdapter[Any]], text: str | bytes) -> Any:
    """The object that a JSON text describes, by its `format`; raises InvalidProblem with a line for each fault."""
    data = read_json(text)
    known = " or ".join(formats)
    if not isinstance(data, dict):
        raise InvalidProblem([f"$: is a {type(data).__name__}; give one object with the key format: {known}"])
    name = data.get("format")
    if not isinstance(name, str) or name not in formats:
        raise InvalidProblem([f"format: is {shown(name)}; should be {known}"])
    try:
        return formats[name].validate_python(data, by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidProblem([_line(fault) for fault in _own_faults(error.errors())]) from None
    except RecursionError:
        raise InvalidProblem(["$: is nested too deeply; use the shape of the format"]) from None


def _own_faults(faults: Sequence[Any]) -> list[Any]:
    """The faults without lists called too short only because what is in them is at fault."""
    return [
        fault
        for fault in faults
        if fault["type"] != "too_short"
        or not any(len(other["loc"]) > len(at := fault["loc"]) and other["loc"][: len(at)] == at for other in faults)
    ]


def _line(fault: Any) -> str:
    path = path_text(fault["loc"]) or "$"
    match fault["type"]:
        case "missing":
            return f"{path}: is missing; add it"
        case "unexpected_keyword_argument":
            return f"{path}: unknown key; remove it or correct its name"
        case "too_short":
            return f"{path}: is {shown(fault['input'])}; give at least {fault['ctx']['min_length']}"
        case _:
            message = fault["msg"].replace("Input should", "should", 1).replace("valid tuple", "list")
            return f"{path}: is {shown(fault['input'])}; {message}"


def path_text(loc: Sequence[int | str]) -> str:
    """A path as people write it: requests[3].options[0].lessons."""
    text = ""
    for part in loc:
        name = part if isinstance(part, int) or part.isprintable() else json.dumps(part)
        text += f"[{name}]" if isinstance(name, int) else f".{name}" if text else name
    return text


def shown(value: Any) -> str:
    """A value on one line of at most 60 characters."""
    if isinstance(value, (list, tuple, dict)):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    text = json.dumps(value, default=str) if isinstance(value, (str, int, float, type(None))) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
