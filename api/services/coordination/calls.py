"""The list of exceptions as a person works through it: calls, the proposed remedy, the end of a line."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import CallOutcome, ExceptionState
from api.domain.permissions import Action, Actor, may
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.follow_up import CallNote, ExceptionItem
from api.services import audit
from api.services.coordination.remedies import REMEDIES, Done
from api.services.follow_up import exceptions

NOTE_MOST = 200
RESOLUTIONS = ("by_phone", "no_longer_needed", "elsewhere")


def note_call(session: Session, actor: Actor, line_id: str, outcome: CallOutcome, note: str = "") -> CallNote:
    """Notes a call on a line: answered or not, with a few words. The line stays; the trail says that a call was made.

    note: at most 200 characters, about the matter. Raises NotFound out of reach, Conflict on a closed line.
    """
    line = _open_line(session, actor, line_id)
    made = CallNote(
        exception_id=line.id, at=clock.now(), by_id=actor.user_id, outcome=outcome, note=note.strip()[:NOTE_MOST]
    )
    session.add(made)
    session.flush()
    session.expire(line, ["calls"])
    audit.record(
        session, "exception_item.call", "exception_item", line.id, actor_id=actor.user_id, detail={"outcome": outcome}
    )
    return made


def use_remedy(session: Session, actor: Actor, line_id: str, given: Mapping[str, str] | None = None) -> Done:
    """Does what the line proposes, and closes the line where that settles it.

    given: what the remedy asks for (its `fields`). Raises NotFound out of reach or without the right to the remedy,
    Conflict on a closed line, and whatever the remedy raises.
    """
    line = _open_line(session, actor, line_id)
    code = str(line.remedy.get("code", ""))
    remedy = REMEDIES.get(code)
    if remedy is None or not may(actor, remedy.action):
        raise NotFound(_("There is no such remedy."))
    answers = {name: (given or {}).get(name, "").strip() for name in remedy.fields}
    missing = next((name for name, value in answers.items() if not value), None)
    if missing is not None:
        raise InvalidInput(_("This must be filled in."), field=missing)
    done = remedy.do(session, actor, line, answers)
    session.flush()
    session.refresh(line)
    if done.settles and line.state is ExceptionState.OPEN:
        exceptions.resolve(session, actor, line.id, code)
    return done


def close(session: Session, actor: Actor, line_id: str, resolution: str) -> ExceptionItem:
    """Closes a line that was solved otherwise. resolution: of RESOLUTIONS. Raises NotFound, Conflict, InvalidInput."""
    _open_line(session, actor, line_id)
    if resolution not in RESOLUTIONS:
        raise InvalidInput(
            _("Say how it was solved."), field="resolution", remedy=_("Choose one of the reasons in the list.")
        )
    return exceptions.resolve(session, actor, line_id, resolution)


def _open_line(session: Session, actor: Actor, line_id: str) -> ExceptionItem:
    line = exceptions.reachable_line(session, actor, line_id)
    if line.state is not ExceptionState.OPEN or not may(actor, Action.HANDLE_EXCEPTIONS):
        raise Conflict(_("This line is closed already."), remedy=_("Load the page again to see how it stands."))
    return line
