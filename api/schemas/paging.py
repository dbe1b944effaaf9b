"""What every list shares: which page is asked for, in which order, and the shape of the answer."""

from marshmallow import Schema, fields, validate

from api.queries.paging import MAX_SIZE

FARTHEST_PAGE = 1_000_000


class PageQuery(Schema):
    """Which page of a list: `page` from 1, `size` at most 200. Subclasses add `sort` and filters."""

    page = fields.Integer(load_default=1, validate=validate.Range(min=1, max=FARTHEST_PAGE))
    size = fields.Integer(load_default=50, validate=validate.Range(min=1, max=MAX_SIZE))


def sort_field(*keys: str) -> fields.String:
    """The sort parameter of a list: one of `keys`, the first if none is given; `-` before it for falling order."""
    choices = [prefix + key for key in keys for prefix in ("", "-")]
    return fields.String(load_default=keys[0], validate=validate.OneOf(choices))


def list_schema(item: type[Schema]) -> type[Schema]:
    """The schema of a page of `item`s."""
    name = item.__name__.removesuffix("Schema") + "List"
    return Schema.from_dict(
        {
            "items": fields.List(fields.Nested(item), required=True),
            "total": fields.Integer(required=True, metadata={"description": "rows in all"}),
            "page": fields.Integer(required=True),
            "size": fields.Integer(required=True),
            "pages": fields.Integer(required=True, metadata={"description": "at least 1"}),
        },
        name=name,
    )
