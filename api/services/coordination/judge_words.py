"""What the judge's codes say to a person who has changed a plan by hand."""

from __future__ import annotations

from collections.abc import Mapping

from api.i18n import gettext as _
from api.i18n import mark
from api.queries.coordination_adjust import Broken

RULES: dict[str, str] = {
    "count": mark("The school asks for another number of people."),
    "option": mark("The school has not proposed that time."),
    "mode": mark("It cannot be held that way (digital or in person)."),
    "topic": mark("Does not have the topic that the school needs."),
    "grade": mark("Does not take that grade."),
    "distance": mark("Lives too far away."),
    "free": mark("Is not free then."),
    "lessons": mark("Does not take that many lessons in a row."),
    "reserved": mark("Is set aside for another municipality that day."),
    "refused": mark("Has said no to it."),
    "day": mark("Has another visit that day."),
    "week": mark("Has the visits of that week."),
    "term": mark("Has all visits of the term."),
    "quota": mark("The company has given what it promised."),
    "overlap": mark("Is at another school at that time."),
    "travel": mark("Cannot get there in time from another school."),
    "fixed": mark("The visit is locked. Unlock it first."),
}
OTHER = mark("The plan would not hold together.")


def sentence(broken: Broken, people: Mapping[str, str], schools: Mapping[str, str]) -> str:
    """One broken rule in words. people: names by role model; schools: where and when, by request."""
    words = _(RULES.get(broken.code, OTHER))
    who = ", ".join(people[one] for one in broken.people if one in people)
    where = ", ".join(schools[one] for one in broken.against if one in schools)
    if who:
        words = f"{who}: {words[:1].lower()}{words[1:]}"
    if where:
        words += " " + _("It works only if %(schools)s loses its visit.", schools=where)
    return words
