"""Weekly sessions of a campus: set up, changed, cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import MembershipState, OfferState, ProgrammeKind, SessionState
from api.domain.permissions import Actor
from api.domain.programme_rules import GroupRules
from api.domain.transitions import Party
from api.errors import Conflict, InvalidInput
from api.i18n import gettext as _
from api.models.group_life import SeatOffer
from api.models.groups import GroupSession, Mentor, Room
from api.models.people import Person
from api.models.programmes import Programme, Season
from api.models.pupils import Membership
from api.queries.campus_rules import rules_now
from api.services import audit, change
from api.services.campus import access, duties, meetings, roster, telling
from api.services.follow_up import exceptions
from api.services.queue import seats

SIZES = ("seats", "ratio", "target", "min_mentors", "min_pupils")
_TIMES = ("weekday", "starts", "ends", "room_id")


def create(session: Session, actor: Actor, given: Mapping[str, Any]) -> tuple[GroupSession, meetings.Dates]:
    """A new weekly session with its dated meetings.

    given: season_id, programme_id, site_id, weekday (1 Monday to 7), starts, ends, seats; id where it is to have one;
    and where they differ from the usual: room_id, ratio, target, min_mentors, min_pupils, first_on, without (days left
    out).
    Raises NotFound for a foreign site, InvalidInput, DoubleBooking when the room is taken.
    """
    access.site(session, actor, given["site_id"])
    programme = session.get(Programme, given["programme_id"])
    if programme is None or programme.kind is not ProgrammeKind.STUDY_GROUP:
        raise InvalidInput(
            _("This is no programme of study groups."), field="programme", remedy=_("Choose one of them.")
        )
    if session.get(Season, given["season_id"]) is None:
        raise InvalidInput(_("There is no such season."), field="season", remedy=_("Choose one of the list."))
    rules = rules_now(session, programme.id)
    names = ("season_id", "programme_id", "site_id", *(("id",) if given.get("id") else ()), *_TIMES, *SIZES)
    group = GroupSession(**{"min_mentors": rules.min_mentors} | {name: given[name] for name in names if name in given})
    for name, usual in (("ratio", 8), ("target", 5), ("min_pupils", 6)):
        if getattr(group, name) is None:
            setattr(group, name, min(usual, rules.max_ratio) if name == "ratio" and rules.max_ratio else usual)
    _require_sizes(session, group, rules)
    who = change.by(Party.SITE, actor)
    change.begin(session, group, "open", who)
    made = meetings.generate(session, group, who, first_on=given.get("first_on"), without=given.get("without") or ())
    return group, made


def change_session(session: Session, actor: Actor, group: GroupSession, given: Mapping[str, Any]) -> GroupSession:
    """Changes time, room or sizes of a session.

    Effects: the row; its meetings to come move with it, and so do their mentors (asked within the notice); pupils,
    guardians and mentors are told of a new time or room. Raises Conflict where seats are fewer than those who sit
    there, InvalidInput, DoubleBooking.
    """
    access.group(session, actor, group.id)
    if group.state is not SessionState.ACTIVE:
        raise Conflict(_("The evening is cancelled."), remedy=_("Set up a new one."))
    who = change.by(Party.SITE, actor)
    old_weekday = group.weekday
    before = {name: getattr(group, name) for name in _TIMES}
    for name in (*SIZES, *_TIMES):
        if name in given:
            setattr(group, name, given[name])
    rules = rules_now(session, group.programme_id)
    _require_sizes(session, group, rules)
    _require_seats_for_all(session, group)
    session.flush()
    audit.record(session, "group_session.change", "group_session", group.id, actor_id=actor.user_id)
    if before != {name: getattr(group, name) for name in _TIMES}:
        _move_meetings(session, group, before, group.weekday - old_weekday, who)
    return group


def cancel(session: Session, actor: Actor, group: GroupSession) -> None:
    """Gives a session up.

    Effects, in order: its mentors are told; its planned meetings are cancelled; its mentors leave the roster; open
    offers of its seats are taken back and its pupils' seats end; all of them are told so, and wait where they stood.
    """
    access.group(session, actor, group.id)
    who = change.by(Party.SITE, actor)
    telling.about_group(session, "mentor.session_cancelled", group, _mentors_of(session, group))
    change.move(session, group, "cancel", who)
    for meeting in duties.upcoming(session, group.id, clock.now()):
        meetings.cancel(session, meeting, group, who, tell=False, why="session_cancelled")
    rules = rules_now(session, group.programme_id)
    for assignment in roster.assignments(session, [group.id]):
        roster.end(session, assignment, rules, who, roster.RosterChange(), at_once=True)
    seats.close_session(session, group, who)
    exceptions.resolve_lines(session, group.id, "underfilled", resolution="cancel_session")


def seated(session: Session, session_id: str) -> int:
    """How many sit in a session now."""
    return session.scalar(_active(session_id).with_only_columns(func.count())) or 0


def _active(session_id: str) -> Any:
    return select(Membership).where(Membership.session_id == session_id, Membership.state == MembershipState.ACTIVE)


def _mentors_of(session: Session, group: GroupSession) -> list[Person]:
    mentors = [row.mentor_id for row in roster.assignments(session, [group.id])]
    return list(session.scalars(select(Person).join(Mentor).where(Mentor.id.in_(mentors))))


def _move_meetings(
    session: Session, group: GroupSession, before: Mapping[str, Any], shift: int, who: change.By
) -> None:
    """The session's coming meetings follow it; those that were moved by hand to another time stay as they are."""
    for meeting in duties.upcoming(session, group.id, clock.now()):
        local = clock.to_local(meeting.starts_at)
        same_time = (local.isoweekday(), local.time()) == (before["weekday"], before["starts"])
        if not same_time:
            continue
        day = local.date().fromordinal(local.date().toordinal() + shift)
        room = group.room_id if meeting.room_id == before["room_id"] else meeting.room_id
        meetings.relocate(session, group, meeting, (day, group.starts, group.ends), room, who, tell=False)
    people = {one.id: one for one in telling.pupils_and_guardians(session, group)}
    people.update({one.id: one for one in _mentors_of(session, group)})
    telling.about_group(session, "campus.session_changed", group, [people[one] for one in sorted(people)])
    telling.asked(session, duties.waiting(session, group.id))


