"""Gunicorn in the container: processes and threads behind a proxy that speaks TLS."""

import os
from typing import Any

METRICS = os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", "/tmp/metrics")  # noqa: S108 (the container's own)

bind = f"{os.environ['TREFFPUNKT_HOST']}:{os.environ['TREFFPUNKT_PORT']}"
worker_class = "gthread"
workers = int(os.environ.get("TREFFPUNKT_WEB_PROCESSES", "2"))
threads = 8
worker_tmp_dir = "/dev/shm"  # noqa: S108 (heartbeats of gunicorn's own; the root file system is read-only)
timeout = 60
graceful_timeout = 25
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
limit_request_line = 4094
control_socket_disable = True


def on_starting(server: Any) -> None:
    """Counts of requests are shared by the web processes through files of this run."""
    os.makedirs(METRICS, exist_ok=True)
    for name in os.listdir(METRICS):
        os.unlink(os.path.join(METRICS, name))


def child_exit(server: Any, worker: Any) -> None:
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)
