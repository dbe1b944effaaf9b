"""Runs of the solver, and plans with their goals and rows."""

from marshmallow import fields

from api.domain.enums import Mode, PlanStatus, RunKind, RunState, Sense
from api.i18n import gettext
from api.schemas.fields import Moment, PublicId, StrictSchema, Text, Whole, Word
from api.schemas.paging import PageQuery, list_schema, sort_field

LONGEST_SECONDS = 3600


class NewRunSchema(StrictSchema):
    """An order to solve. `programme` is a code; the only one of its kind if left out."""

    kind = Word(RunKind, required=True)
    season = PublicId(required=True)
    programme = Text(longest=40)
    seed = Whole(least=0, most=2**31 - 1, load_default=1)
    seconds = Whole(least=1, most=LONGEST_SECONDS, load_default=60)
    workers = Whole(least=1, most=64, load_default=2)


class ProgressSchema(StrictSchema):
    """One goal's value and proven bound so many seconds after the start."""

    goal = fields.String(required=True)
    value = fields.Integer(required=True, allow_none=True)
    bound = fields.Integer(required=True, allow_none=True)
    seconds = fields.Float(required=True)


class RunSchema(StrictSchema):
    id = PublicId(required=True)
    kind = Word(RunKind, required=True)
    season = PublicId(required=True, attribute="season_id")
    state = Word(RunState, required=True)
    seed = fields.Integer(required=True)
    settings = fields.Dict(required=True)
    problem_sha256 = fields.String(required=True, allow_none=True)
    attempt = fields.Integer(required=True)
    created_at = Moment(required=True)
    started_at = Moment(required=True, allow_none=True)
    heartbeat_at = Moment(required=True, allow_none=True)
    finished_at = Moment(required=True, allow_none=True)
    stop_requested = fields.Boolean(required=True)
    cancel_requested = fields.Boolean(required=True)
    progress = fields.List(fields.Nested(ProgressSchema), required=True)
    error_code = fields.String(required=True, allow_none=True)
    error = fields.Function(
        lambda run: _in_reader_s_language(run.error), metadata={"type": ["string", "null"], "description": "for people"}
    )
    plan = PublicId(required=True, allow_none=True, attribute="plan_id")


class RunQuery(PageQuery):
    sort = sort_field("created_at", "kind", "state")
    season = PublicId()
    kind = Word(RunKind)
    state = Word(RunState)


class PlanSchema(StrictSchema):
    """The head of a plan, and the verdict that everyone may read: `proven` is true when no better plan exists.

    `changed` counts what was dropped because the world had moved on; a plan with such is not proven.
    """

    id = PublicId(required=True)
    kind = Word(RunKind, required=True)
    season = PublicId(required=True, attribute="season_id")
    status = Word(PlanStatus, required=True)
    proven = fields.Boolean(required=True)
    changed = fields.Integer(required=True)
    created_at = Moment(required=True)


class PlanQuery(PageQuery):
    sort = sort_field("created_at", "kind")
    season = PublicId()
    kind = Word(RunKind)


class GoalSchema(StrictSchema):
    name = fields.String(required=True)
    sense = Word(Sense, required=True)
    value = fields.Integer(required=True)
    bound = fields.Integer(required=True)
    gap = fields.Integer(required=True)


class CheckSchema(StrictSchema):
    """Goals in their order with their proven bounds, and the certificate, for those who plan."""

    plan = PublicId(required=True, attribute="id")
    status = Word(PlanStatus, required=True)
    problem_sha256 = fields.String(required=True)
    goals = fields.List(fields.Nested(GoalSchema), required=True)
    certificate = fields.Dict(required=True)
    conflicts = fields.List(fields.Raw(), required=True)
    changed_since = fields.List(fields.Raw(), required=True)


class VisitorSchema(StrictSchema):
    """`name` and `travel_minutes` are None for those who may not see names."""

    role_model = PublicId(required=True)
    name = fields.String(required=True, allow_none=True)
    travel_minutes = fields.Integer(required=True, allow_none=True)


class PlanVisitSchema(StrictSchema):
    id = PublicId(required=True)
    request = PublicId(required=True)
    reference = fields.String(required=True)
    school = PublicId(required=True)
    school_name = fields.String(required=True)
    grade = fields.Integer(required=True)
    classes = fields.Integer(required=True)
    mode = Word(Mode, required=True)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    role_models = fields.List(fields.Nested(VisitorSchema), required=True)


class PlanVisitQuery(PageQuery):
    sort = sort_field("starts_at", "school", "grade")
    mode = Word(Mode)


class PlanSeatSchema(StrictSchema):
    """A seat. `name` is None without the right to names, and for a protected pupil always."""

    pupil = PublicId(required=True)
    name = fields.String(required=True, allow_none=True)
    session = PublicId(required=True)
    mentor = PublicId(required=True)
    choice = fields.Integer(required=True, allow_none=True, metadata={"description": "0 is the first choice"})


class PlanSeatQuery(PageQuery):
    sort = sort_field("pupil", "session", "choice")
    session = PublicId()


class ReasonSchema(StrictSchema):
    code = fields.String(required=True)
    count = fields.Integer(required=True)


class UnservedSchema(StrictSchema):
    """A request or a pupil that the plan leaves out, why, and the smallest change that would help."""

    request = PublicId(required=True, allow_none=True, attribute="request_id")
    pupil = PublicId(required=True, allow_none=True, attribute="entry_id")
    ahead = fields.Integer(required=True, allow_none=True)
    reasons = fields.List(fields.Nested(ReasonSchema), required=True)
    smallest_change = fields.Dict(required=True, allow_none=True)


class UnservedQuery(PageQuery):
    sort = sort_field("id", "ahead")


def _in_reader_s_language(error: str | None) -> str | None:
    """A run's error: a sentence of the catalogue, then lines of detail as they are."""
    if not error:
        return None
    sentence, *details = error.split("\n")
    return "\n".join([gettext(sentence), *details])


RunList = list_schema(RunSchema)
PlanList = list_schema(PlanSchema)
PlanVisitList = list_schema(PlanVisitSchema)
PlanSeatList = list_schema(PlanSeatSchema)
UnservedList = list_schema(UnservedSchema)
