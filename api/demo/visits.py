"""The visit half of a demo season: companies with agreements, role models, requests, and visits that stand already."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from api import clock
from api.demo.frame import WEEK, DemoSchool, Frame, at, km
from api.demo.rows import Rows
from api.demo.towns import TOWNS, Town
from api.domain.enums import Mode, Purpose, RequestMode, RequestState, TopicUse, VisitState
from api.domain.references import REFERENCE_BITS, make_reference
from api.models.bookings import Booking
from api.models.companies import Agreement, Company, agreement_municipality, agreement_visit_week
from api.models.programmes import Season, VisitWeek
from api.models.role_models import (
    RoleModel,
    RoleModelBlocked,
    RoleModelFreeTime,
    RoleModelLanguage,
    agreement_role_model,
    role_model_topic,
)
from api.models.visits import Lesson, Refusal, Request, RequestOption, RequestTopic, Visit, VisitRoleModel

REQUESTS, INDEPENDENT, PEOPLE_OF_A_COMPANY, FIXED, LAST_YEAR, PROMISED_ANEW = 240, 200, 8, 8, 82, 6
COMPANIES = ("Oslo", "Oslo", "Oslo", "Trondheim", "Trondheim")
WEEKS = (("Oslo", 1, 40), ("Trondheim", 3, 24), ("Oslo", 5, 26))  # town, weeks after the first, requests
LAST_SEASON = "demo-before"
FAR_NORTH = 65.0
LESSON, PAUSE = timedelta(minutes=45), timedelta(minutes=15)
STARTS = (time(8, 30), time(9, 30), time(10, 15), time(11, 30), time(12, 30))
WORK = ("ingeniør", "utvikler", "forsker", "laborant", "tekniker", "geolog", "prosjektleder", "fagarbeider")


@dataclass(slots=True)
class _Person:
    id: str
    person: str
    company: str | None
    town: Town
    lat: float
    lon: float
    grades: tuple[int, int]
    topics: list[str]
    free: list[tuple[int, time, time]]
    engaged: set[date] = field(default_factory=set)


@dataclass(slots=True)
class _Asked:
    id: str
    school: DemoSchool
    grade: int
    topics: list[str]
    options: list[tuple[str, list[tuple[datetime, datetime]]]]


@dataclass(frozen=True, slots=True)
class _Week:
    id: str
    town: str
    monday: date
    requests: int


def add_visits(rows: Rows, frame: Frame) -> None:
    """Everything that the visit problem is made of."""
    weeks = _visit_weeks(rows, frame)
    people = _company_people(rows, frame, weeks)
    people += [_independent(rows, frame, number) for number in range(1, INDEPENDENT * frame.scale + 1)]
    _not_ready(rows, frame)
    asked = _requests(rows, frame, weeks)
    _fixed_visits(rows, frame, asked, people)
    _refusals(rows, asked, people)
    _last_season(rows, frame, people)


def _visit_weeks(rows: Rows, frame: Frame) -> list[_Week]:
    """Each municipality's week; one without five days of lessons moves on."""
    weeks = []
    for town, offset, requests in WEEKS:
        code = next(t.code for t in TOWNS if t.name == town)
        monday = frame.dates.first + offset * WEEK
        while len(frame.lesson_days(code[:2], monday)) < 5:
            monday += WEEK
        week = rows.add(
            VisitWeek,
            season_id=frame.season,
            municipality_id=frame.municipalities[code],
            monday=monday,
            window_id=frame.windows["rollemodell"],
        )
        weeks.append(_Week(week, town, monday, requests))
    return weeks


def _company_people(rows: Rows, frame: Frame, weeks: list[_Week]) -> list[_Person]:
    """Agreement companies, each with people who are free all of its municipality's weeks and little else."""
    people = []
    for number in range(1, len(COMPANIES) * frame.scale + 1):
        name = COMPANIES[(number - 1) % len(COMPANIES)]
        town = next(t for t in TOWNS if t.name == name)
        contact = rows.add_person("Bedriftskontakt", number)
        company = rows.add(Company, name=f"Bedrift {number}, {name}", quota=14, contact_id=contact)
        agreement = rows.add(Agreement, company_id=company, season_id=frame.season, pledged_people=PEOPLE_OF_A_COMPANY)
        rows.add(agreement_municipality, agreement_id=agreement, municipality_id=frame.municipalities[town.code])
        for week in weeks:
            if week.town == name:
                rows.add(agreement_visit_week, agreement_id=agreement, visit_week_id=week.id)
        for _ in range(PEOPLE_OF_A_COMPANY):
            free = [(weekday, time(8), time(15)) for weekday in sorted(rows.chance.sample(range(1, 6), 3))]
            person = _role_model(rows, frame, town, company, free)
            rows.add(agreement_role_model, agreement_id=agreement, role_model_id=person.id)
            people.append(person)
    return people


