"""What the coordination writes for the year: targets and counts from outside, and "you said, we did"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import Audience, Factor, Measure
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import InvalidInput
from api.i18n import gettext as _
from api.i18n import ngettext
from api.models.programmes import Programme, Season
from api.queries import season_now
from api.queries.report import figures
from api.queries.report.figures import MEASURES
from api.services import yearly
from api.services.yearly import LINES, LONGEST, TEXTS, Key, Written
from api.web import form_values as given
from api.web.asked import asked_text
from api.web.report import words

pages = Blueprint("yearly", __name__)
LOCALES = (("nb", "Bokmål"), ("nn", "Nynorsk"), ("en", "English"))


@dataclass(slots=True)
class Form:
    """What stands in the fields, and their faults."""

    values: Mapping[str, str]
    faults: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        return self.values.get(name, "")


@pages.get("/aret/mal")
@allowed(Action.EDIT_FIGURES)
def targets() -> str:
    session = read_session()
    year = request.args.get("year", clock.today().year, int)
    year = min(max(year, yearly.FIRST_YEAR), yearly.LAST_YEAR)
    written = yearly.figures_of(session, year)
    values = {
        f"{name}-{programme}-{measure}": str(number)
        for (programme, measure), row in written.items()
        for name, number in (("target", row.target), ("counted", row.counted))
        if number is not None
    }
    strong = figures.factors(session)
    return _targets_page(session, year, Form(values), {one: set(of) for one, of in strong.items()})


@pages.post("/aret/mal/<int:year>")
@allowed(Action.EDIT_FIGURES)
def set_targets(year: int) -> Response | tuple[str, int]:
    session = read_session()
    form = Form(dict(request.form))
    programmes = yearly.programmes(session)
    chosen = {one.id: set(request.form.getlist(f"factor-{one.id}")) & set(Factor) for one in programmes}
    wanted = _written(programmes, form)
    if not form.faults:
        factors = {one: [Factor(name) for name in names] for one, names in chosen.items()}
        try:
            with transaction() as writing:
                changed = yearly.write_figures(writing, current_actor(), year, wanted, factors)
        except InvalidInput as error:
            form.faults |= {one.field: one.sentence for one in error.errors}
        else:
            flash(
                ngettext("%(num)s figure was changed.", "%(num)s figures were changed.", changed, num=changed),
                "success",
            )
            return redirect(url_for("yearly.targets", year=year), 303)
    return _targets_page(session, year, form, chosen), 422


@pages.get("/aret/dere-sa")
@allowed(Action.EDIT_FIGURES)
def said() -> str:
    session = read_session()
    season = _season(session)
    audience = _audience(asked_text("audience"))
    rows = yearly.said_and_done(session, [season.id], audience) if season else []
    values = {f"{text}-{row.position}": getattr(row, text) for row in rows for text in TEXTS}
    return _said_page(session, season, audience, Form(values))


@pages.post("/aret/dere-sa/<season_id>")
@allowed(Action.EDIT_FIGURES)
def write_said(season_id: str) -> Response | tuple[str, int]:
    audience = _audience(request.form.get("audience", ""))
    form = Form({name: given.text(name) for name in request.form})
    lines = [{text: form.of(f"{text}-{number}") for text in TEXTS} for number in range(1, LINES + 1)]
    try:
        with transaction() as session:
            yearly.write_said_and_done(session, current_actor(), season_id, audience, lines)
    except InvalidInput as error:
        form.faults |= {one.field: one.sentence for one in error.errors}
        reading = read_session()
        return _said_page(reading, reading.get(Season, season_id), audience, form), 422
    flash(_("This now stands in the report and where those who said it see it."), "success")
    return redirect(url_for("yearly.said", season=season_id, audience=audience.value), 303)


def _written(programmes: Sequence[Programme], form: Form) -> dict[Key, Written]:
    """The figures of the form; what is no number becomes a fault of its field."""
    found: dict[Key, Written] = {}
    for programme in programmes:
        for measure in MEASURES[programme.kind]:
            numbers = [_number(form, f"{name}-{programme.id}-{measure}") for name in ("target", "counted")]
            found[programme.id, measure] = Written(*numbers)
    return found


def _number(form: Form, name: str) -> int | None:
    try:
        return given.whole(name, yearly.MOST)
    except InvalidInput as error:
        form.faults[name] = " ".join(part for part in (error.sentence, error.remedy) if part)
        return None


def _targets_page(session: Session, year: int, form: Form, chosen: Mapping[str, set[Factor] | set[str]]) -> str:
    return render_template(
        "report/targets.html",
        year=year,
        form=form,
        chosen=chosen,
        programmes=yearly.programmes(session),
        measures=MEASURES,
        Measure=Measure,
        Factor=Factor,
        words=words,
    )


def _season(session: Session) -> Season | None:
    asked = session.get(Season, asked_text("season"))
    return asked or season_now.shown_season(session)


def _audience(word: str) -> Audience:
    return Audience(word) if word in set(Audience) else Audience.PUPILS


def _said_page(session: Session, season: Season | None, audience: Audience, form: Form) -> str:
    return render_template(
        "report/said.html",
        season=season,
        seasons=session.scalars(select(Season).order_by(Season.starts_on.desc(), Season.id)).all(),
        audience=audience,
        audiences=words.AUDIENCES,
        form=form,
        lines=range(1, LINES + 1),
        others=LOCALES[1:],
        longest=LONGEST,
        with_others=[number for number in range(1, LINES + 1) if _has_others(form, number)],
    )


def _has_others(form: Form, number: int) -> bool:
    """Whether a line says anything in another language than bokmål, or has a fault there."""
    return any(form.of(f"{text}-{number}") or form.faults.get(f"{text}-{number}") for text in TEXTS[2:])
