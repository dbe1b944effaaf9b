"""Lines on the list of exceptions: raised by the follow-up, closed when the cause goes away or by a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import ExceptionState
from api.domain.exception_kinds import KINDS
from api.domain.permissions import Action, Actor, reach
from api.domain.transitions import Party
from api.errors import InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.follow_up import ExceptionItem
from api.services.change import SYSTEM, By, begin, by, move

WENT_AWAY = "went_away"


def raise_line(
    session: Session,
    kind: str,
    about: str,
    *,
    reason: Mapping[str, Any],
    remedy: Mapping[str, Any],
    person_id: str | None = None,
    season_id: str | None = None,
    site_id: str | None = None,
    due_on: date | None = None,
    who: By = SYSTEM,
) -> ExceptionItem:
    """The open line of this kind about an object: a new one, or the one that is there with what is new.

    kind: of api.domain.exception_kinds.KINDS. about: the object's id. reason, remedy: {code, ...}, the remedy's code
    one of the kind's. person_id: whom to call. site_id: for the leader of that site, else for the coordination.
    """
    known = KINDS[kind]
    assert remedy["code"] in known.remedies, (kind, remedy)
    told = {
        "reason": dict(reason),
        "remedy": dict(remedy),
        "person_id": person_id,
        "season_id": season_id,
        "site_id": site_id,
        "due_on": due_on,
    }
    line = _open_line(session, kind, about)
    if line is None:
        line = ExceptionItem(kind=kind, object_kind=known.about, object_id=about, **told)
        begin(session, line, "raise", who, detail={"kind": kind, "about": about})
        return line
    for name, value in told.items():
        setattr(line, name, value)
    session.flush()
    return line


def resolve_lines(
    session: Session,
    about: str,
    *kinds: str,
    resolution: str = WENT_AWAY,
    who: By = SYSTEM,
    now: datetime | None = None,
) -> int:
    """Closes the open lines about an object, all or those of some kinds: their cause is gone. Returns how many."""
    statement = select(ExceptionItem).where(
        ExceptionItem.object_id == about, ExceptionItem.state == ExceptionState.OPEN
    )
    if kinds:
        statement = statement.where(ExceptionItem.kind.in_(kinds))
    lines = session.scalars(statement).all()
    for line in lines:
        move(session, line, "resolve", who, values={"resolved_at": now or clock.now(), "resolution": resolution})
    return len(lines)


def resolve(
    session: Session, actor: Actor, line_id: str, resolution: str, now: datetime | None = None
) -> ExceptionItem:
    """A person closes a line. resolution: a code of at most 40 characters: the remedy that was used, or `solved`.

    Raises NotFound outside the actor's reach, IllegalStep when it is closed already.
    """
    line = reachable_line(session, actor, line_id)
    if not resolution or len(resolution) > 40:
        raise InvalidInput(_("Say how it was solved."), field="resolution", remedy=_("Give a code such as solved."))
    party = Party.SITE if line.site_id is not None else Party.COORDINATION
    values = {"resolved_at": now or clock.now(), "resolution": resolution, "resolved_by_id": actor.user_id}
    move(session, line, "resolve", by(party, actor), values=values)
    return line


def reachable_line(session: Session, actor: Actor, line_id: str) -> ExceptionItem:
    """The line, for somebody who may handle it. Raises NotFound."""
    line = session.get(ExceptionItem, line_id)
    if line is None or not reach(actor, Action.HANDLE_EXCEPTIONS).covers(line.site_id):
        raise NotFound(_("There is no such line."))
    return line


def _open_line(session: Session, kind: str, about: str) -> ExceptionItem | None:
    return session.scalar(
        select(ExceptionItem).where(
            ExceptionItem.kind == kind,
            ExceptionItem.object_id == about,
            ExceptionItem.state == ExceptionState.OPEN,
        )
    )
