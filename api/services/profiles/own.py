"""A role model's own profile: confirmed, resumed, away, left, forgotten. By a link in a mail, or signed in."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import LinkPurpose, ProfileState
from api.domain.permissions import Action, Actor, reach
from api.domain.transitions import IllegalStep, Party
from api.errors import NotFound
from api.i18n import gettext as _
from api.models.role_models import RoleModel
from api.services import audit, links
from api.services.change import By, by, move
from api.services.follow_up import repair, turn
from api.services.retention.erase import AT_OWN_WISH, erase_person

ROLE_MODEL = By(Party.ROLE_MODEL)


def of_link(session: Session, secret: str) -> RoleModel:
    """The profile of a link. Raises NotFound, links.LinkExpired."""
    token = links.find(session, secret, LinkPurpose.PROFILE)
    found = session.get(RoleModel, token.object_id)
    if found is None or found.person_id != token.person_id:
        raise NotFound(_("There is no such role model."))
    return found


def of_actor(session: Session, actor: Actor) -> RoleModel:
    """The profile of the person who is signed in. Raises NotFound."""
    found = session.scalar(select(RoleModel).where(RoleModel.person_id == actor.person_id))
    if actor.person_id is None or found is None:
        raise NotFound(_("There is no such role model."))
    return found


def acting_for(actor: Actor, role_model: RoleModel) -> By:
    """As whom somebody acts on a profile: oneself, the company, or coordination. Raises NotFound out of reach."""
    if actor.person_id is not None and actor.person_id == role_model.person_id and not actor.read_only:
        return by(Party.ROLE_MODEL, actor)
    where = reach(actor, Action.CHANGE_ROLE_MODELS)
    if where.everywhere:
        return by(Party.COORDINATION, actor)
    if where.covers(role_model.company_id):
        return by(Party.COMPANY, actor)
    raise NotFound(_("There is no such role model."))


def confirm(session: Session, role_model: RoleModel, who: By, now: datetime | None = None) -> None:
    """The profile is right as it stands, and may be asked from now on; a rest after silence is over.

    Only the role model can. Raises Forbidden, or IllegalStep for one who has left.
    """
    moment = now or clock.now()
    move(session, role_model, "confirm", who, values=_asked_again_from(moment))


def resume(session: Session, role_model: RoleModel, who: By, now: datetime | None = None) -> None:
    """Ends a rest: silences before now count no longer. Raises IllegalStep where the profile does not rest."""
    moment = now or clock.now()
    move(session, role_model, "resume", who, values=_asked_again_from(moment))


def pause(session: Session, role_model: RoleModel, who: By, now: datetime | None = None) -> None:
    """Not asked until somebody resumes it; what was said yes to stays, and what waits for an answer goes to others.

    Raises IllegalStep, Forbidden.
    """
    turn.take(session)  # before the profile's row, as everybody who changes visits does
    move(session, role_model, "pause", who)
    repair.role_model_rests(session, role_model, now)


def set_away(session: Session, role_model: RoleModel, until: date | None, who: By, now: datetime | None = None) -> None:
    """Not asked for visits before or on that day; None for at once again.

    What was said yes to stays. What waits for an answer and lies in that time goes to others. Raises IllegalStep for
    one who has left.
    """
    turn.take(session)
    session.refresh(role_model)
    if role_model.state is ProfileState.LEFT:
        raise IllegalStep(_("This profile has been closed."))
    role_model.away_until = until
    session.flush()
    detail = {"until": until.isoformat() if until else None}
    audit.record(session, "role_model.away", "role_model", role_model.id, actor_id=who.user_id, detail=detail)
    repair.role_model_rests(session, role_model, now)


def leave(session: Session, role_model: RoleModel, who: By, now: datetime | None = None) -> None:
    """Ends the profile; others are found for the visits that were to come. Raises IllegalStep when it has ended."""
    turn.take(session)  # before the profile's row, as everybody who changes visits does
    move(session, role_model, "leave", who)
    repair.role_model_leaves(session, role_model.id, now, who=who)
    links.revoke(session, "role_model", role_model.id, LinkPurpose.PROFILE)


def delete_me(session: Session, role_model: RoleModel, now: datetime | None = None) -> None:
    """Leaves, so that those who wait hear of it, and forgets who it was."""
    if role_model.state is not ProfileState.LEFT:
        leave(session, role_model, ROLE_MODEL, now)
    erase_person(session, role_model.person_id, AT_OWN_WISH)


def _asked_again_from(moment: datetime) -> dict[str, datetime | None]:
    return {"confirmed_at": moment, "confirm_asked_at": None, "paused_until": None}
