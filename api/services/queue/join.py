"""Joining the waiting list: the form, the pupil's yes by mail, the guardian's yes where it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import EntryState, QueueMove, SessionState
from api.domain.programme_rules import GroupRules
from api.domain.registration import counted_for_guardian, counted_from, may_be_below, priority_group
from api.domain.school_days import school_year
from api.domain.transitions import Party
from api.errors import FieldError, InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.group_life import FriendCode, GuardianLink
from api.models.groups import GroupSession
from api.models.people import Person
from api.models.places import School
from api.models.programmes import Level, Season
from api.models.pupils import Entry, EntryChoice, Lottery, Membership, Pupil
from api.queries import queue_join
from api.queries.campus_rules import rules_now
from api.services import change
from api.services.campus.attendance import attendance_share
from api.services.queue import events, letters, line

PUPIL = change.by(Party.PUPIL)
MOST_CHOICES = 5


def register(session: Session, given: Mapping[str, Any], *, locale: str = "nb") -> Entry:
    """Puts a pupil on the waiting list, not yet confirmed, and asks for the yes by mail.

    given: as NewEntrySchema loads it. Who is there already gets a mail that says so, and nothing changes: the answer
    to the asker must be the same. Effects: person, pupil, entry with wishes, friend code and guardian; letter. Raises
    InvalidInput with every fault, NotFound for a season or programme that cannot be joined.
    """
    open_ = _joinable(session, given)
    _check(session, given, open_)
    line.hold(session, open_.season.id)  # the same form twice at once must find the first
    pupil = find_pupil(session, given["email"], given["name"])
    entry = _entry_of(session, pupil, open_) if pupil else None
    if entry is not None and entry.state is not EntryState.LEFT:
        kind = "queue_confirm" if entry.state is EntryState.UNCONFIRMED else "queue_known"
        letters.tell(session, entry, kind, dedupe=f"{kind}:{entry.id}:{clock.today()}")
        return entry
    pupil = pupil or _new_pupil(session, given, locale)
    joined = counted_from(clock.today(), queue_join.periods(session, open_.season.id, open_.programme.id))
    group, reason = priority_group(given["grade"], returning=False)
    values = {
        "level_id": given["level"],
        "grade": given["grade"],
        "joined_on": joined,
        "priority_class": group,
        "priority_reason": reason,
        "max_travel_minutes": given.get("max_travel_minutes"),
    }
    if entry is None:
        entry = Entry(pupil_id=pupil.id, season_id=open_.season.id, programme_id=open_.programme.id, **values)
        change.begin(session, entry, "draft", PUPIL)
    else:
        fresh = {"confirmed_at": None, "created_at": clock.now(), "lottery_number": None, "silences": 0}
        change.move(session, entry, "rejoin", PUPIL, values=values | fresh)
    set_choices(session, entry, given["choices"])
    set_friend_code(session, entry, given.get("friend_code"), open_.rules)
    _set_guardian(session, pupil, given, locale)
    letters.tell(session, entry, "queue_confirm")
    return entry


def confirm(session: Session, entry: Entry, who: change.By = PUPIL) -> None:
    """The pupil's yes by the link in the mail; twice is as good as once.

    Effects: the moment kept; where a guardian has to say yes, the guardian is asked; otherwise as `_admit`.
    """
    if entry.state is not EntryState.UNCONFIRMED:
        return
    if entry.confirmed_at is None:
        entry.confirmed_at = clock.now()
        session.flush()
    if waits_for_guardian(session, entry):
        letters.tell_guardians(session, entry, "queue_guardian_confirm", dedupe=f"guardian:{entry.id}")
        return
    _admit(session, entry, who)


def confirm_as_guardian(session: Session, link: GuardianLink, who: change.By = PUPIL) -> None:
    """The guardian's yes, for every registration of the pupil that waits for it. Effects: as `_admit`."""
    if link.confirmed_at is None:
        link.confirmed_at = clock.now()
        session.flush()
    waiting = select(Entry).where(Entry.pupil_id == link.pupil_id, Entry.state == EntryState.UNCONFIRMED)
    for entry in session.scalars(waiting.where(Entry.confirmed_at.is_not(None))).all():
        _admit(session, entry, who)


