"""Letters about profiles and to companies."""

from __future__ import annotations

from datetime import datetime

from api import clock
from api.i18n import full_date
from api.i18n import gettext as _
from api.mail.letter import Button, Letter, Values, Writer


def profile_invited(values: Values) -> Letter:
    """A company has put a role model in: only the person's own yes makes it active."""
    if values.get("company"):
        first = _("%(company)s would like you to be a role model for pupils.", company=values["company"])
    else:
        first = _("You have been proposed as a role model for pupils.")
    return Letter(
        subject=_("Would you like to be a role model?"),
        lines=(
            first,
            _("You visit a class and tell about your work. You decide when, where and how often."),
            _("Nobody asks you for anything until you have said yes."),
        ),
        buttons=(Button(_("See my profile"), "profile"),),
        closing=(_("If this is not for you, delete the profile on the same page."),),
    )


def profile_registered(values: Values) -> Letter:
    """Somebody has put the own address in: the profile waits for the yes of whoever reads the mail there."""
    return Letter(
        subject=_("Say yes to your profile"),
        lines=(
            _("Somebody, most likely you, has put this address in to become a role model."),
            _("Look over the profile, say which topics and times suit you, and say yes."),
            _("Nobody asks you for anything until you have said yes."),
        ),
        buttons=(Button(_("See my profile"), "profile"),),
        closing=(_("If this is not for you, delete the profile on the same page."),),
    )


def profile_reminder(values: Values) -> Letter:
    """Once, to somebody who has not confirmed a new profile."""
    return Letter(
        subject=_("Your profile waits for your yes"),
        lines=(_("Look over it and say yes, and we can ask you. This is the only reminder."),),
        buttons=(Button(_("See my profile"), "profile"),),
        closing=(_("If this is not for you, delete the profile on the same page."),),
    )


def profile_confirm(values: Values) -> Letter:
    """The profile has become old."""
    last = values.get("confirmed_on")
    lines = [
        _("Is your profile still right? It takes one click if it is."),
        _("Until you have answered, we do not ask you for new visits. Visits that are settled stand."),
    ]
    if last:
        day = full_date(clock.to_oslo(datetime.fromisoformat(last)).date())
        lines.insert(0, _("You last looked over your profile on %(day)s.", day=day))
    return Letter(
        subject=_("Does your profile still hold?"),
        lines=tuple(lines),
        buttons=(Button(_("See my profile"), "profile"),),
    )


def profile_films(values: Values) -> Letter:
    """The company reminds of the films that are left."""
    return Letter(
        subject=_("Four short films before the first visit"),
        lines=(_("We ask you for the first time when you have seen them."),),
        buttons=(Button(_("See my profile"), "profile"),),
    )


def profile_link(values: Values) -> Letter:
    """A new link, in place of one that has become old."""
    return Letter(
        subject=_("Your link to the profile"),
        lines=(_("Here is a new link to your profile as a role model."),),
        buttons=(Button(_("See my profile"), "profile"),),
    )


def company_to_confirm(values: Values) -> Letter:
    """Somebody has registered a company with this address."""
    return Letter(
        subject=_("Confirm %(company)s", company=values["company"]),
        lines=(_("Somebody has registered %(company)s with this address.", company=values["company"]),),
        buttons=(Button(_("Confirm the company"), "company"),),
        closing=(_("Was it not you? Then do nothing."),),
    )


def company_is_known(values: Values) -> Letter:
    """The company is there already: its contact hears of it; whoever registered it gets the same answer as others."""
    return Letter(
        subject=_("%(company)s is registered already", company=values["company"]),
        lines=(
            _("Somebody has registered %(company)s once more. Nothing has changed.", company=values["company"]),
            _("Sign in with this address to see the company."),
        ),
    )


LETTERS: dict[str, Writer] = {
    writer.__name__: writer
    for writer in (
        profile_invited,
        profile_registered,
        profile_reminder,
        profile_confirm,
        profile_films,
        profile_link,
        company_to_confirm,
        company_is_known,
    )
}
