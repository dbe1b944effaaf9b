"""A municipality's page and the same on paper: one page that ends in what we ask of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from flask import Blueprint, render_template
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from api import clock
from api.domain.permissions import Action
from api.edge.access import allowed
from api.edge.session import read_session
from api.errors import NotFound
from api.i18n import full_date, long_date, mark, ngettext, number, short_date
from api.i18n import gettext as _
from api.models.programmes import Season
from api.queries import ledger
from api.queries import municipality as reads
from api.queries.municipality import Kind, Municipal, Ordered
from api.queries.paging import MAX_SIZE, Window
from api.services.exports import MOST_ROWS
from api.web.asked import asked_switch, asked_window
from api.web.coordinator import ledger_words
from api.web.coordinator.ledger import asked_season
from api.web.downloads import sheet

pages = Blueprint("municipality", __name__)
SHOWN = 25


class Graded(Protocol):
    """What has a lowest and a highest grade, 1 to 13."""

    @property
    def lowest_grade(self) -> int | None: ...
    @property
    def highest_grade(self) -> int | None: ...


KINDS = {
    "primary": mark("Primary schools"),
    "lower": mark("Lower secondary schools"),
    "upper": mark("Upper secondary schools"),
    "both": mark("Schools with grades 1 to 10"),
    "other": mark("Other schools"),
}
KIND = {
    "primary": mark("Primary school"),
    "lower": mark("Lower secondary school"),
    "upper": mark("Upper secondary school"),
    "both": mark("Grades 1 to 10"),
    "other": mark("Other school"),
}


@pages.get("/avtaler/<uuid:municipality_id>")
@allowed(Action.SEE_VISIT_PLANS)
def page(municipality_id: UUID) -> str:
    """With `?utskrift` as it is printed, with all its schools."""
    session, on_paper = read_session(), asked_switch("utskrift")
    season, found = _found(session, municipality_id)
    asked = Window(1, MAX_SIZE, "name") if on_paper else asked_window(("name",), size=SHOWN)
    account = ledger.ledger(session, season, str(municipality_id))
    return render_template(
        "coordinator/municipality.html",
        season=season,
        found=found,
        town=found.town,
        account=account,
        page=reads.ordered(session, season, found.town.id, asked),
        kinds=kinds(found.kinds),
        asks=asks(found, season),
        today=clock.today(),
        on_paper=on_paper,
        said=ledger_words,
        status=status,
        kind_word=kind_word,
        is_over=season.ends_on < clock.today(),
    )


@pages.get("/avtaler/<uuid:municipality_id>/skoler.<suffix>")
@allowed(Action.SEE_VISIT_PLANS)
def download(municipality_id: UUID, suffix: str) -> Response:
    session = read_session()
    season, found = _found(session, municipality_id)
    headings = [_("School"), _("Kind of school"), _("Classes"), _("Pupils"), _("Last visited"), _("Next visit")]
    headings += [_("Status")]
    rows = reads.ordered(session, season, found.town.id, Window(1, MOST_ROWS, "name")).items
    return sheet(
        f"skoler-{found.town.name}",
        suffix,
        headings,
        [
            [
                row.name,
                kind_word(row),
                row.classes,
                row.pupils,
                row.last.date() if row.last else None,
                row.next,
                "" if row.next else status(row),
            ]
            for row in rows
        ],
    )


def kind_word(school: Graded) -> str:
    """Which kind of school one is, in a word."""
    return _(KIND[kind_of(school.lowest_grade, school.highest_grade)])


def kind_of(lowest: int | None, highest: int | None) -> str:
    """Which kind of school has these grades, a key of KINDS."""
    if lowest is None or highest is None:
        return "other"
    if lowest > 10:
        return "upper"
    if highest > 10:
        return "other"
    if lowest > 7:
        return "lower"
    return "primary" if highest <= 7 else "both"


def kinds(rows: Sequence[Kind]) -> list[tuple[str, int, int]]:
    """Each kind of school that is there: its word, how many of its schools have had a visit, and of how many."""
    visited: Counter[str] = Counter()
    schools: Counter[str] = Counter()
    for row in rows:
        kind = kind_of(row.lowest_grade, row.highest_grade)
        visited[kind] += row.visited
        schools[kind] += row.schools
    return [(_(KINDS[kind]), visited[kind], schools[kind]) for kind in KINDS if schools[kind]]


def status(row: Ordered) -> str:
    """Where a school without a visit to come stands."""
    if row.alternatives:
        return ngettext(
            "One other offer sent",
            "%(count)s other offers sent",
            row.alternatives,
            count=ledger_words.count_word(row.alternatives),
        )
    if row.answer_on:
        return _("Answer by %(day)s", day=short_date(row.answer_on))
    return _("Has had a visit") if row.last else _("Got no visit")


def asks(found: Municipal, season: Season) -> list[str]:
    """What we ask of the municipality, one sentence or two each."""
    town, asked = found.town, []
    if town.not_ordered and season.ends_on >= clock.today():
        words = ngettext(
            "Tell the one school that has not ordered.",
            "Tell the %(count)s schools that have not ordered.",
            town.not_ordered,
            count=number(town.not_ordered),
        )
        asked.append(" ".join(filter(None, (words, _window_words(found)))))
    if not found.has_later_week:
        asked.append(_("Set the visit weeks of the next season by %(day)s.", day=full_date(weeks_due(season))))
    if town.never:
        asked.append(
            ngettext(
                "One school has never had a visit. It goes first next time.",
                "%(count)s schools have never had a visit. They go first next time.",
                town.never,
                count=ledger_words.count_word(town.never),
            )
        )
    return asked


def weeks_due(season: Season) -> date:
    """By when the next season's visit weeks are set: 1 May for an autumn, 1 November for a spring."""
    ends = season.ends_on
    return date(ends.year, 5, 1) if ends.month <= 8 else date(ends.year, 11, 1)


def _window_words(found: Municipal) -> str:
    window = found.window
    if window is None:
        return ""
    if window.opens_at > clock.now():
        return _("The booking period opens on %(day)s.", day=long_date(window.opens_at))
    return _("The booking period closes on %(day)s.", day=long_date(window.closes_at))


def _found(session: Session, municipality_id: UUID) -> tuple[Season, Municipal]:
    season = asked_season(session)
    found = reads.municipal(session, season, str(municipality_id)) if season else None
    if season is None or found is None:
        raise NotFound(_("There is no such municipality."))
    return season, found
