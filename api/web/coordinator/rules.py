"""The rules of the programmes: read, changed as a new version, with the history of who changed what."""

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.db import transaction
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import Conflict, InvalidInput
from api.i18n import current_locale
from api.i18n import gettext as _
from api.models.programmes import Programme
from api.queries import coordination_rules, placement_prices, rule_effects
from api.services.coordination import rules as services
from api.web import words
from api.web.coordinator import rule_words

pages = Blueprint("rules", __name__)
LONGEST = 200


@pages.get("/regler")
@allowed(Action.EDIT_RULES)
def overview() -> str:
    rows = coordination_rules.programmes(read_session())
    return render_template("coordinator/rules.html", rows=[(row, name_of(row), number) for row, number in rows])


@pages.get("/regler/<programme_id>")
@allowed(Action.EDIT_RULES)
def edit(programme_id: str) -> str:
    return _page(programme_id)


@pages.post("/regler/<programme_id>")
@allowed(Action.EDIT_RULES)
def change(programme_id: str) -> Response:
    """Says what a change would touch (step=look), or makes a new version; what cannot be used is kept and named."""
    found = services.programme(read_session(), current_actor(), programme_id)
    usual = services.whole(found.kind, {})
    typed = {name: request.form.get(name, "").replace("\x00", "").strip()[:LONGEST] for name in usual}
    given = {name: text if isinstance(usual[name], str) else _value(text) for name, text in typed.items()}
    seen = request.form.get("number", 0, int)
    try:
        if request.form.get("step") == "look":
            return make_response(_page(programme_id, typed, looked=services.whole(found.kind, given)))
        with transaction() as session:
            made = services.change_rules(session, current_actor(), programme_id, given, seen=seen)
            number = made.number
    except (InvalidInput, Conflict) as refused:
        return make_response(_page(programme_id, typed, refused), 422 if isinstance(refused, InvalidInput) else 409)
    flash(_("Version %(number)s holds from now on. Plans that are made keep theirs.", number=number), "success")
    return redirect(url_for("rules.edit", programme_id=programme_id), code=303)


def name_of(programme: Programme) -> str:
    """The programme's name in the reader's language."""
    return {"nn": programme.name_nn, "en": programme.name_en}.get(current_locale(), programme.name_nb)


def _page(
    programme_id: str,
    typed: dict[str, str] | None = None,
    refused: InvalidInput | Conflict | None = None,
    looked: dict[str, Any] | None = None,
) -> str:
    session = read_session()
    found = services.programme(session, current_actor(), programme_id)
    newest = services.newest(session, programme_id)
    holding = services.whole(found.kind, newest.settings if newest else {})
    shown = {name: (typed or {}).get(name, _text(value)) for name, value in holding.items()}
    faults = {one.field.removeprefix("settings."): one.sentence for one in refused.errors} if refused else {}
    first = rule_words.first_rules(found.kind)
    changed = {name for name, value in shown.items() if value != _text(holding[name])}
    return render_template(
        "coordinator/rules_edit.html",
        programme=found,
        name=name_of(found),
        number=newest.number if newest else 0,
        shown=shown,
        holding=holding,
        first=first,
        rest=[name for name in shown if name not in first],
        rest_is_open=bool((faults.keys() | changed) - first.keys()),
        faults=faults,
        refused=refused,
        looked=looked is not None,
        effects=rule_effects.effects(session, holding, looked) if looked is not None else [],
        label=rule_words.label,
        said=rule_words.effect_words,
        history=coordination_rules.history(session, programme_id),
        text=rule_words.text,
        options=rule_words.OPTIONS,
        prices=placement_prices.newest(session, programme_id) if "placement" in holding else None,
        goal_label=words.goal_label,
    )


def _value(text: str) -> Any:
    """What was typed: nothing, a number, or a word as it stands."""
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text


def _text(value: Any) -> str:
    return "" if value is None else str(value)
