"""Who got a place or a visit, beside what chance alone would give: read after a plan, and never a part of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from api.domain.enums import Gender, RequestMode, RunKind
from api.domain.equality import OTHERS, Line
from api.domain.permissions import Action
from api.edge.access import allowed
from api.edge.session import read_session
from api.errors import NotFound
from api.i18n import gettext as _
from api.i18n import mark
from api.queries import equality as reads
from api.queries import equality_visits as visits
from api.services.exports import Cell
from api.web.downloads import sheet
from api.web.season_page import shown_plan

pages = Blueprint("equality", __name__)

NAMES: dict[str, str] = {
    OTHERS: mark("Municipalities with fewer than 20"),
    reads.NOT_GIVEN: mark("Not given"),
    reads.DIGITAL: mark("On a screen"),
    "1_near": mark("Up to 5 km"),
    "2_town": mark("5 to 15 km"),
    "3_region": mark("15 to 50 km"),
    "4_far": mark("More than 50 km"),
    "1_minutes": mark("Up to 15 minutes"),
    "2_minutes": mark("15 to 30 minutes"),
    "3_minutes": mark("30 to 60 minutes"),
    "4_minutes": mark("More than an hour"),
    "1_small": mark("Fewer than 100 pupils"),
    "2_middle": mark("100 to 299 pupils"),
    "3_large": mark("300 to 499 pupils"),
    "4_largest": mark("500 pupils or more"),
    Gender.GIRL: mark("Girls"),
    Gender.BOY: mark("Boys"),
    Gender.OTHER: mark("Other"),
    RequestMode.PHYSICAL: mark("At the school"),
    RequestMode.EITHER: mark("Both are fine"),
    visits.FIRST: mark("No visit in the last 12 months"),
    visits.AGAIN: mark("A visit in the last 12 months"),
}


@dataclass(frozen=True, slots=True)
class About:
    """What a report compares. file: its name. headings: of each part. Texts are English, said in the reader's words."""

    kind: RunKind
    file: str
    title: str
    back: tuple[str, str]
    lead: str
    why_outside: str
    asked: str
    served: str
    of_files: str
    headings: dict[str, str]

    @property
    def of_people(self) -> bool:
        """Whether small numbers could tell of single people, and are hidden."""
        return self.kind is RunKind.GROUP


GROUPS = About(
    RunKind.GROUP,
    "likhet",
    mark("Who got a place, beside chance"),
    ("groups.unserved", mark("Pupils who wait")),
    mark("Counted after the plan and never used in it: the matcher does not know any of this."),
    mark("Outside does not mean unfair: priority groups, evenings and mentors differ from place to place."),
    mark("Wanted a place"),
    mark("With a place"),
    mark("who got a place"),
    {
        "municipality": mark("By the school's municipality"),
        "distance": mark("By the way to the first choice"),
        "school_size": mark("By the size of the school"),
        "gender": mark("By gender, where the pupil has told it"),
    },
)
VISITS = About(
    RunKind.VISIT,
    "likhet-besok",
    mark("Who got a visit, beside chance"),
    ("visits.unserved", mark("Requests without a visit")),
    mark("Counted after the plan, and nothing of it goes back into one."),
    mark(
        "Outside does not mean unfair: schools without a visit go first by rule, and role models live where they live."
    ),
    mark("Requests"),
    mark("With a visit"),
    mark("who got a visit"),
    {
        "municipality": mark("By the school's municipality"),
        "way": mark("By the way from the nearest role model"),
        "school_size": mark("By the size of the school"),
        "mode": mark("By where the school wants to meet"),
        "first_visit": mark("By whether the school has had a visit"),
    },
)


@pages.get("/grupper/likhet")
@allowed(Action.SEE_FIGURES)
def page() -> str:
    return _page(GROUPS, "equality.download")


@pages.get("/grupper/likhet.<suffix>")
@allowed(Action.SEE_FIGURES)
def download(suffix: str) -> Response:
    return _sheet(GROUPS, suffix)


@pages.get("/besok/likhet")
@allowed(Action.SEE_FIGURES)
def visit_page() -> str:
    return _page(VISITS, "equality.visit_download")


@pages.get("/besok/likhet.<suffix>")
@allowed(Action.SEE_FIGURES)
def visit_download(suffix: str) -> Response:
    return _sheet(VISITS, suffix)


def name_of(line: Line) -> str:
    """What a group is called; a municipality by its own name."""
    return _(NAMES[line.group]) if line.group in NAMES else line.group


def _page(about: About, files: str) -> str:
    shown = shown_plan(about.kind)
    if shown is None:
        title = _("Study groups") if about.kind is RunKind.GROUP else _("Visit plan")
        return render_template("coordinator/no_plan.html", title=title)
    parts = _parts(about, shown.plan.id)
    return render_template("site/equality.html", about=about, files=files, shown=shown, parts=parts, name_of=name_of)


def _sheet(about: About, suffix: str) -> Response:
    shown = shown_plan(about.kind)
    if shown is None:
        raise NotFound(_("There is no such plan."))
    headings = [_("Compared by"), _("Group"), _(about.asked), _(about.served), _("Chance gives"), _("From"), _("To")]
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
        for heading, lines in _parts(about, shown.plan.id)
        for line in lines
    ]
    return sheet(about.file, suffix, headings, cells)


def _parts(about: About, plan_id: str) -> list[tuple[str, Sequence[Line]]]:
    session = read_session()
    found: Any = reads.report(session, plan_id) if about is GROUPS else visits.visit_report(session, plan_id)
    return [(_(heading), getattr(found, name)) for name, heading in about.headings.items()]
