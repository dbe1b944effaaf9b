"""Each rule of retention: what is young enough stays, what is too old goes, and the job says when it is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.audit import first_broken
from api.domain.enums import ExceptionState, JobState, OutboxState, RunKind
from api.models.access import ApiToken, IdempotencyKey, User
from api.models.drafts import OrderDraft
from api.models.follow_up import ExceptionItem, PlanApproval
from api.models.group_life import GuardianLink
from api.models.jobs import JobRun, SeasonCount
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.models.people import Person
from api.models.personal import Retention
from api.models.plan_rows import Lock, PlanSeat, PlanUnserved, PlanVisitRoleModel
from api.models.planning import Plan, PlanGoal, Run
from api.models.pupils import Entry, Pupil
from api.models.rates import RateBucket
from api.models.records import AuditEntry
from api.models.sign_in import SignInSession
from api.models.visits import Visit
from api.services import audit
from api.services.retention import trail
from api.services.retention.erase import NAMELESS
from api.services.retention.rules import RULES, due_batches, forget_batch
from tests import factories as make
from tests.api.services.retention import canaries
from tests.migrations.filled import fill

START = datetime(2027, 1, 4, 8, tzinfo=UTC)
DAY = timedelta(days=1)
TWO_YEARS = timedelta(days=730)
Maker = Callable[[Session], Any]


def _link(session: Session) -> Any:
    person = make.make_person(session)
    return LinkToken(
        token_hash="a" * 64, purpose="visit", person_id=person.id, object_kind="v", object_id="1", expires_at=START
    )


def _signed_in(session: Session) -> Any:
    return SignInSession(user_id=make.make_user(session).id, seen_at=START, expires_at=START)


def _token(session: Session) -> Any:
    user = make.make_user(session)
    return ApiToken(
        user_id=user.id, name="n", token_hash="a" * 64, scopes=[], expires_at=START + TWO_YEARS, revoked_at=START
    )


def _repeat(session: Session) -> Any:
    return IdempotencyKey(owner="o", key="k", request_hash="a" * 64, expires_at=START)


def _bucket(session: Session) -> Any:
    return RateBucket(key_hash="a" * 64, hits=1, expires_at=START)


def _draft(session: Session) -> Any:
    return OrderDraft(values={"email": "a@example.org"}, expires_at=START + timedelta(days=14))


def _message(session: Session) -> Any:
    person = make.make_person(session)
    return OutboxMessage(
        kind="k",
        person_id=person.id,
        address="a@example.org",
        locale="nb",
        values={"name": "Kari"},
        about_kind="visit",
        about_id="1",
        message_id="1@treffpunkt",
        not_before=START,
        state=OutboxState.SENT,
        sent_at=START,
    )


def _exception(session: Session) -> Any:
    about = {"object_kind": "visit", "object_id": "1", "reason": {}, "remedy": {}}
    return ExceptionItem(kind="silence", **about, state=ExceptionState.RESOLVED, resolved_at=START)


def _lock(session: Session) -> Any:
    request = make.make_request(session)
    option = request.options[0].id
    return Lock(season_id=request.season_id, kind="visit", request_id=request.id, option_id=option, mode="physical")


# rule, what is made, how long it stays after START
DELETED: list[tuple[str, Maker, timedelta]] = [
    ("links", _link, DAY),
    ("sessions", _signed_in, DAY),
    ("tokens", _token, DAY),
    ("repeats", _repeat, DAY),
    ("rates", _bucket, DAY),
    ("drafts", _draft, timedelta(days=14)),
    ("messages", _message, TWO_YEARS),
    ("exceptions", _exception, TWO_YEARS),
    ("locks", _lock, TWO_YEARS),
]


def due(session: Session, name: str, now: datetime) -> list[str]:
    rule = next(rule for rule in RULES if rule.name == name)
    return list(session.scalars(rule.due(now)))


def retention(session: Session, now: datetime) -> None:
    """One night's job, as the scheduler does it."""
    with time_machine.travel(now, tick=False):
        for batch in due_batches(session, now):
            forget_batch(session, batch, now)
        session.expire_all()


