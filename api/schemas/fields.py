"""Fields that take what their documentation says and nothing else: no "5" for 5, no true for 1, no NUL in a text."""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from api.i18n import gettext

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:00)?")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})")
MomentT = TypeVar("MomentT", bound=dt.date)
FIRST_YEAR, LAST_YEAR = 1990, 2199


class StrictSchema(Schema):
    """Refuses fields it does not know, by name, and keeps the order of its own."""

    class Meta:
        unknown = RAISE


class Text(fields.String):
    """A text of `shortest` to `longest` characters on one line, in Unicode's composed form (NFC)."""

    def __init__(self, *, longest: int = 200, shortest: int = 0, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(min=shortest, max=longest), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
            raise ValidationError(gettext("The text holds characters that cannot be written."))
        return unicodedata.normalize("NFC", text)


class Whole(fields.Integer):
    """A whole number from `least` to `most`; in JSON a number, never a text or true."""

    def __init__(self, *, least: int = 0, most: int = 1_000_000, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(min=least, max=most), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if isinstance(value, bool | str):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class Degrees(fields.Float):
    """A latitude or longitude; in JSON a number."""

    def __init__(self, *, limit: int, **kwargs: Any) -> None:
        super().__init__(allow_nan=False, validate=validate.Range(min=-limit, max=limit), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> float:
        if isinstance(value, bool | str):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class YesNo(fields.Boolean):
    """true or false."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Day(fields.Date):
    """A date as 2027-02-04."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> dt.date:
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        day = super()._deserialize(value, attr, data, **kwargs)
        return _in_our_time(day, day.year)


class Clock(fields.Time):
    """A time of day in Norway, as 10:15."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> dt.time:
        if not isinstance(value, str) or not _TIME.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return super()._deserialize(value, attr, data, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.strftime("%H:%M")


class Moment(fields.AwareDateTime):
    """A moment with its zone, as 2027-02-04T10:15:00+01:00; given back in UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> dt.datetime:
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        moment: dt.datetime = super()._deserialize(value.upper(), attr, data, **kwargs)
        return _in_our_time(moment, moment.year).astimezone(dt.UTC)


class Word(fields.String):
    """One of the words of an enumeration, or of a list."""

    def __init__(self, words: type[StrEnum] | tuple[str, ...], **kwargs: Any) -> None:
        self.words = words
        choices = [str(word.value) for word in words] if isinstance(words, type) else list(words)
        super().__init__(validate=validate.OneOf(choices), **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(getattr(value, "value", value))


class PublicId(fields.UUID):
    """An id of ours, a UUID in text."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise self.make_error("invalid_uuid")
        return str(super()._deserialize(value, attr, data, **kwargs))


def _in_our_time(moment: MomentT, year: int) -> MomentT:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValidationError(gettext("Give a year from %(first)s to %(last)s.", first=FIRST_YEAR, last=LAST_YEAR))
    return moment
