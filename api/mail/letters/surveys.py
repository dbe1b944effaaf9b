"""Letters about the survey at the end of term, to pupils."""

from __future__ import annotations

from datetime import date

from api.i18n import gettext as _
from api.i18n import long_date
from api.mail.letter import Button, Letter, Values, Writer


def survey_invitation(values: Values) -> Letter:
    """How was it? values: programme, closes_on (ISO)."""
    return _letter(_("How was %(programme)s?", programme=values["programme"]), values)


def survey_reminder(values: Values) -> Letter:
    """The same once more, for those who have not answered."""
    return _letter(_("Last chance: how was %(programme)s?", programme=values["programme"]), values)


def _letter(subject: str, values: Values) -> Letter:
    return Letter(
        subject=subject,
        lines=(
            _("Five short questions. It takes less than a minute, and it makes the next term better."),
            _("Your answer is counted together with everybody else's. Nobody can see what you answered."),
        ),
        buttons=(Button(_("Answer now"), "survey"),),
        closing=(_("You can answer until %(day)s.", day=long_date(date.fromisoformat(values["closes_on"]))),),
        topic="survey",
    )


LETTERS: dict[str, Writer] = {"survey_invitation": survey_invitation, "survey_reminder": survey_reminder}