def count(session: Session, table: Any) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize(("name", "maker", "stays"), DELETED, ids=[line[0] for line in DELETED])
def test_row_goes_when_its_time_is_over_and_not_before(
    session: Session, name: str, maker: Maker, stays: timedelta
) -> None:
    with time_machine.travel(START, tick=False):
        row = maker(session)
        session.add(row)
        session.flush()
    assert due(session, name, START + stays) == []
    late = START + stays + timedelta(seconds=1)
    assert len(due(session, name, late)) == 1
    retention(session, late)
    assert (count(session, type(row)), due(session, name, late)) == (0, [])


def test_every_period_has_a_rule() -> None:
    assert {rule.keeps for rule in RULES} == set(Retention) - {Retention.ROW}
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_text_of_a_message_goes_after_a_week_and_its_row_stays(session: Session) -> None:
    with time_machine.travel(START, tick=False):
        session.add(_message(session))
        waiting = _message(session)
        waiting.state, waiting.sent_at, waiting.message_id = OutboxState.WAITING, None, "2@treffpunkt"
        session.add(waiting)
        session.flush()
    retention(session, START + timedelta(days=7))
    assert [row.values for row in session.scalars(select(OutboxMessage))] == [{"name": "Kari"}] * 2
    retention(session, START + timedelta(days=7, seconds=1))
    left = session.scalars(select(OutboxMessage).order_by(OutboxMessage.message_id))
    assert [(row.state, row.values) for row in left] == [
        (OutboxState.SENT, None),
        (OutboxState.WAITING, {"name": "Kari"}),
    ]


def test_account_nobody_signs_in_to_is_closed(session: Session) -> None:
    with time_machine.travel(START, tick=False):
        idle = make.make_user(session, login="idle@example.org")
        used = make.make_user(session, login="used@example.org", last_sign_in_at=START + DAY)
    retention(session, START + TWO_YEARS + timedelta(hours=1))
    logins = {row.id: row.login for row in session.scalars(select(User))}
    assert logins == {idle.id: f"erased:{idle.id}", used.id: "used@example.org"}


def test_role_model_of_whom_nothing_was_heard_for_two_years_is_forgotten(session: Session) -> None:
    with time_machine.travel(START, tick=False):
        row = canaries.role_model(session)
        row.confirmed_at = START
        user = session.scalars(select(User).where(User.person_id == row.person_id)).one()
        user.last_sign_in_at = START
        session.flush()
        contact = make.make_person(session)
        make.make_request(session, contact_id=contact.id)
    visit_ends = session.scalars(select(Visit.ends_at)).first()
    assert visit_ends is not None
    retention(session, visit_ends + TWO_YEARS - DAY)
    assert "person.name" in canaries.places_of(session)
    retention(session, visit_ends + TWO_YEARS + DAY)
    assert canaries.places_of(session) == set()
    assert session.get_one(Person, contact.id).name == NAMELESS
    assert count(session, Visit) == 1


def test_people_in_use_are_not_forgotten(session: Session) -> None:
    with time_machine.travel(START, tick=False):
        company = make.make_company(session, contact_id=make.make_person(session).id)
        signed_in = make.make_user(session, last_sign_in_at=START + TWO_YEARS)
        asked = make.make_role_model(session, confirmed_at=START + TWO_YEARS)
        kept = {company.contact_id, signed_in.person_id, asked.person_id}
    retention(session, START + TWO_YEARS + DAY)
    assert {row.id for row in session.scalars(select(Person)) if row.name != NAMELESS} == kept


