"""The table of jobs: everything that Treffpunkt does by itself, a line each.

A job finds its work in rows. `due(session, now)` gives the ids of what is due, from rows alone, so that what a stop of
two days left undone is done at one go; `do(session, id, now)` does one of them, in a transaction of its own, looks
again whether it is due, and does no harm when it is called twice. Where that does not fit, `run(now)` does all of it
with transactions of its own and gives the number of things done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from api.i18n import mark
from api.services import digest, nightly, surveys
from api.services.campus import meetings, stand_ins, warnings
from api.services.follow_up import promises, repair, sending, silence, steps, windows
from api.services.outbox_sending import send_due
from api.services.profiles import reconfirm
from api.services.queue import approval, due, first_day, join, lottery
from api.services.retention import rules as retention
from api.services.schools import alternatives, order
from scheduler.when import When, daily, every

Due = Callable[[Session, datetime], list[str]]
Do = Callable[[Session, str, datetime], None]
Run = Callable[[datetime], int]


@dataclass(frozen=True, slots=True)
class Job:
    """Something that happens by itself: `due` and `do`, or `run`.

    name: at most 40 characters, never changed: the ledger knows the job by it. what: one sentence, with `mark`.
    """

    name: str
    when: When
    what: str
    due: Due | None = None
    do: Do | None = None
    run: Run | None = None

    def __post_init__(self) -> None:
        if (self.due is None) != (self.do is None) or (self.due is None) == (self.run is None):
            raise ValueError(f"job {self.name}: give `due` and `do`, or `run`")


# Job("name", every(minutes=1) | daily("04:00"), mark("One sentence."), due_x, do_x)
JOBS: tuple[Job, ...] = (
    Job("outbox", every(seconds=10), mark("Sends the messages that wait."), run=send_due),
    Job(
        "campus-hold",
        every(minutes=15),
        mark("Meetings with attendance marked count as held when their day is over."),
        meetings.due_hold,
        meetings.do_hold,
    ),
    Job(
        "campus-not-marked",
        every(minutes=15),
        mark("Tells the leader of a site when nobody has marked a meeting."),
        warnings.due_not_marked,
        warnings.do_not_marked,
    ),
    Job(
        "campus-fewer-mentors",
        every(minutes=5),
        mark("Tells pupils when fewer mentors are there than planned."),
        stand_ins.due_tell_fewer,
        stand_ins.do_tell_fewer,
    ),
    Job(
        "campus-thin-rosters",
        every(minutes=15),
        mark("Tells the leader of a site when a coming meeting has too few mentors."),
        warnings.due_thin_rosters,
        warnings.do_thin_roster,
    ),
    Job(
        "campus-underfilled",
        every(minutes=60),
        mark("Warns of evenings that begin soon with too few pupils."),
        warnings.due_underfilled,
        warnings.do_underfilled,
    ),
    Job(
        "campus-reminders",
        every(minutes=15),
        mark("Reminds mentors of the meeting the day before."),
        warnings.due_reminders,
        warnings.do_remind,
    ),
    Job(
        "order-reminders",
        every(minutes=60),
        mark("Reminds a school of an order that it has not confirmed."),
        order.due_reminders,
        order.do_reminder,
    ),
    Job(
        "order-lapses",
        every(minutes=15),
        mark("Ends orders whose link was not followed in time."),
        order.due_lapses,
        order.do_lapse,
    ),
    Job(
        "visit-approvals",
        every(minutes=1),
        mark("Sends approved visits when their time has come."),
        sending.due_sends,
        sending.do_send,
    ),
    Job(
        "invitation-turns",
        every(minutes=5),
        mark("Sends the next invitation to a role model who has room for one."),
        sending.due_turns,
        sending.do_turn,
    ),
    Job(
        "invitation-rests",
        every(minutes=5),
        mark("Asks others in place of role models who are paused or away."),
        repair.due_rests,
        repair.do_rest,
    ),
    Job(
        "invitation-reminders",
        every(minutes=5),
        mark("Reminds role models who have not answered an invitation."),
        silence.due_reminders,
        silence.do_reminder,
    ),
    Job(
        "invitation-late-mails",
        every(minutes=1),
        mark("Begins the time to answer an invitation anew when its mail left late."),
        silence.due_late,
        silence.do_late,
    ),
    Job(
        "invitation-silences",
        every(minutes=1),
        mark("Counts silence as no when the time to answer is over, and asks the next."),
        silence.due_silences,
        silence.do_silence,
    ),
    Job(
        "promise-dates",
        every(minutes=5),
        mark("Tells a school on the day when a promised answer is late."),
        promises.due_promises,
        promises.do_promise,
    ),
    Job(
        "alternative-lapses",
        every(minutes=5),
        mark("Gives back time that was held for a school which has not chosen it."),
        alternatives.due_lapses,
        alternatives.do_lapse,
    ),
    Job(
        "visit-calls",
        every(minutes=15),
        mark("Reminds a role model who has not called the school; then somebody is to call."),
        steps.due_calls,
        steps.do_call,
    ),
    Job(
        "visit-ready",
        every(minutes=15),
        mark("Asks both sides before a visit whether they are ready; then somebody is to call."),
        steps.due_ready,
        steps.do_ready,
    ),
    Job(
        "visit-day-before",
        every(minutes=15),
        mark("Tells both sides the day before where and when they meet."),
        steps.due_day_before,
        steps.do_day_before,
    ),
    Job(
        "visit-held",
        every(minutes=15),
        mark("Asks both sides afterwards whether the visit was held, and how it was."),
        steps.due_held,
        steps.do_held,
    ),
    Job(
        "visit-confirmations",
        every(minutes=15),
        mark("Raises visits that are close and not confirmed."),
        promises.due_confirmations,
        promises.do_confirmation,
    ),
    Job(
        "plan-approvals",
        every(minutes=60),
        mark("Raises booking windows whose plan is not approved in time."),
        windows.due_windows,
        windows.do_window,
    ),
    Job(
        "profile-reconfirm",
        every(minutes=60),
        mark("Asks role models once a year whether their profile still holds."),
        reconfirm.due_reconfirmations,
        reconfirm.do_reconfirm,
    ),
    Job(
        "nightly-plan",
        daily("04:00"),
        mark("Plans each season that has changed since its last plan."),
        nightly.due_plans,
        nightly.queue_plan,
    ),
    Job(
        "digest",
        daily("07:00"),
        mark("Writes the overview of the day, on working days."),
        digest.due_digest,
        digest.do_digest,
    ),
    Job(
        "retention",
        daily("03:30"),
        mark("Deletes what has been kept for as long as it may be, in small batches."),
        retention.due_batches,
        retention.forget_batch,
    ),
    Job(
        "lottery-commit",
        every(minutes=5),
        mark("Fixes the seed of a registration period that has opened, and publishes its hash."),
        lottery.due_commits,
        lottery.do_commit,
    ),
    Job(
        "lottery-draw",
        every(minutes=1),
        mark("Draws the numbers when a registration period has closed."),
        lottery.due_draws,
        lottery.do_draw,
    ),
    Job(
        "group-approvals",
        every(minutes=1),
        mark("Sends the offers of an approved group plan."),
        approval.due_sends,
        approval.do_send,
    ),
    Job(
        "offer-reminders",
        every(minutes=5),
        mark("Calls an unanswered offer of a seat to mind."),
        due.due_reminders,
        due.do_reminder,
    ),
    Job(
        "first-days",
        every(minutes=15),
        mark("Tells pupils of their first meeting, the day before."),
        first_day.due_first_days,
        first_day.do_first_day,
    ),
    Job(
        "offer-late-mails",
        every(minutes=1),
        mark("Begins the time to answer an offer anew when its message left late."),
        due.due_late,
        due.do_late,
    ),
    Job(
        "offer-expiries",
        every(minutes=1),
        mark("Lets an unanswered offer expire, and offers the seat to the next."),
        due.due_expiries,
        due.do_expiry,
    ),
    Job(
        "next-offers",
        every(minutes=5),
        mark("Offers seats that stand empty to the next in line."),
        due.due_next,
        due.do_next,
    ),
    Job(
        "unconfirmed-entries",
        every(minutes=60),
        mark("Takes registrations off the list that nobody confirmed."),
        join.due_unconfirmed,
        join.do_unconfirmed,
    ),
    Job(
        "guardian-reminders",
        every(minutes=60),
        mark("Asks a guardian once more who has not answered."),
        join.due_guardian_reminders,
        join.do_guardian_reminder,
    ),
    Job(
        "survey-openings",
        every(minutes=60),
        mark("Opens the survey to pupils when the end of term is near."),
        surveys.due_openings,
        surveys.do_open,
    ),
    Job(
        "survey-invitations",
        every(minutes=15),
        mark("Writes to the pupils of an open survey."),
        surveys.due_invitations,
        surveys.do_invite,
    ),
    Job(
        "survey-reminders",
        every(minutes=60),
        mark("Calls a survey to mind, once, before it closes."),
        surveys.due_reminders,
        surveys.do_remind,
    ),
)


def job_named(name: str) -> Job | None:
    """The job of this name, None when there is none."""
    return next((job for job in JOBS if job.name == name), None)
