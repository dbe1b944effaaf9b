"""Changes of the roster by hand, under the judge's eyes."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import SessionState
from api.domain.permissions import Actor
from api.domain.transitions import Party
from api.errors import Conflict, FieldError
from api.i18n import gettext as _
from api.i18n import mark, ngettext
from api.models.groups import GroupSession, Mentor
from api.models.people import Person
from api.queries.campus_roster import Broken, RosterVerdict, verdict
from api.queries.campus_rules import rules_now
from api.services import change
from api.services.campus import access, duties, roster, stand_ins

SENTENCES: dict[str, str] = {
    "unknown": mark("The mentor has given no evening that suits, or is not trained, cleared and active."),
    "seats": mark("More pupils sit here than there are seats."),
    "ratio": mark("There would be more pupils a mentor than the evening allows."),
    "min_mentors": mark("There would be too few adults in the room."),
    "min_pupils": mark("There would be too few pupils for the evening to be held."),
    "mentor_session": mark("The mentor has not said that this evening suits."),
    "mentor_max": mark("The mentor would have more evenings a week than agreed."),
    "mentor_overlap": mark("The mentor is in another evening at that time."),
}
# What a leader may decide all the same, since a mentor who leaves cannot be kept.
MAY_STAND = frozenset({"ratio", "min_mentors", "min_pupils"})


def judged(
    session: Session, actor: Actor, session_id: str, *, add: Collection[str] = (), remove: Collection[str] = ()
) -> tuple[RosterVerdict, list[str]]:
    """The judge's word on a change, and the same in sentences. Raises NotFound outside the actor's sites."""
    group = access.group(session, actor, session_id)
    for mentor_id in (*add, *remove):
        access.mentor(session, actor, mentor_id)
    said = verdict(session, group, rules_now(session, group.programme_id), add=add, remove=remove)
    return said, sentences(session, said)


def apply(
    session: Session,
    actor: Actor,
    session_id: str,
    *,
    add: Collection[str] = (),
    remove: Collection[str] = (),
    anyway: bool = False,
) -> roster.RosterChange:
    """Changes a session's roster by hand.

    anyway: also when too few adults or too many pupils a mentor are left; never when a mentor would be in two places,
    above their agreement, or untrained. Effects as `roster.take_over`; lines about coming meetings follow.
    Raises NotFound, and Conflict with one sentence for each rule that stands against it.
    """
    said, words = judged(session, actor, session_id, add=add, remove=remove)
    group = session.get_one(GroupSession, session_id)
    if group.state is not SessionState.ACTIVE:
        raise Conflict(_("The evening is cancelled."), remedy=_("Set up a new one."))
    firm = [one for one in said.broken if one.code not in MAY_STAND]
    if firm or (said.broken and not anyway):
        raise Conflict(
            _("This breaks a rule."),
            code="breaks_rules",
            remedy=" ".join(words),
            errors=[FieldError(one.code, _(SENTENCES[one.code])) for one in said.broken],
        )
    who, rules = change.by(Party.SITE, actor), rules_now(session, group.programme_id)
    changed = roster.RosterChange()
    for assignment in roster.assignments(session, [group.id]):
        if assignment.mentor_id in remove:
            roster.end(session, assignment, rules, who, changed)
    standing = {row.mentor_id for row in roster.assignments(session, [group.id])}
    people = session.scalars(select(Mentor).where(Mentor.id.in_(set(add) - standing)).order_by(Mentor.person_id)).all()
    for mentor in people:
        roster.assign(session, group, mentor, rules, who, changed)
    roster.tell(session, changed)
    for meeting in duties.upcoming(session, group.id, clock.now()):
        if duties.needs_a_yes(meeting, rules, clock.now()):
            stand_ins.watch(session, meeting, group)
    return changed


def sentences(session: Session, said: RosterVerdict) -> list[str]:
    """The verdict in words: broken rules first, then what it means for the pupils."""
    names = _names(session, said.broken)
    words = []
    for one in said.broken:
        who = ", ".join(names[i] for i in one.ids if i in names)
        words.append(f"{who}: {_(SENTENCES[one.code])}" if who else _(SENTENCES[one.code]))
    if said.without_help:
        words.append(
            ngettext(
                "One pupil would be above what the mentors may take.",
                "%(num)s pupils would be above what the mentors may take.",
                said.without_help,
                num=said.without_help,
            )
        )
    if said.untaught:
        words.append(
            ngettext(
                "Nobody in the room would teach the level of one pupil.",
                "Nobody in the room would teach the level of %(num)s pupils.",
                said.untaught,
                num=said.untaught,
            )
        )
    if said.warned and not said.without_help:
        words.append(_("It is allowed, but more pupils a mentor than we recommend."))
    return words


def _names(session: Session, broken: Collection[Broken]) -> dict[str, str]:
    ids = {one for item in broken for one in item.ids}
    rows = session.execute(select(Mentor.id, Person.name).join(Person).where(Mentor.id.in_(ids)))
    return {row.id: row.name for row in rows}
