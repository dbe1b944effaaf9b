"""The study group half of a demo season: sites, sessions with their meetings, mentors, and the waiting list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from api.demo.frame import WEEK, DemoSchool, Frame, at, km
from api.demo.rows import Rows
from api.demo.towns import CAMPUSES, TOWNS, Campus
from api.domain import lottery
from api.domain.enums import Gender, QueueMove
from api.domain.registration import priority_group
from api.models.group_life import QueueEvent
from api.models.groups import GroupSession, Meeting, Mentor, Room, Site, mentor_level, mentor_session
from api.models.pupils import Entry, EntryChoice, Lottery, Pupil

PUPILS, GRADE_10, GIRLS, RETURNING = 4_267, 0.45, 0.68, 0.26
DIGITAL = Campus("Digitalt", "Trondheim", "NTNU", 63.4160, 10.4050, 130, 0.9)
SLOTS = tuple((weekday, start) for start in (time(16), time(17), time(18)) for weekday in (1, 2, 3, 4))
SEATS = (24, 32, 40, 40, 48)
MEETINGS = 12
FAR_KM, NEIGHBOUR_KM = 45.0, 40.0
RATIO, USED, SESSIONS_OF_A_MENTOR = 8, 0.98, 1.6
LEVELS_BY_GRADE = {
    10: (("MAT10",), (1,)),
    11: (("1P", "1T"), (4, 6)),
    12: (("2P", "S1", "R1"), (3, 2, 5)),
    13: (("S2", "R2"), (3, 7)),
}
MENTOR_LEVELS = (("R2",), ("R1",), ("S2",), ("1T", "2P"))


@dataclass(frozen=True, slots=True)
class _Session:
    id: str
    weekday: int
    start: time
    small: bool
    liked: float


@dataclass(frozen=True, slots=True)
class _Place:
    campus: Campus
    site: str
    sessions: list[_Session]
    mentors: list[tuple[str, frozenset[str]]]


def add_groups(rows: Rows, frame: Frame) -> None:
    """Everything that the group problem is made of."""
    places = [_place(rows, frame, campus) for campus in (*CAMPUSES, DIGITAL)]
    entries = _pupils(rows, frame, places)
    seed = lottery.seed_hash(f"demo {rows.chance.random()}")
    numbers = lottery.draw(seed, entries)
    drawn_at = at(frame.today - timedelta(days=1), 13)
    for row in rows.of(Entry):
        row["lottery_number"] = numbers[row["id"]]
        place = [row["priority_class"], row["joined_on"].isoformat(), numbers[row["id"]]]
        rows.add(
            QueueEvent,
            entry_id=row["id"],
            number=1,
            at=drawn_at,
            move=QueueMove.DRAWN,
            rule="lottery",
            detail={"place": place},
        )
    rows.add(
        Lottery,
        season_id=frame.season,
        programme_id=frame.programmes["ent3r"],
        seed_hash=lottery.seed_hash(seed),
        committed_at=at(frame.today - 4 * WEEK, 9),
        seed=seed,
        revealed_at=drawn_at,
    )


def _place(rows: Rows, frame: Frame, campus: Campus) -> _Place:
    digital = campus is DIGITAL
    town = next(t for t in TOWNS if t.name == campus.town)
    site = rows.add(
        Site,
        code=campus.name.lower().replace(" ", "-"),
        name=campus.name,
        institution=campus.institutions,
        municipality_id=frame.municipalities[town.code],
        lat=campus.lat,
        lon=campus.lon,
        digital=digital,
    )
    many = frame.scale * max(2, round(campus.demand / 31))
    sessions = [_session(rows, frame, site, number, campus, town.code[:2]) for number in range(many)]
    served = campus.demand * frame.scale * campus.supply
    mentors = max(3, round(served / (RATIO * USED * SESSIONS_OF_A_MENTOR)))
    return _Place(campus, site, sessions, [_mentor(rows, frame, site, sessions) for _ in range(mentors)])


def _session(rows: Rows, frame: Frame, site: str, number: int, campus: Campus, county: str) -> _Session:
    """A session in a room of its own. The last of some sites is for smaller groups with closer follow-up."""
    small = campus.small_groups and number % 12 == 1
    weekday, start = SLOTS[number % len(SLOTS)]
    seats = 15 if small else rows.chance.choice(SEATS)
    room = rows.add(Room, site_id=site, name=f"Rom {number + 1}", seats=seats)
    session = rows.add(
        GroupSession,
        season_id=frame.season,
        programme_id=frame.programmes["ent3r"],
        site_id=site,
        room_id=room,
        weekday=weekday,
        starts=start,
        ends=time(start.hour + 2),
        seats=seats,
        ratio=5 if small else RATIO,
        target=3 if small else 5,
        min_mentors=2,
        min_pupils=4 if small else 6,
    )
    for day in _meeting_days(frame, county, weekday):
        rows.add(
            Meeting,
            session_id=session,
            room_id=room,
            starts_at=at(day, start.hour),
            ends_at=at(day, start.hour + 2),
        )
    return _Session(session, weekday, start, small, rows.chance.uniform(0.4, 1.6))


def _meeting_days(frame: Frame, county: str, weekday: int) -> list[date]:
    """Twelve weeks from the third of the term on, without holidays and the break."""
    monday = frame.dates.starts_on - timedelta(days=frame.dates.starts_on.weekday()) + 2 * WEEK
    weeks = (frame.lesson_days(county, monday + n * WEEK) for n in range(20))
    found = [day for week in weeks for day in week if day.isoweekday() == weekday]
    return found[:MEETINGS]


def _mentor(rows: Rows, frame: Frame, site: str, sessions: Sequence[_Session]) -> tuple[str, frozenset[str]]:
    chance = rows.chance
    number = rows.count(Mentor) + 1
    most = chance.choices((1, 2, 3), (50, 42, 8))[0]
    mentor = rows.add(
        Mentor,
        person_id=rows.add_person("Mentor", number),
        site_id=site,
        contracted=min(most, chance.choice((1, 1, 2))),
        max_sessions=most,
        trained_on=frame.today - timedelta(days=chance.randrange(10, 400)),
    )
    for level in chance.choices(MENTOR_LEVELS, (50, 20, 10, 20))[0]:
        rows.add(mentor_level, mentor_id=mentor, level_id=frame.levels[level])
    can = chance.sample(sessions, min(len(sessions), most + chance.choice((1, 2, 3))))
    for session in can:
        rows.add(mentor_session, mentor_id=mentor, session_id=session.id)
    return mentor, frozenset(session.id for session in can)


def _pupils(rows: Rows, frame: Frame, places: Sequence[_Place]) -> list[str]:
    """The waiting list: every school sends at least one pupil; the shares of grade 10 and of girls hold exactly."""
    homes = _homes(rows, frame, places)
    girls = round(len(homes) * GIRLS)
    genders = [Gender.GIRL] * girls + [Gender.BOY] * (len(homes) - girls)
    rows.chance.shuffle(genders)
    rows.chance.shuffle(homes)
    near = _neighbours(places)
    return [_pupil(rows, frame, home, near[home[1].site], gender) for home, gender in zip(homes, genders, strict=True)]


def _homes(rows: Rows, frame: Frame, places: Sequence[_Place]) -> list[tuple[DemoSchool, _Place]]:
    """A school and a site for each pupil. A school's pupils go to the nearest site, far from all to the digital one."""
    schools: defaultdict[tuple[str, bool], list[DemoSchool]] = defaultdict(list)
    for school in frame.schools:
        schools[_site_of(rows, places, school), school.upper].append(school)
    total = PUPILS * frame.scale
    quotas = _shares(total, [place.campus.demand for place in places])
    from_lower = _shares(round(total * GRADE_10), quotas)
    homes = []
    for place, quota, lower in zip(places, quotas, from_lower, strict=True):
        for upper, count in ((False, lower), (True, quota - lower)):
            here = schools[place.site, upper]
            liked = [rows.chance.uniform(0.2, 1) for _ in here]
            more = rows.chance.choices(here, liked, k=max(0, count - len(here)))
            homes += [(school, place) for school in (*here, *more)]
    return homes