def ask_guardian_again(session: Session, entry: Entry) -> None:
    """Sends the guardian's link once more where one is waited for, at most once a day. Effects: letters."""
    if entry.state is EntryState.UNCONFIRMED and entry.confirmed_at is not None and waits_for_guardian(session, entry):
        letters.tell_guardians(
            session, entry, "queue_guardian_reminder", dedupe=f"guardian_wish:{entry.id}:{clock.today()}"
        )


def waits_for_guardian(session: Session, entry: Entry) -> bool:
    """Whether a guardian has to say yes and has not."""
    born = session.get_one(Pupil, entry.pupil_id).birth_year
    asked_below = rules_now(session, entry.programme_id).guardian_asked_below
    if born is None or not may_be_below(born, asked_below, clock.today()):
        return False
    return all(link.confirmed_at is None for link in letters.guardians_of(session, entry.pupil_id))


def find_pupil(session: Session, email: str, name: str) -> Pupil | None:
    """The pupil with this mail and name, however they are written; the first where there are several."""
    rows = session.scalars(
        select(Pupil)
        .join(Person, Pupil.person_id == Person.id)
        .where(func.lower(Person.email) == email.lower())
        .order_by(Pupil.id)
    )
    return next((row for row in rows if row.person.name.casefold() == name.casefold()), None)


def set_choices(session: Session, entry: Entry, choices: list[str]) -> None:
    """Ranks these sessions, best first, in place of the wishes so far."""
    entry.choices.clear()
    session.flush()
    entry.choices = [EntryChoice(rank=rank, session_id=one) for rank, one in enumerate(choices, start=1)]
    session.flush()


def set_friend_code(session: Session, entry: Entry, code: str | None, rules: GroupRules) -> None:
    """Joins those with the same code. Raises InvalidInput when as many as may have it already do."""
    known = session.get(FriendCode, entry.id)
    if known is not None:
        session.delete(known)
        session.flush()
    if not code:
        return
    wanted = code.strip().upper()
    used = set(session.scalars(select(FriendCode.position).where(FriendCode.code == wanted)))
    free = next((number for number in range(1, rules.friends + 1) if number not in used), None)
    if free is None:
        raise InvalidInput(
            _("This friend code is used by as many as can have it."),
            field="friend_code",
            remedy=_("Agree on another one, or leave it out."),
        )
    session.add(FriendCode(entry_id=entry.id, code=wanted, position=free))
    session.flush()


def check_choices(
    session: Session, choices: list[str], season_id: str, programme_id: str, faults: list[FieldError]
) -> list[GroupSession]:
    """The wished sessions; adds what is wrong with them to `faults`."""
    rows = [session.get(GroupSession, one) for one in choices]
    found = [row for row in rows if row is not None and row.state is SessionState.ACTIVE]
    if not 1 <= len(choices) <= MOST_CHOICES:
        faults.append(FieldError("choices", _("Choose at least one evening, and five at most.")))
    elif len(set(choices)) != len(choices):
        faults.append(FieldError("choices", _("The same evening is chosen twice."), _("Choose each evening once.")))
    elif any((row.season_id, row.programme_id) != (season_id, programme_id) for row in found) or len(found) < len(rows):
        faults.append(FieldError("choices", _("This evening cannot be chosen."), _("Choose from the list.")))
    return found


def due_unconfirmed(session: Session, now: datetime) -> list[str]:
    """Registrations whose pupil did not confirm in time, and those still waiting when joining ends."""
    rows = session.execute(
        select(Entry.id, Entry.programme_id, Entry.created_at, Entry.confirmed_at, Season.ends_on)
        .join(Season, Entry.season_id == Season.id)
        .where(Entry.state == EntryState.UNCONFIRMED)
        .order_by(Entry.id)
    ).all()
    rules = {programme: rules_now(session, programme) for programme in {row.programme_id for row in rows}}
    today = clock.to_oslo(now).date()
    return [row.id for row in rows if _has_lapsed(row, rules[row.programme_id], now, today)]


