"""Why a group plan is as it is: its stored problem and its rows, put together once for the matcher to explain."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import NotFound
from api.i18n import gettext
from api.models.plan_rows import PlanMentor, PlanSeat, PlanSession, PlanUnserved
from api.models.planning import Plan, Run
from api.queries.kept import Kept
from matcher.explain_groups import GroupStory
from matcher.plan import Certificate, GroupPlan, UnservedPupil
from matcher.plan import PlanMentor as MentorOfPlan
from matcher.plan import PlanSession as SessionOfPlan
from matcher.problem import GroupProblem, load_problem

_kept: Kept[GroupStory] = Kept()


def group_story(session: Session, plan_id: str) -> GroupStory:
    """The plan with its problem, in five queries at first and none while it is kept. Raises NotFound."""
    return _kept.get(plan_id, lambda: _story(session, plan_id))


def closed_because(story: GroupStory, session_id: str) -> str | None:
    """Why the plan does not hold a session, as a code; None when it does or when the run did not know the session."""
    if session_id not in story.sessions:
        return None
    told: str | None = story.of(session_id)["closed_because"]
    return told


def _story(session: Session, plan_id: str) -> GroupStory:
    head = session.execute(
        select(Plan.problem_sha256, Plan.status, Run.problem).join(Run, Plan.run_id == Run.id).where(Plan.id == plan_id)
    ).one_or_none()
    problem = load_problem(head.problem) if head is not None and head.problem is not None else None
    if head is None or not isinstance(problem, GroupProblem):
        raise NotFound(gettext("There is no such plan."))
    unserved = session.execute(select(PlanUnserved.entry_id, PlanUnserved.ahead).where(PlanUnserved.plan_id == plan_id))
    plan = GroupPlan(
        problem_sha256=head.problem_sha256,
        status=head.status.value,
        sessions=tuple(_sessions(session, plan_id)),
        goals=(),
        unserved=tuple(UnservedPupil(pupil=str(row.entry_id), ahead=row.ahead or 0, reasons=()) for row in unserved),
        certificate=Certificate(bound_source={}, seconds=0.0, seed=0, settings={}, versions={}),
    )
    return GroupStory(problem, plan)


def _sessions(session: Session, plan_id: str) -> list[SessionOfPlan]:
    opened: dict[str, dict[str, list[str]]] = {
        one: {} for one in session.scalars(select(PlanSession.session_id).where(PlanSession.plan_id == plan_id))
    }
    mentors = select(PlanMentor.session_id, PlanMentor.mentor_id).where(PlanMentor.plan_id == plan_id)
    for row in session.execute(mentors):
        opened[row.session_id][row.mentor_id] = []
    seats: Any = select(PlanSeat.session_id, PlanSeat.mentor_id, PlanSeat.entry_id).where(PlanSeat.plan_id == plan_id)
    for row in session.execute(seats):
        opened[row.session_id][row.mentor_id].append(row.entry_id)
    return [
        SessionOfPlan(
            session=one,
            mentors=tuple(MentorOfPlan(id=mentor, pupils=tuple(pupils)) for mentor, pupils in sorted(held.items())),
        )
        for one, held in sorted(opened.items())
    ]
