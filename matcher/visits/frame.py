"""A problem's columns and rows before any goal, and what goals and the hand rule need beside them."""

import time
from collections.abc import Iterable
from functools import cached_property
from typing import Any
from zlib import crc32

import numpy as np

from matcher.control import Stop
from matcher.eligibility import RoleModelFacts
from matcher.problem import VisitProblem, problem_sha256
from matcher.visits.candidates import Room, find_candidates, fixed_engagements, room
from matcher.visits.digest import Digest
from matcher.visits.goals import Season
from matcher.visits.grown import Seen, grown_candidates
from matcher.visits.model import Ints, Model
from matcher.visits.rules import RULES, Surroundings, limit_groups
from matcher.visits.start import HandRule

FINISH = 8.0
"""How many times as long as the problem's SHA-256 it takes to write, judge and explain a plan."""


class Frame:
    """A problem with what is found before anything is decided: facts, limits, candidates.

    `near`: the frame of a problem of which much is the same, and need not be found again.
    """

    def __init__(self, problem: VisitProblem, near: "Frame | None" = None) -> None:
        self.started = time.monotonic()
        self.problem = problem
        self.digest: Digest | None = None if near is None else near.digest
        left: Room = room(problem, fixed_engagements(problem))
        self.facts: RoleModelFacts
        if near is None:
            self.facts = RoleModelFacts(problem)
            self.candidates, self.units = find_candidates(problem, self.facts, left)
        else:
            self.facts = near.facts if _same_people(near.problem, problem) else RoleModelFacts(problem)
            seen = Seen(near.problem, near.season.left, near.candidates, near.units)
            self.candidates, self.units = grown_candidates(seen, problem, self.facts, left)
        self.season: Season = Season(problem, self.facts, left)

    @cached_property
    def sha256(self) -> str:
        """The problem's SHA-256; a digest helps where one serves."""
        digest, problem = self.digest, self.problem
        return digest.of(problem) if digest is not None and digest.serves(problem) else problem_sha256(problem)

    def searching(self, stop: Stop) -> Stop:
        """The stop of the search for a plan: time is left to write, judge and explain it."""
        started = time.monotonic()
        _ = self.sha256
        stop.keep(FINISH * (time.monotonic() - started))
        return stop.searching()

    def model(self) -> tuple[Model, HandRule]:
        """Columns and rows of the problem, made anew, and the hand rule over them."""
        names = _names(self.problem.requests), _names(self.problem.role_models)
        model, left = Model(self.candidates, self.units, names), self.season.left
        schools = tuple(self.facts.school_place(school.id) for school in self.problem.schools)
        around = Surroundings(limit_groups(model, left), schools, self.facts.times)
        for rule in RULES:
            rule(model, around)
        return model, HandRule(self.problem, model, around, left)


def _same_people(before: VisitProblem, after: VisitProblem) -> bool:
    names = ("role_models", "schools", "refused", "travel")
    return all(getattr(before, name) == getattr(after, name) for name in names)


def _names(items: Iterable[Any]) -> Ints:
    """A number for each id."""
    return np.array([crc32(item.id.encode()) for item in items], dtype=np.int64)
