"""Texts that mention a person by name, address or phone: the parts of other rows that must go with the person."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Text, cast, delete, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.domain.enums import OutboxState
from api.models.access import IdempotencyKey, User
from api.models.follow_up import CallNote
from api.models.outbox import OutboxMessage
from api.models.people import Person
from api.models.plan_rows import Lock
from api.models.visits import Request, Visit

GONE = frozenset({OutboxState.SENT, OutboxState.FAILED, OutboxState.WITHDRAWN})
# Where people may write what they like. The value is what is put in its place.
FREE_TEXTS: tuple[tuple[InstrumentedAttribute[Any], str | None], ...] = (
    (CallNote.note, ""),
    (Lock.reason, ""),
    (Visit.questions, None),
    (Request.curriculum, ""),
    (OutboxMessage.error, None),
)


def words_of(session: Session, person: Person) -> list[str]:
    """What a text would call the person by.

    An address or number that somebody else has too is no such word: pupils of a family often share one, and what is on
    its way to the others has to arrive.
    """
    login = session.scalar(select(User.login).where(User.person_id == person.id))
    others = select(Person.id).where(Person.id != person.id).limit(1)
    shared = set()
    if person.email and session.scalar(others.where(func.lower(Person.email) == person.email.lower())):
        shared.add(person.email.lower())
    if person.phone and session.scalar(others.where(Person.phone == person.phone)):
        shared.add(person.phone)
    words = (person.name, person.email, person.phone, login)
    return [word for word in words if word and word.lower() not in shared]


def remove(session: Session, words: list[str]) -> None:
    """Empties texts that mention one of the words; a message that has not left is taken out of the outbox."""
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in words), re.IGNORECASE)
    _from_messages(session, words, pattern)
    for column, instead in FREE_TEXTS:
        table: Any = column.class_
        for row_id, text in session.execute(select(table.id, column).where(_contains(column, words))).all():
            if text and pattern.search(text):
                _set(session, table, row_id, **{column.key: instead})
    answers = select(IdempotencyKey.id, IdempotencyKey.response_body).where(
        _contains(IdempotencyKey.response_body, words)
    )
    gone = [row_id for row_id, text in session.execute(answers).all() if text and pattern.search(text)]
    session.execute(
        delete(IdempotencyKey).where(IdempotencyKey.id.in_(gone)), execution_options={"synchronize_session": "fetch"}
    )


def _from_messages(session: Session, words: list[str], pattern: re.Pattern[str]) -> None:
    rows = session.execute(
        select(OutboxMessage.id, OutboxMessage.state, OutboxMessage.values, OutboxMessage.address).where(
            or_(OutboxMessage.values.is_not(None), _contains(OutboxMessage.address, words))
        )
    ).all()
    for row_id, state, values, address in rows:
        if pattern.search(address) or (state not in GONE and _mentioned(values, pattern)):
            session.execute(
                delete(OutboxMessage).where(OutboxMessage.id == row_id),
                execution_options={"synchronize_session": "fetch"},
            )
        elif _mentioned(values, pattern):
            _set(session, OutboxMessage, row_id, values=None)


def _mentioned(value: Any, pattern: re.Pattern[str]) -> bool:
    if isinstance(value, str):
        return pattern.search(value) is not None
    if isinstance(value, dict):
        return any(_mentioned(part, pattern) for part in value.values())
    return isinstance(value, list) and any(_mentioned(part, pattern) for part in value)


def _contains(column: Any, words: list[str]) -> Any:
    return or_(*(cast(column, Text).icontains(word, autoescape=True) for word in words))


def _set(session: Session, table: Any, row_id: str, **values: Any) -> None:
    session.execute(
        update(table).where(table.id == row_id).values(**values), execution_options={"synchronize_session": "fetch"}
    )
