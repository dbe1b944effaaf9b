"""Every kind of line on the list of exceptions: when it is raised, what may be proposed, and when it goes by itself.

The list is for what the system cannot solve by itself. A kind that is not in the table cannot be raised.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExceptionKind:
    """about: the table of the object. raised, closes: one sentence each. remedies: codes, of which a line has one."""

    about: str
    raised: str
    remedies: tuple[str, ...]
    closes: str


KINDS: dict[str, ExceptionKind] = {
    "nobody_found": ExceptionKind(
        about="request",
        raised="The repair found nobody for a visit that was promised, at none of the request's times.",
        remedies=("digital", "another_date", "call_school"),
        closes="The request has a visit again, or is past.",
    ),
    "asked_in_vain": ExceptionKind(
        about="request",
        raised="So many people in a row as the rules say were silent or said no; the next is asked meanwhile.",
        remedies=("call_invited", "call_school"),
        closes="The visit is confirmed, or the request is past.",
    ),
    "not_confirmed": ExceptionKind(
        about="visit",
        raised="The visit is so close that everyone should have said yes, and somebody has not.",
        remedies=("call_invited", "call_school"),
        closes="Everyone has said yes, or the visit is not to be.",
    ),
    "promise_missed": ExceptionKind(
        about="request",
        raised="The promise date has come without a yes or a no; the school is told the same day.",
        remedies=("call_invited", "plan_again", "call_school"),
        closes="The school has its answer.",
    ),
    "plan_overdue": ExceptionKind(
        about="booking_window",
        raised="The booking window is closed, its visit weeks are near, and no plan made since is approved.",
        remedies=("approve_plan",),
        closes="A plan is approved, nobody of the window waits, or the visit weeks have come.",
    ),
    "not_called": ExceptionKind(
        about="visit",
        raised="The visit is settled, and the role model has not called the school, nor since asked again.",
        remedies=("call_invited_person", "call_school"),
        closes="The role model says that they have called, or the visit is not to be.",
    ),
    "not_ready": ExceptionKind(
        about="visit",
        raised="The visit is close, both were asked, and one side has not said that it is ready.",
        remedies=("call_invited_person", "call_school"),
        closes="Both sides are ready, or the visit is not to be.",
    ),
    "too_few_mentors": ExceptionKind(
        about="meeting",
        raised="Somebody is away, and fewer adults are left in the room than the session needs.",
        remedies=("cancel_meeting", "move_meeting"),
        closes="Enough mentors are on duty again, or the meeting is not to be.",
    ),
    "absent": ExceptionKind(
        about="membership",
        raised="A pupil was away without a word as often as the rules say.",
        remedies=("call_home", "release_seat"),
        closes="The pupil comes again, or the seat is released.",
    ),
    "underfilled": ExceptionKind(
        about="group_session",
        raised="The start is near, and fewer pupils sit in the session than it needs.",
        remedies=("send_offers", "cancel_session"),
        closes="Enough pupils have a seat, or the session is cancelled.",
    ),
    "not_marked": ExceptionKind(
        about="meeting",
        raised="The meeting's day is over, and nobody has marked who was there.",
        remedies=("mark_attendance", "cancel_meeting"),
        closes="Attendance is marked, or the meeting is cancelled.",
    ),
    "mail_failed": ExceptionKind(
        about="person",
        raised="A message was refused, or could not be sent for four hours; only a call reaches the person now.",
        remedies=("call_and_correct_address",),
        closes="A message has reached the person.",
    ),
    "mail_down": ExceptionKind(
        about="outbox_message",
        raised="The mail server has taken nothing for four hours; messages wait.",
        remedies=("check_mail_server",),
        closes="The server takes messages again, and those that failed with it are sent.",
    ),
}
