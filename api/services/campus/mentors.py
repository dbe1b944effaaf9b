"""Mentors of a campus: who they are, what they teach, when they can, and whether they may stand before pupils."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from api import clock
from api.domain.enums import SessionState
from api.domain.permissions import Actor
from api.domain.programme_rules import GroupRules
from api.domain.school_days import months_before
from api.errors import Conflict, InvalidInput
from api.i18n import gettext as _
from api.models.group_life import Clearance, ExamBlock, MentorAssignment
from api.models.groups import GroupSession, Mentor
from api.models.people import Person
from api.models.programmes import Level, Season
from api.queries.campus_rules import rules_now
from api.services import audit
from api.services.campus import access

_OWN = ("contracted", "max_sessions", "trained_on")
_PERSON = ("name", "email", "phone")


def teaches_from(session: Session, mentor: Mentor, rules: GroupRules) -> date | None:
    """The day on which an active mentor is trained; None where there is none, or where the certificate is missing."""
    if not mentor.is_active or mentor.trained_on is None:
        return None
    return mentor.trained_on if not rules.statute or is_cleared(session, mentor) else None


def is_cleared(session: Session, mentor: Mentor) -> bool:
    """Whether a police certificate of the mentor has been seen."""
    return session.scalar(select(Clearance.id).where(Clearance.mentor_id == mentor.id).limit(1)) is not None


def exam_days(session: Session, mentor: Mentor) -> list[tuple[date, date]]:
    """The first and last days of a mentor's exams."""
    blocks = select(ExamBlock.from_date, ExamBlock.to_date).where(ExamBlock.mentor_id == mentor.id)
    return [(first, last) for first, last in session.execute(blocks)]


def register(session: Session, actor: Actor, given: Mapping[str, Any]) -> Mentor:
    """A new mentor of a site.

    given: site_id, name, email, and phone, levels (codes), contracted, max_sessions, trained_on where known.
    Raises NotFound for a foreign site; Conflict where the site has a mentor with that e-mail; InvalidInput.
    """
    site = access.site(session, actor, given["site_id"])
    known = session.scalar(
        select(Mentor.id)
        .join(Person, Mentor.person_id == Person.id)
        .where(Mentor.site_id == site.id, func.lower(Person.email) == given["email"].lower())
    )
    if known is not None:
        raise Conflict(
            _("The site has a mentor with that e-mail."), field="email", remedy=_("Change the mentor who is there.")
        )
    person = Person(**{name: given[name] for name in _PERSON if given.get(name)})
    mentor = Mentor(person=person, site_id=site.id, **{name: given[name] for name in _OWN if name in given})
    _require_hours(mentor)
    mentor.levels = _levels(session, given.get("levels", ()))
    session.add(mentor)
    session.flush()
    audit.record(session, "mentor.register", "mentor", mentor.id, actor_id=actor.user_id)
    return mentor


def change(session: Session, actor: Actor, mentor: Mentor, given: Mapping[str, Any]) -> Mentor:
    """Changes what a leader may change of a mentor: any of register's fields but the site. Raises InvalidInput."""
    access.mentor(session, actor, mentor.id)
    for name in _OWN:
        if name in given:
            setattr(mentor, name, given[name])
    for name in _PERSON:
        if name in given:
            setattr(mentor.person, name, given[name])
    if "levels" in given:
        mentor.levels = _levels(session, given["levels"])
    _require_hours(mentor)
    flag_modified(mentor, "contracted")  # person and levels have no version of their own
    session.flush()
    audit.record(
        session, "mentor.change", "mentor", mentor.id, actor_id=actor.user_id, detail={"fields": sorted(given)}
    )
    return mentor


def set_availability(
    session: Session, mentor: Mentor, session_ids: Collection[str], *, actor_id: str | None = None
) -> None:
    """Which of the site's sessions a mentor can hold; given before the roster is made, heeded by every run.

    Sessions that are past or of another site stay as they are. Raises InvalidInput for sessions of others, Conflict for
    taking back one that the mentor stands in.
    """
    open_sessions = {row.id: row for row in own_site_sessions(session, mentor)}
    unknown = set(session_ids) - open_sessions.keys()
    if unknown:
        raise InvalidInput(
            _("Some of the evenings are not at your site."), field="sessions", remedy=_("Choose among those listed.")
        )
    standing = set(
        session.scalars(
            select(MentorAssignment.session_id).where(
                MentorAssignment.mentor_id == mentor.id, MentorAssignment.to_date.is_(None)
            )
        )
    )
    if (standing & open_sessions.keys()) - set(session_ids):
        raise Conflict(
            _("You are on the roster of an evening that you take away."),
            field="sessions",
            remedy=_("Talk to the leader of your site, who can change the roster."),
        )
    others = [one for one in mentor.sessions if one.id not in open_sessions]
    mentor.sessions = [*others, *(open_sessions[one] for one in sorted(set(session_ids)))]
    flag_modified(mentor, "contracted")  # what a mentor can has no version of its own
    session.flush()
    audit.record(session, "mentor.availability", "mentor", mentor.id, actor_id=actor_id)


