"""Visits and meetings for people's calendars: invitations in mails, and feeds that a calendar fetches by itself.

An event keeps its UID for life; a change raises its SEQUENCE, and a cancelled one is sent once more as CANCEL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from icalendar import Calendar, Event, Timezone, vCalAddress, vText

from api.clock import OSLO, require_aware

ZONE = "Europe/Oslo"
DOMAIN = "treffpunkt"
REFRESH = timedelta(hours=4)
_RULES_FROM, _RULES_TO = date(2020, 1, 1), date(2040, 1, 1)  # the transitions that VTIMEZONE writes out


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """A visit, a meeting or a seat in a calendar.

    uid: from `uid_of`, the same for life. sequence: the row's version, which only rises. starts_at, ends_at: aware.
    summary: in the receiver's language; the mail's subject where it is empty. url: an address of ours, or "".
    """

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str = ""
    location: str = ""
    description: str = ""
    url: str = ""
    cancelled: bool = False

    def __post_init__(self) -> None:
        if require_aware(self.starts_at) >= require_aware(self.ends_at):
            raise ValueError("starts_at must be before ends_at")
        if self.sequence < 0:
            raise ValueError("sequence must not be negative")

    def values(self) -> dict[str, Any]:
        """As JSON, for a message of the outbox."""
        return {
            "uid": self.uid,
            "sequence": self.sequence,
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "summary": self.summary,
            "location": self.location,
            "description": self.description,
            "url": self.url,
            "cancelled": self.cancelled,
        }


def uid_of(kind: str, row_id: str) -> str:
    """The UID of a row's event. kind: its table."""
    return f"{kind}-{row_id}@{DOMAIN}"


def event_of(values: Mapping[str, Any]) -> CalendarEvent:
    """The event of a message's values; only uid, sequence, starts_at and ends_at are needed."""
    told = dict(values)
    for name in ("starts_at", "ends_at"):
        told[name] = datetime.fromisoformat(told[name])
    return CalendarEvent(**told)


def method_of(event: CalendarEvent) -> str:
    """REQUEST, or CANCEL for a cancelled event."""
    return "CANCEL" if event.cancelled else "REQUEST"


def invitation(event: CalendarEvent, *, title: str, organizer: str, attendee: str, at: datetime) -> bytes:
    """An iCalendar object (RFC 5546) that puts the event into the receiver's calendar, or takes it out again.

    title: used where the event has no summary. organizer, attendee: mail addresses. at: aware.
    """
    shown = _event(event, event.summary or title, at)
    shown.add("organizer", vCalAddress(f"MAILTO:{organizer}"))
    invited = vCalAddress(f"MAILTO:{attendee}")
    invited.params["PARTSTAT"] = vText("ACCEPTED")
    invited.params["RSVP"] = vText("FALSE")
    shown.add("attendee", invited, encode=False)
    whole = _calendar()
    whole.add("method", method_of(event))
    whole.add_component(shown)
    return bytes(whole.to_ical())


def feed(name: str, events: Iterable[CalendarEvent], *, at: datetime) -> bytes:
    """A calendar to subscribe to. name: shown by calendar programs. Cancelled events stay, marked as such."""
    whole = _calendar()
    whole.add("method", "PUBLISH")
    whole.add("name", name)
    whole.add("x-wr-calname", name)
    whole.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for event in events:
        whole.add_component(_event(event, event.summary, at))
    return bytes(whole.to_ical())


def _calendar() -> Calendar:
    whole = Calendar()
    whole.add("prodid", "-//Treffpunkt//NO")
    whole.add("version", "2.0")
    whole.add_component(_zone())
    return whole


@cache
def _zone() -> Timezone:
    return Timezone.from_tzid(ZONE, first_date=_RULES_FROM, last_date=_RULES_TO)


def _event(event: CalendarEvent, summary: str, at: datetime) -> Event:
    shown = Event()
    shown.add("uid", event.uid)
    shown.add("sequence", event.sequence)
    shown.add("dtstamp", at)
    shown.add("dtstart", _moment(event.starts_at))
    shown.add("dtend", _moment(event.ends_at))
    shown.add("summary", summary)
    for name in ("location", "description", "url"):
        if getattr(event, name):
            shown.add(name, getattr(event, name))
    shown.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
    return shown


def _moment(at: datetime) -> datetime:
    """In Norwegian time; in UTC within the hour that autumn has twice, where a wall clock means its first pass."""
    shown = at.astimezone(OSLO)
    return at.astimezone(UTC) if shown.fold else shown
