"""The survey at the end of term: opened, sent, called to mind once, answered once, and nothing leads to an answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import EntryState, LinkPurpose, Locale, ProgrammeKind
from api.domain.surveys import PUPIL_QUESTIONS
from api.errors import InvalidInput, NotFound
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.models.pupils import Entry, Pupil
from api.models.registry import metadata
from api.models.reports import Survey, SurveyAnswer
from api.services import links, surveys, unsubscribing
from tests import factories as make
from tests.api.counting import count_queries

NEAR_THE_END = datetime(2027, 6, 7, 9, tzinfo=UTC)
GIVEN = {"satisfied": "5", "mentors": "4", "better_grade": "yes", "inspired": "unsure", "gender": "girl"}


@pytest.fixture(autouse=True)
def moving() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NEAR_THE_END, tick=False) as traveller:
        yield traveller


def seated(session: Session, count: int = 1) -> list[Entry]:
    """Pupils who sit in one evening of a term that ends on 18 June."""
    programme = make.make_programme(session, kind=ProgrammeKind.STUDY_GROUP)
    at = make.make_group_session(session, programme_id=programme.id)
    entries = [make.make_entry(session, at, state=EntryState.PLACED) for _ in range(count)]
    for seat, entry in enumerate(entries, 1):
        make.make_membership(session, entry_id=entry.id, session_id=at.id, seat=seat)
    return entries


def work(session: Session) -> list[str]:
    """What the three jobs do in one round: the kinds of letters written."""
    before = set(session.scalars(select(OutboxMessage.id)))
    for due, do in (
        (surveys.due_openings, surveys.do_open),
        (surveys.due_invitations, surveys.do_invite),
        (surveys.due_reminders, surveys.do_remind),
    ):
        for key in due(session, clock.now()):
            do(session, key, clock.now())
    return [row.kind for row in session.scalars(select(OutboxMessage)) if row.id not in before]


def token_of(session: Session, entry: Entry) -> LinkToken:
    person = session.get_one(Pupil, entry.pupil_id).person_id
    found = select(LinkToken).where(LinkToken.person_id == person, LinkToken.purpose == LinkPurpose.EVALUATION)
    return session.scalars(found).one()


def counted(session: Session) -> dict[tuple[str, str], int]:
    return {(row.question, row.value): row.count for row in session.scalars(select(SurveyAnswer))}


def test_pupils_are_asked_two_weeks_before_the_end_and_once_more(
    session: Session, moving: time_machine.Traveller
) -> None:
    placed, waiting = seated(session, 2)
    waiting.state = EntryState.WAITING
    session.flush()
    moving.move_to(datetime(2027, 6, 3, 9, tzinfo=UTC))
    assert work(session) == []
    moving.move_to(NEAR_THE_END)
    assert work(session) == ["survey_invitation"]
    assert work(session) == []
    survey = session.scalars(select(Survey)).one()
    assert (survey.invited, clock.to_oslo(survey.closes_at).date()) == (1, date(2027, 7, 2))
    moving.move_to(survey.closes_at - timedelta(days=4))
    assert work(session) == ["survey_reminder"]
    assert work(session) == []
    links_in = {row.values["links"]["survey"][1] for row in session.scalars(select(OutboxMessage))}
    assert links_in == {token_of(session, placed).id}


def test_who_wants_no_such_letters_gets_none(session: Session) -> None:
    entry, other = seated(session, 2)
    person = session.get_one(Pupil, entry.pupil_id).person
    unsubscribing.unsubscribe(session, unsubscribing.way_out(session, person.id, "survey"))
    assert work(session) == ["survey_invitation"]
    assert session.scalars(select(Survey.invited)).one() == 1
    assert work(session) == []
    assert session.scalars(select(OutboxMessage.person_id)).one() == session.get_one(Pupil, other.pupil_id).person_id


def test_an_answer_raises_counters_and_can_be_given_once(session: Session) -> None:
    first, second = seated(session, 2)
    work(session)
    surveys.answer(session, token_of(session, first), GIVEN)
    with pytest.raises(links.LinkExpired):
        surveys.answer(session, token_of(session, first), GIVEN)
    surveys.answer(session, token_of(session, second), GIVEN | {"satisfied": "4", "gender": ""})
    assert counted(session) == {
        ("replies", ""): 2, ("satisfied", "5"): 1, ("satisfied", "4"): 1, ("mentors", "4"): 2,
        ("better_grade", "yes"): 2, ("inspired", "unsure"): 2, ("gender", "girl"): 1,
    }  # fmt: skip
    site = {row.site for row in session.scalars(select(SurveyAnswer))}
    assert len(site) == 1
    assert "" not in site


def test_no_row_tells_when_or_by_whom_an_answer_was_given() -> None:
    """A counter has no moment, no order and no person: two answers leave the same trace whoever gave them."""
    columns = {column.name for column in metadata.tables["survey_answer"].columns}
    assert columns == {"survey_id", "site", "question", "value", "count"}
    pointing = {key.column.table.name for key in metadata.tables["survey_answer"].foreign_keys}
    assert pointing == {"survey"}


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"satisfied": ""}, {"satisfied"}),
        ({"satisfied": "6", "mentors": "'; DROP TABLE survey;--"}, {"satisfied", "mentors"}),
        ({"gender": "\x00"}, {"gender"}),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_counted(
    session: Session, change: dict[str, str], faults: set[str]
) -> None:
    (entry,) = seated(session)
    work(session)
    with pytest.raises(InvalidInput) as refused:
        surveys.answer(session, token_of(session, entry), GIVEN | change)
    assert {one.field for one in refused.value.errors} == faults
    assert counted(session) == {}
    surveys.answer(session, token_of(session, entry), GIVEN)


def test_a_link_for_something_else_is_no_survey(session: Session) -> None:
    later = clock.now() + timedelta(days=1)
    token = links.issue(session, LinkPurpose.EVALUATION, "visit", "some-id", expires_at=later)
    with pytest.raises(NotFound):
        surveys.answer(session, token, GIVEN)


def test_a_term_that_is_over_for_long_is_not_asked_about(session: Session, moving: time_machine.Traveller) -> None:
    seated(session)
    moving.move_to(datetime(2027, 7, 5, 9, tzinfo=UTC))
    assert work(session) == []
    assert session.scalars(select(Survey)).all() == []


def test_the_letter_is_written_in_the_pupils_language(session: Session) -> None:
    (entry,) = seated(session)
    session.get_one(Pupil, entry.pupil_id).person.locale = Locale.NN
    session.flush()
    work(session)
    assert session.scalars(select(OutboxMessage.locale)).one() == Locale.NN
    assert set(PUPIL_QUESTIONS) == set(GIVEN)


def test_due_invitations_are_one_question_however_many(session: Session) -> None:
    seated(session, 3)
    for key in surveys.due_openings(session, clock.now()):
        surveys.do_open(session, key, clock.now())
    with count_queries(session) as queries:
        assert len(surveys.due_invitations(session, clock.now())) == 3
    assert queries.total == 1