def _independent(rows: Rows, frame: Frame, _number: int) -> _Person:
    """Someone of a town of the country; the north and the smallest towns have few."""
    weights = [(town.lower + town.upper) * (0.4 if town.lat > FAR_NORTH or town.lower < 2 else 1) for town in TOWNS]
    town = rows.chance.choices(TOWNS, weights)[0]
    free = []
    for weekday in sorted(rows.chance.sample(range(1, 6), rows.chance.choice((1, 1, 2, 2, 3)))):
        starts, ends = rows.chance.choice(((time(8), time(11, 30)), (time(9), time(13)), (time(8), time(15))))
        free.append((weekday, starts, ends))
    return _role_model(rows, frame, town, None, free)


def _role_model(
    rows: Rows, frame: Frame, town: Town, company: str | None, free: list[tuple[int, time, time]]
) -> _Person:
    chance = rows.chance
    number = rows.count(RoleModel) + 1
    grades = chance.choices(((8, 10), (8, 13), (1, 13), (11, 13)), (3, 5, 1, 2))[0]
    lat, lon = round(chance.gauss(town.lat, 0.03), 5), round(chance.gauss(town.lon, 0.05), 5)
    topics = chance.sample(sorted(frame.topics), chance.choice((1, 2, 2, 3)))
    person = rows.add_person("Rollemodell", number)
    confirmed = frame.today - timedelta(days=chance.randrange(5, 300))
    role_model = rows.add(
        RoleModel,
        person_id=person,
        company_id=company,
        title=chance.choice(WORK),
        place=town.name,
        lat=lat,
        lon=lon,
        max_travel_minutes=chance.choice((30, 30, 45, 60, 90)),
        lowest_grade=grades[0],
        highest_grade=grades[1],
        physical=True,
        digital=chance.random() < 0.3,
        max_lessons=chance.choice((1, 2, 3, 3)),
        max_per_day=chance.choice((1, 1, 2)),
        max_per_week=chance.choice((1, 2, 2)),
        max_per_term=chance.choice((1, 2, 3, 4)),
        trained_on=confirmed - timedelta(days=chance.randrange(200)),
        confirmed_at=at(confirmed, 12),
    )
    for topic in topics:
        rows.add(role_model_topic, role_model_id=role_model, topic_id=frame.topics[topic])
    rows.add(RoleModelLanguage, role_model_id=role_model, language="nb")
    for weekday, starts, ends in free:
        rows.add(RoleModelFreeTime, role_model_id=role_model, weekday=weekday, starts=starts, ends=ends)
    if chance.random() < 0.25:
        monday = frame.dates.first + chance.randrange(10) * WEEK
        rows.add(RoleModelBlocked, role_model_id=role_model, from_date=monday, to_date=monday + timedelta(days=4))
    return _Person(role_model, person, company, town, lat, lon, grades, topics, free)


def _not_ready(rows: Rows, frame: Frame) -> None:
    """Profiles that nobody may be matched with yet: untrained, or not confirmed for more than a year."""
    for number in range(1, 4 * frame.scale + 1):
        old = frame.today - timedelta(days=400 + number % 300)
        rows.add(
            RoleModel,
            person_id=rows.add_person("Ny rollemodell", number),
            title=rows.chance.choice(WORK),
            place="Oslo",
            lat=59.91,
            lon=10.75,
            max_travel_minutes=45,
            lowest_grade=8,
            highest_grade=13,
            trained_on=old if number % 2 else None,
            confirmed_at=at(old if number % 2 else frame.today - timedelta(days=9), 12),
        )


