"""Offers of seats over REST: the pupil's own, answered once."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db import transaction
from api.domain.transitions import Party
from api.edge.access import current_actor, signed_in
from api.edge.rest import ResourceBlueprint, version_of
from api.edge.session import read_session
from api.errors import NotFound
from api.i18n import gettext as _
from api.models.group_life import SeatOffer
from api.models.pupils import Entry, Pupil
from api.schemas.entries import AcceptSchema, SeatOfferSchema
from api.services import change
from api.services.queue import offers


class OwnOffers(ResourceBlueprint):
    """Answered by POST under If-Match."""

    METHODS_NEEDING_CHECK_ETAG: ClassVar[list[str]] = ["POST"]


blueprint = OwnOffers("api_offers", __name__, description="Offers of seats in study groups")


@blueprint.get("/offers")
@blueprint.etag
@blueprint.response(200, SeatOfferSchema(many=True))
@signed_in
def list_offers() -> Any:
    """My offers, newest first"""
    mine = select(Entry.id).join(Pupil, Entry.pupil_id == Pupil.id).where(Pupil.person_id == current_actor().person_id)
    rows = select(SeatOffer).where(SeatOffer.entry_id.in_(mine))
    return list(read_session().scalars(rows.order_by(SeatOffer.offered_at.desc(), SeatOffer.id)))


@blueprint.get("/offers/<uuid:offer_id>")
@blueprint.etag
@blueprint.response(200, SeatOfferSchema)
@signed_in
def get_offer(offer_id: UUID) -> Any:
    """One offer of mine"""
    found = _own(read_session(), offer_id)
    blueprint.set_etag(version_of(found))
    return found


@blueprint.post("/offers/<uuid:offer_id>/accept")
@blueprint.etag
@blueprint.arguments(AcceptSchema)
@blueprint.response(200, SeatOfferSchema)
@signed_in
def accept_offer(given: dict[str, Any], offer_id: UUID) -> Any:
    """Say yes"""
    with transaction() as session:
        found = _own(session, offer_id)
        blueprint.check_etag(version_of(found))
        offers.accept(session, found, change.by(Party.PUPIL, current_actor()), stay=given["stay"])
        blueprint.set_etag(version_of(found))
        return found


@blueprint.post("/offers/<uuid:offer_id>/decline")
@blueprint.etag
@blueprint.response(200, SeatOfferSchema)
@signed_in
def decline_offer(offer_id: UUID) -> Any:
    """Say no"""
    with transaction() as session:
        found = _own(session, offer_id)
        blueprint.check_etag(version_of(found))
        offers.decline(session, found, change.by(Party.PUPIL, current_actor()))
        blueprint.set_etag(version_of(found))
        return found


def _own(session: Session, offer_id: UUID) -> SeatOffer:
    found, person_id = session.get(SeatOffer, str(offer_id)), current_actor().person_id
    if found is None or person_id is None or found.entry.pupil.person_id != person_id:
        raise NotFound(_("There is no such offer."))
    return found