def _require_sizes(session: Session, group: GroupSession, rules: GroupRules) -> None:
    """Raises InvalidInput naming the first size that breaks a rule."""
    if group.starts >= group.ends:
        raise InvalidInput(_("The end is before the start."), field="ends", remedy=_("Give a later end."))
    if rules.max_ratio is not None and group.ratio > rules.max_ratio:
        raise InvalidInput(
            _("The programme allows at most %(most)s pupils a mentor.", most=rules.max_ratio),
            field="ratio",
            remedy=_("Give a smaller number."),
        )
    if group.min_mentors < rules.min_mentors:
        raise InvalidInput(
            _("There must be at least %(least)s adults in the room.", least=rules.min_mentors),
            field="min_mentors",
            remedy=_("Give a larger number."),
        )
    room = session.get(Room, group.room_id) if group.room_id else None
    if group.room_id and (room is None or room.site_id != group.site_id):
        raise InvalidInput(
            _("The room is not at this site."), field="room", remedy=_("Choose one of the site's rooms.")
        )
    if room is not None and group.seats > room.seats:
        raise InvalidInput(
            _("The room has %(seats)s seats.", seats=room.seats), field="seats", remedy=_("Give a smaller number.")
        )


def _require_seats_for_all(session: Session, group: GroupSession) -> None:
    """Raises Conflict where somebody sits, or is offered a seat, beyond the seats there are."""
    highest = session.scalar(_active(group.id).with_only_columns(func.max(Membership.seat))) or 0
    offered = session.scalar(
        select(func.max(SeatOffer.seat)).where(SeatOffer.session_id == group.id, SeatOffer.state == OfferState.OPEN)
    )
    taken = seated(session, group.id)
    if max(highest, offered or 0) > group.seats and taken > group.seats:
        raise Conflict(
            _("%(count)s pupils sit here, so there cannot be %(seats)s seats.", count=taken, seats=group.seats),
            field="seats",
            remedy=_("Keep the seats, or move pupils first."),
        )