def test_mentor_is_forgotten_two_years_after_the_last_term(session: Session) -> None:
    with time_machine.travel(START, tick=False):
        row = canaries.mentor(session)
        ends_on = session.get_one(type(row.sessions[0]), row.sessions[0].id).season_id
    season = session.get_one(make.Season, ends_on)
    last = datetime.combine(season.ends_on, datetime.min.time(), UTC)
    retention(session, last + TWO_YEARS - DAY)
    assert "person.name" in canaries.places_of(session)
    retention(session, last + TWO_YEARS + 2 * DAY)
    assert canaries.places_of(session) == set()


def _season_of(session: Session, entry: Entry) -> datetime:
    return datetime.combine(session.get_one(make.Season, entry.season_id).ends_on, datetime.min.time(), UTC)


def test_pupils_go_ninety_days_after_the_term_and_are_counted(session: Session) -> None:
    with time_machine.travel(START, tick=False):
        pupil, entry = canaries.pupil(session)
        school = make.make_school(session)
        pupil.school_id = school.id
        other = make.make_entry(session, pupil_id=make.make_pupil(session).id, season_id=entry.season_id)
        other.programme_id, other.grade = entry.programme_id, 12
        session.flush()
    ends = _season_of(session, entry)
    key = (entry.season_id, entry.programme_id)
    retention(session, ends + timedelta(days=90))
    assert count(session, Entry) == 2
    for night in (92, 93):
        retention(session, ends + timedelta(days=night))
    assert (count(session, Entry), count(session, Pupil), count(session, GuardianLink)) == (0, 0, 0)
    assert canaries.places_of(session) == set()
    counted = session.execute(
        select(SeasonCount.what, SeasonCount.of, SeasonCount.count)
        .where(SeasonCount.season_id == key[0], SeasonCount.programme_id == key[1])
        .order_by(SeasonCount.what, SeasonCount.of)
    ).all()
    wanted = ("registered", "offered", "gender", "grade", "school")
    assert {(what, of): number for what, of, number in counted if what in wanted} == {
        ("registered", ""): 2,
        ("offered", ""): 1,
        ("gender", ""): 1,
        ("gender", "girl"): 1,
        ("grade", "10"): 1,
        ("grade", "12"): 1,
        ("school", ""): 1,
        ("school", school.id): 1,
    }
    assert [number for what, _, number in counted if what == "site"] == [1]


def test_counts_add_up_over_nights(session: Session) -> None:
    with time_machine.travel(START, tick=False):
        first = make.make_entry(session)
    ends = _season_of(session, first)
    retention(session, ends + timedelta(days=92))
    with time_machine.travel(START, tick=False):
        evening = make.make_group_session(session, season_id=first.season_id, programme_id=first.programme_id)
        make.make_entry(session, evening)
    retention(session, ends + timedelta(days=93))
    registered = select(SeasonCount.count).where(SeasonCount.what == "registered")
    assert session.scalars(registered).all() == [2]


def test_pupil_who_waits_for_the_next_term_stays(session: Session) -> None:
    with time_machine.travel(START, tick=False):
        pupil, old = canaries.pupil(session)
        later = make.make_season(session, starts_on=date(2028, 1, 3), ends_on=date(2028, 6, 20))
        evening = make.make_group_session(session, season_id=later.id)
        make.make_entry(session, evening, pupil_id=pupil.id)
    retention(session, _season_of(session, old) + timedelta(days=92))
    assert (count(session, Entry), count(session, Pupil)) == (1, 1)
    assert "person.name" in canaries.places_of(session)


def test_texts_of_group_problems_go_with_the_pupils_and_proofs_stay(session: Session) -> None:
    with time_machine.travel(START, tick=False):
        run = make.make_run(session, kind=RunKind.GROUP, problem="{}", problem_sha256="a" * 64)
        kept = {"problem": "{}", "problem_sha256": "a" * 64, "document": "{}", "stand_ins": {"people": 1}}
        visits = make.make_run(session, season_id=run.season_id, **kept)
    ends = datetime.combine(session.get_one(make.Season, run.season_id).ends_on, datetime.min.time(), UTC)
    retention(session, ends + timedelta(days=92))
    texts = dict(session.execute(select(Run.id, Run.problem)).all())
    assert texts == {run.id: None, visits.id: "{}"}
    retention(session, START + TWO_YEARS + timedelta(hours=1))
    assert set(session.execute(select(Run.problem, Run.document, Run.stand_ins))) == {(None, None, None)}


