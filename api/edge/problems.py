"""Errors as people and programs meet them: a designed page, or RFC 9457 problem JSON under /api."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Response, g, json, make_response, render_template, request
from flask_limiter import RateLimitExceeded
from flask_smorest import Api
from flask_wtf.csrf import CSRFError
from marshmallow import Schema, fields
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError

from api import errors
from api.domain.permissions import ANONYMOUS
from api.edge.access import own_path
from api.edge.field_messages import in_reader_s_language
from api.i18n import gettext, mark

PROBLEM_TYPE = "application/problem+json"
KEPT_FROM = 40  # characters; what is shorter is quicker to write again
_OURS = frozenset({"csrf_token", "form_stamp", "website", "password", "new_password", "again"})

STATUS_OF: dict[type[errors.AppError], int] = {
    errors.NotFound: 404,
    errors.NotSignedIn: 401,
    errors.Forbidden: 403,
    errors.InvalidInput: 422,
    errors.DoubleBooking: 409,
    errors.Conflict: 409,
    errors.PreconditionRequired: 428,
    errors.PreconditionFailed: 412,
    errors.TooManyRequests: 429,
}

TITLES = {
    400: mark("We could not read that"),
    401: mark("You are not signed in"),
    403: mark("You may not do that"),
    404: mark("We cannot find that page"),
    405: mark("That cannot be done here"),
    406: mark("We do not have it in that form"),
    409: mark("Somebody was there before you"),
    410: mark("It is no longer here"),
    412: mark("Somebody else has changed it"),
    413: mark("That was too large"),
    415: mark("We cannot read that kind of content"),
    422: mark("Something has to be put right"),
    428: mark("Say which version you are changing"),
    429: mark("A little slower, please"),
    500: mark("Something went wrong with us"),
    503: mark("We are not ready yet"),
}
REMEDIES = {
    400: mark("Go back, load the page again and try once more."),
    401: mark("Sign in and try again."),
    403: mark("Load the page again. If it still fails, sign in again."),
    404: mark("The address may be wrong, or the page may belong to somebody else. Start from the front page."),
    405: mark("Go back and use the buttons on the page."),
    406: mark("Ask for JSON."),
    409: mark("Load the page again to see what it looks like now."),
    410: mark("Ask for a new link, or start from the front page."),
    412: mark("Load it again, see what is new, and make your change once more."),
    413: mark("Send less at a time."),
    415: mark("Send JSON with the header Content-Type: application/json."),
    422: mark("Correct what is named below and send it again."),
    428: mark("Send the ETag you were given as If-Match."),
    429: mark("Wait a minute and try again."),
    500: mark("Nothing you sent has been saved. Try again in a little while."),
    503: mark("Try again in a minute."),
}
API_TITLES = {404: mark("There is no such thing here")}
API_REMEDIES = {
    400: mark("Correct the request and send it again."),
    403: mark("Use a token or an account with the right to this."),
    404: mark("The address may be wrong, or what it names may not be yours to see."),
    405: mark("Use a method that the header Allow names."),
    409: mark("Read it again to see what it looks like now."),
}
"""What programs are told where a page would speak of pages and buttons."""


class ProblemSchema(Schema):
    """Problem details, RFC 9457. `errors` names the fields that have to be put right."""

    type = fields.String(required=True, metadata={"description": "about:blank; `code` tells problems apart"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String()
    code = fields.String(required=True, metadata={"description": "stable, for programs"})
    errors = fields.Raw(metadata={"description": "what is wrong, by part of the request and field"})
    request_id = fields.String(metadata={"description": "give this when you ask us about it"})


class ProblemApi(Api):
    """flask-smorest with problem JSON, in the answers and in the OpenAPI document."""

    ERROR_SCHEMA = ProblemSchema

    def _register_responses(self) -> None:
        for name, text in [(s.name, s.phrase) for s in HTTPStatus] + [("DEFAULT_ERROR", "A problem")]:
            response: dict[str, Any] = {"description": text}
            if name not in ("NO_CONTENT", "NOT_MODIFIED"):
                response["content"] = {PROBLEM_TYPE: {"schema": self.ERROR_SCHEMA}}
            self.spec.components.response(name, response, lazy=True)

    def _register_error_handlers(self) -> None:
        self._app.register_error_handler(errors.AppError, app_error)
        self._app.register_error_handler(StaleDataError, stale)
        self._app.register_error_handler(HTTPException, http_error)


def http_error(error: HTTPException) -> Response:
    """What Flask, flask-smorest, webargs and the extensions raise."""
    if isinstance(error, InternalServerError):
        g.actor = ANONYMOUS  # the page of a failure must not need the database
    if error.response is not None:
        return make_response(error.response)
    status = error.code or 500
    data = getattr(error, "data", None) or {}
    response = problem(
        status,
        code=_code_of(error, status),
        detail=data.get("message"),
        listed=in_reader_s_language(data.get("errors", data.get("messages"))),
    )
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def app_error(error: errors.AppError) -> Response:
    """What the rooms below raise, which know no HTTP."""
    status = next((STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF), 500)
    listed: dict[str, list[str]] = {}
    for fault in error.errors:
        listed.setdefault(fault.field, []).append(" ".join(filter(None, (fault.sentence, fault.remedy))))
    if error.field:
        listed.setdefault(error.field, []).append(error.sentence)
    detail = " ".join(filter(None, (error.sentence, error.remedy)))
    response = problem(status, code=error.code, detail=detail, listed={"json": listed} if listed else None)
    if isinstance(error, errors.TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def stale(_: StaleDataError) -> Response:
    """Two changes at once: the row's version moved between our read and our write."""
    return problem(412, code="precondition_failed")


def problem(status: int, *, code: str, detail: str | None = None, listed: Any = None) -> Response:
    """The answer for one error: JSON under /api, a page elsewhere."""
    titles, remedies = (TITLES | API_TITLES, REMEDIES | API_REMEDIES) if is_api() else (TITLES, REMEDIES)
    usual = 500 if status >= 500 else 400
    title, remedy = gettext(titles.get(status, titles[usual])), gettext(remedies.get(status, remedies[usual]))
    if not is_api():
        page = render_template(
            "error.html",
            status=status,
            title=title,
            detail=detail,
            remedy=remedy,
            kept=_kept(status),
            back=_back(status),
        )
        return make_response(page, status)
    body = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail or remedy}
    if listed:
        body["errors"] = listed
    if "request_id" in g:
        body["request_id"] = g.request_id
    response = Response(json.dumps(body), status=status, content_type=PROBLEM_TYPE)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def is_api() -> bool:
    """Whether the request asks the API, which answers in JSON whatever happens."""
    return request.path.startswith("/api/")


def _kept(status: int) -> list[str]:
    """The longer texts of a form that could not be used, so that nobody has to write them twice."""
    if request.method != "POST" or status == 413:
        return []
    return [value for name, value in request.form.items() if len(value) > KEPT_FROM and name not in _OURS]


def _back(status: int) -> str | None:
    """Where the form was that met something new; what is not there has no way back but the front page."""
    if request.method == "GET" or status not in (400, 403, 409, 412, 422, 429):
        return None
    came_from = urlsplit(request.referrer or "")
    if came_from.netloc != request.host:
        return None
    return own_path(came_from.path + (f"?{came_from.query}" if came_from.query else ""))


def _code_of(error: HTTPException, status: int) -> str:
    if isinstance(error, CSRFError):
        return "csrf"
    if isinstance(error, RateLimitExceeded):
        return "too_many_requests"
    return "invalid_input" if status == 422 else HTTPStatus(status).name.lower()
