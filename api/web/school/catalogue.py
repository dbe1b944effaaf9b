"""The catalogue: who could come, by title and employer. Names are for schools that are verified, after the yes."""

from __future__ import annotations

from babel import Locale
from flask import Blueprint, render_template

from api.domain.enums import Mode
from api.edge.access import public
from api.edge.session import read_session
from api.i18n import current_locale
from api.queries import schools
from api.web.asked import asked_switch, asked_text, asked_window

pages = Blueprint("catalogue", __name__)


@pages.get("/rollemodeller")
@public
def table() -> str:
    """Filters: tema (a topic's code), sted, sprak (a code), digitalt=1."""
    session = read_session()
    asked = {name: asked_text(name) for name in ("tema", "sted", "sprak")}
    found = schools.catalogue(
        session,
        asked_window(("title", "place"), size=24),
        topic=asked["tema"],
        place=asked["sted"],
        language=asked["sprak"],
        mode=Mode.DIGITAL if asked_switch("digitalt") else None,
    )
    return render_template(
        "school/catalogue.html",
        page=found,
        asked=asked,
        digital=asked_switch("digitalt"),
        topics=[(one.code, getattr(one, f"name_{current_locale()}")) for one in schools.topics(session)],
        places=[(one, one) for one in schools.places(session)],
        language_choices=[(code, _named(code)) for code in schools.languages(session)],
        named=_named,
    )


def _named(language: str) -> str:
    return str(Locale.parse(current_locale()).languages.get(language, language))
