"""Events in calendars, read back as a calendar program reads them."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from icalendar import Calendar

from api.mail import calendar, render
from api.mail.calendar import CalendarEvent, event_of, uid_of
from api.mail.letter import Letter
from tests.api.mail.test_render import envelope

NOW = datetime(2027, 1, 4, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def event(starts_at: datetime = NOW, **given: object) -> CalendarEvent:
    values: dict[str, object] = {"uid": uid_of("visit", "some-id"), "sequence": 3}
    return CalendarEvent(starts_at=starts_at, ends_at=starts_at + HOUR, **(values | given))  # type: ignore[arg-type]


def read(whole: bytes) -> Calendar:
    found = Calendar.from_ical(whole)
    assert isinstance(found, Calendar)
    return found


def invited(given: CalendarEvent) -> Calendar:
    return read(
        calendar.invitation(given, title="Besøk", organizer="us@example.org", attendee="you@example.org", at=NOW)
    )


@pytest.mark.parametrize("change", [datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC)])
@pytest.mark.parametrize("hours", [-26, -3, -2, -1, 0, 1, 2, 26])
def test_moments_survive_both_nights_of_the_clock(change: datetime, hours: int) -> None:
    given = event(change + timedelta(hours=hours))
    (shown,) = invited(given).walk("VEVENT")
    assert shown["DTSTART"].params.get("TZID") in ("Europe/Oslo", None)
    assert shown["DTSTART"].dt.astimezone(UTC) == given.starts_at
    assert shown["DTEND"].dt.astimezone(UTC) == given.ends_at


def test_zone_is_told_with_its_changes() -> None:
    (zone,) = invited(event()).walk("VTIMEZONE")
    oslo = zone.to_tz()
    offsets = [datetime(2027, month, 15, 12, tzinfo=oslo).utcoffset() for month in (1, 7)]
    assert (zone["TZID"], offsets) == ("Europe/Oslo", [HOUR, 2 * HOUR])
    (shown,) = invited(event()).walk("VEVENT")
    assert shown["DTSTART"].params["TZID"] == zone["TZID"]


def test_invitation_names_both_sides_and_asks_for_no_answer() -> None:
    whole = invited(event(location="Skole 7", url="https://treffpunkt.example.org/x"))
    (shown,) = whole.walk("VEVENT")
    assert (whole["METHOD"], whole["VERSION"]) == ("REQUEST", "2.0")
    assert (shown["UID"], shown["SEQUENCE"], shown["STATUS"]) == ("visit-some-id@treffpunkt", 3, "CONFIRMED")
    assert (shown["ORGANIZER"], shown["ATTENDEE"]) == ("MAILTO:us@example.org", "MAILTO:you@example.org")
    assert shown["ATTENDEE"].params["RSVP"] == "FALSE"
    assert (shown["SUMMARY"], shown["LOCATION"]) == ("Besøk", "Skole 7")


def test_a_change_keeps_the_uid_and_raises_the_sequence_until_it_is_cancelled() -> None:
    seen = []
    for given in (event(), event(NOW + HOUR, sequence=4), event(NOW + HOUR, sequence=5, cancelled=True)):
        whole = invited(given)
        (shown,) = whole.walk("VEVENT")
        seen.append((shown["UID"], shown["SEQUENCE"], whole["METHOD"], shown["STATUS"]))
    uid = "visit-some-id@treffpunkt"
    assert seen == [
        (uid, 3, "REQUEST", "CONFIRMED"),
        (uid, 4, "REQUEST", "CONFIRMED"),
        (uid, 5, "CANCEL", "CANCELLED"),
    ]


def test_commas_line_ends_and_long_norwegian_words_are_kept() -> None:
    text = "Møt opp i resepsjonen, ta med; bilde\\film\nMVH " + "æøå" * 60
    (shown,) = invited(event(summary=text, description=text)).walk("VEVENT")
    assert (shown["SUMMARY"], shown["DESCRIPTION"]) == (text, text)
    whole = calendar.invitation(event(summary=text), title="", organizer="a@b.no", attendee="a@b.no", at=NOW)
    assert max(len(line) for line in whole.split(b"\r\n")) <= 75


def test_mail_carries_its_invitation() -> None:
    sent = render.mail(Letter("Dere får besøk", ("Hei.",)), envelope(event=event(cancelled=True)))
    message = message_from_bytes(sent.as_bytes(), policy=default)
    (part,) = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    assert part.get_param("method") == "CANCEL"
    content = part.get_content()
    (shown,) = read(content.encode() if isinstance(content, str) else content).walk("VEVENT")
    assert (shown["SUMMARY"], shown["ATTENDEE"]) == ("Dere får besøk", "MAILTO:person@example.org")


def test_values_of_a_message_make_the_event_again() -> None:
    given = event(location="Skole", cancelled=True)
    assert event_of(given.values()) == given
    short = {"uid": "u", "sequence": 1, "starts_at": NOW.isoformat(), "ends_at": (NOW + HOUR).isoformat()}
    assert event_of(short) == CalendarEvent("u", 1, NOW, NOW + HOUR)


@pytest.mark.parametrize(
    "given", [{"sequence": -1}, {"starts_at": NOW + 2 * HOUR}, {"starts_at": datetime(2027, 1, 1)}]
)
def test_impossible_events_are_refused(given: dict[str, object]) -> None:
    values: dict[str, object] = {"uid": "u", "sequence": 1, "starts_at": NOW, "ends_at": NOW + HOUR}
    with pytest.raises(ValueError, match=r"starts_at|sequence|zone"):
        CalendarEvent(**(values | given))  # type: ignore[arg-type]


def test_feed_keeps_what_was_cancelled() -> None:
    whole = read(calendar.feed("Skole 7", [event(), event(uid="other", cancelled=True)], at=NOW))
    assert [(shown["UID"], shown["STATUS"]) for shown in whole.walk("VEVENT")] == [
        ("visit-some-id@treffpunkt", "CONFIRMED"),
        ("other", "CANCELLED"),
    ]
    assert (whole["METHOD"], whole["X-WR-CALNAME"]) == ("PUBLISH", "Skole 7")
