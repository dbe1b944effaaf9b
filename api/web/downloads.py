"""A list as a file to keep: the answer of every address that ends in .xlsx or .csv."""

import re
from collections.abc import Iterable, Sequence

from flask import Response

from api import clock
from api.errors import NotFound
from api.i18n import gettext as _
from api.services import exports
from api.services.exports import Cell

KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


def sheet(name: str, suffix: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """The list as a file called `name`, with today's date. Raises NotFound for another suffix.

    Links to it come from the macro `downloads` of templates/downloads.html.
    """
    if suffix not in KINDS:
        raise NotFound(_("There is no such sheet."))
    made = Response(exports.write(suffix, headings, rows), content_type=KINDS[suffix])
    plain = re.sub(r"[^\w-]+", "-", name).strip("-").lower()
    filename = f"{plain}-{clock.today():%Y-%m-%d}.{suffix}"
    made.headers.set("Content-Disposition", "attachment", filename=filename)
    made.headers["Cache-Control"] = "no-store"
    return made
