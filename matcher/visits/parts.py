"""Seasons that fall apart: requests and people that share nothing are solved side by side, each part in a process.

Two requests belong together when some role model, company or school could be touched by visits of both. Then the rules
and goals of different parts do not meet: each goal is a sum over parts, so the best plan is the best of each, goal by
goal. Parts are the same whatever `workers` is, and so is the plan.
"""

import json
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

import numpy as np

from matcher import plan as plans
from matcher import problem as problems
from matcher.control import OnProgress, Progress, Settings, Stop
from matcher.plan import BoundSource, Goal, UnservedRequest, VisitPlan
from matcher.problem import VisitProblem
from matcher.visits.candidates import Candidates, Ints, Units

WORTH_A_PROCESS = 5000
"""Candidates from which a part is solved on its own; smaller ones are solved together."""
LOOK_SECONDS = 0.05
"""How often a stop is looked for."""


def parts_of(problem: VisitProblem, candidates: Candidates, units: Units) -> list[VisitProblem]:
    """The problem cut where nothing joins; one problem, the same, where that is not worth a process."""
    requests, people = len(problem.requests), len(problem.role_models)
    label = _labels(problem, candidates, units)
    of_candidate = label[units.request[candidates.unit]]
    names, counts = np.unique(of_candidate, return_counts=True)
    large = names[counts >= WORTH_A_PROCESS]
    if len(large) < 2:
        return [problem]
    part = np.where(np.isin(label, large), np.searchsorted(large, label), len(large))
    return [_cut(problem, part[:requests] == p, part[requests : requests + people] == p) for p in range(len(large) + 1)]


def _cut(problem: VisitProblem, requests: Any, people: Any) -> VisitProblem:
    """The problem of some requests and role models; schools, companies and travel times may serve other parts too."""
    kept = tuple(request for request, inside in zip(problem.requests, requests, strict=True) if inside)
    staff = tuple(person for person, inside in zip(problem.role_models, people, strict=True) if inside)
    ids, names = {request.id for request in kept}, {person.id for person in staff}
    refused = tuple(r for r in problem.refused if r.role_model in names and (r.request is None or r.request in ids))
    fixed = tuple(visit for visit in problem.fixed if visit.request in ids)
    return replace(problem, requests=kept, role_models=staff, refused=refused, fixed=fixed)


def _labels(problem: VisitProblem, candidates: Candidates, units: Units) -> Ints:
    """For requests, role models, companies and schools, in this order: the same number for what is joined.

    The smallest number spreads along all joins until nothing changes.
    """
    requests, people = len(problem.requests), len(problem.role_models)
    person = {p.id: requests + i for i, p in enumerate(problem.role_models)}
    company = {c.id: requests + people + i for i, c in enumerate(problem.companies)}
    school = {s.id: requests + people + len(company) + i for i, s in enumerate(problem.schools)}
    number = {request.id: r for r, request in enumerate(problem.requests)}
    joins = [(number[request.id], school[request.school]) for request in problem.requests]
    joins += [(person[p.id], company[p.company]) for p in problem.role_models if p.company is not None]
    joins += [(number[visit.request], person[who]) for visit in problem.fixed for who in visit.role_models]
    few = np.array(joins, dtype=np.int64).reshape(-1, 2)
    one = np.concatenate([few[:, 0], units.request[candidates.unit]])
    other = np.concatenate([few[:, 1], candidates.role_model.astype(np.int64) + requests])
    label = np.arange(requests + people + len(company) + len(school))
    while True:
        before = label.copy()
        np.minimum.at(label, one, label[other])
        np.minimum.at(label, other, label[one])
        label = label[label]
        if np.array_equal(label, before):
            return label