def test_old_plans_keep_their_goals_and_lose_their_people(session: Session) -> None:
    with time_machine.travel(START, tick=False):
        fill(session, rounds=1)
    heads, goals = count(session, Plan), count(session, PlanGoal)
    plan_id = session.scalars(select(PlanGoal.plan_id)).one()
    retention(session, START + TWO_YEARS + timedelta(hours=1))
    assert [count(session, table) for table in (PlanSeat, PlanUnserved, PlanVisitRoleModel)] == [0, 0, 0]
    assert (count(session, Plan), count(session, PlanGoal), session.get(Plan, plan_id) is None) == (heads, goals, False)


def test_who_ordered_and_who_approved_is_forgotten_with_the_trail(session: Session) -> None:
    with time_machine.travel(START, tick=False):
        user = make.make_user(session, last_sign_in_at=START + TWO_YEARS)
        plan = make.make_plan(session, run=make.make_run(session, requested_by_id=user.id))
        session.add(PlanApproval(plan_id=plan.id, approved_by_id=user.id, send_at=START, items=[]))
        session.flush()
    retention(session, START + TWO_YEARS + timedelta(hours=1))
    assert session.scalars(select(Run.requested_by_id)).all() == [None]
    assert session.scalars(select(PlanApproval.approved_by_id)).all() == [None]


def test_trail_is_cut_after_two_years_and_what_is_left_holds(session: Session) -> None:
    for years in range(4):
        with time_machine.travel(START + years * timedelta(days=365), tick=False):
            for number in range(3):
                audit.record(session, "run.cancel", "run", f"{years}-{number}")
            audit.write_pending(session)
    now = START + timedelta(days=3 * 365 + 10)
    retention(session, now)
    left = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all()
    assert [entry.action for entry in left] == ["run.cancel"] * 6 + [trail.CUT]
    assert first_broken(left, after=trail.beginning(session)) is None
    assert first_broken(left[1:], after=trail.beginning(session)) == 7
    with time_machine.travel(now, tick=False):
        audit.record(session, "run.cancel", "run", "later")
        audit.write_pending(session)
    retention(session, now + TWO_YEARS + DAY)
    left = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all()
    assert [entry.action for entry in left] == [trail.CUT]
    assert first_broken(left, after=trail.beginning(session)) is None


def test_rows_go_in_batches(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        session.add(IdempotencyKey(owner="o", key=str(number), request_hash="a" * 64, expires_at=START))
    session.flush()
    small = tuple(type(rule)(rule.name, rule.keeps, rule.due, rule.forget, batch=2) for rule in RULES)
    monkeypatch.setattr("api.services.retention.rules.RULES", small)
    now = START + 2 * DAY
    batches = [batch for batch in due_batches(session, now) if batch.startswith("repeats")]
    assert batches == ["repeats:0", "repeats:1", "repeats:2"]
    left = []
    for batch in batches:
        forget_batch(session, batch, now)
        left.append(count(session, IdempotencyKey))
    assert left == [3, 1, 0]
    forget_batch(session, "repeats:0", now)


def test_ledger_is_pruned_with_the_rest(session: Session) -> None:
    for day in range(2):
        due_at = START + day * DAY
        times = {"due_at": due_at, "started_at": due_at, "finished_at": due_at, "next_due_at": due_at + DAY}
        session.add(JobRun(job="nightly", state=JobState.DONE, **times))
    session.flush()
    retention(session, START + timedelta(days=200))
    assert [row.due_at for row in session.scalars(select(JobRun))] == [START + DAY]