def _requests(rows: Rows, frame: Frame, weeks: list[_Week]) -> list[_Asked]:
    """Requests for the visit weeks, then for any week; every twentieth of a hundred and more asks for two people."""
    total = REQUESTS * frame.scale
    for_two = set(rows.chance.sample(range(total), round(total * 0.15)))
    anew = set(rows.chance.sample(range(total), PROMISED_ANEW * frame.scale))
    by_town: dict[str, list[DemoSchool]] = {}
    for school in frame.schools:
        by_town.setdefault(school.town.name, []).append(school)
    wanted: list[tuple[DemoSchool, _Week | None]] = []
    for week in weeks:
        schools = by_town[week.town]
        while len(wanted) < sum(w.requests for w in weeks[: weeks.index(week) + 1]) * frame.scale:
            wanted += [(school, week) for school in rows.chance.sample(schools, len(schools))]
        del wanted[sum(w.requests for w in weeks[: weeks.index(week) + 1]) * frame.scale :]
    wanted += [(school, None) for school in rows.chance.sample(frame.schools, total - len(wanted))]
    return [
        _request(rows, frame, school, week, role_models=2 if number in for_two else 1, priority=number in anew)
        for number, (school, week) in enumerate(wanted)
    ]


def _request(
    rows: Rows, frame: Frame, school: DemoSchool, week: _Week | None, *, role_models: int, priority: bool
) -> _Asked:
    chance = rows.chance
    number = rows.count(Request) + 1
    classes = chance.choices((1, 2, 3), (11, 6, 3))[0]
    grade = chance.choice((11, 12, 13) if school.upper else (8, 9, 10, 10))
    submitted = frame.today - timedelta(days=chance.randrange(5, 40))
    request = rows.add(
        Request,
        reference=make_reference(chance.getrandbits(REFERENCE_BITS)),
        season_id=frame.season,
        programme_id=frame.programmes["rollemodell"],
        window_id=frame.windows["rollemodell"] if week else None,
        school_id=school.id,
        contact_id=rows.add_person("Kontaktlærer", number),
        state=RequestState.OPEN,
        submitted_at=at(submitted, 10, number % 60),
        answer_on=frame.today + WEEK,
        grade=grade,
        classes=classes,
        pupils=sum(chance.randrange(18, 30) for _ in range(classes)),
        mode=chance.choices(tuple(RequestMode), (68, 10, 22))[0],
        prefers=chance.choices(tuple(Mode), (4, 1))[0],
        role_models=role_models,
        purpose=chance.choice(tuple(Purpose)),
        priority=priority,
    )
    topics = chance.sample(sorted(frame.topics), chance.choices((0, 1, 2), (3, 9, 8))[0])
    wishes = chance.sample(sorted(frame.topics), chance.choice((0, 1, 2)))
    for use, names in ((TopicUse.NEEDED, topics), (TopicUse.WISHED, wishes)):
        for name in names:
            rows.add(RequestTopic, request_id=request, topic_id=frame.topics[name], use=use)
    in_the_hall = classes > 1 and chance.random() < 0.3
    options = _options(rows, frame, request, school, week, 1 if in_the_hall else classes)
    return _Asked(request, school, grade, topics, options)


def _options(
    rows: Rows, frame: Frame, request: str, school: DemoSchool, week: _Week | None, lessons: int
) -> list[tuple[str, list[tuple[datetime, datetime]]]]:
    """One to three dates of the week, or of the first ten weeks, each with lessons in a row."""
    mondays = [week.monday] if week else [frame.dates.first + n * WEEK for n in range(10)]
    dates = [day for monday in mondays for day in frame.lesson_days(school.town.code[:2], monday)]
    days = sorted(rows.chance.sample(dates, rows.chance.choice((1, 2, 2, 3))))
    return [
        add_option(rows, request, position, day, rows.chance.choice(STARTS[: 5 - lessons]), lessons)
        for position, day in enumerate(days)
    ]


def add_option(
    rows: Rows, request: str, position: int, day: date, start: time, lessons: int
) -> tuple[str, list[tuple[datetime, datetime]]]:
    """An option of so many lessons from a time on. Returns its id and the lessons, Norwegian wall clock."""
    option = rows.add(RequestOption, request_id=request, position=position)
    begins = datetime.combine(day, start)
    parts = [(begins + n * (LESSON + PAUSE), begins + n * (LESSON + PAUSE) + LESSON) for n in range(lessons)]
    for n, (first, last) in enumerate(parts):
        rows.add(
            Lesson,
            option_id=option,
            position=n,
            starts_at=clock.from_local(first),
            ends_at=clock.from_local(last),
        )
    return option, parts


