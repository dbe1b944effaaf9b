"""The year in figures, as the annual report has them: a calendar year or a term of it, the year before beside."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Factor, Measure, ProgrammeKind, VisitState
from api.models.places import School
from api.models.programmes import Programme, Season, VisitWeek
from api.models.visits import Request, Visit
from api.queries.report import answers, counts, figures
from api.queries.report.figures import MEASURES, PERCENT
from api.queries.report.parts import parts_of
from api.queries.report.sums import HeldVisit, Sums, pupils_of, visits_of

YEARS = 5  # in the chart of several years
OF_PUPILS = (Measure.REGISTERED, Measure.OFFERED, Measure.SCHOOLS)
OF_VISITS = (Measure.VISITS, Measure.PUPILS_MET)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asks for, by ids; None for all. A site narrows pupils, a municipality visits and schools."""

    year: int
    season: str | None = None
    programme: str | None = None
    site: str | None = None
    municipality: str | None = None

    @property
    def is_whole(self) -> bool:
        """A whole year of the whole country: what targets and counts by hand are about."""
        return self.season is None and self.site is None and self.municipality is None


@dataclass(frozen=True, slots=True)
class OfYear:
    """A year in the chart of several; None is hidden."""

    year: int
    registered: int | None
    offered: int | None
    left: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """A measure with its value, the year before and the target; None where unknown, not set, or hidden (`hides`).

    hides: whether the value, and whether that of the year before, is known and not shown.
    """

    measure: Measure
    value: int | None
    before: int | None = None
    target: int | None = None
    hides: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, slots=True)
class OfProgramme:
    """A programme of the year: what is counted of it, and the factors of science capital that it strengthens."""

    programme: Programme
    lines: Sequence[Line]
    factors: Sequence[Factor]


@dataclass(frozen=True, slots=True)
class Report:
    """before: the year before, or its term; None when nothing is known of it. is_over: whether its last day has passed.

    seasons: of the year, for the choice of a term. visit_months: months (1 to 12) with visit weeks.
    """

    asked: Asked
    now: Sums
    before: Sums | None
    targets: Mapping[Measure, int]
    years: Sequence[OfYear]
    programmes: Sequence[OfProgramme]
    seasons: Sequence[Season]
    all_programmes: Sequence[Programme]
    is_over: bool
    visit_months: frozenset[int]

    def line(self, measure: Measure) -> Line:
        """A measure of all chosen programmes together."""
        return _line(measure, self.now, self.before, self.targets.get(measure))


class _Facts:
    """Everything that is added up, read once in a fixed number of queries."""

    def __init__(self, session: Session, year: int, locale: str) -> None:
        self.programmes = session.scalars(select(Programme).order_by(Programme.created_at, Programme.code)).all()
        self.seasons = session.scalars(select(Season).order_by(Season.starts_on, Season.id)).all()
        self.year_of = {one.id: one.starts_on.year for one in self.seasons}
        first = year - YEARS + 1
        recent = [one.id for one in self.seasons if first <= one.starts_on.year <= year]
        counted = counts.of_seasons(session, recent)
        schools = {whom for _season, _programme, what, whom in counted if what == "school" and whom}
        homes = select(School.id, School.municipality_id).where(School.id.in_(schools))
        self.parts = parts_of(counted, {row.id: row.municipality_id for row in session.execute(homes)})
        starts, ends = (clock.at_local(date(one, 1, 1), time(0)) for one in (year - 1, year + 1))
        self.held = _held_visits(session, starts, ends, self.seasons)
        self.minutes = answers.minutes_of_schools(session, starts, ends)
        self.figures = figures.figures(session, range(first, year + 1))
        self.surveys = answers.surveys(session, recent, locale)


def report(session: Session, asked: Asked, locale: str = "nb") -> Report:
    """The report of a year. A term of another year and a programme that does not exist mean all of them."""
    facts = _Facts(session, asked.year, locale)
    asked = replace(
        asked,
        season=asked.season if facts.year_of.get(asked.season or "") == asked.year else None,
        programme=asked.programme if asked.programme in {one.id for one in facts.programmes} else None,
    )
    chosen = frozenset(one.id for one in facts.programmes if asked.programme in (None, one.id))
    season = next((one for one in facts.seasons if one.id == asked.season), None)
    earlier = _same_term(facts.seasons, season) if season else None
    known = _is_known(facts, asked.year - 1, chosen) and (season is None or earlier is not None)
    factors = figures.factors(session)
    weeks = select(VisitWeek.monday).where(VisitWeek.monday.between(date(asked.year, 1, 1), date(asked.year, 12, 31)))
    targets = {one: facts.figures.target(chosen, asked.year, one) for one in Measure} if asked.is_whole else {}
    years = [year for year in range(asked.year - YEARS + 1, asked.year + 1) if _is_known(facts, year, chosen)]
    return Report(
        asked=asked,
        now=_sums(facts, asked, asked.year, season, chosen),
        before=_sums(facts, asked, asked.year - 1, earlier, chosen) if known else None,
        targets={measure: target for measure, target in targets.items() if target is not None},
        years=[_of_year(facts, year, chosen) for year in years],
        programmes=[
            OfProgramme(one, _lines(facts, asked, one), factors.get(one.id, ()))
            for one in facts.programmes
            if one.id in chosen and asked.is_whole
        ],
        seasons=[one for one in facts.seasons if one.starts_on.year == asked.year],
        all_programmes=facts.programmes,
        is_over=(season.ends_on if season else date(asked.year, 12, 31)) < clock.today(),
        visit_months=frozenset(monday.month for monday in session.scalars(weeks)),
    )


