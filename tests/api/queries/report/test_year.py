"""What the report adds up, what it hides, and that it says the same when the pupils are deleted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from api.domain.enums import EntryState, Gender, Measure, ProgrammeKind, Side, VisitState
from api.models.follow_up import Evaluation
from api.models.groups import GroupSession, Site
from api.models.programmes import Programme, Season
from api.models.reports import Survey, SurveyAnswer, YearlyFigure
from api.queries.report import year
from api.queries.report.sums import HeldVisit, visits_of
from api.queries.report.year import Asked, Report
from api.services.retention import pupils
from tests import factories as make
from tests.api.counting import count_queries


def study_groups(session: Session) -> Programme:
    return make.make_programme(session, kind=ProgrammeKind.STUDY_GROUP)


def evening(session: Session, programme: Programme, season: Season, site: Site | None = None) -> GroupSession:
    place = site or make.make_site(session)
    return make.make_group_session(session, programme_id=programme.id, season_id=season.id, site_id=place.id)


def applied(session: Session, at: GroupSession, count: int, placed: int = 0, **pupil: object) -> None:
    """So many who applied for an evening, the first of them with a seat."""
    for number in range(count):
        entry = make.make_entry(session, at, pupil_id=make.make_pupil(session, **pupil).id)
        if number < placed:
            make.make_membership(session, entry_id=entry.id, session_id=at.id, seat=number + 1)


def held(session: Session, programme: Programme, at: datetime, **request: object) -> None:
    asked = make.make_request(session, starts=(at,), programme_id=programme.id, **request)
    make.make_visit(session, request=asked, state=VisitState.HELD)


def figures(report: Report) -> tuple[int | None, int | None, int | None]:
    return report.now.of(Measure.REGISTERED), report.now.of(Measure.OFFERED), report.now.left


def test_who_applied_and_who_was_offered(session: Session) -> None:
    season, programme = make.make_season(session), study_groups(session)
    at = evening(session, programme, season)
    school = make.make_school(session)
    applied(session, at, 12, placed=7, school_id=school.id, gender=Gender.GIRL)
    never = make.make_entry(session, at, state=EntryState.LEFT, lottery_number=None)
    assert never.state is EntryState.LEFT
    report = year.report(session, Asked(2027))
    assert figures(report) == (12, 7, 5)
    assert report.now.pupils.schools == 1
    assert report.now.pupils.sites[at.site_id].asked == 12
    assert report.now.pupils.lists["municipality"] == {school.municipality_id: 12}
    assert report.before is None


def test_nothing_changes_when_the_pupils_are_deleted(session: Session) -> None:
    season, programme = make.make_season(session), study_groups(session)
    for site in range(3):
        at = evening(session, programme, season)
        applied(session, at, 9 + site, placed=2 * site, gender=Gender.BOY, school_id=make.make_school(session).id)
    before = year.report(session, Asked(2027))
    entries = [row.id for row in session.query(make.Entry).all()]
    pupils.count_and_delete(session, entries[:10], datetime(2027, 10, 1, tzinfo=UTC))
    halfway = year.report(session, Asked(2027))
    pupils.count_and_delete(session, entries[10:], datetime(2027, 10, 1, tzinfo=UTC))
    after = year.report(session, Asked(2027))
    assert session.query(make.Entry).count() == 0
    assert (before.now, halfway.now) == (after.now, after.now)


def test_small_counts_are_hidden_and_so_is_every_sum_of_them(session: Session) -> None:
    season, large, small = make.make_season(session), study_groups(session), study_groups(session)
    campus, other = make.make_site(session), make.make_site(session)
    applied(session, evening(session, large, season, campus), 20, placed=10)
    applied(session, evening(session, large, season, other), 20, placed=10)
    applied(session, evening(session, small, season, campus), 3)
    alone = year.report(session, Asked(2027, programme=small.id))
    assert figures(alone) == (None, 0, None)
    assert figures(year.report(session, Asked(2027, programme=large.id))) == (40, 20, 20)
    both = year.report(session, Asked(2027))
    assert both.now.of(Measure.REGISTERED) is None  # 43 less 40 would say 3
    assert both.now.pupils.sites[campus.id].asked is None
    assert both.now.pupils.sites[other.id].asked == 20


def test_visits_by_month_municipality_and_school(session: Session) -> None:
    programme = make.make_programme(session)
    school = make.make_school(session)
    held(session, programme, datetime(2027, 3, 2, 8, tzinfo=UTC), school_id=school.id, pupils=25)
    held(session, programme, datetime(2027, 3, 9, 8, tzinfo=UTC), school_id=school.id, pupils=30)
    held(session, programme, datetime(2027, 11, 9, 8, tzinfo=UTC))
    held(session, programme, datetime(2026, 12, 31, 23, 30, tzinfo=UTC), pupils=20)  # half past midnight in Norway
    report = year.report(session, Asked(2027))
    visits = report.now.visits
    assert (visits.count, visits.met, visits.uncounted, visits.schools) == (4, 75, 1, 3)
    assert (visits.months[0], visits.months[2], visits.months[10]) == (1, 2, 1)
    assert visits.places[school.municipality_id].met == 55
    here = year.report(session, Asked(2027, municipality=school.municipality_id)).now.visits
    assert (here.count, here.met, here.months[2]) == (2, 55, 2)


def test_a_small_class_is_hidden_in_its_municipality_and_another_one_with_it() -> None:
    day = date(2027, 3, 2)
    counts = {"a": 4, "b": 25, "c": 30}
    visits = visits_of([HeldVisit(day, "p", "t", place, place, count) for place, count in counts.items()])
    assert {place: row.met for place, row in visits.places.items()} == {"a": None, "b": None, "c": 30}
    assert visits.met == 59


def test_targets_counts_by_hand_and_the_year_before(session: Session) -> None:
    programme, help_days = make.make_programme(session), make.make_programme(session, kind=ProgrammeKind.DROP_IN)
    held(session, programme, datetime(2027, 3, 2, 8, tzinfo=UTC), pupils=25)
    written = {
        (programme, 2027, Measure.VISITS): (120, 999),
        (programme, 2026, Measure.VISITS): (None, 97),
        (help_days, 2027, Measure.PARTICIPANTS): (3_000, 2_700),
    }
    for (of, when, measure), (target, counted) in written.items():
        row = {"programme_id": of.id, "year": when, "measure": measure}
        session.add(YearlyFigure(**row, target=target, counted=counted))
    session.flush()
    report = year.report(session, Asked(2027))
    line = report.line(Measure.VISITS)
    assert (line.value, line.before, line.target) == (1, 97, 120)  # what Treffpunkt counted goes before the hand
    lines = {one.programme.id: one.lines for one in report.programmes}
    assert [(row.measure, row.value, row.target) for row in lines[help_days.id]] == [
        (Measure.PARTICIPANTS, 2_700, 3_000)
    ]
    term = year.report(session, Asked(2027, season=make.make_season(session).id))
    assert term.targets == {}


def test_a_term_is_held_against_the_same_term(session: Session) -> None:
    programme = study_groups(session)
    seasons = [
        make.make_season(session, starts_on=date(when, month, 5), ends_on=date(when, month + 4, 20))
        for when in (2026, 2027)
        for month in (1, 8)
    ]
    for count, season in zip((6, 7, 8, 9), seasons, strict=True):
        applied(session, evening(session, programme, season), count)
    autumn = year.report(session, Asked(2027, season=seasons[3].id))
    assert autumn.before is not None
    assert (autumn.now.of(Measure.REGISTERED), autumn.before.of(Measure.REGISTERED)) == (9, 7)
    whole = year.report(session, Asked(2027, season="nowhere"))
    assert figures(whole)[0] == 17
    assert [(row.year, row.registered) for row in whole.years] == [(2026, 13), (2027, 17)]


def test_answers_are_shown_when_the_survey_has_closed(session: Session) -> None:
    season, programme = make.make_season(session), study_groups(session)
    ends = datetime(2027, 6, 30, tzinfo=UTC)
    survey = Survey(season_id=season.id, programme_id=programme.id, opens_at=ends - timedelta(days=20), closes_at=ends)
    session.add(survey)
    session.flush()
    counts = {("replies", ""): 20, ("satisfied", "5"): 12, ("satisfied", "2"): 8, ("mentors", "4"): 18}
    counts |= {("mentors", "1"): 2, ("better_grade", "yes"): 20}
    for (question, value), count in counts.items():
        key = {"survey_id": survey.id, "site": "", "question": question, "value": value}
        session.add(SurveyAnswer(**key, count=count))
    session.flush()
    shown = year.report(session, Asked(2027)).now if survey.closes_at < datetime.now(UTC) else None
    assert shown is None  # it is open as the tests are run
    survey.opens_at, survey.closes_at = ends - timedelta(days=720), ends - timedelta(days=700)
    session.flush()
    sums = year.report(session, Asked(2027)).now
    assert (sums.of(Measure.SATISFIED), sums.of(Measure.MENTORS), sums.of(Measure.BETTER_GRADE)) == (60, None, 100)
    assert sums.hides(Measure.MENTORS)  # two were not satisfied


def test_what_schools_said(session: Session) -> None:
    programme = make.make_programme(session)
    for number in range(6):
        asked = make.make_request(session, starts=(datetime(2027, 3, 2 + number, 8, tzinfo=UTC),))
        asked.programme_id = programme.id
        visit = make.make_visit(session, request=asked, state=VisitState.HELD)
        answers = {"useful": 5, "engaging": 4, "prepared": 1 if number else 5, "again": 3}
        session.add(Evaluation(visit_id=visit.id, side=Side.SCHOOL, answers=answers))
    session.flush()
    count, shares = year.report(session, Asked(2027)).now.schools_said
    assert count == 6
    assert {code: share.percent for code, share in shares.items()} == {
        "useful": 100, "engaging": 100, "prepared": None, "again": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("today", "known", "usual"),
    [
        (date(2027, 2, 15), [2027, 2026, 2025], 2026),
        (date(2027, 12, 3), [2027, 2026], 2027),
        (date(2027, 9, 1), [2027], 2027),
        (date(2027, 9, 1), [], 2026),
    ],
)
def test_the_year_a_reader_wants(monkeypatch: pytest.MonkeyPatch, today: date, known: list[int], usual: int) -> None:
    monkeypatch.setattr(year.clock, "today", lambda: today)
    assert year.usual_year(known) == usual


def test_queries_do_not_grow_with_rows(session: Session) -> None:
    counted = []
    for more in (1, 2):
        for _ in range(more):
            season, programme = make.make_season(session), study_groups(session)
            applied(session, evening(session, programme, season), 2, school_id=make.make_school(session).id)
            held(session, make.make_programme(session), datetime(2027, 3, 2, 8, tzinfo=UTC))
        with count_queries(session) as queries:
            year.report(session, Asked(2027))
        counted.append(queries.total)
    assert counted[0] == counted[1] <= 15
