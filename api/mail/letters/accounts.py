"""Letters about signing in and verifying."""

from __future__ import annotations

from api.i18n import gettext as _
from api.mail.letter import Button, Letter, Values, Writer


def login_link(_values: Values) -> Letter:
    """Somebody asked for a link to sign in with this address."""
    return Letter(
        subject=_("Your link to sign in to Treffpunkt"),
        lines=(_("Here is the link you asked for. It works once, for ten minutes."),),
        buttons=(Button(_("Sign in"), "login"),),
        closing=(_("Did you not ask for it? Then do nothing: nobody is signed in until the button is pressed."),),
    )


def account_opened(_values: Values) -> Letter:
    """An administrator has made an account, or sends its holder a new link."""
    return Letter(
        subject=_("You have an account at Treffpunkt"),
        lines=(
            _("You have been given an account at Treffpunkt. Sign in with this link; it works once, for ten minutes."),
        ),
        buttons=(Button(_("Sign in"), "login"),),
        closing=(_("Is the link too old? Ask for a new one on the sign-in page, with this e-mail address."),),
    )


LETTERS: dict[str, Writer] = {"login_link": login_link, "account_opened": account_opened}
