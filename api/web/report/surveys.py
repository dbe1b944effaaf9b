"""Surveys: the pupil's page by a link that works once, and what was answered, for those who read the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from api.db import transaction
from api.domain.enums import Audience, LinkPurpose
from api.domain.permissions import Action
from api.domain.suppression import hidden_in_table
from api.domain.surveys import PUPIL_QUESTIONS, REPLIES, SHARES
from api.edge.access import allowed, public
from api.edge.session import read_session
from api.errors import InvalidInput, NotFound
from api.i18n import current_locale
from api.i18n import gettext as _
from api.models.links import LinkToken
from api.models.programmes import Programme
from api.models.reports import SaidAndDone, Survey
from api.queries.report import answers
from api.services import links, surveys, yearly
from api.web.report import rows, words

pages = Blueprint("surveys", __name__)


@dataclass(slots=True)
class Form:
    """What was chosen, and what is missing."""

    values: Mapping[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        return self.values.get(name, "")


@pages.errorhandler(links.LinkExpired)
def over(error: links.LinkExpired) -> tuple[str, int] | str:
    """Who has answered is thanked; who comes too late is told so."""
    session = read_session()
    said = yearly.newest_said_and_done(session, Audience.PUPILS)
    answered = error.token.used_at is not None
    page = render_template("report/survey_over.html", answered=answered, said=said, in_language=_in_language)
    return page if answered else (page, 410)


@pages.get("/evaluering/<secret>")
@public
def show(secret: str) -> str:
    session = read_session()
    _token, survey = _found(session, secret)
    return _form_page(session, secret, survey, Form())


@pages.post("/evaluering/<secret>")
@public
def send(secret: str) -> Response | tuple[str, int]:
    """Counts the answers, once; the second press of a double click counts nothing."""
    given = {code: request.form.get(code, "") for code in PUPIL_QUESTIONS}
    try:
        with transaction() as session:
            token, _survey = _found(session, secret)
            surveys.answer(session, token, given)
    except InvalidInput as error:
        form = Form(given, {one.field: one.sentence for one in error.errors})
        reading = read_session()
        return _form_page(reading, secret, _found(reading, secret)[1], form), 422
    except links.LinkExpired:
        pass  # the page that follows says whether it has been used or is over
    return redirect(url_for("surveys.show", secret=secret), 303)


@pages.get("/aret/undersokelser")
@allowed(Action.SEE_FIGURES)
def table() -> str:
    found = answers.surveys(read_session(), locale=current_locale())
    return render_template("report/surveys.html", surveys=found, shares_of=_shares)


@pages.get("/aret/undersokelser/<survey_id>", endpoint="one")
@allowed(Action.SEE_FIGURES)
def results(survey_id: str) -> str:
    session = read_session()
    survey = next((one for one in answers.surveys(session, locale=current_locale()) if one.id == survey_id), None)
    if survey is None:
        raise NotFound(_("There is no such survey."))
    counted = {} if survey.is_open else answers.by_site(session, survey_id)
    names = rows.names(session).sites
    return render_template(
        "report/survey.html",
        survey=survey,
        shares=_shares(survey),
        words=words,
        sites=_by_site(counted),
        names={site: ", ".join(part for part in names.get(site, (_("no site known"),)) if part) for site in counted},
        questions=SHARES,
    )


def _found(session: Session, secret: str) -> tuple[LinkToken, Survey]:
    token = links.find(session, secret, LinkPurpose.EVALUATION)
    return token, surveys.survey_of(session, token)


def _in_language(row: SaidAndDone) -> tuple[str, str]:
    return yearly.in_language(row, current_locale())


def _form_page(session: Session, secret: str, survey: Survey, form: Form) -> str:
    programme = session.get_one(Programme, survey.programme_id)
    return render_template(
        "report/answer.html",
        secret=secret,
        programme=words.name_of(programme),
        closes_at=survey.closes_at,
        form=form,
        questions=PUPIL_QUESTIONS,
        words=words,
        said=yearly.newest_said_and_done(session, Audience.PUPILS),
        in_language=_in_language,
    )


def _shares(survey: answers.SurveyRow) -> Mapping[str, answers.Share]:
    """Shares of a closed survey; nothing while it is open."""
    return answers.answers_of([survey]).shares


def _by_site(counted: Mapping[str, Mapping[str, Counter[str]]]) -> dict[str, dict[str, int | None]]:
    """Per cent of good answers by site and question, and how many answered; None is hidden."""
    found: dict[str, dict[str, int | None]] = {site: {} for site in counted}
    for question in SHARES:
        good = PUPIL_QUESTIONS[question].good
        table = {
            site: {
                "good": sum(counts[question].get(value, 0) for value in good),
                "rest": sum(count for value, count in counts[question].items() if value not in good),
            }
            for site, counts in counted.items()
        }
        hidden = hidden_in_table(table)
        nothing = any((None, column) in hidden for column in ("good", "rest", None))  # their sums stand on this page
        for site, row in table.items():
            all_ = row["good"] + row["rest"]
            is_shown = all_ and not nothing and not {(site, "good"), (site, "rest"), (site, None)} & hidden
            found[site][question] = round(100 * row["good"] / all_) if is_shown else None
            if nothing or (site, None) in hidden:
                found[site][REPLIES] = None
            found[site].setdefault(REPLIES, all_)
    return found
