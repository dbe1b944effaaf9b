"""Logs of requests, without personal data: the route's pattern, never its path, query string, form, name or address."""

import secrets
import time

import structlog
from flask import Flask, Response, g, request

_log = structlog.get_logger("treffpunkt")


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
