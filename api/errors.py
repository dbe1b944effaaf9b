"""Errors that a person can act on: a code, a sentence and a remedy. The edge gives them their HTTP shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field. `field` is a dotted path such as `options.0.lessons.1.end`."""

    field: str
    sentence: str
    remedy: str | None = None


class AppError(Exception):
    """Something was asked for that cannot be done, and the asker can be told why.

    `code` is stable and machine-readable, `sentence` says what is wrong, `field` where, `remedy` what to do.
    `errors` lists several field errors at once (an import, a form).
    """

    default_code: ClassVar[str] = "error"

    def __init__(
        self,
        sentence: str,
        *,
        code: str | None = None,
        field: str | None = None,
        remedy: str | None = None,
        errors: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code or self.default_code
        self.field = field
        self.remedy = remedy
        self.errors = tuple(errors)

    def __str__(self) -> str:
        place = f"{self.field}: " if self.field else ""
        return f"{place}{self.sentence}" + (f" {self.remedy}" if self.remedy else "")


class NotFound(AppError):
    """It is not there, or it is not the asker's: the two look the same."""

    default_code = "not_found"


class NotSignedIn(AppError):
    """The asker must sign in first."""

    default_code = "not_signed_in"


class Forbidden(AppError):
    """The asker may see it, but not do this to it."""

    default_code = "forbidden"


class InvalidInput(AppError):
    """What was given cannot be used; `errors` says which fields."""

    default_code = "invalid_input"


class Conflict(AppError):
    """It was fine, but the state of things has moved on."""

    default_code = "conflict"


class DoubleBooking(Conflict):
    """The person or the room is taken at that time."""

    default_code = "double_booking"


class PreconditionRequired(AppError):
    """A change must say which version it changes."""

    default_code = "precondition_required"


class PreconditionFailed(AppError):
    """Somebody else has changed it since it was read."""

    default_code = "precondition_failed"


class TooManyRequests(AppError):
    """Slow down. `retry_after` is in seconds."""

    default_code = "too_many_requests"

    def __init__(self, sentence: str, *, retry_after: int, remedy: str | None = None) -> None:
        super().__init__(sentence, remedy=remedy)
        self.retry_after = retry_after


class ConfigurationError(AppError):
    """The service cannot start as it is set up."""

    default_code = "configuration"
