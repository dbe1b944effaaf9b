"""Moments, words and versions behave alike on both databases."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from api.domain.enums import SchoolStatus
from api.models.places import School
from tests import factories as make


def test_moment_comes_back_in_utc(session: Session) -> None:
    cairo = timezone(timedelta(hours=2))
    school = make.make_school(session, source_seen_at=datetime(2027, 3, 28, 3, 30, tzinfo=cairo))
    session.expire(school)
    assert school.source_seen_at == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert school.source_seen_at.tzinfo is UTC


def test_naive_moment_is_refused_on_writing(session: Session) -> None:
    with pytest.raises(StatementError, match="has no zone"):
        make.make_school(session, source_seen_at=datetime(2027, 3, 28, 3, 30))


def test_naive_moment_is_refused_in_a_question(session: Session) -> None:
    with pytest.raises(StatementError, match="has no zone"):
        session.scalars(select(School).where(School.source_seen_at > datetime(2027, 3, 28))).all()


def test_word_comes_back_as_its_enumeration(session: Session) -> None:
    school = make.make_school(session, status="closed")
    session.expire(school)
    assert school.status is SchoolStatus.CLOSED


def test_unknown_word_is_refused_by_the_database(session: Session) -> None:
    school = make.make_school(session)
    with pytest.raises(IntegrityError, match="ck_school_schoolstatus"):
        session.execute(text("UPDATE school SET status = 'gone' WHERE id = :id"), {"id": school.id})


def test_version_counts_changes(session: Session) -> None:
    school = make.make_school(session)
    assert school.version == 1
    school.name = "Another name"
    session.flush()
    assert school.version == 2


def test_change_of_an_outdated_row_is_refused(session: Session) -> None:
    school = make.make_school(session)
    session.execute(
        update(School).values(name="Theirs", version=School.version + 1),
        execution_options={"synchronize_session": False},
    )
    school.name = "Mine"
    with pytest.raises(StaleDataError):
        session.flush()
