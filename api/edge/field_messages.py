"""What marshmallow and webargs say of a field, in the reader's language; they write English, values filled in."""

import re
from typing import Any

from api.i18n import gettext, mark

TEMPLATES = (
    mark("Missing data for required field."),
    mark("Field may not be null."),
    mark("Unknown field."),
    mark("Invalid value."),
    mark("Invalid type."),
    mark("Invalid input type."),
    mark("Invalid JSON body."),
    mark("Not a valid boolean."),
    mark("Not a valid integer."),
    mark("Not a valid number."),
    mark("Number too large."),
    mark("Special numeric values (nan or infinity) are not permitted."),
    mark("Not a valid string."),
    mark("Not a valid utf-8 string."),
    mark("Not a valid UUID."),
    mark("Not a valid date."),
    mark("Not a valid time."),
    mark("Not a valid datetime."),
    mark("Not a valid list."),
    mark("Not a valid mapping type."),
    mark("Not a valid email address."),
    mark("String does not match expected pattern."),
    mark("Must be one of: {choices}."),
    mark("Must be equal to {other}."),
    mark("Length must be between {min} and {max}."),
    mark("Length must be {equal}."),
    mark("Longer than maximum length {max}."),
    mark("Shorter than minimum length {min}."),
    mark("Must be greater than or equal to {min} and less than or equal to {max}."),
    mark("Must be greater than or equal to {min}."),
    mark("Must be less than or equal to {max}."),
)
_PATTERNS = {
    template: re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.*)", re.escape(template)), re.DOTALL)
    for template in TEMPLATES
}


def in_reader_s_language(messages: Any) -> Any:
    """The messages, as deep as they are nested; a sentence of our own has been translated already and stays."""
    if isinstance(messages, dict):
        return {name: in_reader_s_language(value) for name, value in messages.items()}
    if isinstance(messages, list):
        return [in_reader_s_language(value) for value in messages]
    return _translated(messages) if isinstance(messages, str) else messages


def _translated(message: str) -> str:
    for template, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(message):
            return gettext(template).format(**found.groupdict())
    return message