def years(session: Session) -> list[int]:
    """The years that have figures, the newest first: those of seasons that have begun, and of counts by hand."""
    today = clock.today()
    begun = {day.year for day in session.scalars(select(Season.starts_on)) if day <= today}
    return sorted(begun | figures.years_with_counts(session), reverse=True)


def usual_year(known: Sequence[int]) -> int:
    """The year a reader most likely wants: the last whole one (in December this one), or the nearest with figures."""
    today = clock.today()
    wanted = today.year if today.month == 12 else today.year - 1
    return min(known, key=lambda year: (abs(year - wanted), -year)) if known else wanted


def _held_visits(session: Session, starts: datetime, ends: datetime, seasons: Iterable[Season]) -> list[HeldVisit]:
    rows = session.execute(
        select(Visit.starts_at, Request.programme_id, School.municipality_id, School.id, Request.pupils)
        .join(Request, Visit.request_id == Request.id)
        .join(School, Request.school_id == School.id)
        .join(Programme, Request.programme_id == Programme.id)
        .where(
            Programme.kind == ProgrammeKind.SCHOOL_VISIT,
            Visit.state == VisitState.HELD,
            Visit.starts_at >= starts,
            Visit.starts_at < ends,
        )
    )
    found = []
    for starts_at, programme, municipality, school, pupils in rows:
        day = clock.to_oslo(starts_at).date()
        term = next((one.id for one in seasons if one.starts_on <= day <= one.ends_on), "")
        found.append(HeldVisit(day, programme, term, municipality, school, pupils))
    return found


def _same_term(seasons: Iterable[Season], season: Season) -> Season | None:
    """The term of the year before that began in the same half of its year."""
    year, spring = season.starts_on.year - 1, season.starts_on.month < 7
    found = (one for one in seasons if one.starts_on.year == year and (one.starts_on.month < 7) == spring)
    return next(found, None)


def _is_known(facts: _Facts, year: int, chosen: Collection[str]) -> bool:
    """Whether anything was counted of these programmes in a year."""
    return (
        any(part.programme in chosen and facts.year_of[part.season] == year for part in facts.parts)
        or any(one.programme in chosen and one.day.year == year for one in facts.held)
        or any(programme in chosen and of == year for programme, of, _measure in facts.figures.counted)
    )


def _sums(facts: _Facts, asked: Asked, year: int, season: Season | None, chosen: Collection[str]) -> Sums:
    terms = {one.id for one in facts.seasons if facts.year_of[one.id] == year and season in (None, one)}
    parts = [one for one in facts.parts if one.season in terms and one.programme in chosen]
    held = [
        one
        for one in facts.held
        if one.programme in chosen and one.day.year == year and (season is None or one.term == season.id)
    ]
    minutes = [
        one
        for one in facts.minutes
        if one.programme in chosen
        and one.day.year == year
        and (season is None or season.starts_on <= one.day <= season.ends_on)
    ]
    surveys = [one for one in facts.surveys if one.season in terms and one.programme in chosen]
    return Sums(
        pupils=pupils_of(parts),
        visits=visits_of(held, asked.municipality),
        answers=answers.answers_of(surveys),
        schools_said=answers.schools_said(minutes),
        by_hand=_by_hand(facts, year, chosen) if asked.is_whole else {},
    )


def _by_hand(facts: _Facts, year: int, chosen: Collection[str]) -> dict[Measure, int]:
    """What was written down of programmes of which Treffpunkt counted nothing that year; shares from one of them."""
    own_pupils = {one.programme for one in facts.parts if facts.year_of[one.season] == year}
    own_visits = {one.programme for one in facts.held if one.day.year == year}
    own_answers = {one.programme for one in facts.surveys if facts.year_of[one.season] == year and one.replies}
    found: dict[Measure, int] = {}
    for (programme, of, measure), count in facts.figures.counted.items():
        own = own_answers if measure in PERCENT else own_pupils if measure in OF_PUPILS else own_visits
        outside = measure not in (*PERCENT, *OF_PUPILS, *OF_VISITS)
        if of == year and programme in chosen and (outside or programme not in own):
            found[measure] = count if measure in PERCENT else found.get(measure, 0) + count
    return found


def _of_year(facts: _Facts, year: int, chosen: Collection[str]) -> OfYear:
    pupils = pupils_of([one for one in facts.parts if facts.year_of[one.season] == year and one.programme in chosen])
    sums = Sums(pupils, visits_of(()), answers.answers_of(()), (0, {}), _by_hand(facts, year, chosen))
    return OfYear(year, sums.of(Measure.REGISTERED), sums.of(Measure.OFFERED), sums.left)


def _lines(facts: _Facts, asked: Asked, programme: Programme) -> list[Line]:
    """What is counted of one programme; measures without a value, a year before or a target are left out."""
    only = frozenset({programme.id})
    now, before = (
        _sums(facts, asked, year, None, only) if _is_known(facts, year, only) else None
        for year in (asked.year, asked.year - 1)
    )
    lines = [
        _line(measure, now, before, facts.figures.target(only, asked.year, measure))
        for measure in MEASURES[programme.kind]
    ]
    return [line for line in lines if line != Line(line.measure, None)]


def _line(measure: Measure, now: Sums | None, before: Sums | None, target: int | None) -> Line:
    value, earlier = (sums.of(measure) if sums else None for sums in (now, before))
    hides = (bool(now and now.hides(measure)), bool(before and before.hides(measure)))
    return Line(measure, value, earlier, target, hides)
