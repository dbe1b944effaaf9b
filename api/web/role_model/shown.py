"""Words that the pages of a role model share."""

from __future__ import annotations

from flask import Blueprint

from api.domain.enums import TravelPayer
from api.i18n import gettext as _
from api.i18n import ngettext
from api.models.role_models import RoleModel
from api.models.visits import Request
from api.web import words


def init(pages: Blueprint) -> None:
    """Gives the words to every template of these pages."""
    shared = {
        "payer_words": payer_words,
        "class_words": class_words,
        "grades_words": grades_words,
        "minutes_words": minutes_words,
    }
    pages.context_processor(lambda: shared)


def grades_words(request: Request) -> str:
    """ "8. trinn og 9. trinn"."""
    return _(" and ").join(words.grade(one) for one in (request.grade, *request.more_grades))


def class_words(request: Request) -> str:
    """ "2 klasser, 8. trinn og 9. trinn"."""
    return ngettext("one class, %(grade)s", "%(num)s classes, %(grade)s", request.classes, grade=grades_words(request))


def payer_words(role_model: RoleModel) -> str:
    """Who pays the travel, empty where nobody has said."""
    match role_model.travel_payer:
        case TravelPayer.SCHOOL:
            return _("The school pays")
        case TravelPayer.EMPLOYER if role_model.company is not None:
            return _("Paid by %(company)s", company=role_model.company.name)
        case TravelPayer.EMPLOYER:
            return _("Your employer pays")
        case TravelPayer.SELF:
            return _("You pay yourself")
    return ""


def minutes_words(minutes: int) -> str:
    """ "45 minutter"."""
    return ngettext("%(num)s minute", "%(num)s minutes", minutes, num=minutes)
