"""Who was at a meeting: here, told or not told, and never why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import EntryState, MeetingState, MembershipState, Presence
from api.domain.permissions import Actor
from api.domain.school_days import school_year
from api.domain.transitions import Party
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.group_life import Attendance, GuardianLink
from api.models.groups import GroupSession, Meeting
from api.models.pupils import Entry, Membership, Pupil
from api.queries.campus_rules import rules_now
from api.services import audit, change
from api.services.campus import access
from api.services.follow_up import exceptions
from api.services.queue import seats

CAME_AGAIN = "came_again"
RELEASED = "release_seat"


@dataclass(frozen=True, slots=True)
class Mark:
    """What was tapped for one pupil. at: when, aware; now where it is None. Nothing says why."""

    entry_id: str
    presence: Presence
    at: datetime | None = None


def mark(session: Session, actor: Actor, meeting_id: str, marks: Sequence[Mark]) -> Meeting:
    """Marks who was there; sent twice it changes nothing, and of two marks of a pupil the later tapped one stands.

    Effects for each mark that is news: attendance row (walk_in where the pupil has no seat there), line for the leader
    opened, changed or closed. Raises NotFound as `access.meeting_to_mark` for the earliest mark, Conflict for a
    cancelled meeting, InvalidInput for a pupil of another programme.
    """
    moments = [min(one.at or clock.now(), clock.now()) for one in marks]
    meeting, group, _mentor = access.meeting_to_mark(session, actor, meeting_id, min(moments, default=None))
    access.meeting_to_mark(session, actor, meeting_id, max(moments, default=None))
    if meeting.state is MeetingState.CANCELLED:
        raise Conflict(_("The meeting was cancelled."), remedy=_("It counts for nobody."))
    is_today = clock.to_oslo(meeting.starts_at).date() <= clock.today()
    for one in sorted(marks, key=lambda given: given.entry_id):
        if one.presence is not Presence.TOLD and not is_today:
            raise InvalidInput(
                _("The meeting is still to come."), field="presence", remedy=_("Only mark who has told beforehand.")
            )
        if _keep(session, actor, meeting, group, one):
            follow_up(session, one.entry_id, group)
    session.flush()
    return meeting


def release_seat(session: Session, actor: Actor, membership_id: str) -> None:
    """A person releases the seat of a pupil who stays away without a word; the pupil goes to the end of the group.

    Raises NotFound at other sites, Conflict before as many untold absences as the rules say.
    """
    member = session.get(Membership, membership_id)
    if member is None:
        raise NotFound(_("There is no such seat."))
    group = access.group(session, actor, member.session_id)
    least = rules_now(session, group.programme_id).absences_release
    if member.state is not MembershipState.ACTIVE:
        raise Conflict(_("The seat is released already."), remedy=_("Load the page again to see how it stands."))
    if untold(session, member)[0] < least:
        raise Conflict(
            _("A seat is released after %(count)s absences without a word.", count=least),
            remedy=_("Call home, and wait for the next meeting."),
        )
    who = change.by(Party.SITE, actor)
    seats.release(session, member, who, seats.ABSENCE)
    exceptions.resolve_lines(session, member.id, "absent", resolution=RELEASED, who=who)


def follow_up(session: Session, entry_id: str, group: GroupSession) -> None:
    """Opens, changes or closes the line about a pupil who stays away without a word."""
    member = session.scalar(
        select(Membership).where(
            Membership.entry_id == entry_id,
            Membership.session_id == group.id,
            Membership.state == MembershipState.ACTIVE,
        )
    )
    if member is None:
        return
    rules = rules_now(session, group.programme_id)
    times, last = untold(session, member)
    if last is Presence.HERE or times < rules.absences_call:
        exceptions.resolve_lines(session, member.id, "absent", resolution=CAME_AGAIN)
        return
    entry = session.get_one(Entry, entry_id)
    may_release = times >= rules.absences_release
    exceptions.raise_line(
        session,
        "absent",
        member.id,
        reason={"code": "absent", "times": times, "number": entry.lottery_number},
        remedy={"code": RELEASED if may_release else "call_home"},
        person_id=whom_to_call(session, entry.pupil),
        season_id=group.season_id,
        site_id=group.site_id,
        due_on=clock.today(),
    )


def untold(session: Session, member: Membership) -> tuple[int, Presence | None]:
    """How often a pupil stayed away without a word in this session, and what the last marked meeting says of them."""
    marked = session.scalars(
        select(Attendance.presence)
        .join(Meeting, Attendance.meeting_id == Meeting.id)
        .where(
            Attendance.entry_id == member.entry_id,
            Meeting.session_id == member.session_id,
            Meeting.state != MeetingState.CANCELLED,
            Meeting.starts_at <= clock.now(),
            Meeting.starts_at >= clock.at_local(member.from_date, datetime.min.time()),
        )
        .order_by(Meeting.starts_at)
    ).all()
    return marked.count(Presence.NOT_TOLD), marked[-1] if marked else None


def whom_to_call(session: Session, pupil: Pupil) -> str | None:
    """A guardian who has confirmed, else any guardian, else the pupil; nobody is named for a protected one."""
    if pupil.protected:
        return None
    links = session.scalars(
        select(GuardianLink).where(GuardianLink.pupil_id == pupil.id).order_by(GuardianLink.created_at, GuardianLink.id)
    ).all()
    confirmed = [link for link in links if link.confirmed_at is not None]
    return (confirmed or list(links))[0].person_id if links else pupil.person_id


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


def _keep(session: Session, actor: Actor, meeting: Meeting, group: GroupSession, given: Mark) -> bool:
    """Writes one mark unless a later one is there. Returns whether anything changed."""
    moment = min(given.at or clock.now(), clock.now())
    row = session.get(Attendance, (meeting.id, given.entry_id))
    if row is not None:
        if row.marked_at > moment or row.presence is given.presence:
            return False
        before, row.presence = row.presence.value, given.presence
        row.marked_at, row.marked_by_id = moment, actor.user_id
    else:
        before = ""
        row = Attendance(
            meeting_id=meeting.id,
            entry_id=given.entry_id,
            presence=given.presence,
            walk_in=_walks_in(session, meeting, group, given.entry_id),
            marked_at=moment,
            marked_by_id=actor.user_id,
        )
        session.add(row)
    session.flush()
    audit.record(
        session,
        "attendance.mark",
        "meeting",
        meeting.id,
        actor_id=actor.user_id,
        detail={"entry": given.entry_id, "from": before, "to": given.presence.value},
    )
    return True


def _walks_in(session: Session, meeting: Meeting, group: GroupSession, entry_id: str) -> bool:
    """Whether a pupil has no seat in the session on that day. Raises InvalidInput for a pupil of another queue."""
    entry = session.get(Entry, entry_id)
    known = entry is not None and (entry.season_id, entry.programme_id) == (group.season_id, group.programme_id)
    if not known or entry is None or entry.state in (EntryState.LEFT, EntryState.UNCONFIRMED):
        raise InvalidInput(_("The pupil is not in this queue."), field="entry", remedy=_("Choose among those listed."))
    rows = session.scalars(select(Membership).where(Membership.entry_id == entry_id, Membership.session_id == group.id))
    return not any(_was_seated(row.from_date, row.to_date, meeting.starts_at) for row in rows)
