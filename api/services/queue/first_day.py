"""The day before a pupil's first meeting: where, when, and what to bring."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import MeetingState, MembershipState
from api.models.groups import GroupSession, Meeting
from api.models.outbox import OutboxMessage
from api.models.pupils import Entry, Membership
from api.queries.campus_rules import rules_now
from api.services.queue import letters

KIND = "queue_first_day"
LONGEST = timedelta(days=14)


def due_first_days(session: Session, now: datetime) -> list[str]:
    """Seats whose first meeting is near and not told of yet; not those given so late that the yes told of it."""
    return _due(session, now)


def do_first_day(session: Session, member_id: str, now: datetime) -> None:
    """Tells one pupil of the first meeting; harmless twice. Effects: letter."""
    if not _due(session, now, Membership.id == member_id):
        return
    member = session.get_one(Membership, member_id)
    letters.tell_first_day(session, session.get_one(Entry, member.entry_id), member, KIND)


def _due(session: Session, now: datetime, *which: ColumnElement[bool]) -> list[str]:
    near = select(Meeting.session_id).where(
        Meeting.state == MeetingState.PLANNED, Meeting.starts_at > now, Meeting.starts_at <= now + LONGEST
    )
    told = exists().where(OutboxMessage.about_id == Membership.id, OutboxMessage.kind == KIND)
    members = session.scalars(
        select(Membership)
        .where(Membership.state == MembershipState.ACTIVE, Membership.session_id.in_(near), ~told, *which)
        .order_by(Membership.id)
    ).all()
    held = {one.session_id for one in members}
    programmes = dict(
        session.execute(select(GroupSession.id, GroupSession.programme_id).where(GroupSession.id.in_(held))).all()
    )
    rules = {programme: rules_now(session, programme) for programme in set(programmes.values())}
    meetings: defaultdict[str, list[datetime]] = defaultdict(list)
    rows = select(Meeting.session_id, Meeting.starts_at).where(
        Meeting.session_id.in_(held), Meeting.state != MeetingState.CANCELLED
    )
    for session_id, starts_at in session.execute(rows.order_by(Meeting.starts_at)):
        meetings[session_id].append(starts_at)
    found = []
    for one in members:
        first = next((at for at in meetings[one.session_id] if clock.to_oslo(at).date() >= one.from_date), None)
        ahead = timedelta(hours=rules[programmes[one.session_id]].first_day_hours)
        if first is not None and one.created_at < first - ahead <= now < first:
            found.append(one.id)
    return found
