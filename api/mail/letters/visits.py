"""Letters about visits: what role models are asked and told, and what schools hear of their requests."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from api.i18n import clock_time, current_locale, long_date, ngettext
from api.i18n import gettext as _
from api.mail.letter import Button, Letter, Values, Writer

HIGHEST_BY_YEAR = 10  # above it a grade is called by its year of upper secondary school


def day_of(values: Values) -> str:
    """The visit's date, as in a sentence."""
    return long_date(datetime.fromisoformat(values["starts_at"]))


def hours_of(values: Values) -> str:
    """From the first lesson's start to the last one's end."""
    start, end = (datetime.fromisoformat(values[name]) for name in ("starts_at", "ends_at"))
    return f"{clock_time(start)}–{clock_time(end)}"


def moment_of(iso: str) -> str:
    """A deadline: day and time of day."""
    moment = datetime.fromisoformat(iso)
    return _("%(day)s at %(time)s", day=long_date(moment), time=clock_time(moment))


def grade_of(values: Values) -> str:
    """The grade as schools say it."""
    grade = int(values["grade"])
    return _("year %(grade)s", grade=grade) if grade <= HIGHEST_BY_YEAR else f"Vg{grade - HIGHEST_BY_YEAR}"


def visit_facts(values: Values) -> tuple[tuple[str, str], ...]:
    """Day, time, place, class and topic of a visit."""
    classes, pupils = int(values["classes"]), int(values["pupils"] or 0)
    who = f"{grade_of(values)}, " + ngettext("%(num)s class", "%(num)s classes", classes, num=classes)
    if pupils:
        who += ", " + ngettext("%(num)s pupil", "%(num)s pupils", pupils, num=pupils)
    place = f"{values['school']}, {values['municipality']}"
    if values["mode"] == "digital":
        place = _("Digital, with %(school)s", school=place)
    topics = ", ".join(values["topics"].get(current_locale(), values["topics"]["nb"]))
    facts = [(_("When"), f"{day_of(values)}, {hours_of(values)}"), (_("Where"), place), (_("Who"), who)]
    if topics:
        facts.append((_("Topic"), topics))
    if minutes := values.get("travel_minutes"):
        told = ngettext("about %(num)s minute", "about %(num)s minutes", minutes, num=minutes)
        facts.append((_("Travel"), told))
    return tuple(facts)


def contact_fact(contact: Any) -> tuple[tuple[str, str], ...]:
    """Name, phone and mail of somebody at the other side; nothing where there is nobody."""
    if not contact:
        return ()
    return ((_("Contact"), ", ".join(part for part in (contact["name"], contact["phone"], contact["email"]) if part)),)


def people_fact(values: Values) -> tuple[tuple[str, str], ...]:
    """Who comes: by name for a verified school, else by what they do."""
    described = []
    for person in values["people"]:
        role = ", ".join(part for part in (person["title"], person["company"]) if part) or _("Role model")
        reach = [person[name] for name in ("name", "phone", "email") if person.get(name)]
        described.append(f"{', '.join(reach)} ({role})" if reach else role)
    return ((_("Who comes"), "; ".join(described)),)


def invitation_asked(values: Values) -> Letter:
    """A role model is asked."""
    return Letter(
        subject=_("Can you visit %(school)s on %(day)s?", school=values["school"], day=day_of(values)),
        lines=(_("A school would like to meet somebody who does what you do. Can you come?"),),
        facts=visit_facts(values),
        buttons=(Button(_("See the visit and answer"), "invitation"),),
        closing=(
            _("Answer by %(moment)s.", moment=moment_of(values["answer_by"])),
            _("If we do not hear from you, we ask somebody else, and that is quite all right."),
        ),
        sms=_("Can you visit a school on %(day)s? See your mail and answer.", day=day_of(values)),
    )


def invitation_direct(values: Values) -> Letter:
    """A role model whom a school has named is asked."""
    letter = invitation_asked(values)
    return Letter(
        subject=letter.subject,
        lines=(_("%(school)s has seen your profile and would like you to come.", school=values["school"]),),
        facts=letter.facts,
        buttons=letter.buttons,
        closing=letter.closing,
        sms=letter.sms,
    )


