"""Writes a run's plan in one short transaction, without the pairs that the world has moved away from since."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import PlanStatus
from api.domain.ids import new_id
from api.i18n import mark
from api.models.base import Base
from api.models.plan_rows import PlanMentor, PlanSeat, PlanSession, PlanUnserved, PlanVisit, PlanVisitRoleModel
from api.models.planning import Plan, PlanGoal, Run
from api.models.visits import Lesson, RequestOption
from api.queries.snapshot import Snapshot, order_of_run, take_snapshot
from api.services.planning import Claim, mark_done
from api.services.recheck import Dropped, StandingGroups, StandingVisits, standing_groups, standing_visits
from matcher import plan as m
from matcher.price import Price
from matcher.problem import GroupProblem, VisitProblem

BATCH = 5_000
CHANGED = "changed"
REFUSED, LANGUAGE, GRADE = "refused", "language", "grade"
OUTCOMES = {
    "infeasible": mark(
        "No plan can hold all that is locked or already agreed. The conflicts say what stands against what."
    ),
    "unknown": mark("No plan was found in the time given. Order the run again with a longer limit."),
}


def write_plan(
    session: Session,
    mine: Claim,
    taken: Snapshot,
    plan: m.Plan,
    *,
    now: datetime,
    today: date,
    peak_mb: int,
    placements: Sequence[Price] = (),
    stand_ins: dict[str, Any] | None = None,
) -> str:
    """Writes the plan of a run and ends the run. Returns the plan's id.

    Effects, in order: the run is done, unless it was cancelled or taken over (LostRun), and keeps the plan's text and
    stand-ins; a fresh snapshot; plan, goals
    and rows, without what no longer fits, which `changed_since` names. `peak_mb` and `placements` join the certificate.
    """
    beside = {"peak_mb": peak_mb} | ({"placements": [asdict(one) for one in placements]} if placements else {})
    code = plan.status if plan.status in OUTCOMES else None
    document = json.dumps(m.to_json(plan), ensure_ascii=False)
    mark_done(session, mine, now, document, stand_ins, code=code, error=OUTCOMES.get(plan.status))
    fresh = take_snapshot(session, order_of_run(session, mine.run_id, today))
    plan_id = new_id()
    if isinstance(plan, m.VisitPlan):
        assert isinstance(taken.problem, VisitProblem)
        assert isinstance(fresh.problem, VisitProblem)
        visits = standing_visits(taken.problem, fresh.problem, plan)
        _write_head(session, mine, plan_id, plan, visits.dropped, beside)
        _write_visits(session, plan_id, visits)
        _insert(session, PlanUnserved, _unserved_requests(plan_id, taken, fresh, plan, visits))
    else:
        assert isinstance(taken.problem, GroupProblem)
        assert isinstance(fresh.problem, GroupProblem)
        groups = standing_groups(taken.problem, fresh.problem, plan)
        _write_head(session, mine, plan_id, plan, groups.dropped, beside)
        _write_groups(session, plan_id, groups, fresh.problem)
        _insert(session, PlanUnserved, _unserved_entries(plan_id, fresh.problem, plan, groups))
    return plan_id


def _write_head(
    session: Session, mine: Claim, plan_id: str, plan: m.Plan, dropped: Iterable[Dropped], beside: Mapping[str, Any]
) -> None:
    shape = m.to_json(plan)
    season_id = session.scalars(select(Run.season_id).where(Run.id == mine.run_id)).one()
    _insert(
        session,
        Plan,
        [
            {
                "id": plan_id,
                "run_id": mine.run_id,
                "kind": mine.kind,
                "season_id": season_id,
                "status": PlanStatus(plan.status),
                "problem_sha256": plan.problem_sha256,
                "certificate": shape["certificate"] | beside,
                "conflicts": shape["conflicts"],
                "changed_since": list(dropped),
            }
        ],
    )
    _insert(
        session,
        PlanGoal,
        [
            {
                "plan_id": plan_id,
                "position": position,
                "name": goal.name,
                "sense": goal.sense,
                "value": goal.value,
                "bound": goal.bound,
            }
            for position, goal in enumerate(plan.goals)
        ],
    )


def _write_visits(session: Session, plan_id: str, standing: StandingVisits) -> None:
    options = _options_by_start(session, [visit.request for visit in standing.visits])
    visits, people = [], []
    for visit in standing.visits:
        visit_id = new_id()
        starts_at = clock.from_local(visit.start)
        visits.append(
            {
                "id": visit_id,
                "plan_id": plan_id,
                "request_id": visit.request,
                "option_id": options[visit.request, starts_at],
                "mode": visit.mode,
                "starts_at": starts_at,
                "ends_at": clock.from_local(visit.end),
            }
        )
        people += [
            {"plan_visit_id": visit_id, "role_model_id": one.id, "travel_minutes": one.travel_minutes}
            for one in visit.role_models
        ]
    _insert(session, PlanVisit, visits)
    _insert(session, PlanVisitRoleModel, people)


def _options_by_start(session: Session, requests: list[str]) -> dict[tuple[str, datetime], str]:
    """Options by request and first lesson's start, which no two options of a request share in a problem."""
    found: dict[tuple[str, datetime], str] = {}
    seen: set[str] = set()
    for first in range(0, len(requests), BATCH):
        rows = session.execute(
            select(RequestOption.request_id, RequestOption.id, Lesson.starts_at)
            .join(Lesson, Lesson.option_id == RequestOption.id)
            .where(RequestOption.request_id.in_(requests[first : first + BATCH]))
            .order_by(RequestOption.request_id, RequestOption.position, Lesson.position)
        )
        for request_id, option_id, starts_at in rows:
            if option_id not in seen:
                seen.add(option_id)
                found.setdefault((request_id, starts_at), option_id)
    return found


