"""One visit as a file that a phone's calendar opens."""

from __future__ import annotations

from dataclasses import replace

from flask import make_response
from werkzeug import Response

from api import clock
from api.i18n import gettext as _
from api.mail import calendar
from api.models.visits import Visit
from api.services.follow_up import messages


def calendar_file(visit: Visit) -> Response:
    """The visit as iCalendar, named for the school; the same UID as the mails and the feed have."""
    name = _("Your visit to %(school)s", school=visit.request.school.name)
    event = replace(calendar.event_of(messages.calendar_of(visit)), summary=name)
    response = make_response(calendar.feed(name, [event], at=clock.now()))
    response.content_type = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = "attachment; filename=treffpunkt.ics"
    return response
