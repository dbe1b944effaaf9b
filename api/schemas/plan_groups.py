"""A group plan's sites, sessions and queue: counts and numbers, never a pupil's name."""

from marshmallow import fields

from api.domain.enums import PriorityReason
from api.queries import group_plan, plans_groups
from api.schemas.fields import Clock, PublicId, StrictSchema, Word
from api.schemas.paging import PageQuery, list_schema, sort_field
from api.schemas.runs import ReasonSchema


class PlanSiteSchema(StrictSchema):
    """A site in a group plan. sessions: held ones. waiting: pupils without a place whose first choice is there."""

    site = PublicId(required=True, attribute="id")
    code = fields.String(required=True)
    name = fields.String(required=True)
    institution = fields.String(required=True)
    digital = fields.Boolean(required=True)
    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    sessions = fields.Integer(required=True)
    mentors = fields.Integer(required=True)
    pupils = fields.Integer(required=True)
    waiting = fields.Integer(required=True)


class PlanSiteQuery(PageQuery):
    sort = sort_field(*plans_groups.SITE_SORTS)


class PlanSessionSchema(StrictSchema):
    """A session of the season, whether the plan holds it, how full it is, and who waits for it as a first choice.

    closed_because: a code, None for a session that is held or that was made after the plan.
    """

    session = PublicId(required=True, attribute="row.id")
    site = PublicId(required=True, attribute="row.site_id")
    site_name = fields.String(required=True, attribute="row.site")
    room = fields.String(required=True, allow_none=True, attribute="row.room")
    weekday = fields.Integer(required=True, attribute="row.weekday")
    starts = Clock(required=True, attribute="row.starts")
    ends = Clock(required=True, attribute="row.ends")
    seats = fields.Integer(required=True, attribute="row.seats")
    open = fields.Boolean(required=True, attribute="row.is_open")
    mentors = fields.Integer(required=True, attribute="row.mentors")
    pupils = fields.Integer(required=True, attribute="row.pupils")
    free = fields.Integer(required=True, attribute="row.free")
    waiting = fields.Integer(required=True, attribute="row.waiting")
    levels = fields.List(fields.String(), required=True, attribute="row.levels")
    closed_because = fields.String(required=True, allow_none=True)


class PlanSessionQuery(PageQuery):
    sort = sort_field(*group_plan.SORTS)
    site = PublicId()


class WaitingChoiceSchema(StrictSchema):
    """A session that a pupil would come to."""

    session = PublicId(required=True, attribute="session_id")
    site_name = fields.String(required=True, attribute="site")
    weekday = fields.Integer(required=True)
    starts = Clock(required=True)


class WaitingSchema(StrictSchema):
    """A pupil without a place: `position` in the queue from 1, and the choices, best first."""

    pupil = PublicId(required=True, attribute="entry_id")
    position = fields.Integer(required=True)
    level = fields.String(required=True)
    grade = fields.Integer(required=True)
    priority_class = fields.Integer(required=True)
    priority_reason = Word(PriorityReason, required=True)
    ahead = fields.Integer(required=True)
    reasons = fields.List(fields.Nested(ReasonSchema), required=True)
    choices = fields.List(fields.Nested(WaitingChoiceSchema), required=True)


class WaitingQuery(PageQuery):
    """`site` narrows to those whose first choice is there; whoever sees some sites only has to name one of them."""

    sort = sort_field(*plans_groups.QUEUE_SORTS)
    site = PublicId()


PlanSiteList = list_schema(PlanSiteSchema)
PlanSessionList = list_schema(PlanSessionSchema)
WaitingList = list_schema(WaitingSchema)
