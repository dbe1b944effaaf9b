"""Sessions, mentors and the queue of a season → a problem of study groups."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain import lottery
from api.domain.enums import EntryState, LockKind, SessionState
from api.domain.programme_rules import GroupRules, group_rules
from api.models.group_life import Clearance
from api.models.groups import GroupSession, Mentor, Room, Site, mentor_level, mentor_session
from api.models.places import School
from api.models.plan_rows import Lock
from api.models.programmes import LevelCover
from api.models.pupils import Entry, EntryChoice, Lottery, Membership, Pupil
from api.queries.snapshot_rosters import overlap, sessions_elsewhere, standing, taken_by_exams
from matcher import problem as m


def group_problem(
    session: Session,
    season_id: str,
    programme_id: str,
    settings: Mapping[str, Any],
    today: date,
    *,
    roster_of: str | None = None,
) -> m.GroupProblem:
    """The problem of a programme's sessions and waiting list in a season; see `take_snapshot`.

    roster_of: a site, for its sessions and those who sit there only, which is all that its roster is judged by.
    """
    rules = group_rules(settings)
    sessions = _sessions(session, season_id, programme_id, rules, roster_of)
    known = {item.id for item in sessions}
    mentors = _mentors(session, sessions, season_id, rules, today)
    entries = _entries(session, season_id, programme_id, roster_of)
    near = standing(session, known, today, rules.mentor_notice_days)
    fixed = _fixed(session, season_id, known, {item.id for item in mentors}, {row.id for row in entries}, near)
    sessions = _going_on(session, sessions, {item.pupil for item in fixed.pupils})
    stays = {item.mentor for item in fixed.mentors}
    mentors = [item for item in mentors if item.sessions or item.id in stays]
    return m.GroupProblem(
        travel=m.Travel(detour=rules.detour, kmh=rules.kmh),
        rules=m.Rules(classes=rules.classes, placement=rules.placement),
        sites=_sites(session, {item.site for item in sessions}),
        sessions=tuple(sessions),
        mentors=tuple(mentors),
        pupils=_pupils(session, entries, season_id, programme_id, rules, known, {item.id for item in mentors}),
        fixed=fixed,
    )


def _sites(session: Session, wanted: set[str]) -> tuple[m.Site, ...]:
    rows = session.execute(select(Site.id, Site.lat, Site.lon, Site.digital).order_by(Site.id))
    return tuple(m.Site(id=i, lat=lat, lon=lon, digital=digital) for i, lat, lon, digital in rows if i in wanted)


def _sessions(
    session: Session, season_id: str, programme_id: str, rules: GroupRules, site_id: str | None
) -> list[m.Session]:
    statement = (
        select(GroupSession, Room.seats)
        .outerjoin(Room, GroupSession.room_id == Room.id)
        .where(
            GroupSession.season_id == season_id,
            GroupSession.programme_id == programme_id,
            GroupSession.state == SessionState.ACTIVE,
        )
        .order_by(GroupSession.id)
    )
    rows = session.execute(statement if site_id is None else statement.where(GroupSession.site_id == site_id))
    return [
        m.Session(
            id=row.id,
            site=row.site_id,
            weekday=row.weekday,
            start=row.starts,
            end=row.ends,
            seats=row.seats if room_seats is None else min(row.seats, room_seats),
            ratio=row.ratio if rules.max_ratio is None else min(row.ratio, rules.max_ratio),
            target=row.target,
            min_mentors=max(row.min_mentors, rules.min_mentors),
            min_pupils=max(row.min_pupils, rules.min_pupils),
        )
        for row, room_seats in rows
    ]


def _going_on(session: Session, sessions: Iterable[m.Session], fixed: set[str]) -> list[m.Session]:
    """Where seats are taken already, those who sit there are enough: a small evening fails no plan."""
    rows = session.execute(select(Membership.entry_id, Membership.session_id).where(Membership.to_date.is_(None)))
    seated = Counter(place for entry, place in rows if entry in fixed)
    return [
        replace(item, min_pupils=seated[item.id]) if 0 < seated[item.id] < item.min_pupils else item
        for item in sessions
    ]


def _mentors(
    session: Session, sessions: Iterable[m.Session], season_id: str, rules: GroupRules, today: date
) -> list[m.Mentor]:
    """Trained, active mentors with all levels they cover and the sessions of this problem they can hold.

    Where the programme names its statute, a certificate must have been seen. What exams take at least half of is not
    theirs to hold. What a mentor holds in other programmes is taken off their sessions a week, and no session at its
    time is theirs.
    """
    covers = _grouped(session.execute(select(LevelCover.level_id, LevelCover.covers_id)))
    levels = _grouped(session.execute(select(mentor_level.c.mentor_id, mentor_level.c.level_id)))
    can = _grouped(session.execute(select(mentor_session.c.mentor_id, mentor_session.c.session_id)))
    known = {item.id for item in sessions}
    held = sessions_elsewhere(session, season_id, known)
    examined = taken_by_exams(session, known, today)
    ready = [Mentor.is_active, Mentor.trained_on <= today]
    if rules.statute:
        ready.append(Mentor.id.in_(select(Clearance.mentor_id)))
    rows = session.execute(select(Mentor.id, Mentor.max_sessions, Mentor.contracted).where(*ready).order_by(Mentor.id))
    mentors = []
    for mentor_id, most, contracted in rows:
        wanted = {one for one in can[mentor_id] if (mentor_id, one) not in examined}
        others = held[mentor_id]
        mentors.append(
            m.Mentor(
                id=mentor_id,
                levels=tuple(sorted({one for level in levels[mentor_id] for one in (level, *covers[level])})),
                sessions=tuple(
                    sorted(
                        item.id for item in sessions if item.id in wanted and not any(overlap(item, o) for o in others)
                    )
                ),
                max_sessions=max(0, most - len(others)),
                contracted=max(0, contracted - len(others)),
            )
        )
    return mentors


def _entries(session: Session, season_id: str, programme_id: str, seated_at: str | None) -> list[Any]:
    """Everyone who waits or sits, not who has yet to confirm; the home: the pupil's, the school's, else unknown.

    seated_at: a site, for those only who sit there.
    """
    statement = (
        select(
            Entry.id,
            Entry.level_id,
            Entry.priority_class,
            Entry.joined_on,
            Entry.lottery_number,
            Entry.max_travel_minutes,
            Entry.mentor_id,
            func.coalesce(Pupil.lat, School.lat).label("lat"),
            func.coalesce(Pupil.lon, School.lon).label("lon"),
        )
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .outerjoin(School, Pupil.school_id == School.id)
        .where(Entry.season_id == season_id, Entry.programme_id == programme_id)
        .where(Entry.state.in_((EntryState.WAITING, EntryState.PLACED)))
        .order_by(Entry.id)
    )
    if seated_at is not None:
        seats = select(Membership.entry_id).join(GroupSession, Membership.session_id == GroupSession.id)
        statement = statement.where(
            Entry.id.in_(seats.where(GroupSession.site_id == seated_at, Membership.to_date.is_(None)))
        )
    return list(session.execute(statement))


def _pupils(
    session: Session,
    entries: list[Any],
    season_id: str,
    programme_id: str,
    rules: GroupRules,
    sessions: set[str],
    mentors: set[str],
) -> tuple[m.Pupil, ...]:
    choices = _grouped(
        session.execute(
            select(EntryChoice.entry_id, EntryChoice.session_id)
            .join(Entry, EntryChoice.entry_id == Entry.id)
            .where(Entry.season_id == season_id, Entry.programme_id == programme_id)
            .where(EntryChoice.session_id.in_(sessions))
            .order_by(EntryChoice.entry_id, EntryChoice.rank)
        )
    )
    numbers = _numbers(session, entries, season_id, programme_id)
    return tuple(
        m.Pupil(  # type: ignore[call-arg]  # `class` in JSON
            id=row.id,
            level=row.level_id,
            class_=min(row.priority_class, rules.classes - 1),
            joined=row.joined_on,
            lottery=numbers[row.id],
            lat=row.lat,
            lon=row.lon,
            max_travel_minutes=row.max_travel_minutes,
            choices=tuple(choice for choice in choices[row.id] if choice in sessions),
            mentor=row.mentor_id if row.mentor_id in mentors else None,
        )
        for row in entries
    )


def _numbers(session: Session, entries: list[Any], season_id: str, programme_id: str) -> dict[str, int]:
    """Lottery numbers as drawn; who came after the draw follows behind, in the order of the same seed."""
    numbers = {row.id: row.lottery_number for row in entries if row.lottery_number is not None}
    seed = session.scalar(
        select(Lottery.seed).where(Lottery.season_id == season_id, Lottery.programme_id == programme_id)
    )
    late = [row.id for row in entries if row.lottery_number is None]
    return numbers | lottery.draw(seed or "", late, first=max(numbers.values(), default=0) + 1)


def _fixed(
    session: Session,
    season_id: str,
    sessions: set[str],
    mentors: set[str],
    pupils: set[str],
    near: set[tuple[str, str]],
) -> m.Fixed:
    """Seats that are taken, what a person has locked, and mentors whose next meeting is near."""
    seats = dict(
        session.execute(select(Membership.entry_id, Membership.session_id).where(Membership.to_date.is_(None))).all()
    )
    stays = {pair for pair in near if pair[0] in mentors}
    for lock in session.scalars(select(Lock).where(Lock.season_id == season_id, Lock.kind != LockKind.VISIT)):
        if lock.kind is LockKind.PUPIL and lock.entry_id is not None and lock.session_id is not None:
            seats.setdefault(lock.entry_id, lock.session_id)
        elif lock.mentor_id in mentors and lock.session_id in sessions:
            stays.add((lock.mentor_id, lock.session_id))
    return m.Fixed(
        mentors=tuple(m.FixedMentor(mentor=mentor, session=place) for mentor, place in sorted(stays)),
        pupils=tuple(
            m.FixedPupil(pupil=pupil, session=place)
            for pupil, place in sorted(seats.items())
            if pupil in pupils and place in sessions
        ),
    )


def _grouped(pairs: Iterable[Any]) -> defaultdict[str, list[str]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups
