"""Letters after the yes: call the school, are you ready, tomorrow, how did it go."""

from __future__ import annotations

from api.i18n import gettext as _
from api.mail.letter import Button, Letter, Values, Writer
from api.mail.letters.visits import contact_fact, day_of, hours_of, people_fact, visit_facts


def _questions(values: Values) -> tuple[tuple[str, str], ...]:
    return ((_("The pupils wonder"), values["questions"]),) if values.get("questions") else ()


def visit_call_school(values: Values) -> Letter:
    """A role model has not called the school yet."""
    return Letter(
        subject=_("Have you called %(school)s?", school=values["school"]),
        lines=(_("A short call before the visit makes it better for both. If you have called, say so on the page."),),
        facts=visit_facts(values) + contact_fact(values["contact"]),
        buttons=(Button(_("I have called"), "visit"),),
    )


def visit_ready_role_model(values: Values) -> Letter:
    """A role model says that all is ready."""
    return Letter(
        subject=_("Are you ready for %(school)s on %(day)s?", school=values["school"], day=day_of(values)),
        lines=(_("The visit is soon. Say on the page that you are ready, so that the school can be sure."),),
        facts=visit_facts(values) + contact_fact(values["contact"]) + _questions(values),
        buttons=(Button(_("I am ready"), "visit"),),
        closing=(_("Cannot come after all? Tell us on the same page. Once is fine."),),
    )


def visit_ready_school(values: Values) -> Letter:
    """A school says that all is ready."""
    return Letter(
        subject=_("Are you ready for the visit on %(day)s?", day=day_of(values)),
        lines=(_("The visit is soon. Say on the page that you are ready, so that the role model can be sure."),),
        facts=(*visit_facts(values), *people_fact(values), (_("Reference"), values["reference"])),
        buttons=(Button(_("We are ready"), "request"),),
        closing=(_("Heard nothing from the role model? Call yourself, or tell us."),),
    )


def visit_tomorrow_role_model(values: Values) -> Letter:
    """The day before, for a role model."""
    return Letter(
        subject=_("Tomorrow: %(school)s at %(time)s", school=values["school"], time=hours_of(values)),
        lines=(_("Tomorrow you meet the class. Ask at the school's office when you come."),),
        facts=visit_facts(values) + contact_fact(values["contact"]) + _questions(values),
        buttons=(Button(_("See the visit"), "visit"),),
        sms=_("Tomorrow you visit a school, %(time)s. See your mail for place and phone.", time=hours_of(values)),
    )


def visit_tomorrow_school(values: Values) -> Letter:
    """The day before, for a school."""
    return Letter(
        subject=_("Tomorrow: visit at %(time)s", time=hours_of(values)),
        lines=(_("Meet the role model at the entrance, show where to park, and see that the projector works."),),
        facts=(*visit_facts(values), *people_fact(values), (_("Reference"), values["reference"])),
        buttons=(Button(_("See how the request stands"), "request"),),
        sms=_("Tomorrow you get a visit, %(time)s. See your mail.", time=hours_of(values)),
    )


def visit_over_role_model(values: Values) -> Letter:
    """The morning after, for a role model."""
    return Letter(
        subject=_("Thank you for visiting %(school)s", school=values["school"]),
        lines=(_("Did the visit take place, and how was it? Four questions. It takes a minute."),),
        buttons=(Button(_("Tell us"), "visit"),),
        topic="evaluation",
    )


def visit_over_school(values: Values) -> Letter:
    """The morning after, for a school."""
    return Letter(
        subject=_("How was the visit on %(day)s?", day=day_of(values)),
        lines=(_("Did the visit take place, and how was it? Four questions. It takes a minute."),),
        buttons=(Button(_("Tell us"), "request"),),
        closing=(_("Would you like one next year, too? On the same page you order again like this time."),),
        topic="evaluation",
    )


LETTERS: dict[str, Writer] = {
    writer.__name__: writer
    for writer in (
        visit_call_school,
        visit_ready_role_model,
        visit_ready_school,
        visit_tomorrow_role_model,
        visit_tomorrow_school,
        visit_over_role_model,
        visit_over_school,
    )
}
