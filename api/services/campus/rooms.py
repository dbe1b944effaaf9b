"""Rooms of a campus: which there are, and how many pupils each holds."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.enums import SessionState
from api.domain.permissions import Actor
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import gettext as _
from api.i18n import ngettext
from api.models.groups import GroupSession, Room
from api.services import audit
from api.services.campus import access

MOST_SEATS = 500


def save(session: Session, actor: Actor, site_id: str, *, name: str, seats: int, room_id: str | None = None) -> Room:
    """A new room of a site, or another name and number of seats for one that is there.

    Raises NotFound at other sites; InvalidInput naming the field; Conflict where an evening in the room has more seats.
    """
    site = access.site(session, actor, site_id)
    if not name:
        raise InvalidInput(_("The room has no name."), field="name", remedy=_("Give it the name on its door."))
    if not 1 <= seats <= MOST_SEATS:
        raise InvalidInput(
            _("A room has from 1 to %(most)s seats.", most=MOST_SEATS), field="seats", remedy=_("Give a number.")
        )
    room = session.get(Room, room_id) if room_id else None
    if room_id and (room is None or room.site_id != site.id):
        raise NotFound(_("There is no such room."))
    same = select(Room.id).where(Room.site_id == site.id, func.lower(Room.name) == name.lower())
    if room is not None:
        same = same.where(Room.id != room.id)
    if session.scalar(same.limit(1)) is not None:
        raise InvalidInput(
            _("The site has a room of that name."), field="name", remedy=_("Change the one that is there.")
        )
    if room is None:
        room = Room(site_id=site.id, name=name, seats=seats)
        session.add(room)
    else:
        _require_seats(session, room, seats)
        room.name, room.seats = name, seats
    session.flush()
    audit.record(session, "room.save", "room", room.id, actor_id=actor.user_id, detail={"seats": seats})
    return room


def _require_seats(session: Session, room: Room, seats: int) -> None:
    """Raises Conflict where evenings in the room have more seats than it would hold."""
    larger = session.scalars(
        select(GroupSession.id).where(
            GroupSession.room_id == room.id, GroupSession.state == SessionState.ACTIVE, GroupSession.seats > seats
        )
    ).all()
    if larger:
        raise Conflict(
            ngettext(
                "One evening in this room has more seats.",
                "%(num)s evenings in this room have more seats.",
                len(larger),
                num=len(larger),
            ),
            field="seats",
            remedy=_("Change the evening first."),
        )
