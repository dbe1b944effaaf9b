"""What the database refuses by itself."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.domain.permissions import Role
from api.models.places import BlockedDay, SchoolIdentifier
from api.models.planning import PlanGoal
from api.models.pupils import EntryChoice, Lottery
from api.models.visits import Refusal
from tests import factories as make


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"lat": 95.0}, "ck_school_placed"),
        ({"lowest_grade": 10, "highest_grade": 8}, "ck_school_grades"),
        ({"lowest_grade": None, "highest_grade": 10}, "ck_school_grades"),
        ({"lowest_grade": 8, "highest_grade": 14}, "ck_school_grades"),
        ({"pupils": -1}, "ck_school_pupils"),
    ],
)
def test_impossible_school_is_refused(session: Session, values: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        make.make_school(session, **values)


def test_identifier_belongs_to_one_school(session: Session) -> None:
    for school in (make.make_school(session), make.make_school(session)):
        session.add(SchoolIdentifier(scheme="orgnr", value="999999999", school_id=school.id))
    with pytest.raises(IntegrityError, match="school_identifier"):
        session.flush()


def test_blocked_days_have_one_owner(session: Session) -> None:
    session.add(BlockedDay(from_date=make.MONDAY, to_date=make.MONDAY))
    with pytest.raises(IntegrityError, match="ck_blocked_day_one_owner"):
        session.flush()


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"lowest_grade": 0}, "grades"),
        ({"physical": False}, "modes"),
        ({"max_per_week": -1}, "limits"),
        ({"max_travel_minutes": -1}, "travel"),
        ({"lon": 181.0}, "placed"),
    ],
)
def test_impossible_role_model_is_refused(session: Session, values: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=f"ck_role_model_{constraint}"):
        make.make_role_model(session, **values)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [({"grade": 14}, "grade"), ({"classes": 0}, "classes"), ({"role_models": 4}, "role_models")],
)
def test_impossible_request_is_refused(session: Session, values: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=f"ck_request_{constraint}"):
        make.make_request(session, **values)


def test_visit_is_in_an_option_of_its_request(session: Session) -> None:
    other = make.make_request(session)
    with pytest.raises(IntegrityError):
        make.make_visit(session, option_id=other.options[0].id)


def test_request_has_one_live_visit(session: Session) -> None:
    request = make.make_request(session)
    make.make_visit(session, request=request, state="fell_through")
    make.make_visit(session, request=request, state="planned")
    with pytest.raises(IntegrityError):
        make.make_visit(session, request=request, state="confirmed")


@pytest.mark.parametrize("scope", ["time", "request", "school"])
def test_refusal_says_what_its_scope_names(session: Session, scope: str) -> None:
    session.add(Refusal(role_model_id=make.make_role_model(session).id, scope=scope))
    with pytest.raises(IntegrityError, match="ck_refusal_scope_given"):
        session.flush()


@pytest.mark.parametrize(
    ("role", "constraint"),
    [(Role.SITE_LEADER, "site"), (Role.SCHOOL_CONTACT, "school"), (Role.COMPANY_CONTACT, "company")],
)
def test_scoped_role_needs_its_scope(session: Session, role: Role, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=f"ck_role_grant_{constraint}"):
        make.make_grant(session, role=role)


def test_national_role_has_no_scope(session: Session) -> None:
    with pytest.raises(IntegrityError, match="ck_role_grant_site"):
        make.make_grant(session, role=Role.ADMIN, site_id=make.make_site(session).id)


def test_grant_is_given_once(session: Session) -> None:
    user = make.make_user(session, Role.COORDINATOR)
    with pytest.raises(IntegrityError):
        make.make_grant(session, user_id=user.id, role=Role.COORDINATOR)


def test_site_leader_may_lead_two_sites(session: Session) -> None:
    user = make.make_user(session)
    grants = [
        make.make_grant(session, user_id=user.id, role=Role.SITE_LEADER, site_id=make.make_site(session).id)
        for _ in range(2)
    ]
    assert [grant.scope for grant in grants] == [grant.site_id for grant in grants]


@pytest.mark.parametrize("values", [{"login": "Upper@example.org"}, {"password_hash": "$2b$bcrypt"}])
def test_account_keeps_its_form(session: Session, values: dict[str, str]) -> None:
    with pytest.raises(IntegrityError, match="ck_user_account"):
        make.make_user(session, **values)


def test_pupil_stands_once_in_a_queue(session: Session) -> None:
    evening = make.make_group_session(session)
    entry = make.make_entry(session, evening)
    with pytest.raises(IntegrityError):
        make.make_entry(session, evening, pupil_id=entry.pupil_id)


def test_lottery_number_is_drawn_once(session: Session) -> None:
    evening = make.make_group_session(session)
    make.make_entry(session, evening, lottery_number=7)
    with pytest.raises(IntegrityError):
        make.make_entry(session, evening, lottery_number=7)


@pytest.mark.parametrize("rank", [0, 6])
def test_choices_are_five_at_most(session: Session, rank: int) -> None:
    entry = make.make_entry(session)
    session.add(EntryChoice(entry_id=entry.id, rank=rank, session_id=make.make_group_session(session).id))
    with pytest.raises(IntegrityError, match="ck_entry_choice_rank"):
        session.flush()


def test_session_is_chosen_once(session: Session) -> None:
    evening = make.make_group_session(session)
    with pytest.raises(IntegrityError):
        make.make_entry(session, evening, evening)


def test_seat_is_given_once(session: Session) -> None:
    evening = make.make_group_session(session)
    make.make_membership(session, session_id=evening.id, seat=3)
    with pytest.raises(IntegrityError):
        make.make_membership(session, session_id=evening.id, seat=3)


def test_released_seat_can_be_given_again(session: Session) -> None:
    evening = make.make_group_session(session)
    make.make_membership(session, session_id=evening.id, seat=3, to_date=date(2027, 2, 1))
    assert make.make_membership(session, session_id=evening.id, seat=3).to_date is None


def test_pupil_sits_in_one_place(session: Session) -> None:
    entry = make.make_entry(session)
    make.make_membership(session, entry_id=entry.id)
    with pytest.raises(IntegrityError):
        make.make_membership(session, entry_id=entry.id)


def test_lottery_seed_is_shown_after_its_hash(session: Session) -> None:
    evening = make.make_group_session(session)
    at = datetime(2026, 9, 1, tzinfo=UTC)
    queue = {"season_id": evening.season_id, "programme_id": evening.programme_id}
    session.add(Lottery(**queue, seed_hash="a" * 64, committed_at=at, seed="b" * 64, revealed_at=at - timedelta(1)))
    with pytest.raises(IntegrityError, match="ck_lottery_order"):
        session.flush()


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"problem": "{}"}, "problem"),
        ({"state": "running"}, "lease"),
        ({"state": "done"}, "finished"),
        ({"finished_at": make.MORNING}, "finished"),
    ],
)
def test_impossible_run_is_refused(session: Session, values: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=f"ck_run_{constraint}"):
        make.make_run(session, **values)


@pytest.mark.parametrize(("sense", "value", "bound"), [("max", 5, 4), ("min", 4, 5)])
def test_goal_is_never_beyond_its_bound(session: Session, sense: str, value: int, bound: int) -> None:
    plan = make.make_plan(session)
    session.add(PlanGoal(plan_id=plan.id, position=0, name="schools", sense=sense, value=value, bound=bound))
    with pytest.raises(IntegrityError, match="ck_plan_goal_bound"):
        session.flush()


@pytest.mark.parametrize(
    "make_row",
    [
        lambda session: make.make_group_session(session, weekday=8),
        lambda session: make.make_group_session(session, starts=time(19), ends=time(17)),
        lambda session: make.make_mentor(session, contracted=3, max_sessions=2),
        lambda session: make.make_room(session, seats=-1),
        lambda session: make.make_season(session, ends_on=date(2027, 1, 1)),
    ],
)
def test_impossible_group_row_is_refused(session: Session, make_row: Callable[[Session], object]) -> None:
    with pytest.raises(IntegrityError, match="ck_"):
        make_row(session)


def test_school_with_requests_cannot_be_deleted(session: Session) -> None:
    request = make.make_request(session)
    session.delete(request.school)
    with pytest.raises(IntegrityError):
        session.flush()