def solve_parts(
    parts: Sequence[VisitProblem], *, stop: Stop, seed: int, settings: Settings, on_progress: OnProgress
) -> list[VisitPlan]:
    """A plan for each part, `workers` of them at a time; a stop ends all with the best plan of each.

    Where time is limited, parts that have to wait for a process get their share of it.
    """
    children: list[_Child] = []
    rounds = math.ceil(len(parts) / settings.workers)
    sums = _Sums(len(parts), on_progress)

    def work(number: int) -> VisitPlan:
        seconds = None if stop.seconds is None else stop.remaining() / (rounds - number // settings.workers)
        child = _Child(parts[number], seed, settings, seconds)
        children.append(child)
        return child.plan(lambda name, value, bound: sums.hear(number, name, value, bound))

    with ThreadPoolExecutor(settings.workers) as pool:
        futures: list[Future[VisitPlan]] = [pool.submit(work, number) for number in range(len(parts))]
        left = set(futures)
        while left:
            _, left = wait(left, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            if stop.requested:
                for child in list(children):
                    child.stop()
    return [future.result() for future in futures]


class _Sums:
    """Hears of the goals of all parts, and tells of their sums as soon as every part has said something."""

    def __init__(self, parts: int, on_progress: OnProgress) -> None:
        self._parts, self._on_progress, self._started = parts, on_progress, time.monotonic()
        self._latest: dict[str, dict[int, tuple[int, int]]] = {}
        self._lock = threading.Lock()

    def hear(self, part: int, name: str, value: int, bound: int) -> None:
        """A part's goal has moved."""
        with self._lock:
            known = self._latest.setdefault(name, {})
            known[part] = (value, bound)
            if len(known) == self._parts:
                values, bounds = zip(*known.values(), strict=True)
                self._on_progress(Progress(name, sum(values), sum(bounds), time.monotonic() - self._started))


def joined(problem: VisitProblem, parts: Sequence[VisitPlan], plain_bound: Callable[[int], int]) -> VisitPlan:
    """The plan of the whole season: visits together, values added up.

    While every goal before is proven in all parts, a plan that reaches their sums is best in each part, and bounds add
    up too. After that a part may give up some of an earlier goal for another part, and only `plain_bound` of the goal's
    number is safe.
    """
    goals: list[Goal] = []
    sources: dict[str, BoundSource] = {}
    for number, of_parts in enumerate(zip(*(plan.goals for plan in parts), strict=True)):
        name, sense = of_parts[0].name, of_parts[0].sense
        proven = all(goal.gap == 0 for goal in goals)
        bound = sum(goal.bound for goal in of_parts) if proven else plain_bound(number)
        goals.append(Goal(name=name, sense=sense, value=sum(goal.value for goal in of_parts), bound=bound))
        said = {plan.certificate.bound_source[name] for plan in parts}
        sources[name] = "branch_and_bound" if proven and "branch_and_bound" in said else "lp"
    visits = [visit for plan in parts for visit in plan.visits]
    served = {visit.request for visit in visits}
    return replace(
        parts[0],
        problem_sha256=problems.problem_sha256(problem),
        status="optimal" if all(goal.gap == 0 for goal in goals) else "feasible",
        visits=tuple(sorted(visits, key=lambda visit: (visit.start, visit.request))),
        goals=tuple(goals),
        unserved=tuple(UnservedRequest(request=r.id, reasons=()) for r in problem.requests if r.id not in served),
        certificate=replace(parts[0].certificate, bound_source=sources),
    )


class _Child:
    """A process that solves one part: matcher/visits/part_child.py."""

    def __init__(self, part: VisitProblem, seed: int, settings: Settings, seconds: float | None) -> None:
        path = os.pathsep.join([entry or os.getcwd() for entry in sys.path])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "matcher.visits.part_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path},
            start_new_session=True,
        )
        self._stopped = threading.Event()
        until = None if seconds is None else time.monotonic() + seconds  # that clock is the same in all processes
        job = {"problem": problems.to_json(part), "seed": seed, "settings": settings.as_dict(), "until": until}
        self._write(json.dumps(job).encode() + b"\n")

    def stop(self) -> None:
        """Ask for the best plan so far."""
        if not self._stopped.is_set():
            self._stopped.set()
            self._write(b"stop\n")

    def _write(self, line: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            return

    def plan(self, heard: Callable[[str, int, int], None]) -> VisitPlan:
        """Its plan. Raises RuntimeError when the process ended without one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        found = None
        with self._process.stdin, self._process.stdout:
            for line in self._process.stdout:
                message = json.loads(line)
                if "plan" in message:
                    found = plans.load_plan(json.dumps(message["plan"]))
                else:
                    heard(message["goal"], message["value"], message["bound"])
        self._process.wait()
        if not isinstance(found, VisitPlan):
            raise RuntimeError("a child process of the solver ended by itself; is there enough memory?")
        return found
