"""Who got a place, beside what chance alone would give: read after a plan, and never a part of one."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from api.domain.enums import Gender, RunKind
from api.domain.equality import OTHERS, Line
from api.domain.permissions import Action
from api.edge.access import allowed
from api.edge.session import read_session
from api.errors import NotFound
from api.i18n import gettext as _
from api.i18n import mark
from api.queries import equality as reads
from api.services.exports import Cell
from api.web.downloads import sheet
from api.web.season_page import Shown, shown_plan

pages = Blueprint("equality", __name__)

NAMES: dict[str, str] = {
    OTHERS: mark("Municipalities with fewer than 20"),
    reads.NOT_GIVEN: mark("Not given"),
    reads.DIGITAL: mark("On a screen"),
    "1_near": mark("Up to 5 km"),
    "2_town": mark("5 to 15 km"),
    "3_region": mark("15 to 50 km"),
    "4_far": mark("More than 50 km"),
    "1_small": mark("Fewer than 100 pupils"),
    "2_middle": mark("100 to 299 pupils"),
    "3_large": mark("300 to 499 pupils"),
    "4_largest": mark("500 pupils or more"),
    Gender.GIRL: mark("Girls"),
    Gender.BOY: mark("Boys"),
    Gender.OTHER: mark("Other"),
}
HEADINGS: dict[str, str] = {
    "municipality": mark("By the school's municipality"),
    "distance": mark("By the way to the first choice"),
    "school_size": mark("By the size of the school"),
    "gender": mark("By gender, where the pupil has told it"),
}


@pages.get("/grupper/likhet")
@allowed(Action.SEE_FIGURES)
def page() -> str:
    shown = shown_plan(RunKind.GROUP)
    if shown is None:
        return render_template("coordinator/no_plan.html", title=_("Study groups"))
    return render_template("site/equality.html", shown=shown, parts=_parts(shown), name_of=name_of)


@pages.get("/grupper/likhet.<suffix>")
@allowed(Action.SEE_FIGURES)
def download(suffix: str) -> Response:
    shown = shown_plan(RunKind.GROUP)
    if shown is None:
        raise NotFound(_("There is no such plan."))
    headings = [_("Compared by"), _("Group"), _("Wanted a place"), _("With a place")]
    headings += [_("Chance gives"), _("From"), _("To")]
    cells: list[list[Cell]] = [
        [
            heading,
            name_of(line),
            line.asked,
            line.served,
            None if line.expected is None else round(line.expected, 1),
            line.least,
            line.most,
        ]
        for heading, lines in _parts(shown)
        for line in lines
    ]
    return sheet("likhet", suffix, headings, cells)


def name_of(line: Line) -> str:
    """What a group is called; a municipality by its own name."""
    return _(NAMES[line.group]) if line.group in NAMES else line.group


def _parts(shown: Shown) -> list[tuple[str, Sequence[Line]]]:
    found = reads.report(read_session(), shown.plan.id)
    return [(_(heading), getattr(found, name)) for name, heading in HEADINGS.items()]
