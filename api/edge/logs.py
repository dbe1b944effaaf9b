"""JSON logs without personal data: the route's pattern and never its path, query string, form, name or mail address."""

import logging
import secrets
import sys
import time
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, request

_log = structlog.get_logger("treffpunkt")


def configure_logging() -> None:
    """structlog to standard error, one JSON object a line, for every process of the service."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _exception_without_values,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def log_requests(app: Flask) -> None:
    """One line a request: method, route, status, milliseconds and an id that the answer carries too."""
    app.before_request(_start)
    app.after_request(_finish)


def _start() -> None:
    g.request_id = secrets.token_hex(8)
    g.started = time.perf_counter()


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    if request.endpoint != "static":
        _log.info(
            "request",
            request_id=g.request_id,
            method=request.method,
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - g.started) * 1000, 1),
        )
    return response


def log_failure(exception: BaseException | None) -> None:
    """An exception nobody expected: its type and place."""
    route = request.url_rule.rule if request.url_rule else None
    _log.error("failure", request_id=g.get("request_id"), route=route, exc_info=exception)


def _exception_without_values(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keeps an exception's type and place; its message may quote what a person typed."""
    exception = event.pop("exc_info", None)
    if exception is True:
        exception = sys.exc_info()[1]
    if isinstance(exception, BaseException):
        event["exception"] = type(exception).__qualname__
        event["at"] = [
            f"{frame.filename.rsplit('/site-packages/')[-1]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(exception.__traceback__)[-8:]
        ]
    return event
