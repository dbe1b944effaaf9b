"""What the coordination writes for the year: targets, counts from outside, factors, and "you said, we did"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api.domain.enums import Audience, Factor, Measure
from api.domain.permissions import Action, Actor, may
from api.errors import FieldError, InvalidInput, NotFound
from api.i18n import gettext as _
from api.i18n import number
from api.models.programmes import Programme, Season
from api.models.reports import ProgrammeFactor, SaidAndDone, YearlyFigure
from api.queries.report.figures import MEASURES, PERCENT
from api.services import audit

MOST, MOST_PERCENT = 1_000_000, 100
FIRST_YEAR, LAST_YEAR = 2000, 2199
LINES = 3  # of "you said, we did", a season and audience
LONGEST = 200
TEXTS = ("said_nb", "done_nb", "said_nn", "done_nn", "said_en", "done_en")

Key = tuple[str, Measure]


@dataclass(frozen=True, slots=True)
class Written:
    """A target, and what was counted outside Treffpunkt; None where there is none."""

    target: int | None = None
    counted: int | None = None


def write_figures(
    session: Session,
    actor: Actor,
    year: int,
    figures: Mapping[Key, Written],
    factors: Mapping[str, Sequence[Factor]],
) -> int:
    """Keeps targets and counts of a year, and the factors of programmes. Returns how many figures changed.

    figures: by programme id and measure; those left out stay. Effects: rows made, changed or deleted, an entry in the
    trail for each. Raises NotFound without the right, InvalidInput naming `target-…` or `counted-…` fields.
    """
    _demand(actor)
    _check(year, figures)
    rows = {(row.programme_id, row.measure): row for row in _figures_of(session, year)}
    changed = sum(_write(session, actor, year, key, wanted, rows.get(key)) for key, wanted in figures.items())
    for programme_id, wanted_factors in factors.items():
        session.execute(delete(ProgrammeFactor).where(ProgrammeFactor.programme_id == programme_id))
        session.add_all(ProgrammeFactor(programme_id=programme_id, factor=factor) for factor in set(wanted_factors))
    session.flush()
    return changed


def figures_of(session: Session, year: int) -> dict[Key, Written]:
    """What is written for a year, by programme and measure."""
    return {(row.programme_id, row.measure): Written(row.target, row.counted) for row in _figures_of(session, year)}


def programmes(session: Session) -> Sequence[Programme]:
    """All programmes, the oldest first."""
    return session.scalars(select(Programme).order_by(Programme.created_at, Programme.code)).all()


def said_and_done(session: Session, season_ids: Sequence[str], audience: Audience | None = None) -> list[SaidAndDone]:
    """What came of answers in these seasons, in its order."""
    rows = select(SaidAndDone).where(SaidAndDone.season_id.in_(season_ids))
    if audience is not None:
        rows = rows.where(SaidAndDone.audience == audience)
    order = (SaidAndDone.audience, SaidAndDone.season_id, SaidAndDone.position)
    return list(session.scalars(rows.order_by(*order)))


def newest_said_and_done(session: Session, audience: Audience) -> list[SaidAndDone]:
    """What came of the last answers: those of the newest season that has any for this audience."""
    newest = (
        select(SaidAndDone.season_id)
        .join(Season, SaidAndDone.season_id == Season.id)
        .where(SaidAndDone.audience == audience)
        .order_by(Season.starts_on.desc(), Season.id)
        .limit(1)
    )
    season_id = session.scalar(newest)
    return said_and_done(session, [season_id], audience) if season_id else []


def write_said_and_done(
    session: Session, actor: Actor, season_id: str, audience: Audience, lines: Sequence[Mapping[str, str]]
) -> None:
    """Puts these lines in place of the ones a season has for an audience; lines without a word are left out.

    lines: at most three, with TEXTS; bokmål is needed, the others may be empty. Raises NotFound without the right or
    the season, InvalidInput naming fields such as `said_nb-2`.
    """
    _demand(actor)
    if session.get(Season, season_id) is None:
        raise NotFound(_("There is no such season."))
    kept = [(number, {text: line.get(text, "").strip() for text in TEXTS}) for number, line in enumerate(lines, 1)]
    kept = [(number, line) for number, line in kept if any(line.values())][:LINES]
    faults = [
        FieldError(f"{text}-{number}", words)
        for number, line in kept
        for text in TEXTS
        if (words := _fault_of(line, text))
    ]
    if faults:
        raise InvalidInput(_("Look over what you have written, and send it once more."), errors=faults)
    old = {row.position: row for row in said_and_done(session, [season_id], audience)}
    for position, row in old.items():
        if position > len(kept):
            session.delete(row)
    for position, (_number, line) in enumerate(kept, 1):
        row = old.get(position) or SaidAndDone(season_id=season_id, audience=audience, position=position)
        for text in TEXTS:
            setattr(row, text, line[text])
        session.add(row)
    session.flush()
    detail = {"audience": audience.value, "lines": len(kept)}
    audit.record(session, "season.said_and_done", "season", season_id, actor_id=actor.user_id, detail=detail)


def in_language(row: SaidAndDone, locale: str) -> tuple[str, str]:
    """What was said and what was done, in a language or, where it is not written, in bokmål."""
    said, done = getattr(row, f"said_{locale}"), getattr(row, f"done_{locale}")
    return (said, done) if said and done else (row.said_nb, row.done_nb)


def _demand(actor: Actor) -> None:
    if not may(actor, Action.EDIT_FIGURES):
        raise NotFound(_("There is no such page."))


def _figures_of(session: Session, year: int) -> Sequence[YearlyFigure]:
    return session.scalars(select(YearlyFigure).where(YearlyFigure.year == year)).all()


def _check(year: int, figures: Mapping[Key, Written]) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise NotFound(_("There is no such year."))
    faults = []
    for (programme, measure), wanted in figures.items():
        most = MOST_PERCENT if measure in PERCENT else MOST
        for name, value in (("target", wanted.target), ("counted", wanted.counted)):
            if value is not None and not 0 <= value <= most:
                words = _("Give a number from 0 to %(most)s.", most=number(most))
                faults.append(FieldError(f"{name}-{programme}-{measure}", words))
    if faults:
        raise InvalidInput(_("This is no number we can use."), errors=faults)


def _write(session: Session, actor: Actor, year: int, key: Key, wanted: Written, row: YearlyFigure | None) -> bool:
    programme_id, measure = key
    programme = session.get(Programme, programme_id)
    if programme is None or measure not in MEASURES[programme.kind]:
        raise NotFound(_("There is no such programme."))
    if wanted == (Written(row.target, row.counted) if row else Written()):
        return False
    if wanted == Written():
        assert row is not None
        session.delete(row)
    else:
        row = row or YearlyFigure(programme_id=programme_id, year=year, measure=measure)
        row.target, row.counted = wanted.target, wanted.counted
        session.add(row)
    session.flush()
    detail = {"year": year, "measure": measure.value, "target": wanted.target, "counted": wanted.counted}
    audit.record(session, "programme.figure", "programme", programme_id, actor_id=actor.user_id, detail=detail)
    return True


def _fault_of(line: Mapping[str, str], text: str) -> str | None:
    """What is wrong with one text of a line: both of bokmål are needed, of the others both or none."""
    other = text.replace("said", "done") if text.startswith("said") else text.replace("done", "said")
    if len(line[text]) > LONGEST:
        return _("There is room for %(count)s characters.", count=LONGEST)
    if not line[text] and (text.endswith("_nb") or line[other]):
        return _("Write both what was said and what was done.")
    return None
