"""What a pupil does on the page of the queue: other wishes, not coming today, leaving, a lost link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from api import clock
from api.domain.enums import EntryState, MeetingState, Presence, QueueMove
from api.domain.seating import NEW, Taught, seat_with
from api.errors import Conflict, FieldError, InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.group_life import Attendance
from api.models.groups import GroupSession, Meeting
from api.models.people import Person
from api.models.programmes import Level
from api.models.pupils import Entry, Membership, Pupil
from api.queries import queue_line
from api.queries.campus_rules import rules_now
from api.services import change, outbox
from api.services.queue import events, join, letters, line, members, offers

FINAL = (EntryState.LEFT,)


def leave(session: Session, entry: Entry, who: change.By) -> None:
    """Leaves the queue, and the seat. Twice is as good as once.

    Effects, in order: open offer withdrawn, membership ended, entry left, friend code free, queue event, letter; the
    seats go on to the next.
    """
    line.hold(session, entry.season_id)
    session.refresh(entry)
    if entry.state is EntryState.LEFT:
        return
    free: list[str] = []
    offer, member = offers.open_offer(session, entry.id), members.active_seat(session, entry.id)
    if offer is not None:
        offers.withdraw(session, offer, who)
        free.append(offer.session_id)
    if member is not None:
        members.end(session, member, who, members.LEFT)
        free.append(member.session_id)
    change.move(session, entry, "leave", who, values={"stays_in_line": False})
    join.set_friend_code(session, entry, None, rules_now(session, entry.programme_id))
    events.record(session, entry, QueueMove.LEFT, "left")
    outbox.withdraw(session, "entry", entry.id)
    if member is not None:
        letters.tell_ended(session, entry, member, "queue_left")
    else:
        letters.tell(session, entry, "queue_left")
    for session_id in free:
        offers.offer_next(session, session.get_one(GroupSession, session_id), clock.now())


def change_wishes(session: Session, entry: Entry, given: Mapping[str, Any], who: change.By) -> None:
    """Other evenings, another level, another limit of travel, another friend code; the place in the queue stays.

    given: level, choices, max_travel_minutes, friend_code, home (school, or postcode with lat and lon, or nothing),
    each if it is there. An open offer of an evening that is no wish any more is declined by this. Effects: the row and
    its parts, queue event, contact mentor where the level asks for another. Raises Conflict once the pupil has left, or
    when nobody at the pupil's session teaches the level; InvalidInput with every fault.
    """
    line.hold(session, entry.season_id)
    session.refresh(entry)
    if entry.state in FINAL:
        raise Conflict(_("You have left the queue."), remedy=_("Sign up again."))
    faults: list[FieldError] = []
    if "choices" in given:
        join.check_choices(session, given["choices"], entry.season_id, entry.programme_id, faults)
    if "level" in given and session.get(Level, given["level"]) is None:
        faults.append(FieldError("level", _("There is no such subject."), _("Choose from the list.")))
    if faults:
        raise InvalidInput(_("Something has to be put right."), errors=faults)
    if "level" in given and given["level"] != entry.level_id:
        _change_level(session, entry, given["level"], who)
    if "choices" in given:
        offer = offers.open_offer(session, entry.id)
        if offer is not None and offer.session_id not in given["choices"]:
            offers.decline(session, offer, who)
        join.set_choices(session, entry, given["choices"])
        member = members.active_seat(session, entry.id)
        if member is not None and not line.higher_choices(entry, member.session_id):
            entry.stays_in_line = False
    if "max_travel_minutes" in given:
        entry.max_travel_minutes = given["max_travel_minutes"]
    if "home" in given:
        _move_home(session, entry.pupil, given["home"])
    if "friend_code" in given:
        join.set_friend_code(session, entry, given["friend_code"], rules_now(session, entry.programme_id))
    flag_modified(entry, "grade")  # wishes have no version of their own
    session.flush()
    events.record(session, entry, QueueMove.CHANGED, "own_wish", changed=sorted(given))


def tell_absence(session: Session, entry: Entry, meeting: Meeting, *, coming: bool = False) -> None:
    """Not coming to one meeting (or, coming=True, coming after all); never why.

    Effects: attendance; on the day itself the empty seat is told to the next in line. Raises NotFound for a meeting
    of another session, Conflict once it has begun.
    """
    member = members.active_seat(session, entry.id)
    if member is None or member.session_id != meeting.session_id:
        raise NotFound(_("There is no such meeting."))
    now = clock.now()
    if meeting.state is not MeetingState.PLANNED or meeting.starts_at <= now:
        raise Conflict(_("The meeting has begun or is not held."), remedy=_("Talk to your mentor."))
    row = session.get(Attendance, (meeting.id, entry.id))
    if coming:
        if row is not None and row.presence is Presence.TOLD:
            session.delete(row)
            session.flush()
        return
    if row is None:
        row = Attendance(meeting_id=meeting.id, entry_id=entry.id)
        session.add(row)
    row.presence, row.marked_at = Presence.TOLD, now
    session.flush()
    if clock.to_oslo(meeting.starts_at).date() == clock.today():
        offers.same_day(session, meeting, now)


def send_lost_links(session: Session, email: str) -> None:
    """A new link to each place in the queue of this address, at most one an hour; nothing for an unknown address."""
    rows = session.scalars(
        select(Entry)
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .join(Person, Pupil.person_id == Person.id)
        .where(func.lower(Person.email) == email.lower(), Entry.state != EntryState.LEFT)
        .order_by(Entry.id)
    )
    hour = clock.now().strftime("%Y%m%d%H")
    for entry in rows.all():
        kind = "queue_confirm" if entry.state is EntryState.UNCONFIRMED else "queue_lost_link"
        letters.tell(session, entry, kind, dedupe=f"lost:{entry.id}:{hour}")


def _move_home(session: Session, pupil: Pupil, home: Mapping[str, Any]) -> None:
    """Where the pupil lives now; what is not said any more is forgotten."""
    pupil.school_id = home.get("school")
    pupil.postcode, pupil.lat, pupil.lon = (home.get(name) for name in ("postcode", "lat", "lon"))
    session.flush()


def _change_level(session: Session, entry: Entry, level_id: str, who: change.By) -> None:
    """Another level; an open offer goes back, since it was made for the old one, and a seat needs a mentor for it."""
    offer = offers.open_offer(session, entry.id)
    entry.level_id = level_id
    session.flush()
    if offer is not None:
        offers.withdraw(session, offer, who)
        offers.offer_next(session, session.get_one(GroupSession, offer.session_id), clock.now())
    member = members.active_seat(session, entry.id)
    if member is None:
        return
    held = session.get_one(GroupSession, member.session_id)
    rules = rules_now(session, entry.programme_id)
    taken = [one for one in queue_line.taken_seats(session, held.id) if one.entry_id != entry.id]
    contacts = seat_with(
        level_id,
        {one.entry_id: Taught(one.level_id, one.row.mentor_id) for one in taken},
        queue_line.standing_mentors(session, held.id),
        queue_line.ratio_of(held, rules),
    )
    if contacts is None:
        raise Conflict(
            _("No mentor at your evening has room for this subject."),
            remedy=_("Choose other evenings first, or keep the subject."),
        )
    rows: dict[str, Membership | Any] = {one.entry_id: one.row for one in taken} | {NEW: member}
    line.set_contacts(session, rows, contacts)
