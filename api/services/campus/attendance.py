"""Who was at a meeting: here, told or not told, and never why."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import MeetingState, Presence
from api.domain.school_days import school_year
from api.models.group_life import Attendance
from api.models.groups import Meeting
from api.models.pupils import Entry, Membership


def attendance_share(session: Session, pupil_id: str, programme_id: str, year: int) -> float | None:
    """The share (0 to 1) of held meetings of their own sessions that a pupil attended; None when there were none.

    year: of the autumn in which the school year begins (`api.domain.school_days.school_year`). A meeting counts while
    the pupil had a seat in its session; cancelled ones never count.
    """
    rows = session.execute(
        select(Membership.from_date, Membership.to_date, Meeting.starts_at, Attendance.presence)
        .join(Entry, Membership.entry_id == Entry.id)
        .join(Meeting, Meeting.session_id == Membership.session_id)
        .outerjoin(Attendance, and_(Attendance.meeting_id == Meeting.id, Attendance.entry_id == Entry.id))
        .where(Entry.pupil_id == pupil_id, Entry.programme_id == programme_id, Meeting.state == MeetingState.HELD)
    )
    held = [
        presence
        for first, last, starts_at, presence in rows
        if _was_seated(first, last, starts_at) and school_year(clock.to_oslo(starts_at).date()) == year
    ]
    return held.count(Presence.HERE) / len(held) if held else None


def _was_seated(first: date, last: date | None, starts_at: datetime) -> bool:
    day = clock.to_oslo(starts_at).date()
    return first <= day and (last is None or day <= last)
