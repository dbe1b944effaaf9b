"""The years before the demo season, for the year in figures: counts that were kept, visits that were held, answers.

Years that are longer ago were written down by hand, as a real service would have them when it begins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, time, timedelta

from api.demo.frame import TERMS, Frame, at
from api.demo.rows import Rows
from api.demo.visits import LAST_SEASON, add_option
from api.domain.enums import Audience, Factor, Gender, Measure, Mode, ProgrammeKind, RequestState, Side, VisitState
from api.domain.references import REFERENCE_BITS, make_reference
from api.domain.surveys import GENDERS, GRADES, SURE
from api.models.follow_up import Evaluation
from api.models.groups import Site
from api.models.jobs import SeasonCount
from api.models.programmes import Programme, Season
from api.models.reports import ProgrammeFactor, SaidAndDone, Survey, SurveyAnswer, YearlyFigure
from api.models.visits import Request, Visit

KEPT_YEARS, BY_HAND = 2, 3
# Years back from the demo's own: applied and offered in a year, visits and pupils met.
PUPILS = {
    0: (4_580, 3_880),
    1: (4_512, 3_741),
    2: (4_388, 3_402),
    3: (4_290, 3_260),
    4: (4_205, 3_120),
    5: (4_120, 3_010),
}
VISITS = {1: 118, 2: 97, 3: 90, 4: 84, 5: 71}
MONTHS = (9, 14, 31, 8, 6, 1, 0, 0, 7, 12, 26, 4)
# In per cent: satisfied, with mentors, better grade, inspired.
ANSWERS = {0: (93, 94, 64, 58), 1: (93, 95, 63, 57), 2: (92, 93, 61, 53)}
REPLIED = 0.51
TARGETS = {
    "ent3r": {
        Measure.REGISTERED: 4_400, Measure.OFFERED: 3_600, Measure.SCHOOLS: 390,
        Measure.SATISFIED: 90, Measure.MENTORS: 90, Measure.BETTER_GRADE: 65, Measure.INSPIRED: 55,
    },
    "rollemodell": {Measure.VISITS: 120, Measure.PUPILS_MET: 3_000},
}  # fmt: skip
FACTORS = {
    "ent3r": (Factor.KNOWLEDGE, Factor.ATTITUDES),
    "rollemodell": (Factor.INTERESTS, Factor.RELATIONS),
    "exam-help": (Factor.KNOWLEDGE,),
    "girls-day": (Factor.INTERESTS, Factor.RELATIONS),
}
OUTSIDE = (
    ("exam-help", ProgrammeKind.DROP_IN, ("Eksamenshjelp", "Eksamenshjelp", "Exam help"),
     {Measure.EVENTS: 2, Measure.PARTICIPANTS: 2_700}),
    ("girls-day", ProgrammeKind.COMPANY_DAY, ("Girls Day in Tech",) * 3,
     {Measure.EVENTS: 2, Measure.PARTICIPANTS: 110}),
)  # fmt: skip
SAID = {
    Audience.PUPILS: (
        ("Dere ville ha flere mentorer i R2.", "Ni nye mentorer underviser i R2.",
         "De ville ha fleire mentorar i R2.", "Ni nye mentorar underviser i R2.",
         "You wanted more mentors in R2.", "Nine new mentors teach R2."),
        ("Dere syntes det tok lang tid før svaret kom.", "Tilbudene går nå ut dagen fordelingen er godkjent.",
         "De syntest det tok lang tid før svaret kom.", "Tilboda går no ut dagen fordelinga er godkjend.",
         "You felt it took long to hear about a place.", "Offers now leave on the day the plan is approved."),
    ),
    Audience.SCHOOLS: (
        ("Dere sa at svaret kom for sent.", "Nå får dere en dato for svaret når dere bestiller.",
         "De sa at svaret kom for seint.", "No får de ein dato for svaret når de bestiller.",
         "You said the answer came too late.", "You now get a date for the answer when you order."),
    ),
}  # fmt: skip


def add_years(rows: Rows, frame: Frame) -> None:
    """Closed terms of the last two years, and totals of three years before them."""
    programmes = dict(frame.programmes)
    for code, kind, (nb, nn, en), _counts in OUTSIDE:
        if code not in programmes:
            programmes[code] = rows.add(Programme, code=code, kind=kind, name_nb=nb, name_nn=nn, name_en=en)
    for code, factors in FACTORS.items():
        for factor in factors:
            rows.add(ProgrammeFactor, programme_id=programmes[code], factor=factor)
    this_year = frame.today.year
    terms = [term for year in range(this_year - KEPT_YEARS, this_year + 1) for term in _closed_terms(frame, year)]
    last = next(row["id"] for row in rows.of(Season) if row["code"] == LAST_SEASON)
    visited = [row["school_id"] for row in rows.of(Request) if row["season_id"] == last]
    for starts_on, ends_on in terms:
        season = _term(rows, frame, starts_on, ends_on)
        _visits(rows, frame, season, starts_on, visited)
    _written(rows, frame, programmes)


def _closed_terms(frame: Frame, year: int) -> list[tuple[date, date]]:
    found = []
    for first_month, first_day, last_month, last_day in TERMS:
        starts_on, ends_on = date(year, first_month, first_day), date(year, last_month, last_day)
        if ends_on + timedelta(days=21) < frame.today:
            found.append((starts_on, ends_on))
    return found


def _term(rows: Rows, frame: Frame, starts_on: date, ends_on: date) -> str:
    """A season whose pupils are deleted: how many they were, and what they answered. Returns its id."""
    spring = starts_on.month < 7
    name, letter = ("Vår", "v") if spring else ("Høst", "h")
    code = f"demo-{starts_on.year}{letter}"
    season = rows.add(Season, code=code, name=f"{name} {starts_on.year}", starts_on=starts_on, ends_on=ends_on)
    back = frame.today.year - starts_on.year
    registered, offered = (round(count * (0.51 if spring else 0.49)) * frame.scale for count in PUPILS[back])
    counts = _counts(rows, frame, registered, offered)
    programme = frame.programmes["ent3r"]
    for (what, of), count in sorted(counts.items()):
        rows.add(SeasonCount, season_id=season, programme_id=programme, what=what, of=of, count=count)
    _survey(rows, frame, season, ends_on, {of: count for (what, of), count in counts.items() if what == "site"}, back)
    for audience, lines in SAID.items():
        for position, (said_nb, done_nb, said_nn, done_nn, said_en, done_en) in enumerate(lines, 1):
            texts = {"said_nb": said_nb, "done_nb": done_nb, "said_nn": said_nn, "done_nn": done_nn}
            texts |= {"said_en": said_en, "done_en": done_en}
            if back == 1 and not spring:
                rows.add(SaidAndDone, season_id=season, audience=audience, position=position, **texts)
    return season


def _counts(rows: Rows, frame: Frame, registered: int, offered: int) -> Counter[tuple[str, str]]:
    chance = rows.chance
    counts: Counter[tuple[str, str]] = Counter({("registered", ""): registered, ("offered", ""): offered})
    sites = [row["id"] for row in rows.of(Site)]
    weights = [chance.uniform(0.4, 2.5) for _ in sites]
    asked = Counter(chance.choices(sites, weights, k=registered))
    left = Counter(chance.choices(sites, [chance.uniform(0.1, 2) for _ in sites], k=registered - offered))
    for site, count in asked.items():
        counts["asked", site] = count
        counts["asked_offered", site] = count - left[site]
    short = [site for site in sites if counts["asked_offered", site] < 0]
    for site in short:  # more left than asked: the rest goes to the largest site
        counts["asked_offered", max(asked, key=lambda one: asked[one])] += counts["asked_offered", site]
        counts["asked_offered", site] = 0
    for site in sites:
        counts["site", site] = counts["asked_offered", site]
    girls = round(registered * 0.67)
    counts |= {("gender", Gender.GIRL.value): girls, ("gender", ""): 9}
    counts["gender", Gender.BOY.value] = registered - girls - 9
    for what, names, shares in (
        ("grade", ("10", "11", "12", "13"), (44, 22, 17, 17)),
        ("level", list(frame.levels.values()), (44, 9, 13, 6, 4, 10, 4, 10)),
        ("school", [school.id for school in frame.schools], None),
    ):
        for of, count in Counter(chance.choices(names, shares, k=registered)).items():
            counts[what, of] = count
    return +counts


def _survey(rows: Rows, frame: Frame, season: str, ends_on: date, seated: dict[str, int], back: int) -> None:
    survey = rows.add(
        Survey,
        season_id=season,
        programme_id=frame.programmes["ent3r"],
        opens_at=at(ends_on - timedelta(days=14), 9),
        closes_at=at(ends_on + timedelta(days=14), 23, 59),
        invited=sum(seated.values()),
    )
    satisfied, mentors, better, inspired = ANSWERS[back]
    for site, count in seated.items():
        replies = round(count * REPLIED)
        questions: tuple[tuple[str, Sequence[str], Sequence[float]], ...] = (
            ("satisfied", GRADES, (1, 2, 97 - satisfied, satisfied / 2, satisfied / 2)),
            ("mentors", GRADES, (1, 1, 98 - mentors, mentors / 3, mentors * 2 / 3)),
            ("better_grade", SURE, (better, 20, 80 - better)),
            ("inspired", SURE, (inspired, 25, 75 - inspired)),
            ("gender", GENDERS, (66, 31, 1, 2)),
        )
        counts = {("replies", ""): replies}
        for question, values, shares in questions:
            chosen = Counter(rows.chance.choices(values, shares, k=replies))
            counts |= {(question, value): number for value, number in chosen.items()}
        for (question, value), number in counts.items():
            if number:
                rows.add(SurveyAnswer, survey_id=survey, site=site, question=question, value=value, count=number)


def _visits(rows: Rows, frame: Frame, season: str, starts_on: date, visited: Sequence[str]) -> None:
    """A term's held visits. Those of the last 13 months go to schools that were visited since (`visited`), so that no
    school that waits for its first visit loses its place by them."""
    everywhere = [school.id for school in frame.schools]
    total = VISITS[max(1, frame.today.year - starts_on.year)]
    for month, count in enumerate(MONTHS, 1):
        for number in range(round(count * total / sum(MONTHS) * frame.scale)):
            day = date(starts_on.year, month, 2 + number % 26)
            day -= timedelta(days=max(0, day.isoweekday() - 5))
            recent = day > frame.today - timedelta(days=400)
            if (month < 7) == (starts_on.month < 7) and day.year == starts_on.year:
                _visit(rows, frame, season, day, rows.chance.choice(visited if recent else everywhere))


def _visit(rows: Rows, frame: Frame, season: str, day: date, school: str) -> None:
    chance = rows.chance
    request = rows.add(
        Request,
        reference=make_reference(chance.getrandbits(REFERENCE_BITS)),
        season_id=season,
        programme_id=frame.programmes["rollemodell"],
        school_id=school,
        state=RequestState.VISIT,
        submitted_at=at(day - timedelta(weeks=8), 9),
        answer_on=day - timedelta(weeks=5),
        answered_at=at(day - timedelta(weeks=5), 9),
        grade=9,
        pupils=chance.randrange(20, 32),
    )
    option, _lessons = add_option(rows, request, 0, day, time(9, 15), 1)
    starts_at, ends_at = at(day, 9, 15), at(day, 10)
    times = {"starts_at": starts_at, "ends_at": ends_at, "held_asked_at": ends_at, "school_held_at": ends_at}
    visit = rows.add(Visit, request_id=request, option_id=option, mode=Mode.DIGITAL, state=VisitState.HELD, **times)
    if chance.random() < 0.6:
        answers = {
            code: chance.choices((3, 4, 5), (1, 5, 6))[0] for code in ("useful", "engaging", "prepared", "again")
        }
        rows.add(Evaluation, visit_id=visit, side=Side.SCHOOL, answers=answers)


def _written(rows: Rows, frame: Frame, programmes: dict[str, str]) -> None:
    """Targets of the last years, and what was counted by hand."""
    today = frame.today.year
    for back in (0, 1):
        for code, targets in TARGETS.items():
            for measure, target in targets.items():
                figure = {"programme_id": programmes[code], "year": today - back, "measure": measure}
                rows.add(YearlyFigure, **figure, target=target)
    for back in range(1, KEPT_YEARS + BY_HAND + 1):
        year = today - back
        for code, _kind, _names, counts in OUTSIDE:
            for measure, count in counts.items():
                _by_hand(rows, programmes[code], year, measure, round(count * (1 - 0.08 * (back - 1))))
        if back > KEPT_YEARS:
            registered, offered = PUPILS[back]
            for measure, count in (
                (Measure.REGISTERED, registered),
                (Measure.OFFERED, offered),
                (Measure.SCHOOLS, 380),
            ):
                _by_hand(rows, programmes["ent3r"], year, measure, count * frame.scale if count > 380 else count)
            _by_hand(rows, programmes["rollemodell"], year, Measure.VISITS, VISITS[back])


def _by_hand(rows: Rows, programme: str, year: int, measure: Measure, count: int) -> None:
    rows.add(YearlyFigure, programme_id=programme, year=year, measure=measure, counted=count)
