"""The waiting list: a registration, what a pupil changes, and the place in the queue."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from api.domain.enums import EntryState, OfferState, PriorityReason, QueueMove
from api.i18n import gettext
from api.schemas.fields import Degrees, Moment, PublicId, StrictSchema, Text, Whole, Word

MOST_CHOICES = 5
CODE = r"^[A-Za-z0-9ÆØÅæøå-]{2,20}\Z"


class WishFields(StrictSchema):
    """What a pupil may change later. choices: ids of sessions, best first."""

    level = PublicId()
    choices = fields.List(PublicId(), validate=validate.Length(min=1, max=MOST_CHOICES))
    max_travel_minutes = Whole(most=1440, allow_none=True)
    friend_code = fields.String(validate=validate.Regexp(CODE), allow_none=True)


class NewEntrySchema(WishFields):
    season = PublicId(required=True)
    programme = PublicId(required=True)
    name = Text(required=True, shortest=1, longest=200)
    email = fields.Email(required=True, validate=validate.Length(max=254))
    phone = Text(longest=32)
    grade = Whole(least=8, most=13, required=True)
    birth_year = Whole(least=1990, most=2199, required=True)
    level = PublicId(required=True)
    choices = fields.List(PublicId(), required=True, validate=validate.Length(min=1, max=MOST_CHOICES))
    school = PublicId()
    postcode = fields.String(validate=validate.Regexp(r"^[0-9]{4}\Z"))
    lat = Degrees(limit=90)
    lon = Degrees(limit=180)
    guardian_name = Text(longest=200)
    guardian_email = fields.Email(validate=validate.Length(max=254))

    @validates_schema
    def _whole_place(self, data: dict[str, Any], **_: Any) -> None:
        if ("lat" in data) != ("lon" in data):
            raise ValidationError(gettext("Give both latitude and longitude, or neither."), "lat")


class WishChangeSchema(WishFields):
    """At least one field."""

    @validates_schema
    def _something(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError(gettext("Give at least one field to change."))


class ReceiptSchema(StrictSchema):
    """The same for everyone: what follows is in the mail."""

    sent = fields.Boolean(required=True, metadata={"description": "a mail has been written to the address"})


class SeatOfferSchema(StrictSchema):
    id = PublicId(required=True)
    entry = PublicId(required=True, attribute="entry_id")
    session = PublicId(required=True, attribute="session_id")
    state = Word(OfferState, required=True)
    offered_at = Moment(required=True)
    expires_at = Moment(required=True)
    stays_in_line = fields.Boolean(required=True)


class AcceptSchema(StrictSchema):
    stay = fields.Boolean(load_default=False, metadata={"description": "keep waiting for a higher choice"})


class EntrySchema(StrictSchema):
    """An entry with its place in the queue; no name."""

    id = PublicId(required=True)
    season = PublicId(required=True, attribute="season_id")
    programme = PublicId(required=True, attribute="programme_id")
    level = PublicId(required=True, attribute="level_id")
    state = Word(EntryState, required=True)
    priority_class = fields.Integer(required=True)
    priority_reason = Word(PriorityReason, required=True)
    joined_on = fields.Date(required=True)
    lottery_number = fields.Integer(required=True, allow_none=True)
    stays_in_line = fields.Boolean(required=True)
    choices = fields.Function(
        lambda row: [choice.session_id for choice in row.choices],
        metadata={"type": "array", "items": {"type": "string", "format": "uuid"}},
    )


class PlaceSchema(StrictSchema):
    """number: among those who may sit in the same sessions. last_year: how many such got a seat from this day on."""

    entry = fields.Nested(EntrySchema, required=True)
    number = fields.Integer(required=True, allow_none=True)
    ahead = fields.Integer(required=True)
    behind = fields.Integer(required=True)
    last_year = fields.Integer(required=True, allow_none=True)
    offer = fields.Nested(SeatOfferSchema, required=True, allow_none=True)
    session = fields.Function(
        lambda place: place.seat.session_id if place.seat else None,
        metadata={"type": ["string", "null"], "format": "uuid"},
    )


class PromotionSchema(StrictSchema):
    at = Moment(required=True)
    session = fields.Function(lambda row: row.session.id, metadata={"type": "string", "format": "uuid"})
    number = fields.Integer(required=True, allow_none=True)
    code = fields.String(required=True)


class MoveSchema(StrictSchema):
    """One move of an entry in the queue, in numbers and codes."""

    at = Moment(required=True)
    entry = PublicId(required=True)
    number = fields.Integer(required=True, metadata={"description": "1 for the entry's first move"})
    move = Word(QueueMove, required=True)
    rule = fields.String(required=True)
    session = PublicId(required=True, allow_none=True)
    detail = fields.Raw(required=True, metadata={"type": "object"})


class LotterySchema(StrictSchema):
    id = PublicId(required=True)
    season = PublicId(required=True, attribute="season_id")
    programme = PublicId(required=True, attribute="programme_id")
    seed_hash = fields.String(required=True)
    committed_at = Moment(required=True)
    seed = fields.String(required=True, allow_none=True)
    revealed_at = Moment(required=True, allow_none=True)


class TicketsSchema(StrictSchema):
    """Every ticket of a draw, smallest first: the first has the first number."""

    first = fields.Integer(required=True)
    tickets = fields.List(fields.String(), required=True)


class GroupApprovalSchema(StrictSchema):
    id = PublicId(required=True)
    plan = PublicId(required=True, attribute="plan_id")
    sites = fields.List(PublicId(), required=True, attribute="items")
    state = fields.Function(lambda row: row.state.value, metadata={"type": "string"})
    send_at = Moment(required=True)
    sent_at = Moment(required=True, allow_none=True)
    undone_at = Moment(required=True, allow_none=True)
    dropped = fields.List(fields.Raw(metadata={"type": "object"}), required=True)


class NewGroupApprovalSchema(StrictSchema):
    sites = fields.List(PublicId(), required=True, validate=validate.Length(min=1, max=100))
