"""Messages to pupils and guardians: what each letter of api.mail.letters.groups is told, and the links it carries."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.config import settings
from api.domain.enums import Channel, LinkPurpose, MeetingState
from api.domain.registration import may_be_below
from api.mail.calendar import CalendarEvent, uid_of
from api.models.group_life import GuardianLink, SeatOffer
from api.models.groups import GroupSession, Meeting, Room, Site
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.models.programmes import Programme, Season
from api.models.pupils import Entry, Membership, Pupil
from api.queries.campus_rules import rules_now
from api.services import links, outbox


def tell(session: Session, entry: Entry, kind: str, *, dedupe: str | None = None, **values: Any) -> None:
    """A letter to the pupil about the entry, with the link to the page of the queue."""
    person = session.get_one(Pupil, entry.pupil_id).person
    token = entry_link(session, entry, person.id)
    outbox.write(
        session,
        kind,
        person,
        common(session, entry) | values,
        about=("entry", entry.id),
        links={"queue": token},
        dedupe=dedupe,
    )


def tell_guardians(session: Session, entry: Entry, kind: str, *, dedupe: str | None = None, **values: Any) -> None:
    """The same matter to those who answer for the pupil, as long as the pupil is of an age for it."""
    if not guardian_is_told(session, entry):
        return
    for link in guardians_of(session, entry.pupil_id):
        token = links.issue(
            session,
            LinkPurpose.GUARDIAN,
            "guardian_link",
            link.id,
            expires_at=end_of_queue(session, entry),
            person_id=link.person_id,
        )
        outbox.write(
            session,
            kind,
            link.person,
            common(session, entry) | values,
            about=("entry", entry.id),
            links={"guardian": token},
            dedupe=f"{dedupe}:{link.id}" if dedupe else None,
        )


def tell_offer(session: Session, offer: SeatOffer, entry: Entry, kind: str, *, dedupe: str | None = None) -> None:
    """A letter about an open offer, as mail, and as SMS where a gateway is set up and the pupil gave a number."""
    person = session.get_one(Pupil, entry.pupil_id).person
    token = links.issue(
        session, LinkPurpose.OFFER, "seat_offer", offer.id, expires_at=offer.expires_at, person_id=person.id
    )
    values = common(session, entry) | session_values(session, offer.session_id) | offer_values(entry, offer)
    channels = (Channel.MAIL, Channel.SMS) if settings().sms_url else (Channel.MAIL,)
    for channel in channels:
        outbox.write(
            session,
            kind,
            person,
            values,
            about=("seat_offer", offer.id),
            links={"offer": token, "queue": entry_link(session, entry, person.id)},
            dedupe=f"{dedupe}:{channel.value}" if dedupe else None,
            channel=channel,
        )


def tell_accepted(session: Session, entry: Entry, member: Membership, kind: str) -> None:
    """That the pupil has a seat, with the first meeting for the calendar."""
    person = session.get_one(Pupil, entry.pupil_id).person
    first = first_meeting(session, member)
    place = session_values(session, member.session_id)
    outbox.write(
        session,
        kind,
        person,
        common(session, entry) | place | {"first_at": first.starts_at.isoformat() if first else None},
        about=("membership", member.id),
        links={"queue": entry_link(session, entry, person.id)},
        calendar=seat_event(session, member, first, place["site"]).values() if first else None,
    )


def tell_first_day(session: Session, entry: Entry, member: Membership, kind: str) -> None:
    """That the first meeting is near: when, where and in which room."""
    person, first = session.get_one(Pupil, entry.pupil_id).person, first_meeting(session, member)
    room = session.get(Room, first.room_id) if first and first.room_id else None
    outbox.write(
        session,
        kind,
        person,
        common(session, entry)
        | session_values(session, member.session_id)
        | {"first_at": first.starts_at.isoformat() if first else None, "room": room.name if room else None},
        about=("membership", member.id),
        links={"queue": entry_link(session, entry, person.id)},
        dedupe=f"{kind}:{member.id}",
    )


def tell_ended(session: Session, entry: Entry, member: Membership, kind: str, **values: Any) -> None:
    """That the pupil no longer has the seat; takes the meeting out of the calendar."""
    person = session.get_one(Pupil, entry.pupil_id).person
    first = first_meeting(session, member)
    place = session_values(session, member.session_id)
    outbox.write(
        session,
        kind,
        person,
        common(session, entry) | place | values,
        about=("membership", member.id),
        links={"queue": entry_link(session, entry, person.id)},
        calendar=seat_event(session, member, first, place["site"], cancelled=True).values() if first else None,
    )


def entry_link(session: Session, entry: Entry, person_id: str) -> LinkToken:
    """A link to the page of the queue, good until the queue is over."""
    return links.issue(
        session, LinkPurpose.ENTRY, "entry", entry.id, expires_at=end_of_queue(session, entry), person_id=person_id
    )


def end_of_queue(session: Session, entry: Entry) -> datetime:
    """The end of the season's last day; tomorrow where that has gone."""
    season = session.get_one(Season, entry.season_id)
    return max(clock.at_local(season.ends_on + timedelta(days=1), time()), clock.now() + timedelta(days=1))


