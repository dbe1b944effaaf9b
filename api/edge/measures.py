"""Counts requests and how long they take, by route, method and status; nothing about who asked for what.

With several web processes (PROMETHEUS_MULTIPROC_DIR, which gunicorn's configuration sets) the counts are shared through
files in that folder; with one they are in memory.
"""

import time

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Histogram

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
PROCESS = CollectorRegistry()
_SECONDS = Histogram(
    "treffpunkt_request_seconds",
    "Time to answer a request.",
    ("method", "route", "status"),
    buckets=BUCKETS,
    registry=PROCESS,
)


def measure_requests(app: Flask) -> None:
    """Every request but those for files."""
    app.before_request(_start)
    app.after_request(_finish)


def _start() -> None:
    g.measured_from = time.perf_counter()


def _finish(response: Response) -> Response:
    if request.endpoint != "static" and "measured_from" in g:
        route = request.url_rule.rule if request.url_rule else "none"
        method = request.method if request.method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") else "other"
        _SECONDS.labels(method, route, str(response.status_code)).observe(time.perf_counter() - g.measured_from)
    return response
