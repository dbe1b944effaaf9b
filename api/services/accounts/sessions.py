"""Signed-in browsers as rows: one that is ended is over at once, wherever its cookie lies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, and_, select, update
from sqlalchemy.orm import Session, contains_eager

from api import clock
from api.domain.ids import new_id
from api.errors import NotFound
from api.i18n import gettext
from api.models.access import User
from api.models.sign_in import SignInSession
from api.services import audit, users
from api.services.accounts import grants

ABSOLUTE = timedelta(hours=12)
IDLE = timedelta(hours=3)
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Live:
    """A session that has not ended, and whose it is."""

    id: str
    account: users.Account
    seen_at: datetime
    second_factor_at: datetime | None

    @property
    def is_stale(self) -> bool:
        """Whether the last request was noted more than a minute ago."""
        return self.seen_at < clock.now() - SEEN_EVERY


def start(session: Session, user_id: str, *, second_factor: bool = False, instead_of: str | None = None) -> str:
    """A new session of a user, with the roles that follow from who the person is. Returns its id.

    second_factor: it has been shown already. instead_of: the session of this browser until now, which ends.
    """
    moment = clock.now()
    if instead_of is not None:
        end(session, user_id, instead_of)
    person_id = session.scalars(select(User.person_id).where(User.id == user_id)).one()
    grants.derive(session, person_id)
    row = SignInSession(
        id=new_id(),
        user_id=user_id,
        seen_at=moment,
        expires_at=moment + ABSOLUTE,
        second_factor_at=moment if second_factor else None,
    )
    session.add(row)
    users.note_sign_in(session, user_id)
    session.flush()
    return row.id


def current(session: Session, session_id: str) -> Live | None:
    """The live session with this id and its account, else None."""
    row = session.execute(
        select(SignInSession, User)
        .join(User, SignInSession.user_id == User.id)
        .join(User.person)
        .options(contains_eager(User.person))
        .where(SignInSession.id == session_id, User.is_active, _is_live())
    ).one_or_none()
    if row is None:
        return None
    signed_in, user = row
    return Live(signed_in.id, users.account_of(session, user), signed_in.seen_at, signed_in.second_factor_at)


def note_seen(session: Session, session_id: str) -> None:
    """Notes that a session is in use; of several requests at once one writes."""
    moment = clock.now()
    session.execute(
        update(SignInSession)
        .where(SignInSession.id == session_id, SignInSession.seen_at < moment - SEEN_EVERY)
        .values(seen_at=moment),
        execution_options={"synchronize_session": False},
    )


def own(session: Session, user_id: str) -> list[SignInSession]:
    """A user's live sessions, the newest first."""
    return list(
        session.scalars(
            select(SignInSession)
            .where(SignInSession.user_id == user_id, _is_live())
            .order_by(SignInSession.created_at.desc(), SignInSession.id)
        )
    )


def end(session: Session, user_id: str, session_id: str) -> bool:
    """Ends a session of this user; whether it was still live."""
    ended = session.execute(
        update(SignInSession)
        .where(SignInSession.user_id == user_id, SignInSession.id == session_id, SignInSession.ended_at.is_(None))
        .values(ended_at=clock.now()),
        execution_options={"synchronize_session": "fetch"},
    )
    assert isinstance(ended, CursorResult)
    return ended.rowcount == 1


def end_own(session: Session, user_id: str, session_id: str) -> None:
    """Ends one of the user's own sessions. Raises NotFound for any other."""
    if not end(session, user_id, session_id):
        raise NotFound(gettext("This session has ended already."))
    audit.record(session, "sign_in_session.end", "sign_in_session", session_id, actor_id=user_id)


def _is_live() -> ColumnElement[bool]:
    moment = clock.now()
    return and_(
        SignInSession.ended_at.is_(None), SignInSession.expires_at >= moment, SignInSession.seen_at >= moment - IDLE
    )
