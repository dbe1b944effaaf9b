"""What stands in a calendar that people subscribe to: no pupil, no name, no phone number and no mail address."""

from __future__ import annotations

from api.i18n import gettext as _


def calendar_of_visits(name: str) -> str:
    """The calendar of a school, a company or a season. name: theirs."""
    return _("Visits: %(name)s", name=name)


def own_visits() -> str:
    """The calendar of a role model."""
    return _("My visits to schools")


def own_meetings() -> str:
    """The calendar of a mentor."""
    return _("My study groups")


def calendar_of_site(site: str) -> str:
    """The calendar of a campus."""
    return _("Study groups: %(site)s", site=site)


def visit_for_school(grade: str) -> str:
    """A visit as the school sees it."""
    return _("Visit by a role model, %(grade)s", grade=grade)


def visit_to(school: str) -> str:
    """A visit as the role model sees it."""
    return _("Visit to %(school)s", school=school)


def visit_in_season(school: str, reference: str) -> str:
    """A visit as the coordinator sees it."""
    return _("%(school)s (%(reference)s)", school=school, reference=reference)


def meeting(site: str) -> str:
    """A meeting of a study group."""
    return _("Study group, %(site)s", site=site)


def digital() -> str:
    """Where a digital visit is."""
    return _("Digital")


def grade_name(grade: int) -> str:
    """A grade from 1 to 13 as schools say it."""
    if grade <= 10:
        return _("grade %(grade)s", grade=grade)
    return f"Vg{grade - 10}"
