"""Logs of every process: JSON lines on standard error without personal data."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog


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