def _write_groups(session: Session, plan_id: str, standing: StandingGroups, problem: GroupProblem) -> None:
    choices = {pupil.id: pupil.choices for pupil in problem.pupils}
    sessions, mentors, seats = [], [], []
    for planned in standing.sessions:
        sessions.append({"plan_id": plan_id, "session_id": planned.session})
        for mentor in planned.mentors:
            mentors.append({"plan_id": plan_id, "session_id": planned.session, "mentor_id": mentor.id})
            for pupil in mentor.pupils:
                ranked = choices[pupil]
                seats.append(
                    {
                        "plan_id": plan_id,
                        "entry_id": pupil,
                        "session_id": planned.session,
                        "mentor_id": mentor.id,
                        "choice": ranked.index(planned.session) if planned.session in ranked else None,
                    }
                )
    _insert(session, PlanSession, sessions)
    _insert(session, PlanMentor, mentors)
    _insert(session, PlanSeat, seats)


def _unserved_requests(
    plan_id: str, taken: Snapshot, fresh: Snapshot, plan: m.VisitPlan, standing: StandingVisits
) -> Iterator[dict[str, Any]]:
    """Each request without a visit that is still there: the plan's, the dropped ones, and those without a date."""
    assert isinstance(fresh.problem, VisitProblem)
    there = {request.id for request in fresh.problem.requests} | {one.request for one in fresh.left_out}
    reasons = {one.request: ([{"code": one.code, "count": one.dates}], None) for one in taken.left_out}
    kept = {visit.request for visit in standing.visits}
    for visit in plan.visits:
        if visit.request not in kept:
            reasons[visit.request] = ([{"code": CHANGED, "count": len(visit.role_models)}], None)
    for left in m.to_json(plan)["unserved"]:
        request = left["request"]
        unfit = {LANGUAGE: taken.by_language.get(request, 0), GRADE: taken.by_grades.get(request, 0)}
        reasons[request] = (_told_apart(left["reasons"], unfit), left["smallest_change"])
    for request, (why, change) in reasons.items():
        if request in there:
            yield {
                "plan_id": plan_id,
                "request_id": request,
                "entry_id": None,
                "ahead": None,
                "reasons": why,
                "smallest_change": change,
            }


def _told_apart(reasons: list[dict[str, Any]], unfit: Mapping[str, int]) -> list[dict[str, Any]]:
    """The reasons with those who only lack the language, or a grade, told apart from those who said no."""
    if not any(unfit.values()):
        return reasons
    counts = {reason["code"]: reason["count"] for reason in reasons}
    for code, count in unfit.items():
        counts[REFUSED] = counts.get(REFUSED, 0) - count
        counts[code] = counts.get(code, 0) + count
    return [{"code": code, "count": count} for code, count in counts.items() if count > 0]


def _unserved_entries(
    plan_id: str, problem: GroupProblem, plan: m.GroupPlan, standing: StandingGroups
) -> Iterator[dict[str, Any]]:
    """Each entry without a seat that is still there: the plan's, and those whose seat was dropped."""
    there = {pupil.id for pupil in problem.pupils}
    seated = {pupil for room in standing.sessions for mentor in room.mentors for pupil in mentor.pupils}
    for room in plan.sessions:
        for mentor in room.mentors:
            for pupil in mentor.pupils:
                if pupil in there and pupil not in seated:
                    yield _unserved_entry(plan_id, pupil, 0, [{"code": CHANGED, "count": 1}], None)
    for left in m.to_json(plan)["unserved"]:
        if left["pupil"] in there:
            yield _unserved_entry(plan_id, left["pupil"], left["ahead"], left["reasons"], left["smallest_change"])


def _unserved_entry(plan_id: str, entry: str, ahead: int, reasons: list[Any], change: Any) -> dict[str, Any]:
    return {
        "plan_id": plan_id,
        "request_id": None,
        "entry_id": entry,
        "ahead": ahead,
        "reasons": reasons,
        "smallest_change": change,
    }


def _insert(session: Session, model: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    whole = list(rows)
    table: Any = model.__table__
    for first in range(0, len(whole), BATCH):
        session.execute(insert(table), whole[first : first + BATCH])