def do_unconfirmed(session: Session, entry_id: str, now: datetime) -> None:
    """Takes a registration off the list that nobody confirmed. Effects: entry left, queue event."""
    entry = session.get(Entry, entry_id)
    if entry is None or entry.state is not EntryState.UNCONFIRMED or entry_id not in due_unconfirmed(session, now):
        return
    change.move(session, entry, "lapse", change.SYSTEM)
    set_friend_code(session, entry, None, rules_now(session, entry.programme_id))
    events.record(session, entry, QueueMove.LEFT, "unconfirmed")


def due_guardian_reminders(session: Session, now: datetime) -> list[str]:
    """Registrations whose guardian was asked so long ago that we ask once more."""
    rows = session.scalars(
        select(Entry).where(Entry.state == EntryState.UNCONFIRMED, Entry.confirmed_at.is_not(None)).order_by(Entry.id)
    ).all()
    return [
        row.id
        for row in rows
        if row.confirmed_at is not None
        and row.confirmed_at + timedelta(days=rules_now(session, row.programme_id).guardian_remind_days) <= now
        and not letters.is_written(session, _reminder_key(row))
        and waits_for_guardian(session, row)
    ]


def do_guardian_reminder(session: Session, entry_id: str, now: datetime) -> None:
    """Asks the guardian once more."""
    if entry_id in due_guardian_reminders(session, now):
        entry = session.get_one(Entry, entry_id)
        letters.tell_guardians(session, entry, "queue_guardian_reminder", dedupe=_reminder_key(entry))


def is_returning(session: Session, pupil_id: str, season: Season, programme_id: str, rules: GroupRules) -> bool:
    """Whether the pupil had a seat earlier in the school year and came to enough of the held meetings."""
    year = school_year(season.starts_on)
    earlier = session.scalars(
        select(Season)
        .join(Entry, Entry.season_id == Season.id)
        .join(Membership, Membership.entry_id == Entry.id)
        .where(Entry.pupil_id == pupil_id, Entry.programme_id == programme_id, Season.ends_on < season.starts_on)
    )
    if not any(school_year(one.starts_on) == year for one in earlier):
        return False
    share = attendance_share(session, pupil_id, programme_id, year)
    return share is not None and share >= rules.returning_share


def _admit(session: Session, entry: Entry, who: change.By) -> None:
    """Onto the waiting list. Effects: group, day and number by the rules, entry waiting, queue event, letters."""
    rules, season = rules_now(session, entry.programme_id), session.get_one(Season, entry.season_id)
    line.hold(session, entry.season_id)
    today, periods = clock.today(), queue_join.periods(session, entry.season_id, entry.programme_id)
    asked = clock.to_oslo(entry.confirmed_at).date() if entry.confirmed_at else today
    later = counted_from(today, periods)
    joined = counted_for_guardian(entry.joined_on, asked, today, rules.guardian_days, later)
    returning = is_returning(session, entry.pupil_id, season, entry.programme_id, rules)
    group, reason = priority_group(entry.grade, returning=returning)
    values = {
        "joined_on": min(joined, _waited_since(session, entry, season) or joined),
        "priority_class": min(group, rules.classes - 1),
        "priority_reason": reason,
    }
    if entry.lottery_number is None and _is_drawn(session, entry):
        values["lottery_number"] = line.next_number(session, entry)
    change.move(session, entry, "confirm", who, values=values)
    events.record(session, entry, QueueMove.JOINED, reason.value)
    letters.tell(session, entry, "queue_place")
    letters.tell_guardians(session, entry, "queue_guardian_told")