def _shares(total: int, weights: Sequence[int]) -> list[int]:
    """`total` split in proportion to the weights, in whole numbers that add up to it."""
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda n: (-(total * weights[n] % whole), n))
    for n in by_rest[: total - sum(shares)]:
        shares[n] += 1
    return shares


def _site_of(rows: Rows, places: Sequence[_Place], school: DemoSchool) -> str:
    *campuses, digital = places
    away = [(km(school.lat, school.lon, p.campus.lat, p.campus.lon), p) for p in campuses]
    nearest = min(distance for distance, _ in away)
    if nearest > FAR_KM:
        return digital.site
    as_near = [p for distance, p in away if distance <= nearest + 3]
    return rows.chance.choices(as_near, [p.campus.demand for p in as_near])[0].site


def _neighbours(places: Sequence[_Place]) -> dict[str, list[_Place]]:
    """Other campuses within reach of each site; the digital one has none."""
    *campuses, digital = places
    near = {
        one.site: [
            other
            for other in campuses
            if other is not one
            and km(one.campus.lat, one.campus.lon, other.campus.lat, other.campus.lon) < NEIGHBOUR_KM
        ]
        for one in campuses
    }
    return near | {digital.site: []}


def _pupil(rows: Rows, frame: Frame, home: tuple[DemoSchool, _Place], near: Sequence[_Place], gender: Gender) -> str:
    chance = rows.chance
    school, place = home
    number = rows.count(Pupil) + 1
    lat, lon = (None, None)
    if chance.random() < 0.75:
        lat, lon = round(chance.gauss(school.lat, 0.02), 4), round(chance.gauss(school.lon, 0.04), 4)
    pupil = rows.add(
        Pupil,
        person_id=rows.add_person("Elev", number),
        school_id=school.id,
        lat=lat,
        lon=lon,
        gender=gender,
        protected=chance.random() < 0.002,
    )
    grade = chance.choices((11, 12, 13), (5, 4, 4))[0] if school.upper else 10
    level = chance.choices(*LEVELS_BY_GRADE[grade])[0]
    returning = chance.random() < RETURNING
    group, reason = priority_group(grade, returning=returning)
    choices = _choices(rows, place, near)
    entry = rows.add(
        Entry,
        pupil_id=pupil,
        season_id=frame.season,
        programme_id=frame.programmes["ent3r"],
        level_id=frame.levels[level],
        grade=grade,
        priority_class=group,
        priority_reason=reason,
        joined_on=_joined_on(rows, frame),
        max_travel_minutes=chance.choice((None, None, 30, 45, 60)),
        mentor_id=_known_mentor(rows, place, choices[0]) if returning else None,
    )
    for rank, session in enumerate(choices, start=1):
        rows.add(EntryChoice, entry_id=entry, rank=rank, session_id=session)
    return entry


def _joined_on(rows: Rows, frame: Frame) -> date:
    """The day the period closed; who is in line since the last term keeps that term's day."""
    closed = frame.today - timedelta(days=1)
    return closed - 26 * WEEK if rows.chance.random() < 0.06 else closed


def _choices(rows: Rows, place: _Place, near: Sequence[_Place]) -> list[str]:
    """One to four sessions of the site, best first, and for some a session of a neighbouring site last."""
    chance = rows.chance
    open_to_all = [session for session in place.sessions if not session.small or chance.random() < 0.15]
    many = chance.choices((1, 2, 3, 4), (1, 3, 4, 2))[0]
    weighted = sorted(open_to_all, key=lambda session: chance.random() ** (1 / session.liked), reverse=True)
    choices = [session.id for session in weighted[:many]]
    if near and chance.random() < 0.2:
        choices.append(chance.choice(chance.choice(near).sessions).id)
    return choices


def _known_mentor(rows: Rows, place: _Place, session: str) -> str | None:
    """A mentor of that session whom the pupil wants to keep, for two of five."""
    known = [mentor for mentor, sessions in place.mentors if session in sessions]
    return rows.chance.choice(known) if known and rows.chance.random() < 0.4 else None
