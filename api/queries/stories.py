"""Why a plan is as it is: its stored problem and its rows, put together once for the matcher to explain.

A plan and its problem never change, so what was put together is kept for the next page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import RLock
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.clock import to_local
from api.errors import NotFound
from api.i18n import gettext
from api.models.plan_rows import PlanUnserved, PlanVisit, PlanVisitRoleModel
from api.models.planning import Plan, PlanGoal, Run
from api.queries.kept import Kept
from matcher.check_visits import VisitFacts as Judged
from matcher.check_visits import recount
from matcher.eligibility import Engagement, eligible
from matcher.explain_visits import VisitStory
from matcher.plan import AssignedRoleModel, Certificate, Goal, Reason, UnservedRequest, Visit, VisitPlan
from matcher.problem import VisitProblem, load_problem


@dataclass(frozen=True, slots=True)
class Why:
    """What speaks for one visit's choice, as counts and flags for a sentence.

    rank: place among those who could come, by minutes (1 nearest), 0 when digital; of: how many could.
    mode_wished: held the way the school asked for or prefers. wishes_met of wishes.
    """

    reserved: bool
    first_visit: bool
    priority: bool
    fixed: bool
    mode_wished: bool
    wishes_met: int
    wishes: int
    rank: int
    of: int


class VisitFacts:
    """One visit plan with its problem, asked by request id.

    The matcher's tables of travel times are made for one thread, so one at a time asks them, under `mutex`.
    """

    def __init__(self, story: VisitStory) -> None:
        self.story = story
        self._why: dict[str, Why] = {}
        self.mutex = RLock()
        self._index = {identifier: i for i, identifier in enumerate(story.facts.ids)}
        self._fixed = {item.request for item in story.problem.fixed}

    def why(self, request_id: str) -> Why | None:
        """What speaks for the visit of a request; None when the plan has none."""
        if request_id not in self.story.visit_of:
            return None
        with self.mutex:
            if request_id not in self._why:
                self._why[request_id] = self._reckon(request_id)
            return self._why[request_id]

    @cached_property
    def reserved(self) -> frozenset[str]:
        """Requests served by someone set aside for their municipality that day."""
        return frozenset(request for request in self.story.visit_of if self._is_reserved(request))

    @cached_property
    def first_visits(self) -> frozenset[str]:
        """Requests of schools that had no visit in twelve months."""
        schools = self.story.facts.schools
        return frozenset(r.id for r in self.story.problem.requests if schools[r.school].visits_last_12_months == 0)

    @cached_property
    def schools_without_visit(self) -> int:
        """Schools in the problem that ask and had no visit in twelve months."""
        return len({self.story.requests[request].school for request in self.first_visits})

    @cached_property
    def counted_goals(self) -> dict[str, int]:
        """The value of each goal of the plan, as the judge counts it."""
        return {goal.name: goal.value for goal in recount(Judged(self.story.problem, self.story.plan))}

    def knows(self, request_id: str) -> bool:
        """Whether the run planned for this request; one without a usable day never reached it."""
        return request_id in self.story.requests

    def index_of(self, role_model_id: str) -> int:
        """The place of a role model in the matcher's tables."""
        return self._index[role_model_id]

    def tale(self, request_id: str) -> dict[str, Any]:
        """The matcher's whole story of one request. Raises NotFound."""
        if request_id not in self.story.requests:
            raise NotFound(gettext("There is no such request."))
        with self.mutex:
            return self.story.of(request_id)

    def _is_reserved(self, request_id: str) -> bool:
        visit = self.story.visit_of[request_id]
        town = self.story.facts.schools[self.story.requests[request_id].school].municipality
        flags = self.story.facts.reserved_for(visit.start.date(), town)
        return any(bool(flags[self._index[person.id]]) for person in visit.role_models)

    def _reckon(self, request_id: str) -> Why:
        request, visit = self.story.requests[request_id], self.story.visit_of[request_id]
        facts = self.story.facts
        could = eligible(facts, Engagement(request, request.options[visit.option], visit.mode))
        chosen = [self._index[person.id] for person in visit.role_models]
        could[chosen] = True
        minutes = facts.minutes_to(request.school)
        farthest = max(int(minutes[i]) for i in chosen)
        topics = {topic for i in chosen for topic in self.story.problem.role_models[i].topics}
        return Why(
            reserved=self._is_reserved(request_id),
            first_visit=request_id in self.first_visits,
            priority=request.priority,
            fixed=request_id in self._fixed,
            mode_wished=visit.mode in (request.mode, request.prefers),
            wishes_met=len(set(request.wishes) & topics),
            wishes=len(set(request.wishes)),
            rank=1 + int(np.count_nonzero(could & (minutes < farthest))) if visit.mode == "physical" else 0,
            of=int(np.count_nonzero(could)),
        )


