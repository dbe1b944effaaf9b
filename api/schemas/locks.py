"""Locks, and plans changed by hand."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from api.domain.enums import LockKind, Mode
from api.i18n import gettext
from api.schemas.fields import Moment, PublicId, StrictSchema, Text, Whole, Word
from api.schemas.paging import PageQuery, list_schema, sort_field


class LockSchema(StrictSchema):
    """What the next runs leave as it is. `names` and `mentor_name` are null without the right to names."""

    id = PublicId(required=True)
    kind = Word(LockKind, required=True)
    created_at = Moment(required=True)
    reason = fields.String(required=True)
    request = PublicId(required=True, allow_none=True)
    reference = fields.String(required=True, allow_none=True)
    school = fields.String(required=True, allow_none=True)
    mode = Word(Mode, required=True, allow_none=True)
    starts_at = Moment(required=True, allow_none=True)
    role_models = fields.List(PublicId(), required=True)
    names = fields.List(fields.String(), required=True, allow_none=True)
    session = fields.Function(
        lambda row: row.session.id if row.session else None, metadata={"type": ["string", "null"], "format": "uuid"}
    )
    mentor = PublicId(required=True, allow_none=True, attribute="mentor_id")
    mentor_name = fields.String(required=True, allow_none=True, attribute="mentor")
    pupil = PublicId(required=True, allow_none=True, attribute="entry")
    lottery_number = fields.Integer(required=True, allow_none=True, attribute="number")


class LockQuery(PageQuery):
    sort = sort_field("created_at", "kind")
    season = PublicId()


class NewLockSchema(StrictSchema):
    """One of: a visit of a plan, a live visit, a mentor with a session, a pupil's entry with a session."""

    plan_visit = PublicId()
    visit = PublicId()
    mentor = PublicId()
    pupil = PublicId()
    session = PublicId()
    reason = Text(load_default="")

    @validates_schema
    def _one_thing(self, data: dict[str, Any], **_: Any) -> None:
        named = [name for name in ("plan_visit", "visit", "mentor", "pupil") if name in data]
        needs_session = named in (["mentor"], ["pupil"])
        if len(named) != 1 or needs_session != ("session" in data):
            raise ValidationError(
                gettext("Name one thing to lock: a visit, or a mentor or a pupil with the session."), "plan_visit"
            )


class AdjustmentSchema(StrictSchema):
    """What becomes of a request. option: as the run's problem numbers it, null for no visit."""

    request = PublicId(required=True)
    option = Whole(least=0, most=100, required=True, allow_none=True)
    mode = Word(Mode, load_default=Mode.PHYSICAL.value)
    role_models = fields.List(PublicId(), load_default=list, validate=validate.Length(max=3))


class BrokenSchema(StrictSchema):
    code = fields.String(required=True)
    people = fields.List(PublicId(), required=True)
    against = fields.List(PublicId(), required=True, metadata={"description": "requests whose visits stand in the way"})


class CostSchema(StrictSchema):
    name = fields.String(required=True)
    before = fields.Integer(required=True)
    after = fields.Integer(required=True)
    is_better = fields.Boolean(required=True)


class RulingSchema(StrictSchema):
    """The judge's answer: every broken rule, and the goals whose value changes."""

    fits = fields.Boolean(required=True)
    broken = fields.List(fields.Nested(BrokenSchema), required=True)
    costs = fields.List(fields.Nested(CostSchema), required=True)


class TimeSchema(StrictSchema):
    option = fields.Integer(required=True)
    mode = Word(Mode, required=True)
    start = fields.NaiveDateTime(required=True, format="iso", metadata={"description": "Norwegian wall clock"})
    end = fields.NaiveDateTime(required=True, format="iso", metadata={"description": "Norwegian wall clock"})
    ruling = fields.Nested(RulingSchema, required=True)


class CandidateSchema(StrictSchema):
    role_model = PublicId(required=True)
    travel_minutes = fields.Integer(required=True, attribute="minutes")
    ruling = fields.Nested(RulingSchema, required=True)


class AlternativesSchema(StrictSchema):
    """The request as it is or could be at first, and what else could be done, each with the judge's answer."""

    option = fields.Integer(required=True, attribute="ruling.change.option")
    mode = Word(Mode, required=True, attribute="ruling.change.mode")
    role_models = fields.List(PublicId(), required=True, attribute="ruling.change.role_models")
    ruling = fields.Nested(RulingSchema, required=True)
    times = fields.List(fields.Nested(TimeSchema), required=True)
    people = fields.List(fields.Nested(CandidateSchema), required=True)


LockList = list_schema(LockSchema)
