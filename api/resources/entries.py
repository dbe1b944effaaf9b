"""The waiting list over REST: register, and for the pupil who is signed in place, wishes, yes and leaving."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api import clock
from api.db import transaction
from api.domain.permissions import Action
from api.domain.transitions import Party
from api.edge.access import allowed, current_actor, public, signed_in
from api.edge.repeats import KeySchema, answered, once_for_key
from api.edge.rest import ResourceBlueprint, version_of
from api.edge.session import read_session
from api.errors import NotFound
from api.i18n import current_locale
from api.i18n import gettext as _
from api.models.pupils import Entry
from api.queries import queue_place
from api.schemas.entries import (
    EntrySchema,
    MoveSchema,
    NewEntrySchema,
    PlaceSchema,
    PromotionSchema,
    ReceiptSchema,
    WishChangeSchema,
)
from api.services import change
from api.services.queue import join, leave

blueprint = ResourceBlueprint("api_entries", __name__, description="The waiting list of study groups")


@blueprint.post("/entries")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(NewEntrySchema)
@blueprint.response(202, ReceiptSchema)
@public
def create_entry(headers: dict[str, Any], given: dict[str, Any]) -> Any:
    """Register for the waiting list

    The answer is the same whoever asks; a mail to the address says what follows.
    """
    body = ReceiptSchema().dump({"sent": True})
    with transaction() as session:

        def make() -> Any:
            join.register(session, given, locale=current_locale())
            return answered(202, "/ko", body, body)

        return once_for_key(session, blueprint, headers, given, make)


@blueprint.get("/entries")
@blueprint.etag
@blueprint.response(200, EntrySchema(many=True))
@signed_in
def list_entries() -> Any:
    """My entries"""
    return list(queue_place.entries_of_person(read_session(), current_actor().person_id))


@blueprint.get("/entries/<uuid:entry_id>")
@blueprint.etag
@blueprint.response(200, PlaceSchema)
@signed_in
def get_entry(entry_id: UUID) -> Any:
    """My place in the queue"""
    session = read_session()
    entry = own_entry(session, entry_id)
    blueprint.set_etag(version_of(entry))
    return queue_place.place_of_entry(session, entry, clock.now())


@blueprint.patch("/entries/<uuid:entry_id>")
@blueprint.etag
@blueprint.arguments(WishChangeSchema)
@blueprint.response(200, EntrySchema)
@signed_in
def change_entry(given: dict[str, Any], entry_id: UUID) -> Any:
    """Change my wishes"""
    with transaction() as session:
        entry = own_entry(session, entry_id)
        blueprint.check_etag(version_of(entry))
        leave.change_wishes(session, entry, given, change.by(Party.PUPIL, current_actor()))
        return _shown(session, entry)


@blueprint.post("/entries/<uuid:entry_id>/confirm")
@blueprint.etag
@blueprint.response(200, EntrySchema)
@signed_in
def confirm_entry(entry_id: UUID) -> Any:
    """Confirm my registration; twice is as good as once"""
    with transaction() as session:
        entry = own_entry(session, entry_id)
        join.confirm(session, entry, change.by(Party.PUPIL, current_actor()))
        return _shown(session, entry)


@blueprint.delete("/entries/<uuid:entry_id>")
@blueprint.etag
@blueprint.response(204)
@signed_in
def leave_queue(entry_id: UUID) -> None:
    """Leave the queue"""
    with transaction() as session:
        entry = own_entry(session, entry_id)
        blueprint.check_etag(version_of(entry))
        leave.leave(session, entry, change.by(Party.PUPIL, current_actor()))


@blueprint.get("/entries/<uuid:entry_id>/promotions")
@blueprint.etag
@blueprint.response(200, PromotionSchema(many=True))
@signed_in
def list_promotions(entry_id: UUID) -> Any:
    """Check that nobody passed me"""
    session = read_session()
    return queue_place.promotions(session, own_entry(session, entry_id))


@blueprint.get("/seasons/<uuid:season_id>/programmes/<uuid:programme_id>/queue-replay")
@blueprint.etag
@blueprint.response(200, MoveSchema(many=True))
@allowed(Action.SEE_AUDIT)
def replay_queue(season_id: UUID, programme_id: UUID) -> Any:
    """Every move of a queue, in numbers and codes, for an auditor"""
    return queue_place.replay(read_session(), str(season_id), str(programme_id))


def own_entry(session: Session, entry_id: UUID) -> Entry:
    """An entry of the pupil who is signed in. Raises NotFound for everybody else's."""
    person_id = current_actor().person_id
    entry = session.get(Entry, str(entry_id))
    if entry is None or person_id is None or entry.pupil.person_id != person_id:
        raise NotFound(_("There is no such entry in the queue."))
    return entry


def _shown(session: Session, entry: Entry) -> Entry:
    """The entry with its choices read, since the answer is written after the transaction."""
    session.refresh(entry, ["choices"])
    blueprint.set_etag(version_of(entry))
    return entry
