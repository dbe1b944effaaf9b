"""Cross-site request forgery: every write that a cookie vouches for carries a token. Bearer tokens need none.

Forms hold it as `csrf_token`, scripts send it as `X-CSRFToken` (the page's meta element `csrf-token` has it). What is
done by a link in a mail is vouched for by the link's secret, so that it works without cookies too; but a link that
signs in needs the token, or others could sign somebody in as themselves.
"""

from flask import Flask, request
from flask_wtf.csrf import CSRFProtect

from api.domain.enums import LinkPurpose
from api.domain.link_paths import purpose_of_path
from api.edge.access import current_actor
from api.edge.login import uses_token

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a form may lie open as long as the session lasts
    csrf.init_app(app)
    app.before_request(_check)


def _check() -> None:
    if request.endpoint is not None and request.method in CHANGING and not _needs_none():
        csrf.protect()


def _needs_none() -> bool:
    """Under /api only a signed-in cookie needs the token: without it the answer is 401 anyway."""
    by_link = purpose_of_path(request.path) not in (None, LinkPurpose.LOGIN)
    return by_link or uses_token() or (request.path.startswith("/api/") and not current_actor().is_known)
