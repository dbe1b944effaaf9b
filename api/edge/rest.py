"""What every REST resource shares: strict parsing, ETags by row version, and the page of a list."""

from typing import Any, NoReturn

from flask_smorest import Blueprint
from marshmallow import EXCLUDE, RAISE, Schema
from webargs.flaskparser import FlaskParser

from api.errors import InvalidInput
from api.i18n import gettext
from api.queries.paging import Page, Window


class StrictParser(FlaskParser):
    """Refuses what it does not know, by name, and JSON that no parser should have to bear."""

    # The library declares this attribute without ClassVar and never changes it.
    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE, "headers": EXCLUDE}  # noqa: RUF012

    def load_json(self, req: Any, schema: Schema) -> Any:
        if req.get_data(cache=True) and not req.is_json:
            raise InvalidInput(
                gettext("The body is not marked as JSON."),
                field="Content-Type",
                remedy=gettext("Send Content-Type: application/json."),
            )
        try:
            return super().load_json(req, schema)
        except RecursionError:
            self._unreadable(gettext("The JSON is nested too deeply."))
        except ValueError:
            self._unreadable(gettext("The body is not JSON that we can read."))

    @staticmethod
    def _unreadable(sentence: str) -> NoReturn:
        raise InvalidInput(sentence, field="body")


class ResourceBlueprint(Blueprint):
    """flask-smorest's blueprint with strict parsing, and problem JSON as the documented error of every operation."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(self._prepare_errors_doc)

    def _prepare_errors_doc(self, doc: dict[str, Any], doc_info: dict[str, Any], **_: Any) -> dict[str, Any]:
        doc.setdefault("responses", {})["default"] = "DEFAULT_ERROR"
        return doc


def window_of(query: dict[str, Any]) -> Window:
    """The window that a checked PageQuery asks for; takes its parts out of `query` and leaves the filters."""
    sort = str(query.pop("sort"))
    return Window(query.pop("page"), query.pop("size"), sort.removeprefix("-"), sort.startswith("-"))


def listed(page: Page[Any]) -> dict[str, Any]:
    """A page as the API gives it."""
    return {"items": page.items, "total": page.total, "page": page.number, "size": page.size, "pages": page.pages}


def version_of(row: Any) -> dict[str, Any]:
    """What the ETag of a row is made of: its id and its version."""
    return {"id": row.id, "version": row.version}
