"""The year in figures: targets and what is counted outside, surveys and their counted answers, what answers led to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.domain.enums import Audience, Factor, Measure
from api.models.base import Base, Code, Created, Identified, Versioned, ref, text_column
from api.models.programmes import Programme, Season


class YearlyFigure(Identified, Versioned, Created, Base):
    """What a programme aims at in a calendar year, and what was counted outside Treffpunkt.

    target: None where there is none. counted: what happened outside (exam help, festivals, years before Treffpunkt);
    None where Treffpunkt counts by itself. Shares are whole per cent, 0 to 100.
    """

    __tablename__ = "yearly_figure"

    programme_id: Mapped[str] = ref(Programme.id, index=False)
    year: Mapped[int]
    measure: Mapped[Measure]
    target: Mapped[int | None]
    counted: Mapped[int | None]

    __table_args__ = (
        UniqueConstraint("programme_id", "year", "measure"),
        CheckConstraint("year BETWEEN 2000 AND 2199", name="year"),
        CheckConstraint("target >= 0 AND counted >= 0", name="counts"),
    )


class ProgrammeFactor(Base):
    """One of the four factors of science capital that a programme strengthens; read by the annual report only."""

    __tablename__ = "programme_factor"

    programme_id: Mapped[str] = ref(Programme.id, owned=True, primary_key=True)
    factor: Mapped[Factor] = mapped_column(primary_key=True)


class SaidAndDone(Identified, Versioned, Created, Base):
    """ "You said, we did": something that came of answers; at most three a season and audience.

    position: 1 to 3. Texts in three languages; bokmål is always there and stands in for the others.
    """

    __tablename__ = "said_and_done"

    season_id: Mapped[str] = ref(Season.id, owned=True, index=False)
    audience: Mapped[Audience]
    position: Mapped[int]
    said_nb: Mapped[str] = text_column()
    done_nb: Mapped[str] = text_column()
    said_nn: Mapped[str] = text_column()
    done_nn: Mapped[str] = text_column()
    said_en: Mapped[str] = text_column()
    done_en: Mapped[str] = text_column()

    season: Mapped[Season] = relationship()

    __table_args__ = (
        UniqueConstraint("season_id", "audience", "position"),
        CheckConstraint("position BETWEEN 1 AND 3", name="position"),
    )


class Survey(Identified, Created, Base):
    """The questions to the pupils of a season and programme, at the end of term.

    invited: how many letters were written. The invitation is a link that works once; it knows the pupil and no answer.
    """

    __tablename__ = "survey"

    season_id: Mapped[str] = ref(Season.id, index=False)
    programme_id: Mapped[str] = ref(Programme.id)
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    invited: Mapped[int] = mapped_column(default=0)

    season: Mapped[Season] = relationship()
    programme: Mapped[Programme] = relationship()

    __table_args__ = (
        UniqueConstraint("season_id", "programme_id"),
        Index("ix_survey_closes_at", "closes_at"),
        CheckConstraint("opens_at < closes_at", name="order"),
        CheckConstraint("invited >= 0", name="invited"),
    )


class SurveyAnswer(Base):
    """How many gave this answer: a counter, raised by one with each answer, so that no answer is kept by itself.

    site: the id of the pupils' site, empty where none is known. question `replies`: who answered at all.
    """

    __tablename__ = "survey_answer"

    survey_id: Mapped[str] = ref(Survey.id, owned=True, primary_key=True)
    site: Mapped[Code] = mapped_column(primary_key=True)
    question: Mapped[Code] = mapped_column(primary_key=True)
    value: Mapped[Code] = mapped_column(primary_key=True)
    count: Mapped[int]

    __table_args__ = (CheckConstraint("count >= 1", name="count"),)