def guardians_of(session: Session, pupil_id: str) -> list[GuardianLink]:
    """Who answers for a pupil."""
    return list(
        session.scalars(select(GuardianLink).where(GuardianLink.pupil_id == pupil_id).order_by(GuardianLink.id))
    )


def guardian_is_told(session: Session, entry: Entry) -> bool:
    """Whether the pupil is young enough, by the year of birth, that guardians hear of everything."""
    born = session.get_one(Pupil, entry.pupil_id).birth_year
    told_below = rules_now(session, entry.programme_id).guardian_told_below
    return born is not None and may_be_below(born, told_below, clock.today())


def common(session: Session, entry: Entry) -> dict[str, Any]:
    """What every letter about an entry may need: no names."""
    programme = session.get_one(Programme, entry.programme_id)
    names = {f"programme_{locale}": getattr(programme, f"name_{locale}") for locale in ("nb", "nn", "en")}
    return {**names, "season": session.get_one(Season, entry.season_id).name, "number": entry.lottery_number}


def session_values(session: Session, session_id: str) -> dict[str, Any]:
    """When and where a session is held."""
    held = session.get_one(GroupSession, session_id)
    return {
        "weekday": held.weekday,
        "starts": held.starts.isoformat(),
        "ends": held.ends.isoformat(),
        "site": session.get_one(Site, held.site_id).name,
    }


def offer_values(entry: Entry, offer: SeatOffer) -> dict[str, Any]:
    """What an offer says of itself. rank: of the session among the pupil's wishes, None outside them."""
    rank = next((choice.rank for choice in entry.choices if choice.session_id == offer.session_id), None)
    return {"expires_at": offer.expires_at.isoformat(), "rank": rank, "silences": entry.silences}


def first_meeting(session: Session, member: Membership) -> Meeting | None:
    """The first meeting that the pupil can come to."""
    return session.scalar(
        select(Meeting)
        .where(Meeting.session_id == member.session_id, Meeting.state != MeetingState.CANCELLED)
        .where(Meeting.starts_at >= clock.at_local(member.from_date, time()))
        .order_by(Meeting.starts_at)
        .limit(1)
    )


def seat_event(
    session: Session, member: Membership, first: Meeting, site: str, *, cancelled: bool = False
) -> CalendarEvent:
    """The pupil's first meeting as an event of the calendar: one for all seats, so that a new one replaces the old."""
    versions = select(func.sum(Membership.version)).where(Membership.entry_id == member.entry_id)
    return CalendarEvent(
        uid=uid_of("entry", member.entry_id),
        sequence=session.scalars(versions).one(),
        starts_at=first.starts_at,
        ends_at=first.ends_at,
        location=site,
        cancelled=cancelled,
    )


def is_written(session: Session, dedupe: str) -> bool:
    """Whether a letter to guardians with this key is in the outbox already."""
    known = select(OutboxMessage.id).where(OutboxMessage.dedupe_key.startswith(f"{dedupe}:", autoescape=True))
    return session.scalar(known.limit(1)) is not None
