"""The report's figures as rows: for the tables on the page, and as one long list for a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import Gender, Measure
from api.domain.name_order import name_key
from api.domain.suppression import LEAST
from api.domain.surveys import SHARES, VISIT_QUESTIONS, Share
from api.i18n import current_locale
from api.i18n import gettext as _
from api.models.groups import Site
from api.models.places import Municipality
from api.models.programmes import Level
from api.queries.report.parts import LOWER, UPPER, AtSite
from api.queries.report.sums import Place, Sums
from api.queries.report.year import Report
from api.services.exports import Cell
from api.web.report import words

FEW = 10  # rows shown at first
ENOUGH = 100  # people: below, whole per cent would give a hidden group away


@dataclass(frozen=True, slots=True)
class Names:
    """What the rows are called, by id."""

    sites: Mapping[str, tuple[str, str]]
    municipalities: Mapping[str, str]
    levels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site with its applicants by first choice."""

    name: str
    institution: str
    now: AtSite
    before: AtSite | None


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A municipality: visits, and pupils who applied from its schools."""

    name: str
    now: Place
    before: Place | None
    applied: int | None


@dataclass(frozen=True, slots=True)
class Split:
    """Two groups that make a whole, in whole per cent; None where they are hidden or not known."""

    first: int | None
    second: int | None

    @classmethod
    def of(cls, first: int | None, second: int | None) -> Split:
        if first is None or second is None or not first + second:
            return cls(None, None)
        share = round(100 * first / (first + second))
        return cls(share, 100 - share)


def names(session: Session) -> Names:
    """Names of all places and levels, three queries."""
    return Names(
        {row.id: (row.name, row.institution) for row in session.scalars(select(Site))},
        {row.id: row.name for row in session.execute(select(Municipality.id, Municipality.name))},
        {row.id: getattr(row, f"name_{current_locale()}") for row in session.scalars(select(Level))},
    )


def sites(report: Report, known: Names) -> list[SiteRow]:
    """Sites by how many applied, most first; hidden ones after those with more."""
    before = report.before.pupils.sites if report.before else {}
    rows = [
        SiteRow(*known.sites.get(site, (_("no site named"), "")), now, before.get(site))
        for site, now in report.now.pupils.sites.items()
        if report.asked.site in (None, site)
    ]
    return sorted(rows, key=lambda row: (-(row.now.asked or 0), name_key(row.name)))


def places(report: Report, known: Names) -> list[PlaceRow]:
    """Municipalities with visits or applicants, the most visited first."""
    now, before = report.now, report.before.visits.places if report.before else {}
    applied = now.pupils.lists["municipality"]
    wanted = [one for one in {**now.visits.places, **(applied or {})} if report.asked.municipality in (None, one)]
    rows = [
        PlaceRow(
            known.municipalities.get(one, _("no school named")),
            now.visits.places.get(one, Place()),
            before.get(one),
            None if applied is None else applied.get(one, 0),
        )
        for one in wanted
    ]
    return sorted(rows, key=lambda row: (-row.now.visits, -(row.applied or 0), name_key(row.name)))


def genders(sums: Sums | None) -> Split:
    """Girls and boys of those who told, or of the answers to the survey where hardly anybody had told."""
    if sums is None:
        return Split(None, None)
    girls, boys, rest = sums.pupils.genders
    if girls + boys < rest:
        told = sums.answers.genders
        girls, boys, rest = told[Gender.GIRL], told[Gender.BOY], told[Gender.OTHER] + told["untold"]
    if min(girls, boys) < LEAST or (0 < rest < LEAST and girls + boys < ENOUGH):
        return Split(None, None)
    return Split.of(girls, boys)


def from_survey(sums: Sums) -> bool:
    """Whether the genders are those of the survey."""
    girls, boys, rest = sums.pupils.genders
    return girls + boys < rest


def grades(sums: Sums | None) -> Split:
    """Grade 10 and below, and upper secondary."""
    if sums is None:
        return Split(None, None)
    of = sums.pupils.lists["grades"]
    return Split(None, None) if of is None else Split.of(of.get(LOWER, 0), of.get(UPPER, 0))


def levels(report: Report, known: Names) -> list[tuple[str, int | None, int | None]]:
    """Levels by how many applied: name, now and the year before; None is hidden."""
    before = report.before.pupils.lists["level"] if report.before else None
    rows = [
        (known.levels.get(one, _("no level named")), count, None if before is None else before.get(one, 0))
        for one, count in (report.now.pupils.lists["level"] or {}).items()
    ]
    return sorted(rows, key=lambda row: (-(row[1] or 0), row[0]))


def shares(report: Report) -> list[tuple[str, Share, int | None, int | None]]:
    """What pupils say: question, share, per cent of the year before, target."""
    found = []
    for code in SHARES:
        line = report.line(Measure(code))
        now = report.now.answers.shares.get(code)
        if now is None and line.value is not None:
            now = Share(line.value, 100)  # written down by hand, in per cent
        if now is not None:
            found.append((words.MEASURES[Measure(code)], now, line.before, line.target))
    return found


def schools_said(report: Report) -> list[tuple[str, Share, Share | None]]:
    """What schools say after a visit: question, share of 4 and 5, and the year before (None: nobody was asked)."""
    before = report.before.schools_said[1] if report.before else {}
    now = report.now.schools_said[1]
    return [(words.SCHOOLS_SAID[code], now[code], before.get(code)) for code in VISIT_QUESTIONS if code in now]


def sheet(report: Report, known: Names, month_names: Sequence[str]) -> Iterator[Sequence[Cell]]:
    """Every figure of the page, a row each; hidden ones as on the page."""
    for one in report.programmes:
        for line in one.lines:
            value, before = (
                words.HIDDEN if hides else of for of, hides in zip((line.value, line.before), line.hides, strict=True)
            )
            yield [words.name_of(one.programme), _(words.MEASURES[line.measure]), value, before, line.target]
    for row in report.years:
        for what, value in ((_("Applied"), row.registered), (_("Offered"), row.offered), (_("Without"), row.left)):
            yield [str(row.year), what, _cell(value), None, None]
    for site in sites(report, known):
        earlier = site.before
        name = ", ".join(part for part in (site.name, site.institution) if part)
        yield [name, _("Applied"), _cell(site.now.asked), _cell(earlier.asked) if earlier else None, None]
        yield [name, _("Offered"), _cell(site.now.offered), _cell(earlier.offered) if earlier else None, None]
    for place in places(report, known):
        was = place.before
        yield [place.name, _("Visits"), place.now.visits, was.visits if was else None, None]
        yield [place.name, _("Pupils met"), _cell(place.now.met), _cell(was.met) if was else None, None]
        yield [place.name, _("Applied"), _cell(place.applied), None, None]
    for name, now, before in levels(report, known):
        yield [_("Level"), name, _cell(now), None if before is None and not report.before else _cell(before), None]
    months_before = report.before.visits.months if report.before else [None] * 12
    for month, now_count, before_count in zip(month_names, report.now.visits.months, months_before, strict=True):
        yield [_("Visits by month"), month, now_count, before_count, None]
    for label, share, last, target in shares(report):
        yield [_("Pupils say (per cent)"), label, _cell(share.percent), last, target]
    for label, share, was_share in schools_said(report):
        earlier_share = _cell(was_share.percent) if was_share else None
        yield [_("Schools say (per cent)"), label, _cell(share.percent), earlier_share, None]


def _cell(value: int | None) -> Cell:
    return words.HIDDEN if value is None else value
