"""What pupils and schools answered, counted: surveys that are closed, and the minute after a visit."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Side
from api.domain.surveys import GENDER, GOOD_GRADES, REPLIES, SHARES, VISIT_QUESTIONS, Share, added, share, share_of
from api.models.follow_up import Evaluation
from api.models.programmes import Programme, Season
from api.models.reports import Survey, SurveyAnswer
from api.models.visits import Request, Visit


@dataclass(frozen=True, slots=True)
class SurveyRow:
    """A survey with its counted answers: by question and value."""

    id: str
    season: str
    programme: str
    season_name: str
    programme_name: str
    opens_at: datetime
    closes_at: datetime
    invited: int
    counts: Mapping[str, Counter[str]]

    @property
    def replies(self) -> int:
        return self.counts[REPLIES][""]

    @property
    def is_open(self) -> bool:
        return self.closes_at > clock.now()


@dataclass(frozen=True, slots=True)
class Answers:
    """Replies of some surveys. shares: by question, None of them where nobody was asked. genders: as counted."""

    replies: int
    invited: int
    shares: Mapping[str, Share]
    genders: Counter[str]


def surveys(session: Session, season_ids: Collection[str] | None = None, locale: str = "nb") -> list[SurveyRow]:
    """Surveys of these seasons (all: None), the newest first, in two queries."""
    name = getattr(Programme, f"name_{locale}")
    asked = (
        select(Survey, Season.name, name.label("programme_name"))
        .join(Season, Survey.season_id == Season.id)
        .join(Programme, Survey.programme_id == Programme.id)
        .order_by(Survey.opens_at.desc(), Survey.id)
    )
    if season_ids is not None:
        asked = asked.where(Survey.season_id.in_(season_ids))
    found = session.execute(asked).all()
    counts: defaultdict[str, defaultdict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    added_up = (
        select(SurveyAnswer.survey_id, SurveyAnswer.question, SurveyAnswer.value, func.sum(SurveyAnswer.count))
        .where(SurveyAnswer.survey_id.in_([row.Survey.id for row in found]))
        .group_by(SurveyAnswer.survey_id, SurveyAnswer.question, SurveyAnswer.value)
    )
    for survey_id, question, value, count in session.execute(added_up):
        counts[survey_id][question][value] = int(count)
    return [
        SurveyRow(
            row.Survey.id, row.Survey.season_id, row.Survey.programme_id, row.name, row.programme_name,
            row.Survey.opens_at, row.Survey.closes_at, row.Survey.invited, counts[row.Survey.id],
        )
        for row in found
    ]  # fmt: skip


def answers_of(rows: Collection[SurveyRow]) -> Answers:
    """Closed surveys added up. Answers to an open one would tell who answered since the last look."""
    closed = [row for row in rows if not row.is_open]
    shares = {
        question: added([share_of(question, row.counts[question]) for row in closed]) for question in SHARES if closed
    }
    genders: Counter[str] = Counter()
    for row in closed:
        genders.update(row.counts[GENDER])
    return Answers(sum(row.replies for row in closed), sum(row.invited for row in closed), shares, genders)


def by_site(session: Session, survey_id: str) -> Mapping[str, Mapping[str, Counter[str]]]:
    """Counted answers of a survey by site (an id, or empty), question and value."""
    found: dict[str, defaultdict[str, Counter[str]]] = {}
    for row in session.scalars(select(SurveyAnswer).where(SurveyAnswer.survey_id == survey_id)):
        found.setdefault(row.site, defaultdict(Counter))[row.question][row.value] = row.count
    return found


@dataclass(frozen=True, slots=True)
class Minute:
    """What a school answered after a visit: a number from 1 to 5 by question."""

    day: date
    programme: str
    answers: Mapping[str, int]


def minutes_of_schools(session: Session, starts: datetime, ends: datetime) -> list[Minute]:
    """What schools answered after visits in a time; one query."""
    rows = session.execute(
        select(Visit.starts_at, Request.programme_id, Evaluation.answers)
        .join(Visit, Evaluation.visit_id == Visit.id)
        .join(Request, Visit.request_id == Request.id)
        .where(Evaluation.side == Side.SCHOOL, Visit.starts_at >= starts, Visit.starts_at < ends)
    )
    return [Minute(clock.to_oslo(at).date(), programme, given) for at, programme, given in rows]


def schools_said(minutes: Collection[Minute]) -> tuple[int, Mapping[str, Share]]:
    """How many schools answered, and the share of 4 and 5 by question."""
    good = [int(value) for value in GOOD_GRADES]
    shares = {
        question: share(
            sum(one.answers.get(question) in good for one in minutes), sum(question in one.answers for one in minutes)
        )
        for question in VISIT_QUESTIONS
        if minutes
    }
    return len(minutes), shares
