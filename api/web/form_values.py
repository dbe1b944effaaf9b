"""What a posted form says, read into values; a fault names the field and is shown beside it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date, time
from typing import TypeVar

from flask import flash, redirect, request
from sqlalchemy.orm import Session
from werkzeug import Response

from api.db import transaction
from api.errors import AppError, InvalidInput, NotFound
from api.i18n import gettext as _

TEXT_MOST = 200
ResultT = TypeVar("ResultT")


def text(name: str) -> str:
    """A text of one line, at most 200 characters, in Unicode's composed form, without control characters."""
    given = unicodedata.normalize("NFC", request.form.get(name, ""))
    return "".join(one for one in given if unicodedata.category(one) not in ("Cc", "Cs")).strip()[:TEXT_MOST]


def day(name: str) -> date | None:
    """A date, None where the field is empty. Raises InvalidInput."""
    given = text(name)
    try:
        found = date.fromisoformat(given) if given else None
    except ValueError:
        found = date.min
    if found is not None and not 1990 <= found.year <= 2199:
        raise InvalidInput(_("This is no date."), field=name, remedy=_("Give a date such as 2027-02-04."))
    return found


def needed_day(name: str) -> date:
    """A date that must be there. Raises InvalidInput."""
    found = day(name)
    if found is None:
        raise InvalidInput(_("The date is missing."), field=name, remedy=_("Give a date such as 2027-02-04."))
    return found


def clock_time(name: str) -> time | None:
    """A time of day, None where the field is empty. Raises InvalidInput."""
    given = text(name).replace(".", ":")
    try:
        found = time.fromisoformat(given).replace(second=0, microsecond=0) if given else None
    except ValueError:
        found = None
    if given and (found is None or found.tzinfo is not None):
        raise InvalidInput(_("This is no time of day."), field=name, remedy=_("Give a time such as 17:00."))
    return found


def whole(name: str, most: int = 1000) -> int | None:
    """A whole number from 0 to `most`, None where the field is empty. Raises InvalidInput."""
    given = text(name)
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 8 and int(given) <= most):
        raise InvalidInput(
            _("This is no number we can use."), field=name, remedy=_("Give a number from 0 to %(most)s.", most=most)
        )
    return int(given)


def told(act: Callable[[Session], ResultT], success: str | Callable[[ResultT], str], target: str) -> Response:
    """Does what a button asks for in one transaction, says what came of it, and leads back. NotFound goes on as it is.

    success: the words, or how to make them of what `act` gave back.
    """
    try:
        with transaction() as session:
            made = act(session)
    except NotFound:
        raise
    except AppError as error:
        remedies = " ".join(part for part in (error.sentence, error.remedy) if part)
        flash(remedies, "danger")
    else:
        flash(success(made) if callable(success) else success, "success")
    return redirect(target, 303)
