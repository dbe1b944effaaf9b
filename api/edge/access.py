"""Every route says who may use it, and a route that does not say so is refused.

`@public`, `@half_signed_in`, `@signed_in` or `@allowed(Action.X)` goes on the view function or on the method of a
MethodView. The rule is asked before the view runs: unknown people are sent to sign in (pages) or told 401 (API); known
people without the right get 404, the same as for what is not there.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, redirect, request, url_for
from werkzeug import Response

from api.domain.permissions import ANONYMOUS, Action, Actor, may

Rule = Callable[[Actor], bool]
View = TypeVar("View", bound=Callable[..., Any])

_ATTRIBUTE = "_access_rule"
REST = "/api/v1/"


def public(view: View) -> View:
    """Anyone may use this route."""
    return _with_rule(view, lambda actor: True)


def signed_in(view: View) -> View:
    """Anyone with an account may use this route."""
    return _with_rule(view, lambda actor: actor.is_known)


def half_signed_in(view: View) -> View:
    """Anyone with an account, the second factor still to come or not."""
    return _with_rule(view, lambda actor: actor.user_id is not None)


def allowed(*actions: Action) -> Callable[[View], View]:
    """Those who may do one of `actions` somewhere; the query narrows the rows to where."""

    def mark(view: View) -> View:
        return _with_rule(view, lambda actor: any(may(actor, action) for action in actions))

    return mark


def current_actor() -> Actor:
    """Who asks; set for every request by api.edge.login."""
    return getattr(g, "actor", ANONYMOUS)


def rule_for(app: Flask, endpoint: str, method: str) -> Rule | None:
    """The rule of a route and method, None when it has none (a test refuses that)."""
    view = app.view_functions[endpoint]
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        name = "get" if method == "HEAD" and not hasattr(view_class, "head") else method.lower()
        view = getattr(view_class, name, view)
    return getattr(view, _ATTRIBUTE, None)


def check_access() -> Response | None:
    """Runs before each request: lets it through, sends it to the sign-in page, or refuses it."""
    if request.endpoint is None or request.method == "OPTIONS":
        return None
    rule = rule_for(current_app, request.endpoint, request.method)
    if rule is None:
        abort(404)
    return None if rule(current_actor()) and _is_in_scope() else _refused()


def themes(app: Flask) -> frozenset[str]:
    """The themes of REST, to which a token may be kept: the first word of every address."""
    return frozenset(theme for rule in app.url_map.iter_rules() if (theme := _theme_of(rule.rule)))


def _theme_of(rule: str) -> str | None:
    return rule.removeprefix(REST).split("/")[0].replace("-", "_") if rule.startswith(REST) else None


def _is_in_scope() -> bool:
    """Whether the token that asks, if one does, is kept to themes and this is one of them."""
    program = g.get("program")
    return program is None or not program.themes or _theme_of(str(request.url_rule)) in program.themes


def demand(action: Action) -> None:
    """Refuses, from inside a view, the part of its rows that its rule lets through but `action` guards."""
    if not may(current_actor(), action):
        abort(_refused())


def own_path(target: str | None) -> str | None:
    """`target` when it is a path on this site, else None: no host, scheme, `//`, `/\\evil` or control characters."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return None
    if "\\" in target or any(ord(character) < 32 or ord(character) == 127 for character in target):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target


def _refused() -> Response:
    if current_actor().is_known:
        abort(404)
    if request.path.startswith("/api/"):
        abort(401)
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    ask = "second_factor.ask" if current_actor().awaits_second_factor else "account.login"
    return redirect(url_for(ask, next=target))


def _with_rule(view: View, rule: Rule) -> View:
    setattr(view, _ATTRIBUTE, rule)
    return view
