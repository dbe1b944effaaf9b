"""Targets of programmes, and what was counted outside Treffpunkt; the factors that programmes strengthen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import Factor, Measure, ProgrammeKind
from api.models.reports import ProgrammeFactor, YearlyFigure

PERCENT = (Measure.SATISFIED, Measure.MENTORS, Measure.BETTER_GRADE, Measure.INSPIRED)
_PUPILS = (Measure.REGISTERED, Measure.OFFERED, Measure.SCHOOLS, *PERCENT)
# What is counted of a programme of each kind.
MEASURES: dict[ProgrammeKind, tuple[Measure, ...]] = {
    ProgrammeKind.STUDY_GROUP: _PUPILS,
    ProgrammeKind.SCHOOL_VISIT: (Measure.VISITS, Measure.PUPILS_MET),
    ProgrammeKind.COMPANY_DAY: (Measure.EVENTS, Measure.PARTICIPANTS),
    ProgrammeKind.DROP_IN: (Measure.EVENTS, Measure.PARTICIPANTS),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What was written down by hand, by (programme, year, measure)."""

    targets: Mapping[tuple[str, int, Measure], int]
    counted: Mapping[tuple[str, int, Measure], int]

    def target(self, programmes: Collection[str], year: int, measure: Measure) -> int | None:
        """What these programmes aim at together; for a share, the one target there is."""
        found = [self.targets[key] for one in programmes if (key := (one, year, measure)) in self.targets]
        if measure in PERCENT:
            return found[0] if len(set(found)) == 1 else None
        return sum(found) if found else None


def figures(session: Session, years: Collection[int]) -> Figures:
    """Everything that was written down for these years; one query."""
    targets, counted = {}, {}
    for row in session.scalars(select(YearlyFigure).where(YearlyFigure.year.in_(years))):
        key = (row.programme_id, row.year, row.measure)
        if row.target is not None:
            targets[key] = row.target
        if row.counted is not None:
            counted[key] = row.counted
    return Figures(targets, counted)


def years_with_counts(session: Session) -> set[int]:
    """The years for which something was counted by hand."""
    return set(session.scalars(select(YearlyFigure.year).where(YearlyFigure.counted.is_not(None)).distinct()))


def factors(session: Session) -> Mapping[str, list[Factor]]:
    """The factors of science capital that each programme strengthens, in their order."""
    found: defaultdict[str, list[Factor]] = defaultdict(list)
    for row in session.scalars(select(ProgrammeFactor)):
        found[row.programme_id].append(row.factor)
    return {programme: [factor for factor in Factor if factor in given] for programme, given in found.items()}