def _is_drawn(session: Session, entry: Entry) -> bool:
    """Whether numbers are given by arrival now: the draw is over, or there is none."""
    drawn = select(Lottery.id).where(
        Lottery.season_id == entry.season_id, Lottery.programme_id == entry.programme_id, Lottery.seed.is_not(None)
    )
    window = queue_join.registration_window(session, entry.season_id, entry.programme_id)
    return window is None or session.scalar(drawn) is not None


def _waited_since(session: Session, entry: Entry, season: Season) -> date | None:
    """The day that counts since the last term, for who waited to its end without a seat."""
    row = session.execute(
        select(Entry.id, Entry.state, Entry.joined_on)
        .join(Season, Entry.season_id == Season.id)
        .where(Entry.pupil_id == entry.pupil_id, Entry.programme_id == entry.programme_id)
        .where(Season.ends_on < season.starts_on)
        .order_by(Season.ends_on.desc())
        .limit(1)
    ).one_or_none()
    if row is None or row.state is not EntryState.WAITING:
        return None
    seated = session.scalar(select(Membership.id).where(Membership.entry_id == row.id).limit(1))
    return row.joined_on if seated is None else None


def _joinable(session: Session, given: Mapping[str, Any]) -> queue_join.Joinable:
    for one in queue_join.joinable(session, clock.now()):
        if (one.season.id, one.programme.id) == (given["season"], given["programme"]):
            return one
    raise NotFound(_("This cannot be joined now."), field="programme")


def _check(session: Session, given: Mapping[str, Any], open_: queue_join.Joinable) -> None:
    faults: list[FieldError] = []
    check_choices(session, given["choices"], open_.season.id, open_.programme.id, faults)
    if session.get(Level, given["level"]) is None:
        faults.append(FieldError("level", _("There is no such subject."), _("Choose from the list.")))
    if given.get("school") and session.get(School, given["school"]) is None:
        faults.append(FieldError("school", _("There is no such school."), _("Choose from the list, or leave it out.")))
    asked_below = open_.rules.guardian_asked_below
    if may_be_below(given["birth_year"], asked_below, clock.today()) and not given.get("guardian_email"):
        faults.append(
            FieldError(
                "guardian_email",
                _("Those who may be under %(years)s need a guardian's yes.", years=asked_below),
                _("Give a guardian's e-mail address."),
            )
        )
    if faults:
        raise InvalidInput(_("Something has to be put right."), errors=faults)


def _entry_of(session: Session, pupil: Pupil, open_: queue_join.Joinable) -> Entry | None:
    return session.scalar(
        select(Entry).where(
            Entry.pupil_id == pupil.id, Entry.season_id == open_.season.id, Entry.programme_id == open_.programme.id
        )
    )


def _new_pupil(session: Session, given: Mapping[str, Any], locale: str) -> Pupil:
    person = Person(name=given["name"], email=given["email"], phone=given.get("phone"), locale=locale)
    names = ("school_id", "postcode", "lat", "lon", "birth_year")
    known = {**given, "school_id": given.get("school")}
    pupil = Pupil(person=person, **{name: known.get(name) for name in names})
    session.add(pupil)
    session.flush()
    return pupil


def _set_guardian(session: Session, pupil: Pupil, given: Mapping[str, Any], locale: str) -> None:
    """A guardian as the form names one; who is known for the pupil already stays as they are."""
    email = given.get("guardian_email")
    known = {(link.person.email or "").lower() for link in letters.guardians_of(session, pupil.id)}
    if not email or email.lower() in known:
        return
    person = Person(name=given.get("guardian_name") or email, email=email, locale=locale)
    session.add(person)
    session.flush()
    session.add(GuardianLink(pupil_id=pupil.id, person_id=person.id))
    session.flush()


def _has_lapsed(row: Any, rules: GroupRules, now: datetime, today: date) -> bool:
    if today > row.ends_on - timedelta(weeks=rules.join_ends_weeks):
        return True
    return row.confirmed_at is None and row.created_at + timedelta(days=rules.unconfirmed_days) <= now


def _reminder_key(entry: Entry) -> str:
    return f"guardian_again:{entry.id}"
