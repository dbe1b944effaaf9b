"""Schools that have not ordered are asked once a season: what came of it is noted, so that nobody asks again."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import AskingState, SchoolStatus
from api.domain.permissions import Action, Actor, may
from api.domain.transitions import Party
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.asking import SchoolAsking
from api.models.places import School
from api.models.programmes import Season
from api.services.change import begin, by, move

EVENTS = {
    AskingState.ASKED: "ask",
    AskingState.NO_ANSWER: "miss",
    AskingState.WILL_ORDER: "promise",
    AskingState.NOT_NOW: "turn_down",
    AskingState.NOT_ASKED: "take_back",
}


def note(session: Session, actor: Actor, season_id: str, school_id: str, outcome: str, *, seen: int) -> SchoolAsking:
    """Notes that a school was asked, and what came of it.

    outcome: a word of AskingState. seen: the version of the note that was read, 0 where there was none. The same
    outcome once more changes nothing. Effects: the note, with the time; an entry in the trail. Raises NotFound without
    the right or for an unknown school, InvalidInput for another outcome, Conflict where somebody else was first.
    """
    school, season = session.get(School, school_id), session.get(Season, season_id)
    if (
        not may(actor, Action.VERIFY_SCHOOLS)
        or season is None
        or school is None
        or school.status is SchoolStatus.CLOSED
    ):
        raise NotFound(_("There is no such school."))
    if outcome not in set(AskingState):
        raise InvalidInput(_("Choose what came of it."), field="outcome")
    wanted = AskingState(outcome)
    found = session.scalar(
        select(SchoolAsking).where(SchoolAsking.season_id == season_id, SchoolAsking.school_id == school_id)
    )
    if found is not None and found.state is wanted:
        return found
    if (found.version if found is not None else 0) != seen:
        raise _was_faster()
    who = by(Party.COORDINATION, actor)
    if found is not None:
        move(session, found, EVENTS[wanted], who, values={"asked_at": clock.now()})
        return found
    if wanted is AskingState.NOT_ASKED:
        raise InvalidInput(_("Choose what came of it."), field="outcome")
    made = SchoolAsking(season_id=season_id, school_id=school_id)
    try:
        with session.begin_nested():
            begin(session, made, EVENTS[wanted], who)
    except IntegrityError as error:
        raise _was_faster() from error
    return made


def _was_faster() -> Conflict:
    return Conflict(
        _("Somebody else has asked the school."),
        code="asked_already",
        remedy=_("Load the page again to see what came of it."),
    )
