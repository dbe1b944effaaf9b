"""The queue of a season: who changes it takes turns; new numbers, and the end of a group."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import EntryState, QueueMove
from api.models.group_life import SeatOffer
from api.models.programmes import Season
from api.models.pupils import Entry, EntryChoice, Membership
from api.services.queue import events


def hold(session: Session, season_id: str) -> None:
    """Lets nobody else move seats of this season until the transaction ends.

    Offers follow from who sits where, so two at once must not both read the same free seat. Rows that point at the
    season can still be made meanwhile. SQLite has one writer at a time anyway.
    """
    session.flush()
    session.execute(select(Season.id).where(Season.id == season_id).with_for_update(key_share=True))


def highest_number(session: Session, season_id: str, programme_id: str) -> int:
    """The highest lottery number of a queue, 0 where nobody has one."""
    highest = session.scalar(
        select(func.max(Entry.lottery_number)).where(Entry.season_id == season_id, Entry.programme_id == programme_id)
    )
    return highest or 0


def next_number(session: Session, entry: Entry) -> int:
    """The lottery number behind all others of the entry's queue."""
    return highest_number(session, entry.season_id, entry.programme_id) + 1


def move_back(session: Session, entry: Entry, rule: str) -> None:
    """To the end of the entry's group. Effects: day and number behind all of the group so far, queue event."""
    before = events.place_of(entry)
    last = session.scalar(
        select(func.max(Entry.joined_on)).where(
            Entry.season_id == entry.season_id,
            Entry.programme_id == entry.programme_id,
            Entry.priority_class == entry.priority_class,
            Entry.state != EntryState.LEFT,
        )
    )
    entry.joined_on = max(clock.today(), last or entry.joined_on)
    entry.lottery_number = next_number(session, entry)
    session.flush()
    events.record(session, entry, QueueMove.MOVED_BACK, rule, before=before)


def drop_choice(session: Session, entry: Entry, session_id: str) -> None:
    """Takes a session off an entry's wishes; the others keep their rank."""
    for choice in list(entry.choices):
        if choice.session_id == session_id:
            entry.choices.remove(choice)
    session.flush()


def higher_choices(entry: Entry, session_id: str) -> list[EntryChoice]:
    """The wishes that the entry prefers to this session; all of them where it is none of its wishes."""
    rank = next((choice.rank for choice in entry.choices if choice.session_id == session_id), None)
    return [choice for choice in entry.choices if rank is None or choice.rank < rank]


def set_contacts(session: Session, rows: dict[str, Membership | SeatOffer], mentors: dict[str, str]) -> None:
    """Gives pupils of a session other contact mentors. rows: their seats by entry. mentors: by entry."""
    for entry_id, mentor_id in mentors.items():
        row = rows[entry_id]
        if row in session.new:
            row.mentor_id = mentor_id
            continue
        kind = type(row)
        session.execute(
            update(kind).where(kind.id == row.id).values(mentor_id=mentor_id, version=kind.version + 1),
            execution_options={"synchronize_session": False},
        )
        session.refresh(row)