def invitation_notice(values: Values) -> Letter:
    """An agreement person is told."""
    return Letter(
        subject=_("You are visiting %(school)s on %(day)s", school=values["school"], day=day_of(values)),
        lines=(_("You set this time aside for the visit week, so we have put the visit in for you."),),
        facts=visit_facts(values) + contact_fact(values["contact"]),
        buttons=(Button(_("See the visit"), "visit"), Button(_("I cannot come"), "invitation")),
        closing=(
            _("If it does not suit you, tell us by %(moment)s.", moment=moment_of(values["answer_by"])),
            _("Call the school when the visit is settled, so that you know what the class needs."),
        ),
        sms=_("You are visiting a school on %(day)s. See your mail.", day=day_of(values)),
    )


def invitation_reminder(values: Values) -> Letter:
    """A role model has not answered yet."""
    return Letter(
        subject=_("We still hope to hear from you: %(school)s, %(day)s", school=values["school"], day=day_of(values)),
        lines=(_("We asked you about this visit and have not heard from you yet."),),
        facts=visit_facts(values),
        buttons=(Button(_("See the visit and answer"), "invitation"),),
        closing=(
            _("Answer by %(moment)s.", moment=moment_of(values["answer_by"])),
            _("A no is a good answer too: then we ask somebody else at once."),
        ),
        sms=_("We still hope to hear whether you can visit a school on %(day)s. See your mail.", day=day_of(values)),
    )


def invitation_expired(values: Values) -> Letter:
    """The time to answer is over."""
    return Letter(
        subject=_("We have asked somebody else: %(school)s, %(day)s", school=values["school"], day=day_of(values)),
        lines=(
            _("We did not hear from you, so we have asked somebody else. That is quite all right."),
            _("We ask you again when something else suits your profile."),
        ),
        facts=visit_facts(values),
    )


def invitation_withdrawn(values: Values) -> Letter:
    """The visit is not to be, or others hold it."""
    return Letter(
        subject=_("The visit is off: %(school)s, %(day)s", school=values["school"], day=day_of(values)),
        lines=(
            _("This visit will not take place. You need not do anything."),
            _("Your time is free again, and we may ask you about another visit."),
        ),
        facts=visit_facts(values),
    )


def visit_confirmed_role_model(values: Values) -> Letter:
    """The visit is sure, for a role model."""
    return Letter(
        subject=_("It is settled: you are visiting %(school)s on %(day)s", school=values["school"], day=day_of(values)),
        lines=(
            _("Thank you for saying yes. The visit is settled."),
            _("Call the school in the next few days, so that you know what the class needs."),
        ),
        facts=visit_facts(values) + contact_fact(values["contact"]),
        buttons=(Button(_("See the visit"), "visit"),),
        closing=(_("Cannot come after all? Tell us on the same page. Once is fine."),),
    )


def profile_paused(values: Values) -> Letter:
    """A profile rests after silence."""
    return Letter(
        subject=_("We have paused your profile"),
        lines=(
            _("We have not heard from you about the last invitations, so we stop asking for now."),
            _("One click, and we ask you again."),
        ),
        buttons=(Button(_("Ask me again"), "profile"),),
    )


def visit_confirmed_school(values: Values) -> Letter:
    """The visit is sure, for the school."""
    lines = [_CHANGED_AND_SURE[values["changed"]]()] if values.get("changed") else []
    lines.append(_("The role model calls you in the next few days. Heard nothing? Call yourself, or tell us."))
    if not values["verified"]:
        lines.append(_("Names and phone numbers are shown as soon as we know that you belong to the school."))
    return Letter(
        subject=_("You get a visit on %(day)s", day=day_of(values)),
        lines=tuple(lines),
        facts=(*visit_facts(values), *people_fact(values), (_("Reference"), values["reference"])),
        buttons=(Button(_("See how the request stands"), "request"),),
        sms=_("You get a visit on %(day)s. See your mail.", day=day_of(values)),
    )


