"""What every page has: texts, dates and numbers in the reader's language, addresses, rights and the menu."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request, url_for

from api import clock, i18n
from api.domain.permissions import Action, Role, may
from api.edge.access import current_actor
from api.edge.locale import PARAMETER
from api.edge.login import current_name
from api.edge.public_forms import stamp
from api.web.admin.words import role_name
from api.web.navigation import NAVIGATION, Entry
from api.web.words import grade

FILTERS = (
    "short_date",
    "long_date",
    "full_date",
    "day_and_month",
    "day_in_cell",
    "clock_time",
    "short_datetime",
    "number",
    "percent",
)


def init_app(app: Flask) -> None:
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(i18n.gettext, i18n.plural_form, newstyle=True)  # type: ignore[attr-defined]  # by the extension
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for name in FILTERS:
        app.jinja_env.filters[name] = getattr(i18n, name)
    app.jinja_env.globals.update(
        Action=Action,
        url_with=url_with,
        static_url=static_url,
        allows=allows,
        form_stamp=stamp,
        grade_word=grade,
        language_links=language_links,
        printed_on=clock.today,
    )
    app.context_processor(_of_request)


def url_with(**changes: Any) -> str:
    """The address of this page with some query parameters changed; None takes one away."""
    query = {name: values for name, values in request.args.to_dict(flat=False).items() if name != PARAMETER}
    query.update({name: value for name, value in changes.items() if value is not None})
    for name in [name for name, value in changes.items() if value is None]:
        query.pop(name, None)
    if request.endpoint is None:
        return url_for("public.front", **changes)
    return url_for(request.endpoint, **{**query, **(request.view_args or {})})


def static_url(filename: str) -> str:
    """The address of a file of ours or of a vendor; it changes with the file, so that browsers may keep it."""
    version = _version(str(current_app.static_folder), filename)
    return url_for("static", filename=filename, v=version)


def allows(action: Action) -> bool:
    """Whether whoever asks may do `action` somewhere: for menus and buttons, never instead of the query."""
    return may(current_actor(), action)


def language_links() -> list[dict[str, str]]:
    """One plain link for each other language, to the same page."""
    return [
        {"locale": locale, "name": name, "href": url_with(**{PARAMETER: locale})}
        for locale, name in i18n.LOCALES.items()
        if locale != i18n.current_locale()
    ]


@lru_cache(maxsize=256)
def _version(folder: str, filename: str) -> str:
    path = Path(folder, filename)
    return f"{path.stat().st_mtime_ns:x}"[-10:] if path.is_file() else "0"


def _of_request() -> dict[str, Any]:
    actor = current_actor()
    return {
        "actor": actor,
        "person_name": current_name(),
        "role_now": next((role_name(role) for role in Role if role in {grant.role for grant in actor.grants}), ""),
        "locale": i18n.current_locale(),
        "menu": [entry for entry in NAVIGATION if is_shown(entry)],
    }


def is_shown(entry: Entry) -> bool:
    """Whether whoever asks sees this entry."""
    known = entry.endpoint in current_app.view_functions
    actor = current_actor()
    if not known or (entry.unless is not None and may(actor, entry.unless)):
        return False
    if entry.role is not None and entry.role not in {grant.role for grant in actor.grants}:
        return False
    return entry.action is None or may(actor, entry.action)
