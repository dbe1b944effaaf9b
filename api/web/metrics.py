"""GET /metrics for Prometheus: what the database says of the work, and how requests were answered."""

import hmac
import os
from collections.abc import Iterator
from ipaddress import ip_address

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from api.edge.access import public
from api.edge.measures import PROCESS
from api.edge.session import read_session
from api.queries.health import figures

pages = Blueprint("metrics", __name__)


@pages.get("/metrics")
@public
def metrics() -> Response:
    """With the token of the settings, or from this machine in development; for everybody else it is not there."""
    if not _may_read():
        abort(404)
    text = generate_latest(_Work()) + generate_latest(_requests())
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _may_read() -> bool:
    token = current_app.config["METRICS_TOKEN"]
    if token:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(errors="replace"), f"Bearer {token}".encode())
    if not current_app.config["DEVELOPMENT"]:
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _requests() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return PROCESS
    shared = CollectorRegistry()
    MultiProcessCollector(shared)
    return shared


class _Work(Collector):
    """Read from the database at each scrape, so that every process tells the same."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = figures(read_session())
        yield _by("outbox_messages", "Messages by state.", "state", now.outbox)
        yield _one(
            "outbox_oldest_seconds", "Age of the oldest message that is due; 0 when none is.", now.oldest_message
        )
        yield _by("runs", "Runs of the solver by state.", "state", now.runs)
        yield _one("open_exceptions", "Lines that wait for a person.", now.open_exceptions)
        yield _by("job_last_success_seconds", "Seconds since each job last succeeded.", "job", now.jobs)
        if now.worker is not None:
            yield _one("worker_heartbeat_seconds", "Seconds since a worker last worked on a run.", now.worker)
        if now.scheduler is not None:
            yield _one("scheduler_heartbeat_seconds", "Seconds since the scheduler last did something.", now.scheduler)


def _one(name: str, help_text: str, value: int | None) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"treffpunkt_{name}", help_text, value=value or 0)


def _by(name: str, help_text: str, label: str, values: dict[str, int] | dict[str, int | None]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"treffpunkt_{name}", help_text, labels=[label])
    for word, value in values.items():
        if value is not None:
            family.add_metric([word], value)
    return family