_kept: Kept[VisitFacts] = Kept()


def visit_facts(session: Session, plan_id: str) -> VisitFacts:
    """The plan with its problem, in five queries at first and none while it is kept. Raises NotFound."""
    return _kept.get(plan_id, lambda: VisitFacts(VisitStory(*_solved(session, plan_id))))


def _solved(session: Session, plan_id: str) -> tuple[VisitProblem, VisitPlan]:
    head = session.execute(
        select(Plan.problem_sha256, Plan.status, Plan.certificate, Run.problem)
        .join(Run, Plan.run_id == Run.id)
        .where(Plan.id == plan_id)
    ).one_or_none()
    if head is None or head.problem is None:
        raise NotFound(gettext("There is no such plan."))
    problem = load_problem(head.problem)
    if not isinstance(problem, VisitProblem):
        raise NotFound(gettext("There is no such plan."))
    goals = session.scalars(select(PlanGoal).where(PlanGoal.plan_id == plan_id).order_by(PlanGoal.position))
    unserved = session.scalars(select(PlanUnserved).where(PlanUnserved.plan_id == plan_id))
    certificate = head.certificate
    return problem, VisitPlan(
        problem_sha256=head.problem_sha256,
        status=str(head.status.value),  # type: ignore[arg-type]  # the same words
        visits=tuple(_visits(session, plan_id, problem)),
        goals=tuple(Goal(name=g.name, sense=g.sense.value, value=g.value, bound=g.bound) for g in goals),
        unserved=tuple(
            UnservedRequest(
                request=str(row.request_id),
                reasons=tuple(Reason(code=str(r["code"]), count=int(r["count"])) for r in row.reasons),
                smallest_change=row.smallest_change,
            )
            for row in unserved
        ),
        certificate=Certificate(
            judge=certificate.get("judge", "not judged"),
            bound_source=certificate.get("bound_source", {}),
            seconds=certificate.get("seconds", 0.0),
            seed=certificate.get("seed", 0),
            settings=certificate.get("settings", {}),
            versions=certificate.get("versions", {}),
        ),
    )


def _visits(session: Session, plan_id: str, problem: VisitProblem) -> list[Visit]:
    """The plan's visits; options are found by their start, since a problem leaves out those that cannot be held."""
    options = {(r.id, o.lessons[0].start): number for r in problem.requests for number, o in enumerate(r.options)}
    people: dict[str, list[AssignedRoleModel]] = {}
    assigned = session.execute(
        select(PlanVisitRoleModel.plan_visit_id, PlanVisitRoleModel.role_model_id, PlanVisitRoleModel.travel_minutes)
        .join(PlanVisit, PlanVisitRoleModel.plan_visit_id == PlanVisit.id)
        .where(PlanVisit.plan_id == plan_id)
        .order_by(PlanVisitRoleModel.role_model_id)
    )
    for visit_id, role_model_id, minutes in assigned:
        people.setdefault(visit_id, []).append(AssignedRoleModel(id=role_model_id, travel_minutes=minutes))
    rows: Sequence[Any] = session.execute(
        select(
            PlanVisit.id,
            PlanVisit.request_id,
            PlanVisit.starts_at,
            PlanVisit.ends_at,
            PlanVisit.mode,
        ).where(PlanVisit.plan_id == plan_id)
    ).all()
    return [
        Visit(
            request=row.request_id,
            option=options[row.request_id, to_local(row.starts_at)],
            start=to_local(row.starts_at),
            end=to_local(row.ends_at),
            mode=row.mode.value,
            role_models=tuple(people[row.id]),
        )
        for row in rows
    ]
