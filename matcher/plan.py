"""Plans: what is proposed, what it reaches, what was proven, and why the others got nothing."""

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from matcher.fields import CONFIG, Count, DateTime, Id, Integer, parse_as
from matcher.problem import Mode

Status = Literal["optimal", "feasible", "infeasible", "unknown"]
BoundSource = Literal["lp", "flow", "replay", "branch_and_bound"]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Goal:
    """One goal's value and proven bound; the bound holds over all plans that reach the values of the goals above."""

    name: str
    sense: Literal["max", "min"]
    value: Integer
    bound: Integer

    @property
    def gap(self) -> int:
        """How far the value may be from the best, at least 0; 0 is proven best."""
        return abs(self.bound - self.value)


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Reason:
    """A code that stands in the way, and for how many."""

    code: str
    count: Count


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Conflict:
    """Items that no valid plan can hold together: the rule's code, and paths into the problem such as "fixed[2]"."""

    code: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Certificate:
    """How the plan came about and what was proven; `judge` is "ok" only when the judge found no broken rule.

    `passed_over` and `choice_envy` are for groups; a visit plan has neither.
    """

    judge: Literal["ok", "not judged"] = "not judged"
    bound_source: dict[str, BoundSource]
    seconds: Seconds
    seed: Integer
    settings: dict[str, Any]
    versions: dict[str, str]
    passed_over: Count | None = None
    choice_envy: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class AssignedRoleModel:
    """One person of a visit; minutes from home to the school, 0 when digital."""

    id: Id
    travel_minutes: Count


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Visit:
    """A request served in its option number `option`, from the first lesson's start to the last one's end."""

    request: Id
    option: Count
    start: DateTime
    end: DateTime
    mode: Mode
    role_models: tuple[AssignedRoleModel, ...]


UNKNOWN_CHANGE: dict[str, Any] = {"kind": "unknown"}
"""A smallest change that was not found out: neither one nor that there is none."""


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class UnservedRequest:
    """A request without a visit, and why."""

    request: Id
    reasons: tuple[Reason, ...]
    smallest_change: dict[str, Any] | None = None


VisitCause = Literal["refused", "unavailable", "limits", "makes_way"]
GroupCause = Literal["cancelled_session", "absent", "seats", "closed", "makes_way"]
"""Why a repair touched something; the meanings stand in matcher/README.md."""


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Held:
    """How a visit is or was to be held; `option` is an index into the request's options, role models by id."""

    option: Count
    start: DateTime
    mode: Mode
    role_models: tuple[Id, ...]


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class MovedVisit:
    """A request whose visit a repair changed; `id` is the request."""

    id: Id
    from_: Held = Field(validation_alias="from", serialization_alias="from")
    to: Held
    cause: VisitCause


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class DroppedVisit:
    """A request that still stands and whose visit a repair could not keep."""

    id: Id
    from_: Held = Field(validation_alias="from", serialization_alias="from")
    cause: VisitCause


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class VisitPlan:
    """A proposal for all visits: visits by (start, request), unserved in the order of the problem.

    Of a repair `based_on` is the SHA-256 of the plan before; `moved` and `dropped` are listed by id.
    """

    format: Literal["treffpunkt.visit-plan/1"] = "treffpunkt.visit-plan/1"
    problem_sha256: str
    status: Status
    visits: tuple[Visit, ...]
    goals: tuple[Goal, ...]
    unserved: tuple[UnservedRequest, ...]
    certificate: Certificate
    conflicts: tuple[Conflict, ...] = ()
    based_on: str | None = None
    moved: tuple[MovedVisit, ...] = ()
    dropped: tuple[DroppedVisit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class PlanMentor:
    """A mentor in a session and the pupils this mentor is the contact of, by id."""

    id: Id
    pupils: tuple[Id, ...]


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class PlanSession:
    """An open session and its mentors, by id."""

    session: Id
    mentors: tuple[PlanMentor, ...]


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class UnservedPupil:
    """A pupil without a seat; `ahead`: unserved pupils earlier in the queue who may sit in one of the same sessions."""

    pupil: Id
    ahead: Count
    reasons: tuple[Reason, ...]
    smallest_change: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Bottleneck:
    """How many more pupils one more mentor, who covers `levels`, would serve in `session`."""

    session: Id
    levels: tuple[Id, ...]
    one_more_mentor_serves: Count


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class MovedPupil:
    """A pupil whom a repair seats in another session."""

    id: Id
    from_: Id = Field(validation_alias="from", serialization_alias="from")
    to: Id
    cause: GroupCause


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class DroppedPupil:
    """A pupil who is still in the queue and whose seat a repair could not keep."""

    id: Id
    from_: Id = Field(validation_alias="from", serialization_alias="from")
    cause: GroupCause


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class NewStand:
    """A mentor whom a repair asks to stand in a session where they did not before."""

    mentor: Id
    session: Id


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class GroupPlan:
    """A proposal for all sessions: open sessions by id, unserved in queue order.

    Of a repair `based_on` is the SHA-256 of the plan before; `moved` and `dropped` are listed by id, `new_stands` by
    mentor and session.
    """

    format: Literal["treffpunkt.group-plan/1"] = "treffpunkt.group-plan/1"
    problem_sha256: str
    status: Status
    sessions: tuple[PlanSession, ...]
    goals: tuple[Goal, ...]
    unserved: tuple[UnservedPupil, ...]
    bottlenecks: tuple[Bottleneck, ...] = ()
    certificate: Certificate
    conflicts: tuple[Conflict, ...] = ()
    based_on: str | None = None
    moved: tuple[MovedPupil, ...] = ()
    dropped: tuple[DroppedPupil, ...] = ()
    new_stands: tuple[NewStand, ...] = ()


Plan = VisitPlan | GroupPlan

_FORMATS: dict[str, TypeAdapter[Any]] = {
    "treffpunkt.visit-plan/1": TypeAdapter(VisitPlan),
    "treffpunkt.group-plan/1": TypeAdapter(GroupPlan),
}


def load_plan(text: str | bytes) -> Plan:
    """The plan of a JSON text; raises InvalidProblem with one line for each fault."""
    plan: Plan = parse_as(_FORMATS, text)
    return plan


def to_json(plan: Plan) -> dict[str, Any]:
    """The plan as JSON values.

    The certificate of a visit plan is without what only groups have; only a repaired plan says what was repaired.
    """
    data: dict[str, Any] = _FORMATS[plan.format].dump_python(plan, mode="json", by_alias=True)
    certificate = data["certificate"]
    for name in ("passed_over", "choice_envy"):
        if certificate[name] is None:
            del certificate[name]
    if plan.based_on is None:
        for name in ("based_on", "moved", "dropped", "new_stands"):
            data.pop(name, None)
    return data


def plan_sha256(plan: Plan) -> str:
    """SHA-256 (hex) of the plan's JSON values, as UTF-8 JSON with sorted keys and no spaces."""
    text = json.dumps(to_json(plan), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