def _fixed_visits(rows: Rows, frame: Frame, asked: list[_Asked], people: list[_Person]) -> None:
    """Some requests were for a role model whom the school knew, and are confirmed."""
    requests = {row["id"]: row for row in rows.of(Request)}
    left = FIXED * frame.scale
    for one in asked:
        row = requests[one.id]
        if left == 0:
            return
        if row["role_models"] != 1 or row["mode"] is RequestMode.DIGITAL or row["window_id"]:
            continue
        option, parts = one.options[0]
        start, end = parts[0][0], parts[-1][1]
        person = next((p for p in people if _suits(p, one, start, end)), None)
        if person is None:
            continue
        left -= 1
        person.engaged.add(start.date())
        row["state"] = RequestState.VISIT
        row["answered_at"] = row["submitted_at"]
        _visit(rows, one, option, (start, end), person, VisitState.CONFIRMED)


def _suits(person: _Person, asked: _Asked, start: datetime, end: datetime) -> bool:
    near = km(person.lat, person.lon, asked.school.lat, asked.school.lon) < 15
    free = any(
        day == start.isoweekday() and first <= start.time() and end.time() <= last for day, first, last in person.free
    )
    return person.company is None and near and free and not person.engaged


def _visit(
    rows: Rows, asked: _Asked, option: str, span: tuple[datetime, datetime], person: _Person, state: VisitState
) -> None:
    starts_at, ends_at = clock.from_local(span[0]), clock.from_local(span[1])
    visit = rows.add(
        Visit,
        request_id=asked.id,
        option_id=option,
        mode=Mode.PHYSICAL,
        starts_at=starts_at,
        ends_at=ends_at,
        state=state,
    )
    distance = km(person.lat, person.lon, asked.school.lat, asked.school.lon)
    rows.add(VisitRoleModel, visit_id=visit, role_model_id=person.id, travel_minutes=round(distance * 1.3 / 50 * 60))
    rows.add(Booking, person_id=person.person, starts_at=starts_at, ends_at=ends_at, visit_id=visit)


def _refusals(rows: Rows, asked: list[_Asked], people: list[_Person]) -> None:
    """A few have said no: to this request, or to this school."""
    for n, person in enumerate(rows.chance.sample(people, 12 * (len(people) // 240))):
        one = rows.chance.choice(asked)
        if n % 2:
            rows.add(Refusal, role_model_id=person.id, scope="request", request_id=one.id)
        else:
            rows.add(Refusal, role_model_id=person.id, scope="school", school_id=one.school.id)


def _last_season(rows: Rows, frame: Frame, people: list[_Person]) -> None:
    """The visits of the last half year: their schools do not count as first visits."""
    ends_on = frame.today - 2 * WEEK
    starts_on = ends_on - 20 * WEEK
    season = rows.add(Season, code=LAST_SEASON, name="Forrige halvår", starts_on=starts_on, ends_on=ends_on)
    for n, school in enumerate(rows.chance.sample(frame.schools, LAST_YEAR * frame.scale)):
        day = starts_on + timedelta(days=n % 120)
        day -= timedelta(days=max(0, day.isoweekday() - 5))
        request = rows.add(
            Request,
            reference=make_reference(rows.chance.getrandbits(REFERENCE_BITS)),
            season_id=season,
            programme_id=frame.programmes["rollemodell"],
            school_id=school.id,
            state=RequestState.VISIT,
            submitted_at=at(starts_on - 6 * WEEK, 9),
            answer_on=starts_on,
            answered_at=at(starts_on - WEEK, 9),
            grade=11 if school.upper else 9,
            pupils=rows.chance.randrange(20, 32),
        )
        option, parts = add_option(rows, request, 0, day, time(9, 15), 1)
        asked = _Asked(request, school, 9, [], [])
        person = people[n % len(people)]
        starts_at, ends_at = (clock.from_local(moment) for moment in parts[0])
        visit = rows.add(
            Visit,
            request_id=asked.id,
            option_id=option,
            mode=Mode.DIGITAL,
            starts_at=starts_at,
            ends_at=ends_at,
            state=VisitState.HELD,
            held_asked_at=ends_at,
            school_held_at=ends_at,
        )
        rows.add(VisitRoleModel, visit_id=visit, role_model_id=person.id, travel_minutes=0)
