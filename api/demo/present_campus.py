"""A campus in the middle of its term: evenings with mentors, pupils and attendance, a queue, and somebody away."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.demo.present import BACK, Days
from api.demo.present_users import CAMPUS, LOGINS
from api.domain.enums import DutyState, Presence, PriorityReason
from api.domain.ids import new_id
from api.domain.permissions import Actor, Role
from api.domain.transitions import Party
from api.models.access import User
from api.models.group_life import Duty, GuardianLink
from api.models.groups import GroupSession, Meeting, Mentor, Room, Site
from api.models.people import Person
from api.models.programmes import Programme
from api.models.pupils import Entry, EntryChoice, Membership, Pupil
from api.queries.campus_rules import rules_now
from api.services import change
from api.services.campus import attendance, roster, sessions, stand_ins
from api.services.queue import join, leave, offers
from api.services.users import account

WEEK = timedelta(weeks=1)
WEEKS_HELD = 4
COORDINATION, SITE, PUPIL = (change.by(party) for party in (Party.COORDINATION, Party.SITE, Party.PUPIL))


@dataclass(slots=True)
class Campus:
    """Ids of the evenings by name: `full` with a queue, `open` with free seats, `thin`, which begins with too few."""

    season: str
    evenings: dict[str, str] = field(default_factory=dict)


def plan_campus(days: Days, season_id: str) -> None:
    """Writes the campus into the days."""
    campus = Campus(season_id)
    begin = days.now - BACK + timedelta(days=1)
    held, coming = clock.to_oslo(days.back(1)).date(), days.ahead(1)
    firsts = {"full": held - WEEKS_HELD * WEEK, "open": coming - WEEKS_HELD * WEEK, "thin": days.ahead(2) + WEEK}
    days.do(begin, lambda session: _set_up(session, campus, firsts))
    days.do(begin + timedelta(hours=1), lambda session: _seat(session, campus))
    for weeks in range(WEEKS_HELD, -1, -1):
        _hold(days, campus, "full", held - weeks * WEEK, weeks)
        if weeks > 1:  # the last one has not been marked
            _hold(days, campus, "open", coming - weeks * WEEK, weeks)
    days.do(days.now - timedelta(hours=3), lambda session: _leave(session, campus))
    days.do(days.now - timedelta(hours=2), lambda session: _be_away(session, campus))
    days.do(days.now - timedelta(minutes=40), lambda session: _ask_guardian(session, campus))


def _hold(days: Days, campus: Campus, evening: str, day: date, weeks: int) -> None:
    days.do(clock.at_local(day, time(17, 50)), lambda session: _mark(session, campus, evening, day, weeks))


def _leader(session: Session) -> Actor:
    known = account(session, session.scalars(select(User.id).where(User.login == LOGINS[Role.SITE_LEADER])).one())
    assert known is not None
    return known.actor


def _set_up(session: Session, campus: Campus, firsts: dict[str, date]) -> None:
    """Evenings from four to six, before those of the coming season, in rooms of their own, each with two mentors."""
    site = session.scalars(select(Site).where(Site.code == CAMPUS)).one()
    programme = session.scalars(select(Programme.id).where(Programme.code == "ent3r")).one()
    mentors = _mentors(session, site)
    actor, rules = _leader(session), rules_now(session, programme)
    for (name, first), letter, seats in zip(firsts.items(), "ABC", (10, 16, 24), strict=True):
        room = Room(site_id=site.id, name=f"Rom {letter}", seats=seats)
        session.add(room)
        session.flush()
        given = {
            "season_id": campus.season, "programme_id": programme, "site_id": site.id, "room_id": room.id,
            "weekday": first.isoweekday(), "starts": time(16), "ends": time(18), "seats": seats, "first_on": first,
        }  # fmt: skip
        group, _dates = sessions.create(session, actor, given)
        campus.evenings[name] = group.id
        for mentor in (mentors[0], mentors["ABC".index(letter) + 1]):
            mentor.sessions.append(group)
            session.flush()
            roster.assign(session, group, mentor, rules, SITE, roster.RosterChange())


def _mentors(session: Session, site: Site) -> list[Mentor]:
    """The demo's own first, then those who have been there longest."""
    own = select(User.person_id).where(User.login == LOGINS[Role.MENTOR])
    rows = select(Mentor).where(Mentor.site_id == site.id)
    first = session.scalars(rows.where(Mentor.person_id.in_(own))).one()
    others = rows.where(Mentor.id != first.id, Mentor.trained_on < clock.today())
    return [first, *session.scalars(others.order_by(Mentor.max_sessions.desc(), Mentor.id).limit(6))]


