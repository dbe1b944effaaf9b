"""The live roster: which mentor stands in which session, and at which of its meetings."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import DutyState, SessionState
from api.domain.programme_rules import GroupRules
from api.errors import DoubleBooking, NotFound
from api.models.group_life import Duty, MentorAssignment
from api.models.groups import GroupSession, Meeting, Mentor
from api.models.plan_rows import PlanMentor
from api.models.planning import Plan, Run
from api.models.programmes import ProgrammeRuleVersion
from api.queries.campus_rules import rules_now
from api.services import audit, change, outbox
from api.services.campus import duties, mentors, telling


@dataclass(frozen=True, slots=True)
class RosterChange:
    """What changed: assignments begun and ended; duties that wait for a yes; (mentor, meeting) left out, and why.

    left_out: codes `taken` (the mentor's time is), `exams`, `not_ready` (untrained, or no certificate seen).
    """

    begun: list[MentorAssignment] = field(default_factory=list)
    ended: list[MentorAssignment] = field(default_factory=list)
    asked: list[Duty] = field(default_factory=list)
    left_out: list[tuple[str, str, str]] = field(default_factory=list)


def take_over(session: Session, plan_id: str, site_ids: Collection[str], who: change.By) -> RosterChange:
    """Makes the roster of an approved group plan the live one at these sites.

    Effects, in order: mentors whom the plan dropped leave their sessions (what lies within the notice of
    `mentor_notice_days` stays theirs), new ones are assigned and put on every planned meeting: at once, or asked where
    the meeting is closer than the notice. A second call changes nothing. Raises NotFound for an unknown plan.
    """
    head = session.execute(
        select(Plan.season_id, ProgrammeRuleVersion.programme_id)
        .join(Run, Plan.run_id == Run.id)
        .join(ProgrammeRuleVersion, Run.rule_version_id == ProgrammeRuleVersion.id)
        .where(Plan.id == plan_id)
    ).one_or_none()
    if head is None:
        raise NotFound("There is no such plan.")
    season_id, programme_id = head
    rules = rules_now(session, programme_id)
    sessions = {
        row.id: row
        for row in session.scalars(
            select(GroupSession).where(
                GroupSession.season_id == season_id,
                GroupSession.programme_id == programme_id,
                GroupSession.site_id.in_(list(site_ids)),
                GroupSession.state == SessionState.ACTIVE,
            )
        )
    }
    planned = session.execute(select(PlanMentor.session_id, PlanMentor.mentor_id).where(PlanMentor.plan_id == plan_id))
    wanted = {(one, mentor) for one, mentor in planned.all() if one in sessions}
    standing = {(row.session_id, row.mentor_id): row for row in assignments(session, sessions)}
    changed = RosterChange()
    for pair in sorted(standing.keys() - wanted):
        end(session, standing[pair], rules, who, changed)
    new = wanted - standing.keys()
    people = session.scalars(
        select(Mentor).where(Mentor.id.in_({mentor for _, mentor in new})).order_by(Mentor.person_id)
    )
    for mentor in people:
        for session_id in sorted(one for one, other in new if other == mentor.id):
            assign(session, sessions[session_id], mentor, rules, who, changed, plan_id=plan_id)
    tell(session, changed)
    return changed


def tell(session: Session, changed: RosterChange) -> None:
    """Tells mentors what changed: their new roster, what waits for their yes, what is no longer theirs."""
    begun: dict[str, list[MentorAssignment]] = {}
    for row in changed.begun:
        begun.setdefault(row.mentor_id, []).append(row)
    for rows in begun.values():
        mentor = session.get_one(Mentor, rows[0].mentor_id)
        groups = [session.get_one(GroupSession, row.session_id) for row in rows]
        values = {
            "evenings": [telling.group_values(session, group) for group in groups],
            "asked": sum(duty.mentor_id == mentor.id for duty in changed.asked),
        }
        link = telling.mentor_link(session, mentor, groups[0].season_id)
        outbox.write(
            session, "mentor.roster", mentor.person, values, about=("mentor", mentor.id), links={"mentor": link}
        )
    for row in changed.ended:
        mentor, group = session.get_one(Mentor, row.mentor_id), session.get_one(GroupSession, row.session_id)
        link = telling.mentor_link(session, mentor, group.season_id)
        about = ("mentor", mentor.id)
        values = telling.group_values(session, group)
        outbox.write(session, "mentor.taken_off", mentor.person, values, about=about, links={"mentor": link})


def assignments(session: Session, session_ids: Iterable[str]) -> list[MentorAssignment]:
    """The standing assignments of these sessions."""
    return list(
        session.scalars(
            select(MentorAssignment)
            .where(MentorAssignment.session_id.in_(list(session_ids)), MentorAssignment.to_date.is_(None))
            .order_by(MentorAssignment.session_id, MentorAssignment.mentor_id)
        )
    )


def assign(
    session: Session,
    group: GroupSession,
    mentor: Mentor,
    rules: GroupRules,
    who: change.By,
    changed: RosterChange,
    *,
    plan_id: str | None = None,
) -> None:
    """Puts a mentor into a session's roster from today, with a duty at each of its meetings to come."""
    assignment = MentorAssignment(session_id=group.id, mentor_id=mentor.id, plan_id=plan_id, from_date=clock.today())
    session.add(assignment)
    session.flush()
    audit.record(session, "mentor_assignment.begin", "mentor_assignment", assignment.id, actor_id=who.user_id)
    changed.begun.append(assignment)
    fitting = []
    meetings = duties.upcoming(session, group.id, clock.now())
    reasons = against_each(session, mentor, meetings, rules)
    for meeting in meetings:
        if reason := reasons.get(meeting.id):
            changed.left_out.append((mentor.id, meeting.id, reason))
        else:
            fitting.append(meeting)
    try:
        with session.begin_nested():
            made = duties.put_on_all(session, fitting, mentor, rules, who)
    except DoubleBooking:  # one was taken in the instant since it was looked at: find out which
        for meeting in fitting:
            put_on(session, meeting, mentor, rules, who, changed)
    else:
        changed.asked.extend(duty for duty in made if duty.state is DutyState.ASKED)


def put_on(
    session: Session, meeting: Meeting, mentor: Mentor, rules: GroupRules, who: change.By, changed: RosterChange
) -> None:
    """Puts a mentor of the roster on one meeting: at once, or asked within the notice, or left out with its reason."""
    if reason := against(session, mentor, meeting, rules):
        changed.left_out.append((mentor.id, meeting.id, reason))
        return
    asked = duties.needs_a_yes(meeting, rules, clock.now())
    try:
        with session.begin_nested():  # a duty whose booking is refused must not stay behind without it
            duty = duties.put_on(session, meeting, mentor, who, ask=asked)
    except DoubleBooking:  # taken in the instant since it was looked at
        changed.left_out.append((mentor.id, meeting.id, "taken"))
        return
    if duty is not None and asked:
        changed.asked.append(duty)


def end(
    session: Session,
    assignment: MentorAssignment,
    rules: GroupRules,
    who: change.By,
    changed: RosterChange,
    *,
    at_once: bool = False,
) -> None:
    """Takes a mentor out of a session's roster. Effects: assignment ended, duties withdrawn, bookings released.

    What lies within the notice stays the mentor's, except when at_once (the mentor has left).
    """
    now = clock.now()
    last = clock.today()
    for duty in duties.of_mentor(session, assignment.mentor, assignment.session_id, now):
        if not at_once and duty.state is not DutyState.ASKED and duties.needs_a_yes(duty.meeting, rules, now):
            last = max(last, clock.to_oslo(duty.meeting.starts_at).date())
        else:
            duties.take_off(session, duty, who)
    assignment.to_date = max(last, assignment.from_date)
    session.flush()
    audit.record(session, "mentor_assignment.end", "mentor_assignment", assignment.id, actor_id=who.user_id)
    changed.ended.append(assignment)


def against(session: Session, mentor: Mentor, meeting: Meeting, rules: GroupRules) -> str | None:
    """Why a mentor cannot be put on a meeting, as a code of RosterChange.left_out, or None."""
    return against_each(session, mentor, [meeting], rules).get(meeting.id)


def against_each(session: Session, mentor: Mentor, meetings: Collection[Meeting], rules: GroupRules) -> dict[str, str]:
    """Why a mentor cannot be put on some of these meetings: codes of RosterChange.left_out by meeting."""
    ready_from = mentors.teaches_from(session, mentor, rules)
    exams = mentors.exam_days(session, mentor)
    free = duties.free_at(session, mentor, meetings)
    reasons = {}
    for meeting in meetings:
        day = clock.to_oslo(meeting.starts_at).date()
        if ready_from is None or ready_from > day:
            reasons[meeting.id] = "not_ready"
        elif any(first <= day <= last for first, last in exams):
            reasons[meeting.id] = "exams"
        elif meeting.id not in free:
            reasons[meeting.id] = "taken"
    return reasons
