"""What people do not want to get: a topic each, ended by a link in the message itself. Essential letters have none."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import LinkPurpose
from api.models.links import LinkToken
from api.models.outbox import Unsubscription
from api.services import links

ABOUT = "unsubscription"  # with the topic as the object's id
LASTS = timedelta(days=365)
AT_LEAST = timedelta(days=90)  # a link in a mail of today works so long


def is_unwanted(session: Session, person_id: str, topic: str) -> bool:
    """Whether the person has ended this topic."""
    return session.get(Unsubscription, (person_id, topic)) is not None


def way_out(session: Session, person_id: str, topic: str) -> LinkToken:
    """The link that ends a topic for a person: the same in all messages of some months."""
    moment = clock.now()
    known = session.scalar(
        select(LinkToken)
        .where(LinkToken.person_id == person_id, LinkToken.purpose == LinkPurpose.UNSUBSCRIBE)
        .where(LinkToken.object_kind == ABOUT, LinkToken.object_id == topic)
        .where(LinkToken.revoked_at.is_(None), LinkToken.expires_at > moment + AT_LEAST)
        .order_by(LinkToken.id)
        .limit(1)
    )
    return known or links.issue(
        session, LinkPurpose.UNSUBSCRIBE, ABOUT, topic, expires_at=moment + LASTS, person_id=person_id
    )


def unsubscribe(session: Session, token: LinkToken) -> None:
    """Ends the link's topic for the link's person; harmless when repeated."""
    if token.person_id is not None and not is_unwanted(session, token.person_id, token.object_id):
        try:
            with session.begin_nested():
                session.add(Unsubscription(person_id=token.person_id, topic=token.object_id))
        except IntegrityError:
            return  # pressed twice at once


def subscribe_again(session: Session, token: LinkToken) -> None:
    """Takes it back."""
    session.execute(
        delete(Unsubscription).where(
            Unsubscription.person_id == token.person_id, Unsubscription.topic == token.object_id
        )
    )