def _seat(session: Session, campus: Campus) -> None:
    """Pupils of the coming season's queue who have been here this half year already, and what they were offered."""
    full, open_, thin = (campus.evenings[name] for name in ("full", "open", "thin"))
    entries = _entries(session, campus, {full: 12, open_: 9, thin: 3})
    for evening in (full, open_, thin):
        group = session.get_one(GroupSession, evening)
        for offer in offers.fill(session, group, clock.now()):
            offers.accept(session, offer, PUPIL)
    assert entries


def _entries(session: Session, campus: Campus, wanted: dict[str, int]) -> list[Entry]:
    site = session.get_one(GroupSession, next(iter(wanted))).site_id
    here = select(EntryChoice.entry_id).join(GroupSession).where(GroupSession.site_id == site, EntryChoice.rank == 1)
    rows = session.scalars(
        select(Entry).where(Entry.id.in_(here)).order_by(Entry.lottery_number).limit(sum(wanted.values()))
    ).all()
    evenings = [evening for evening, count in wanted.items() for _ in range(count)]
    made = []
    for number, (old, evening) in enumerate(zip(rows, evenings, strict=False), 1):
        entry = Entry(
            pupil_id=old.pupil_id, season_id=campus.season, programme_id=old.programme_id, level_id=old.level_id,
            grade=old.grade, priority_class=old.priority_class, priority_reason=old.priority_reason,
            joined_on=clock.today(), lottery_number=number, confirmed_at=clock.now(),
        )  # fmt: skip
        change.begin(session, entry, "join", COORDINATION)
        join.set_choices(session, entry, [evening])
        made.append(entry)
    return made


def _mark(session: Session, campus: Campus, evening: str, day: date, weeks: int) -> None:
    """The leader taps who is there: most are, one told, and one stays away twice without a word."""
    begins = clock.at_local(day, time(16))
    wanted = select(Meeting).where(Meeting.session_id == campus.evenings[evening], Meeting.starts_at == begins)
    meeting = session.scalar(wanted)
    if meeting is None or begins > clock.now():
        return
    seated = session.scalars(
        select(Membership.entry_id)
        .where(Membership.session_id == meeting.session_id, Membership.to_date.is_(None))
        .order_by(Membership.seat)
    ).all()
    marks = []
    for number, entry in enumerate(seated):
        presence = Presence.TOLD if (number + weeks) % 7 == 1 else Presence.HERE
        if evening == "full" and number == 2:
            presence = Presence.NOT_TOLD if weeks < 2 else Presence.HERE
        marks.append(attendance.Mark(entry, presence))
    if marks:
        attendance.mark(session, _leader(session), meeting.id, marks)


def _leave(session: Session, campus: Campus) -> None:
    """Somebody moves away, so the next in line is offered the seat."""
    entry = session.scalar(
        select(Entry)
        .join(Membership, Membership.entry_id == Entry.id)
        .where(Membership.session_id == campus.evenings["full"], Membership.to_date.is_(None))
        .order_by(Membership.seat.desc())
        .limit(1)
    )
    if entry is not None:
        leave.leave(session, entry, PUPIL)


def _be_away(session: Session, campus: Campus) -> None:
    """A mentor cannot come to the next meeting; others are asked."""
    own = select(Mentor.id).join(User, User.person_id == Mentor.person_id)
    duty = session.scalar(
        select(Duty)
        .join(Meeting, Duty.meeting_id == Meeting.id)
        .where(Meeting.session_id == campus.evenings["open"], Meeting.starts_at > clock.now())
        .where(Duty.state == DutyState.PLANNED, Duty.mentor_id.not_in(own))
        .order_by(Meeting.starts_at)
        .limit(1)
    )
    if duty is not None:
        stand_ins.be_away(session, duty, SITE)


def _ask_guardian(session: Session, campus: Campus) -> None:
    """A pupil below the age at which a guardian has to say yes has registered, and waits for it."""
    like = session.scalars(select(Entry).where(Entry.season_id == campus.season).limit(1)).one()
    pupil = Pupil(
        id=new_id(),
        person_id=_person(session, "Elev 9001", "elev9001@example.org"),
        school_id=session.get_one(Pupil, like.pupil_id).school_id,
        birth_year=clock.today().year - 15,
    )
    session.add(pupil)
    session.flush()
    guardian = _person(session, "Foresatt 9001", "foresatt9001@example.org")
    session.add(GuardianLink(pupil_id=pupil.id, person_id=guardian))
    entry = Entry(
        pupil_id=pupil.id, season_id=like.season_id, programme_id=like.programme_id, level_id=like.level_id, grade=10,
        priority_class=1, priority_reason=PriorityReason.GRADE_10, joined_on=clock.today(),
    )  # fmt: skip
    change.begin(session, entry, "draft", PUPIL)
    join.set_choices(session, entry, [campus.evenings["thin"]])
    join.confirm(session, entry)


def _person(session: Session, name: str, address: str) -> str:
    person = Person(name=name, email=address)
    session.add(person)
    session.flush()
    return person.id