def own_site_sessions(session: Session, mentor: Mentor) -> list[GroupSession]:
    """The sessions of the mentor's site whose season is not over, by weekday and time."""
    from_today = GroupSession.season_id.in_(_running_seasons())
    return list(
        session.scalars(
            select(GroupSession)
            .where(GroupSession.site_id == mentor.site_id, GroupSession.state == SessionState.ACTIVE, from_today)
            .order_by(GroupSession.weekday, GroupSession.starts, GroupSession.id)
        )
    )


def add_exam_block(
    session: Session, mentor: Mentor, first: date, last: date, *, actor_id: str | None = None
) -> ExamBlock:
    """Days on which exams keep a mentor away, both included. Raises InvalidInput."""
    if last < first:
        raise InvalidInput(_("The last day is before the first."), field="to_date", remedy=_("Give a later day."))
    if last < clock.today():
        raise InvalidInput(_("The days are past."), field="to_date", remedy=_("Give days to come."))
    there = session.scalar(select(ExamBlock).where(ExamBlock.mentor_id == mentor.id, ExamBlock.from_date == first))
    if there is not None:
        there.to_date = max(there.to_date, last)
        session.flush()
        return there
    block = ExamBlock(mentor_id=mentor.id, from_date=first, to_date=last)
    session.add(block)
    session.flush()
    audit.record(session, "mentor.exams", "mentor", mentor.id, actor_id=actor_id)
    return block


def remove_exam_block(session: Session, mentor: Mentor, block_id: str) -> None:
    """Takes days back; nothing happens where there are none of that id."""
    block = session.get(ExamBlock, block_id)
    if block is not None and block.mentor_id == mentor.id:
        session.delete(block)
        session.flush()
        audit.record(session, "mentor.exams", "mentor", mentor.id)


def statute_at(session: Session, site_id: str) -> tuple[str, int]:
    """The statute by which the site's programmes see certificates, and how many months old one may be; "" for none."""
    programmes = session.scalars(
        select(GroupSession.programme_id).where(GroupSession.site_id == site_id).distinct().order_by("programme_id")
    )
    for programme_id in programmes:
        rules = rules_now(session, programme_id)
        if rules.statute:
            return rules.statute, rules.certificate_months
    return "", 0


def clear(session: Session, actor: Actor, mentor: Mentor, *, issued_on: date, seen_on: date) -> Clearance:
    """Notes that a police certificate was seen, never the paper.

    Raises InvalidInput where no programme of the site names a statute, where the certificate is older than it may be,
    or where a day is not possible.
    """
    access.mentor(session, actor, mentor.id)
    statute, months = statute_at(session, mentor.site_id)
    if not statute:
        raise InvalidInput(
            _("No programme of this site names a statute for police certificates."),
            field="issued_on",
            remedy=_("Nothing about certificates may be kept here."),
        )
    if seen_on > clock.today():
        raise InvalidInput(_("The day is still to come."), field="seen_on", remedy=_("Give the day you saw it."))
    if issued_on > seen_on:
        raise InvalidInput(
            _("It was issued after it was seen."), field="issued_on", remedy=_("Check both days on the certificate.")
        )
    if issued_on < months_before(seen_on, months):
        raise InvalidInput(
            _("The certificate was older than %(months)s months.", months=months),
            field="issued_on",
            remedy=_("Ask the mentor for a new one."),
        )
    row = Clearance(mentor_id=mentor.id, issued_on=issued_on, seen_on=seen_on, seen_by_id=actor.user_id)
    session.add(row)
    session.flush()
    audit.record(session, "mentor.clear", "mentor", mentor.id, actor_id=actor.user_id)
    return row


def _running_seasons() -> Any:
    return select(Season.id).where(Season.ends_on >= clock.today())


def _levels(session: Session, codes: Collection[str]) -> list[Level]:
    found = list(session.scalars(select(Level).where(Level.code.in_(list(codes))).order_by(Level.position, Level.code)))
    if unknown := set(codes) - {level.code for level in found}:
        raise InvalidInput(
            _("There is no level %(code)s.", code=sorted(unknown)[0]),
            field="levels",
            remedy=_("Choose among the list."),
        )
    return found


def _require_hours(mentor: Mentor) -> None:
    contracted = 0 if mentor.contracted is None else mentor.contracted
    most = 1 if mentor.max_sessions is None else mentor.max_sessions
    if contracted > most:
        raise InvalidInput(
            _("More evenings are contracted than the mentor takes at most."),
            field="contracted",
            remedy=_("Give a smaller number."),
        )
