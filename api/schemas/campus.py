"""Study groups over REST: weekly sessions, meetings, mentors and their duties, attendance, hours."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from api.domain.enums import DutyState, MeetingState, Presence, SessionState
from api.i18n import gettext
from api.schemas.fields import Clock, Day, Moment, PublicId, StrictSchema, Text, Whole, Word, YesNo
from api.schemas.paging import PageQuery, list_schema, sort_field

MOST_MARKS = 500


class _Something(StrictSchema):
    """A change names at least one field."""

    @validates_schema
    def _something(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError(gettext("Give at least one field to change."))


class SessionFields(StrictSchema):
    room_id = PublicId(data_key="room", allow_none=True)
    weekday = Whole(least=1, most=7, metadata={"description": "1 Monday to 7"})
    starts = Clock()
    ends = Clock()
    seats = Whole(most=1000)
    ratio = Whole(least=1, most=100, metadata={"description": "most pupils of a mentor"})
    target = Whole(least=1, most=100, metadata={"description": "pupils of a mentor that are aimed at"})
    min_mentors = Whole(most=100)
    min_pupils = Whole(most=1000)


class NewSessionSchema(SessionFields):
    season_id = PublicId(data_key="season", required=True)
    programme_id = PublicId(data_key="programme", required=True)
    site_id = PublicId(data_key="site", required=True)
    weekday = Whole(least=1, most=7, required=True)
    starts = Clock(required=True)
    ends = Clock(required=True)
    seats = Whole(most=1000, required=True)
    first_on = Day(metadata={"description": "no meeting before this day"})
    without = fields.List(Day(), validate=validate.Length(max=60), metadata={"description": "days left out"})


class SessionChangeSchema(_Something, SessionFields):
    """At least one field. `state` can only become cancelled, and then stands alone."""

    state = Word((SessionState.CANCELLED.value,))


class GroupSessionSchema(StrictSchema):
    id = PublicId(required=True)
    season = PublicId(required=True, attribute="season_id")
    programme = PublicId(required=True, attribute="programme_id")
    site = PublicId(required=True, attribute="site_id")
    room = PublicId(required=True, attribute="room_id", allow_none=True)
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
    sort = sort_field("weekday", "created")
    site = PublicId()
    season = PublicId()


class NewMeetingSchema(StrictSchema):
    day = Day(required=True)
    starts = Clock()
    ends = Clock()
    room_id = PublicId(data_key="room", allow_none=True)


class MeetingChangeSchema(_Something):
    """A new time or room; or `state`: cancelled, or held once it has begun, and then alone."""

    day = Day()
    starts = Clock()
    ends = Clock()
    room_id = PublicId(data_key="room", allow_none=True)
    state = Word((MeetingState.CANCELLED.value, MeetingState.HELD.value))


class MeetingSchema(StrictSchema):
    id = PublicId(required=True)
    session = PublicId(required=True, attribute="session_id")
    room = PublicId(required=True, attribute="room_id", allow_none=True)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    state = Word(MeetingState, required=True)


class MeetingListSchema(Schema):
    items = fields.List(fields.Nested(MeetingSchema), required=True)


class RosterChangeSchema(StrictSchema):
    """Mentors in and out. anyway: also when too few adults or too many pupils a mentor are left."""

    add = fields.List(PublicId(), validate=validate.Length(max=100), load_default=list)
    remove = fields.List(PublicId(), validate=validate.Length(max=100), load_default=list)
    anyway = YesNo(load_default=False)


class RosterVerdictSchema(Schema):
    """What the judge says. served: how many pupils these mentors may take."""

    fits = fields.Boolean(required=True)
    broken = fields.List(fields.String(), required=True)
    sentences = fields.List(fields.String(), required=True)
    pupils = fields.Integer(required=True)
    mentors = fields.Integer(required=True)
    served = fields.Integer(required=True)


class RosterSchema(Schema):
    mentors = fields.List(PublicId(), required=True)
    asked = fields.Integer(required=True, metadata={"description": "duties that wait for a mentor's yes"})


class MentorFields(StrictSchema):
    name = Text(shortest=1)
    email = fields.Email(validate=validate.Length(max=254))
    phone = Text(longest=32, allow_none=True)
    levels = fields.List(Text(longest=40), validate=validate.Length(max=60), metadata={"description": "codes"})
    contracted = Whole(most=20, metadata={"description": "sessions a week"})
    max_sessions = Whole(most=20)
    trained_on = Day(allow_none=True)


class NewMentorSchema(MentorFields):
    site_id = PublicId(data_key="site", required=True)
    name = Text(shortest=1, required=True)
    email = fields.Email(validate=validate.Length(max=254), required=True)


class MentorChangeSchema(_Something, MentorFields):
    """At least one field."""


class MentorSchema(StrictSchema):
    id = PublicId(required=True)
    site = PublicId(required=True, attribute="site_id")
    name = fields.String(required=True, attribute="person.name")
    email = fields.String(required=True, attribute="person.email", allow_none=True)
    phone = fields.String(required=True, attribute="person.phone", allow_none=True)
    levels = fields.Function(
        lambda row: [level.code for level in row.levels], metadata={"type": "array", "items": {"type": "string"}}
    )
    sessions = fields.Function(
        lambda row: sorted(one.id for one in row.sessions), metadata={"type": "array", "items": {"type": "string"}}
    )
    contracted = fields.Integer(required=True)
    max_sessions = fields.Integer(required=True)
    trained_on = fields.Date(required=True, allow_none=True)
    active = fields.Boolean(required=True, attribute="is_active")


class MentorQuery(PageQuery):
    sort = sort_field("name", "created")
    site = PublicId()


class AvailabilitySchema(StrictSchema):
    sessions = fields.List(PublicId(), required=True, validate=validate.Length(max=100))


class ExamBlockSchema(StrictSchema):
    from_date = Day(required=True)
    to_date = Day(required=True)


class ClearanceSchema(StrictSchema):
    """That a certificate was seen: never the paper."""

    issued_on = Day(required=True)
    seen_on = Day(required=True)


class DutySchema(StrictSchema):
    id = PublicId(required=True)
    meeting = PublicId(required=True, attribute="meeting_id")
    mentor = PublicId(required=True, attribute="mentor_id")
    state = Word(DutyState, required=True)
    substitute = fields.Boolean(required=True)


class DutyListSchema(Schema):
    items = fields.List(fields.Nested(DutySchema), required=True)


class DutyAnswerSchema(StrictSchema):
    answer = Word(("accept", "decline", "away", "return"), required=True)


class MarkSchema(StrictSchema):
    """One tap. at: when; of two for one pupil the later stands. There is no field for a reason."""

    entry_id = PublicId(data_key="entry", required=True)
    presence = Word(Presence, required=True)
    at = Moment()


class MarksSchema(StrictSchema):
    marks = fields.List(fields.Nested(MarkSchema), required=True, validate=validate.Length(min=1, max=MOST_MARKS))


class AttendanceRowSchema(Schema):
    """A pupil on the list: a first name, or a number where the pupil is protected."""

    entry = PublicId(required=True, attribute="entry_id")
    name = fields.String(required=True)
    own = fields.Boolean(required=True)
    walk_in = fields.Boolean(required=True)
    presence = Word(Presence, required=True, allow_none=True)


class AttendanceListSchema(Schema):
    items = fields.List(fields.Nested(AttendanceRowSchema), required=True)


class HoursQuery(StrictSchema):
    month = fields.String(required=True, validate=validate.Regexp(r"(19[9]\d|20\d\d|21\d\d)-(0[1-9]|1[0-2])\Z"))


class MentorHoursSchema(Schema):
    mentor = PublicId(required=True, attribute="mentor_id")
    name = fields.String(required=True)
    meetings = fields.Integer(required=True)
    substituted = fields.Integer(required=True)
    minutes = fields.Integer(required=True)


class MonthHoursSchema(Schema):
    """unmarked: meetings that nobody has marked as held; they are not counted."""

    month = fields.Date(required=True)
    items = fields.List(fields.Nested(MentorHoursSchema), required=True, attribute="rows")
    meetings = fields.Integer(required=True)
    minutes = fields.Integer(required=True)
    unmarked = fields.Integer(required=True)


GroupSessionList = list_schema(GroupSessionSchema)
MentorList = list_schema(MentorSchema)
