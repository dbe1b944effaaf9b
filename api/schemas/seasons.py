"""Seasons, their figures and their sessions: what public pages show."""

from marshmallow import fields

from api.domain.enums import SessionState
from api.schemas.fields import Clock, PublicId, StrictSchema, Word
from api.schemas.paging import PageQuery, list_schema, sort_field

_PROVEN = {"description": "whether no better plan exists"}


class SeasonSchema(StrictSchema):
    id = PublicId(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)


class SeasonQuery(PageQuery):
    sort = sort_field("starts_on", "name")


class ClassFiguresSchema(StrictSchema):
    """A priority class, from 0, which comes first: pupils with a place, and pupils in all."""

    priority_class = fields.Integer(required=True)
    served = fields.Integer(required=True)
    wanted = fields.Integer(required=True)


class FiguresSchema(StrictSchema):
    """Counts of a season. Those of plans are of the newest plan of each kind, None before there is one."""

    requests = fields.Integer(required=True)
    schools = fields.Integer(required=True, metadata={"description": "schools with a request"})
    classes = fields.Integer(required=True)
    visits = fields.Integer(required=True, allow_none=True, metadata={"description": "requests with a visit planned"})
    sites = fields.Integer(required=True, metadata={"description": "sites with a session"})
    sessions = fields.Integer(required=True)
    pupils = fields.Integer(required=True, metadata={"description": "pupils who asked for a place"})
    seats = fields.Integer(required=True, allow_none=True, metadata={"description": "pupils with a place planned"})
    waiting = fields.Integer(required=True, allow_none=True)
    visit_plan = PublicId(required=True, allow_none=True)
    visit_plan_proven = fields.Boolean(required=True, allow_none=True, metadata=_PROVEN)
    schools_visited = fields.Integer(required=True, allow_none=True)
    first_visits = fields.Integer(
        required=True, allow_none=True, metadata={"description": "of those schools, without a visit in 12 months"}
    )
    reserved = fields.Integer(required=True, allow_none=True, metadata={"description": "reserved times used"})
    classes_visited = fields.Integer(required=True, allow_none=True)
    pupils_visited = fields.Integer(required=True, allow_none=True)
    group_plan = PublicId(required=True, allow_none=True)
    group_plan_proven = fields.Boolean(required=True, allow_none=True, metadata=_PROVEN)
    sessions_held = fields.Integer(required=True, allow_none=True)
    mentors = fields.Integer(required=True, allow_none=True, metadata={"description": "mentors in use"})
    sites_waiting = fields.Integer(required=True, allow_none=True, metadata={"description": "with a waiting list"})
    passed_over = fields.Integer(required=True, allow_none=True)
    priority_classes = fields.List(fields.Nested(ClassFiguresSchema), required=True, allow_none=True)


class SessionSchema(StrictSchema):
    """A room at a weekly time, Norwegian wall clock. weekday: 1 Monday to 7."""

    id = PublicId(required=True)
    season = PublicId(required=True, attribute="season_id")
    site = PublicId(required=True, attribute="site_id")
    weekday = fields.Integer(required=True)
    starts = Clock(required=True)
    ends = Clock(required=True)
    seats = fields.Integer(required=True)
    ratio = fields.Integer(required=True)
    target = fields.Integer(required=True)
    min_mentors = fields.Integer(required=True)
    min_pupils = fields.Integer(required=True)
    state = Word(SessionState, required=True)


class SessionQuery(PageQuery):
    sort = sort_field("weekday", "site", "seats")
    season = PublicId()
    site = PublicId()


SeasonList = list_schema(SeasonSchema)
SessionList = list_schema(SessionSchema)