_CHANGED_AND_SURE = {
    "person": lambda: _("Somebody else comes than was planned first. Day and time stand."),
    "time": lambda: _("The visit has moved to another of the times that you gave."),
    "digital": lambda: _("Nobody could come to the school, so the visit is digital, as you chose."),
    "fewer": lambda: _("We have not found everyone you asked for. The visit stands with those who come."),
}
_CHANGED_AND_ASKING = {
    "person": lambda: _("The one we asked first cannot come. Day and time stand, and we are asking somebody else."),
    "time": lambda: _("Nobody could come at the time we planned first. We are asking for another of your times."),
    "digital": lambda: _("Nobody could come to the school. We are asking for a digital visit, as you chose."),
    "fewer": lambda: _("We have not found everyone you asked for. The visit stands with those who come."),
}


def visit_asking_school(values: Values) -> Letter:
    """Somebody is asked; the school hears when."""
    if values.get("changed"):
        subject = _("A change to your visit on %(day)s", day=day_of(values))
        lines = [_CHANGED_AND_ASKING[values["changed"]]()]
    else:
        subject = _("We are asking a role model for %(day)s", day=day_of(values))
        lines = [_("We have found somebody who suits your request, and are asking now.")]
    if values.get("hear_by"):
        lines.append(_("You hear from us by %(day)s.", day=long_date(datetime.fromisoformat(values["hear_by"]))))
    else:
        lines.append(_("You hear from us as soon as we have a yes."))
    return Letter(
        subject=subject,
        lines=tuple(lines),
        facts=(*visit_facts(values), (_("Reference"), values["reference"])),
        buttons=(Button(_("See how the request stands"), "request"),),
        closing=(_("If the answer is no, we ask the next one. You need not do anything."),),
    )


def visit_fell_through_school(values: Values) -> Letter:
    """Nobody could be found."""
    if values["fallback"] == "drop":
        next_step = _("You wanted the request dropped in that case, so it ends here. You can order again at any time.")
    else:
        next_step = _("Your request goes first when we plan anew, and we call you with what we can offer.")
    return Letter(
        subject=_("We could not keep the visit on %(day)s", day=day_of(values)),
        lines=(_("We have asked everyone who could come at your times, and nobody can."), next_step),
        facts=(*visit_facts(values), (_("Reference"), values["reference"])),
        buttons=(Button(_("See how the request stands"), "request"),),
    )


def visit_cancelled_school(values: Values) -> Letter:
    """We have cancelled a visit."""
    if values["reopened"]:
        next_step = _("Your request stands, and we look for another visit.")
    else:
        next_step = _("The request ends here. You can order again at any time.")
    return Letter(
        subject=_("The visit on %(day)s is cancelled", day=day_of(values)),
        lines=(_("We have had to cancel this visit."), next_step),
        facts=(*visit_facts(values), (_("Reference"), values["reference"])),
        buttons=(Button(_("See how the request stands"), "request"),),
    )


def promise_late_school(values: Values) -> Letter:
    """A promise is not kept, and that is said the same day."""
    lines = [
        _(
            "We promised an answer by %(day)s and do not have it yet. That is on us.",
            day=long_date(date.fromisoformat(values["answer_on"])),
        )
    ]
    if values["hear_by"]:
        when = long_date(datetime.fromisoformat(values["hear_by"]))
        lines.append(_("We are asking somebody now, and you hear by %(day)s.", day=when))
    elif values["asking"]:
        lines.append(_("We are asking somebody now, and you hear as soon as we have an answer."))
    else:
        lines.append(_("A person looks at it today. You keep your place, and need not do anything."))
    return Letter(
        subject=_("Your answer is late: request %(reference)s", reference=values["reference"]),
        lines=tuple(lines),
        buttons=(Button(_("See how the request stands"), "request"),),
    )


LETTERS: dict[str, Writer] = {
    writer.__name__: writer
    for writer in (
        invitation_asked,
        invitation_direct,
        invitation_notice,
        invitation_reminder,
        invitation_expired,
        invitation_withdrawn,
        visit_confirmed_role_model,
        profile_paused,
        visit_confirmed_school,
        visit_asking_school,
        visit_fell_through_school,
        visit_cancelled_school,
        promise_late_school,
    )
}
