"""The rows behind the links in mails to pupils and guardians. Each raises NotFound, or LinkExpired for an old link."""

from __future__ import annotations

from sqlalchemy.orm import Session

from api.domain.enums import LinkPurpose
from api.errors import NotFound
from api.i18n import gettext as _
from api.models.group_life import GuardianLink, SeatOffer
from api.models.pupils import Entry, Pupil
from api.services import links
from api.services.queue import letters


def entry_of(session: Session, secret: str) -> Entry:
    """The entry whose page this is."""
    found = session.get(Entry, links.find(session, secret, LinkPurpose.ENTRY).object_id)
    if found is None:
        raise NotFound(_("There is no such entry in the queue."))
    return found


def offer_of(session: Session, secret: str) -> tuple[SeatOffer, Entry]:
    """The offer that the link answers, with its entry."""
    return offer_by_id(session, links.find(session, secret, LinkPurpose.OFFER).object_id)


def offer_by_id(session: Session, offer_id: str) -> tuple[SeatOffer, Entry]:
    found = session.get(SeatOffer, offer_id)
    if found is None:
        raise NotFound(_("There is no such offer."))
    return found, session.get_one(Entry, found.entry_id)


def guardian_of(session: Session, secret: str) -> GuardianLink:
    """Who answers for which pupil."""
    found = session.get(GuardianLink, links.find(session, secret, LinkPurpose.GUARDIAN).object_id)
    if found is None:
        raise NotFound(_("There is no such link."))
    return found


def own_page(session: Session, entry: Entry) -> str:
    """The path of a fresh link to the page of the queue."""
    return links.address_of(letters.entry_link(session, entry, session.get_one(Pupil, entry.pupil_id).person_id))
