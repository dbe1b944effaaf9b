"""A programme's rules: edited with validation, kept as versions. A plan keeps the version that its run used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.domain.enums import ProgrammeKind
from api.domain.permissions import Action, Actor, may
from api.domain.programme_rules import GroupRules, VisitRules, group_rules, visit_rules
from api.errors import ConfigurationError, Conflict, FieldError, InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.programmes import Programme, ProgrammeRuleVersion
from api.services import audit

OF_GROUPS = frozenset({ProgrammeKind.STUDY_GROUP, ProgrammeKind.DROP_IN})


def programme(session: Session, actor: Actor, programme_id: str) -> Programme:
    """The programme, for those who may edit its rules. Raises NotFound."""
    found = session.get(Programme, programme_id)
    if found is None or not may(actor, Action.EDIT_RULES):
        raise NotFound(_("There is no such programme."))
    return found


def newest(session: Session, programme_id: str) -> ProgrammeRuleVersion | None:
    """The version that the next run takes."""
    return session.scalar(
        select(ProgrammeRuleVersion)
        .where(ProgrammeRuleVersion.programme_id == programme_id)
        .order_by(ProgrammeRuleVersion.number.desc())
        .limit(1)
    )


def whole(kind: ProgrammeKind, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting of a kind of programme with its value, the usual one where `settings` has none.

    Raises InvalidInput with one line for each setting that is unknown or cannot be used.
    """
    read = group_rules if kind in OF_GROUPS else visit_rules
    faults = []
    for name, value in settings.items():
        try:
            read({name: value})
        except ConfigurationError:
            faults.append(FieldError(f"settings.{name}", _fault(kind, name)))
    if faults:
        raise InvalidInput(_("Some of the rules cannot be used."), errors=faults)
    return asdict(read(settings))


def change_rules(
    session: Session, actor: Actor, programme_id: str, settings: Mapping[str, Any], *, seen: int
) -> ProgrammeRuleVersion:
    """A new version with these settings; what is left out takes its usual value.

    seen: the number of the version that was read, 0 where there was none. Effects, in order: the version; an entry in
    the trail with what changed. Plans and runs that are there keep theirs. Raises NotFound, InvalidInput naming each
    setting, and Conflict when somebody else was first or nothing would change.
    """
    found = programme(session, actor, programme_id)
    last = newest(session, programme_id)
    number = last.number if last is not None else 0
    after = whole(found.kind, settings)
    before = whole(found.kind, last.settings if last is not None else {})
    if number != seen:
        raise _was_faster()
    changed = {name: [before[name], value] for name, value in after.items() if value != before[name]}
    if not changed:
        raise Conflict(_("Nothing is changed: the rules are as they were."), code="nothing_changed")
    version = ProgrammeRuleVersion(programme_id=programme_id, number=number + 1, settings=after)
    try:
        with session.begin_nested():
            session.add(version)
    except IntegrityError as error:
        raise _was_faster() from error
    audit.record(
        session,
        "programme.rules",
        "programme",
        programme_id,
        actor_id=actor.user_id,
        detail={"number": version.number, "changed": changed},
    )
    return version


def is_of(kind: ProgrammeKind) -> type[VisitRules] | type[GroupRules]:
    """The class that says what a kind of programme can set."""
    return GroupRules if kind in OF_GROUPS else VisitRules


def _was_faster() -> Conflict:
    return Conflict(
        _("Somebody else has changed the rules."),
        code="rules_changed",
        remedy=_("Load the page again, see what is new, and make your change once more."),
    )


def _fault(kind: ProgrammeKind, name: str) -> str:
    if name not in is_of(kind).__dataclass_fields__:
        return _("This programme has no such rule.")
    return {
        "detour": _("Give a number of at least 1."),
        "kmh": _("Give a number above 0."),
        "classes": _("Give a whole number of at least 1."),
        "returning_share": _("Give a number from 0 to 1."),
        "send_hour": _("Give an hour from 0 to 23."),
        "statute": _("Give the name of a law, or nothing."),
        "placement": _("Give most_served or queue_first."),
    }.get(name, _("Give a whole number of at least 0."))
