"""A change of state: the table allows it, one of several wins, the trail keeps it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from api.db import reading, transaction
from api.domain.enums import RequestState
from api.domain.transitions import IllegalStep, Party
from api.errors import Forbidden
from api.models.records import AuditEntry
from api.models.visits import Request
from api.services import change
from api.services.audit import write_pending
from tests import factories as make

SCHOOL = change.by(Party.SCHOOL)
TAKERS = 4


def test_change_is_made_counted_and_kept(session: Session) -> None:
    request = make.make_request(session)
    change.move(session, request, "cancel", SCHOOL, values={"late_told_at": make.MORNING}, detail={"why": "caller"})
    write_pending(session)
    assert (request.state, request.version, request.late_told_at) == (RequestState.CANCELLED, 2, make.MORNING)
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.object_id) == ("request.cancel", request.id)
    assert entry.detail == {"from": "open", "to": "cancelled", "why": "caller"}


def test_new_row_begins_in_its_state(session: Session) -> None:
    given = make.make_request(session)
    names = ("season_id", "programme_id", "school_id", "answer_on", "grade", "curriculum")
    request = Request(**{name: getattr(given, name) for name in names})
    change.begin(session, request, "draft", SCHOOL)
    write_pending(session)
    assert request.state is RequestState.UNCONFIRMED
    assert session.scalars(select(AuditEntry.action)).all() == ["request.draft"]


def test_what_is_not_in_the_table_does_not_happen(session: Session) -> None:
    request = make.make_request(session, state=RequestState.CANCELLED)
    with pytest.raises(IllegalStep):
        change.move(session, request, "serve", change.SYSTEM)
    with pytest.raises(Forbidden):
        change.move(session, request, "decline", SCHOOL)
    write_pending(session)
    assert session.scalars(select(AuditEntry)).all() == []
    assert request.version == 1


def test_further_condition_must_hold(session: Session) -> None:
    request = make.make_request(session)
    with pytest.raises(IllegalStep):
        change.move(session, request, "cancel", SCHOOL, when=Request.grade == request.grade + 1)
    assert request.state is RequestState.OPEN


def takers_who_won(request_id: str, *, guarded: bool) -> int:
    """How many of several at once cancel the request, each having read that it is open."""
    at_once = Barrier(TAKERS)

    def take(_: int) -> bool:
        with reading() as session:
            seen = session.get_one(Request, request_id).state
        at_once.wait()
        with transaction() as session:
            request = session.get_one(Request, request_id)
            if not guarded:  # trusts what it has read before
                cancelled = update(Request).where(Request.id == request_id).values(state=RequestState.CANCELLED)
                return seen is RequestState.OPEN and session.execute(cancelled).rowcount == 1  # type: ignore[attr-defined]  # of an UPDATE
            try:
                change.move(session, request, "cancel", SCHOOL)
            except IllegalStep:
                return False
            return True

    with ThreadPoolExecutor(TAKERS) as pool:
        return sum(pool.map(take, range(TAKERS)))


def test_one_of_several_at_once_wins(own_database: Engine) -> None:
    with transaction() as session:
        request_id = make.make_request(session).id
    assert takers_who_won(request_id, guarded=True) == 1
    with reading() as session:
        assert session.scalars(select(AuditEntry.action)).all() == ["request.cancel"]


def test_several_win_without_the_guard(own_database: Engine) -> None:
    """The control: who acts on what was read before the others wrote, wins together with them."""
    with transaction() as session:
        request_id = make.make_request(session).id
    assert takers_who_won(request_id, guarded=False) == TAKERS
