"""What coordinators do by hand."""

from marshmallow import fields, validate

from api.schemas.fields import Day, StrictSchema, Text, Word
from api.services.coordination.week_messages import GROUPS, MOST_SUBJECT, MOST_TEXT


class WeekMessageSchema(StrictSchema):
    """A message to all who have been told of a visit in a week. monday: of the week. No names of people."""

    monday = Day(required=True)
    to = fields.List(Word(GROUPS), required=True, validate=validate.Length(min=1, max=len(GROUPS)))
    subject = Text(longest=MOST_SUBJECT, shortest=1, required=True)
    text = fields.String(required=True, validate=validate.Length(min=1, max=MOST_TEXT))


class WrittenSchema(StrictSchema):
    messages = fields.Integer(required=True, metadata={"description": "how many were written into the outbox"})
