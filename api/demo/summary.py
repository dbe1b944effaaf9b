"""What the plans of a season come to, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session, selectinload

from api.domain.enums import EntryState, RunKind, RunState
from api.models.groups import GroupSession, Site
from api.models.plan_rows import PlanSeat, PlanUnserved, PlanVisit
from api.models.planning import Plan, Run
from api.models.pupils import Entry, EntryChoice
from api.models.visits import Request


def newest_runs(session: Session, season_id: str) -> dict[RunKind, Run]:
    """The newest run of each kind, with its plan and goals."""
    rows = session.scalars(
        select(Run)
        .where(Run.season_id == season_id)
        .options(selectinload(Run.plan).selectinload(Plan.goals))
        .order_by(Run.created_at, Run.id)
    )
    return {row.kind: row for row in rows}


def summary(session: Session, season_id: str) -> Iterator[str]:
    """Lines about the newest plan of visits and of study groups, or about why there is none."""
    runs = newest_runs(session, season_id)
    for kind, title in ((RunKind.VISIT, "School visits"), (RunKind.GROUP, "Study groups")):
        run = runs.get(kind)
        yield ""
        if run is None:
            yield f"{title}: not planned yet."
        elif run.plan is None:
            yield f"{title}: {run.state.value}. {run.error or ''}".rstrip()
        else:
            yield title
            yield from (_visits(session, run.plan) if kind is RunKind.VISIT else _groups(session, run.plan))
            yield from _verdict(run, run.plan)


def all_planned(session: Session, season_id: str) -> bool:
    """Whether both kinds have a run that ended with a plan."""
    runs = newest_runs(session, season_id)
    return all(kind in runs and runs[kind].state is RunState.DONE for kind in RunKind)


def _visits(session: Session, plan: Plan) -> Iterator[str]:
    asked = session.scalar(
        select(func.count())
        .select_from(Request)
        .where(Request.season_id == plan.season_id, Request.state.in_(["open", "visit"]))
    )
    served = session.scalar(select(func.count()).select_from(PlanVisit).where(PlanVisit.plan_id == plan.id))
    left = session.scalar(select(func.count()).select_from(PlanUnserved).where(PlanUnserved.plan_id == plan.id))
    yield f"  requests {asked}, visits {served}, without a visit {left}"
    yield from _goals(plan)


def _groups(session: Session, plan: Plan) -> Iterator[str]:
    seated = func.sum(cast(PlanSeat.entry_id.is_not(None), Integer))
    rows = session.execute(
        select(Entry.priority_class, func.count(), seated)
        .outerjoin(PlanSeat, (PlanSeat.entry_id == Entry.id) & (PlanSeat.plan_id == plan.id))
        .where(Entry.season_id == plan.season_id, Entry.state != EntryState.LEFT)
        .group_by(Entry.priority_class)
        .order_by(Entry.priority_class)
    ).all()
    names = {0: "returning", 1: "grade 10 and exam year", 2: "the rest"}
    for priority_class, asked, placed in rows:
        label = names.get(priority_class, f"group {priority_class}")
        yield f"  {label:<24} {placed or 0:>6} of {asked:>6} have a seat"
    yield f"  {'all':<24} {sum(row[2] or 0 for row in rows):>6} of {sum(row[1] for row in rows):>6}"
    yield from _goals(plan)
    waiting = waiting_by_site(session, plan.id)
    yield f"  sites with a waiting list: {len(waiting)}"
    for name, count in waiting:
        yield f"    {name:<24} {count:>5} waiting"


def waiting_by_site(session: Session, plan_id: str) -> list[tuple[str, int]]:
    """Sites with entries that the plan leaves out, counted by their first choice, longest list first."""
    count = func.count()
    rows = session.execute(
        select(Site.name, count)
        .select_from(PlanUnserved)
        .join(EntryChoice, (EntryChoice.entry_id == PlanUnserved.entry_id) & (EntryChoice.rank == 1))
        .join(GroupSession, EntryChoice.session_id == GroupSession.id)
        .join(Site, GroupSession.site_id == Site.id)
        .where(PlanUnserved.plan_id == plan_id)
        .group_by(Site.name)
        .order_by(count.desc(), Site.name)
    )
    return [(name, number) for name, number in rows]


def _goals(plan: Plan) -> Iterator[str]:
    for goal in plan.goals:
        gap = abs(goal.bound - goal.value)
        yield f"  {goal.name:<24} {goal.value:>9}  {'proven best' if gap == 0 else f'bound {goal.bound}, gap {gap}'}"


def _verdict(run: Run, plan: Plan) -> Iterator[str]:
    verdict = plan.certificate
    judged = "the judge found no broken rule" if verdict.get("judge") == "ok" else "NOT judged"
    yield f"  {plan.status.value}; {judged}; {len(plan.changed_since)} pairs dropped since the snapshot"
    whole = (run.finished_at - run.started_at).total_seconds() if run.finished_at and run.started_at else 0.0
    yield f"  {verdict['seconds']:.1f} s solving, {whole:.1f} s in all, {verdict.get('peak_mb', 0)} MB in the solver"
