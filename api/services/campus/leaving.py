"""A mentor leaves the site, or has exams: off the rosters, and away from the meetings in those days."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import DutyState, MeetingState
from api.domain.permissions import Actor
from api.domain.transitions import Party
from api.models.group_life import Duty, MentorAssignment
from api.models.groups import GroupSession, Meeting, Mentor
from api.queries.campus_rules import rules_now
from api.services import audit, change, links
from api.services.campus import access, duties, mentors, roster, stand_ins


def leave(session: Session, actor: Actor, mentor: Mentor) -> None:
    """The mentor is no longer one. Effects: inactive, off every roster and meeting to come at once, links ended.

    Lines tell the leader which coming meetings have too few adults. Raises NotFound at other sites.
    """
    access.mentor(session, actor, mentor.id)
    who = change.by(Party.SITE, actor)
    mentor.is_active = False
    session.flush()
    audit.record(session, "mentor.leave", "mentor", mentor.id, actor_id=actor.user_id)
    for assignment in session.scalars(
        select(MentorAssignment).where(MentorAssignment.mentor_id == mentor.id, MentorAssignment.to_date.is_(None))
    ).all():
        group = session.get_one(GroupSession, assignment.session_id)
        rules = rules_now(session, group.programme_id)
        roster.end(session, assignment, rules, who, roster.RosterChange(), at_once=True)
    for duty in _ahead(session, mentor, clock.now(), None):
        duties.take_off(session, duty, who)
    links.revoke(session, "mentor", mentor.id)


def take_exams(session: Session, mentor: Mentor, first: date, last: date, who: change.By) -> int:
    """Exams on these days, both included. Returns how many meetings the mentor is away from by it.

    Effects: the days are kept for rosters to come; at each planned meeting among them the mentor is away, and the
    others are asked. Raises InvalidInput as `mentors.add_exam_block`.
    """
    mentors.add_exam_block(session, mentor, first, last, actor_id=who.user_id)
    start = max(clock.now(), clock.at_local(first, datetime.min.time()))
    end = clock.at_local(last + timedelta(days=1), datetime.min.time())
    away = 0
    for duty in _ahead(session, mentor, start, end):
        if duty.state is DutyState.PLANNED:
            stand_ins.be_away(session, duty, who)
            away += 1
        elif duty.state is DutyState.ASKED:
            stand_ins.decline(session, duty, who)
    return away


def _ahead(session: Session, mentor: Mentor, start: datetime, end: datetime | None) -> list[Duty]:
    """Duties that are asked, planned or away at planned meetings from a moment on."""
    statement = (
        select(Duty)
        .join(Meeting, Duty.meeting_id == Meeting.id)
        .where(
            Duty.mentor_id == mentor.id,
            Duty.state.in_((DutyState.ASKED, DutyState.PLANNED, DutyState.AWAY)),
            Meeting.state == MeetingState.PLANNED,
            Meeting.starts_at >= start,
        )
        .order_by(Meeting.starts_at)
    )
    if end is not None:
        statement = statement.where(Meeting.starts_at < end)
    return list(session.scalars(statement))
