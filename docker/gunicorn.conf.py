"""Gunicorn in the container: processes and threads behind a proxy that speaks TLS."""

import os

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
