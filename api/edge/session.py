"""One read-only database session a request, opened at its first use: every read of a page sees the same moment.

What changes rows uses `with transaction() as session:` in the view; nothing read here is written back.
"""

from contextlib import ExitStack
from typing import cast

from flask import Flask, g
from sqlalchemy.orm import Session

from api.db import reading


def read_session() -> Session:
    """The reading session of this request."""
    if "read_session" not in g:
        g.read_stack = ExitStack()
        g.read_session = g.read_stack.enter_context(reading())
    return cast(Session, g.read_session)


def close_after_request(app: Flask) -> None:
    app.teardown_appcontext(_close)


def _close(_: BaseException | None) -> None:
    g.pop("read_session", None)
    stack: ExitStack | None = g.pop("read_stack", None)
    if stack is not None:
        stack.close()
