"""Forgets a person: what says who it was goes, what is counted stays, and the trail holds.

The row in `person` stays without a name, so that visits, seats and moves in the queue can still be counted and
replayed. The audit trail names opaque ids only and is left alone. The erasure itself is written down, so that it can
be done again after a backup has been restored.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from api import clock
from api.models.access import ApiToken, IdempotencyKey, User
from api.models.follow_up import ExceptionItem, PledgeSlot
from api.models.group_life import Clearance, ExamBlock, FriendCode, GuardianLink
from api.models.groups import Mentor, mentor_level, mentor_session
from api.models.jobs import ErasureLog
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage, Unsubscription
from api.models.people import Person
from api.models.planning import Run
from api.models.pupils import Entry, Pupil
from api.models.rights import RoleGrant
from api.models.role_models import (
    RoleModel,
    RoleModelBlocked,
    RoleModelFilm,
    RoleModelFreeTime,
    RoleModelLanguage,
    agreement_role_model,
    role_model_topic,
)
from api.models.sign_in import Contact, ExternalIdentity, SignInSession, Totp
from api.models.visits import Refusal
from api.services import audit
from api.services.retention import let_go, mentions

PERSON = "person"
NAMELESS = "(slettet)"
MIDDLE_OF_NORWAY = {"lat": 64.9, "lon": 13.2}  # a place is part of a problem; this one says nothing
AT_OWN_WISH = "own_wish"


def erase_person(session: Session, person_id: str, rule: str) -> None:
    """Forgets a person for good. rule: why, a code such as `own_wish`. Unknown and forgotten people are left alone.

    Effects, in order: what is live ends (seats, offers, invitations, the profile); links, messages, sign-in, rights
    and everything that was only theirs go; texts that mention them go; guardians who answer for nobody else are
    forgotten too; the person has no name, address or phone; the erasure is logged, and written into the trail.
    """
    person = session.get(Person, person_id)
    if person is None or (is_erased(session, person_id) and person.name == NAMELESS):
        return
    let_go.end_what_is_live(session, person_id, clock.now())
    words = mentions.words_of(session, person)
    _forget_sign_in(session, person_id)
    guardians = _forget_pupil(session, person_id)
    _forget_role_model(session, person_id)
    _forget_mentor(session, person_id)
    _delete(session, Contact, Contact.person_id == person_id)
    _delete(session, GuardianLink, GuardianLink.person_id == person_id)
    _delete(session, Unsubscription, Unsubscription.person_id == person_id)
    _delete(session, LinkToken, LinkToken.person_id == person_id)
    _delete(session, OutboxMessage, OutboxMessage.person_id == person_id)
    _update(session, ExceptionItem, ExceptionItem.person_id == person_id, person_id=None)
    mentions.remove(session, words)
    session.refresh(person)
    person.name, person.email, person.phone = NAMELESS, None, None
    session.add(ErasureLog(object_kind=PERSON, object_id=person_id, rule=rule))
    session.flush()
    audit.record(session, "person.erase", PERSON, person_id, detail={"rule": rule})
    for guardian in guardians:
        if not _is_needed(session, guardian):
            erase_person(session, guardian, rule)


def is_erased(session: Session, person_id: str) -> bool:
    """Whether the log says that this person was forgotten."""
    found = select(ErasureLog.id).where(ErasureLog.object_kind == PERSON, ErasureLog.object_id == person_id)
    return session.scalar(found.limit(1)) is not None


def replay(session: Session, log: list[tuple[str, datetime, str]]) -> int:
    """After a restore: forgets again whom the log names. log: (person, when, rule). Returns how many came back.

    The log is the one kept beside the backups, which knows of erasures that the restored database does not.
    """
    again = 0
    for person_id, erased_at, rule in log:
        person = session.get(Person, person_id)
        if person is not None and person.name != NAMELESS:
            erase_person(session, person_id, rule)
            again += 1
        elif not is_erased(session, person_id):
            session.add(ErasureLog(object_kind=PERSON, object_id=person_id, rule=rule, erased_at=erased_at))
            session.flush()
    return again


def forget_account(session: Session, user_id: str) -> None:
    """An account that nobody can use any more; its row stays, since the audit trail names it."""
    person_id = session.scalar(select(User.person_id).where(User.id == user_id))
    if person_id is not None:
        _forget_sign_in(session, person_id)


def _forget_sign_in(session: Session, person_id: str) -> None:
    user_id = session.scalar(select(User.id).where(User.person_id == person_id))
    if user_id is None:
        return
    for table in (RoleGrant, ApiToken, Totp, ExternalIdentity, SignInSession):
        _delete(session, table, table.user_id == user_id)
    _delete(session, IdempotencyKey, IdempotencyKey.owner == f"user:{user_id}")
    _update(
        session,
        User,
        User.id == user_id,
        login=f"erased:{user_id}",
        password_hash=None,
        is_active=False,
        last_sign_in_at=None,
        version=User.version + 1,
    )


def _forget_pupil(session: Session, person_id: str) -> list[str]:
    """What the pupil told goes; the entries stay as numbers in the queue. Returns the guardians."""
    pupil_id = session.scalar(select(Pupil.id).where(Pupil.person_id == person_id))
    if pupil_id is None:
        return []
    entries = list(session.scalars(select(Entry.id).where(Entry.pupil_id == pupil_id)))
    guardians = list(session.scalars(select(GuardianLink.person_id).where(GuardianLink.pupil_id == pupil_id)))
    _delete(session, FriendCode, FriendCode.entry_id.in_(entries))
    _delete(session, GuardianLink, GuardianLink.pupil_id == pupil_id)
    _about(session, [pupil_id, *entries])
    _update(session, Entry, Entry.pupil_id == pupil_id, max_travel_minutes=None, version=Entry.version + 1)
    told = dict.fromkeys(("school_id", "postcode", "lat", "lon", "gender", "birth_year"))
    _update(session, Pupil, Pupil.id == pupil_id, **told, version=Pupil.version + 1)
    _forget_problems(session, entries)
    return guardians


def _forget_role_model(session: Session, person_id: str) -> None:
    role_model_id = session.scalar(select(RoleModel.id).where(RoleModel.person_id == person_id))
    if role_model_id is None:
        return
    for table in (RoleModelLanguage, RoleModelFreeTime, RoleModelBlocked, RoleModelFilm, PledgeSlot, Refusal):
        _delete(session, table, table.role_model_id == role_model_id)
    for link in (role_model_topic, agreement_role_model):
        session.execute(delete(link).where(link.c.role_model_id == role_model_id))
    _about(session, [role_model_id])
    _update(
        session,
        RoleModel,
        RoleModel.id == role_model_id,
        title="",
        place="",
        **MIDDLE_OF_NORWAY,
        trained_on=None,
        travel_payer=None,
        confirmed_at=None,
        version=RoleModel.version + 1,
    )
    _forget_problems(session, [role_model_id])


def _forget_mentor(session: Session, person_id: str) -> None:
    mentor_id = session.scalar(select(Mentor.id).where(Mentor.person_id == person_id))
    if mentor_id is None:
        return
    for table in (ExamBlock, Clearance):
        _delete(session, table, table.mentor_id == mentor_id)
    for link in (mentor_level, mentor_session):
        session.execute(delete(link).where(link.c.mentor_id == mentor_id))
    _about(session, [mentor_id])
    _update(
        session,
        Mentor,
        Mentor.id == mentor_id,
        is_active=False,
        contracted=0,
        trained_on=None,
        version=Mentor.version + 1,
    )


def _about(session: Session, ids: list[str]) -> None:
    """Links and messages about what was theirs, whoever they went to."""
    _delete(session, LinkToken, LinkToken.object_id.in_(ids))
    _delete(session, OutboxMessage, OutboxMessage.about_id.in_(ids))


def _forget_problems(session: Session, ids: list[str]) -> None:
    """Texts of problems that were solved, where they say where this person lives. Their plans and proofs stay."""
    if ids:
        _update(
            session,
            Run,
            or_(*(Run.problem.contains(key) for key in ids)),
            problem=None,
            problem_sha256=None,
            document=None,
            stand_ins=None,
        )


def _is_needed(session: Session, person_id: str) -> bool:
    """Whether somebody who was a guardian is known for another reason."""
    reasons = (
        select(GuardianLink.id).where(GuardianLink.person_id == person_id),
        select(User.id).where(User.person_id == person_id),
        select(RoleModel.id).where(RoleModel.person_id == person_id),
        select(Mentor.id).where(Mentor.person_id == person_id),
        select(Pupil.id).where(Pupil.person_id == person_id),
        select(Contact.id).where(Contact.person_id == person_id),
    )
    return any(session.scalar(reason.limit(1)) is not None for reason in reasons)


def _delete(session: Session, table: Any, condition: Any) -> None:
    session.execute(delete(table).where(condition), execution_options={"synchronize_session": "fetch"})


def _update(session: Session, table: Any, condition: Any, **values: Any) -> None:
    session.execute(update(table).where(condition).values(**values), execution_options={"synchronize_session": "fetch"})
