"""People whose every field sings, and a walk through every column of every table that hears it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import CallOutcome, LinkPurpose, OutboxState, VerifiedBy
from api.domain.permissions import Role
from api.models.access import ApiToken, IdempotencyKey
from api.models.base import Base
from api.models.follow_up import CallNote, ExceptionItem, Invitation, PledgeSlot, SilenceEpisode
from api.models.group_life import Clearance, ExamBlock, FriendCode, GuardianLink, SeatOffer
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage, Unsubscription
from api.models.plan_rows import Lock
from api.models.role_models import RoleModelLanguage
from api.models.sign_in import Contact, ExternalIdentity, SignInSession, Totp
from api.models.visits import Refusal
from tests import factories as make

SONG = "kanari"


def places_of(session: Session, word: str = SONG) -> set[str]:
    """table.column of every value in the database that holds the word."""
    found = set()
    session.flush()
    for table in Base.metadata.sorted_tables:
        heard = [func.count().filter(_holds(column, word)) for column in table.columns]
        counts = session.execute(select(*heard).select_from(table)).one()
        found |= {f"{table.name}.{column.name}" for column, count in zip(table.columns, counts, strict=True) if count}
    return found


def _holds(column: Any, word: str) -> Any:
    return func.lower(cast(column, Text)).contains(word)


def person(session: Session, **given: Any) -> Any:
    return make.make_person(
        session, **{"name": "Kanari Fugl", "email": "kanari@example.org", "phone": "+47 kanari"} | given
    )


def account(session: Session, person_id: str) -> Any:
    """An account with everything that hangs on one."""
    user = make.make_user(session, Role.COORDINATOR, person_id=person_id, login="kanari@example.org")
    later = clock.now() + timedelta(days=1)
    session.add_all(
        [
            ApiToken(user_id=user.id, name="kanari", token_hash="a" * 64, scopes=["read"], expires_at=later),
            Totp(user_id=user.id, secret="kanari"),
            ExternalIdentity(user_id=user.id, issuer="https://feide.example.org", subject="kanari"),
            SignInSession(user_id=user.id, seen_at=clock.now(), expires_at=later),
            IdempotencyKey(owner=f"user:{user.id}", key="kanari", request_hash="b" * 64, expires_at=later),
            IdempotencyKey(
                owner="somebody",
                key="k",
                request_hash="c" * 64,
                response_body='{"name": "Kanari Fugl"}',
                expires_at=later,
            ),
        ]
    )
    session.flush()
    return user


def role_model(session: Session) -> Any:
    """A role model with an account, a visit to come, messages to and about, calls, locks and texts."""
    one = person(session)
    account(session, one.id)
    row = make.make_role_model(session, person_id=one.id, title="Kanarioppdretter", place="Kanari gård")
    row.languages = [RoleModelLanguage(language="nb")]
    request = make.make_request(session, curriculum="Ring kanari@example.org")
    visit = make.make_visit(session, row, request=request, questions="Hva gjør Kanari Fugl?")
    make.make_booking(session, person_id=one.id, visit_id=visit.id)
    school = make.make_school(session)
    asked = Invitation(
        visit_id=visit.id, role_model_id=row.id, state="sent", sent_at=clock.now(), answer_by=clock.now()
    )
    line = ExceptionItem(
        kind="silence",
        object_kind="visit",
        object_id=visit.id,
        person_id=one.id,
        reason={"code": "x"},
        remedy={"code": "y"},
    )
    agreement = make.make_agreement(session)
    row.agreements = [agreement]
    session.add_all([asked, line])
    session.flush()
    session.add_all(
        [
            CallNote(exception_id=line.id, outcome=CallOutcome.ANSWERED, note="Snakket med Kanari Fugl"),
            SilenceEpisode(role_model_id=row.id, week=date(2027, 1, 4), invitation_id=asked.id),
            Refusal(role_model_id=row.id, scope="school", school_id=school.id),
            PledgeSlot(
                agreement_id=agreement.id, role_model_id=row.id, day=date(2027, 1, 19), starts=time(9), ends=time(10)
            ),
            Contact(person_id=one.id, school_id=school.id, verified_at=clock.now(), verified_by=VerifiedBy.CALL_BACK),
            Lock(
                season_id=request.season_id,
                kind="visit",
                request_id=request.id,
                option_id=request.options[0].id,
                mode="physical",
                reason="Kanari Fugl vil",
                role_models=[row],
            ),
            Unsubscription(person_id=one.id, topic="digest"),
        ]
    )
    messages(session, one.id, visit.id)
    problem = f'{{"role_models": [{{"id": "{row.id}", "lat": 59.9, "place": "kanari"}}]}}'
    make.make_run(session, problem=problem, problem_sha256="d" * 64, document=problem, stand_ins={"who": problem})
    return row


def messages(session: Session, person_id: str, about: str) -> None:
    """One to the person, one that tells another of the person, sent; and one that has not left."""
    other = make.make_person(session)
    told = {"role_model": {"name": "Kanari Fugl", "lines": ["ring +47 kanari"]}}
    for n, (receiver, address, state) in enumerate(
        (
            (person_id, "kanari@example.org", OutboxState.WAITING),
            (other.id, other.email, OutboxState.SENT),
            (other.id, other.email, OutboxState.WAITING),
        )
    ):
        session.add(
            OutboxMessage(
                kind="k",
                person_id=receiver,
                address=address,
                locale="nb",
                values=told,
                about_kind="visit",
                about_id=about,
                message_id=f"{n}-{about}@treffpunkt",
                not_before=clock.now(),
                state=state,
                sent_at=clock.now() if state is OutboxState.SENT else None,
            )
        )
    session.add(
        LinkToken(
            token_hash=f"{about[:8]:0>64}",
            purpose=LinkPurpose.VISIT,
            person_id=person_id,
            object_kind="visit",
            object_id=about,
            expires_at=clock.now(),
        )
    )
    session.flush()


def pupil(session: Session) -> tuple[Any, Any]:
    """A pupil who sits, with an open offer, a friend, a guardian and messages: the pupil and the entry."""
    one = person(session)
    row = make.make_pupil(session, person_id=one.id, postcode="kanari", gender="girl", birth_year=2011, **make.OSLO_AT)
    evening = make.make_group_session(session)
    entry = make.make_entry(session, evening, pupil_id=row.id, state="placed", stays_in_line=True, max_travel_minutes=9)
    make.make_membership(session, entry_id=entry.id, session_id=evening.id)
    guardian = person(session, name="Kanari Foresatt", email="foresatt.kanari@example.org")
    offered = datetime(2027, 1, 4, tzinfo=UTC)
    session.add_all(
        [
            GuardianLink(pupil_id=row.id, person_id=guardian.id),
            FriendCode(entry_id=entry.id, code="kanari", position=1),
            SeatOffer(
                entry_id=entry.id,
                session_id=evening.id,
                seat=2,
                reason="swap",
                offered_at=offered,
                expires_at=offered + timedelta(days=3),
            ),
        ]
    )
    messages(session, one.id, entry.id)
    make.make_run(
        session, kind="group", problem=f'{{"pupils": [{{"id": "{entry.id}", "x": "kanari"}}]}}', problem_sha256="e" * 64
    )
    return row, entry


def mentor(session: Session) -> Any:
    one = person(session)
    account(session, one.id)
    row = make.make_mentor(session, person_id=one.id, levels=[make.make_level(session)])
    row.sessions = [make.make_group_session(session)]
    make.make_duty(session, mentor=row)
    session.add_all(
        [
            ExamBlock(mentor_id=row.id, from_date=date(2027, 5, 20), to_date=date(2027, 5, 21)),
            Clearance(mentor_id=row.id, issued_on=date(2026, 9, 1), seen_on=date(2026, 9, 2)),
        ]
    )
    session.flush()
    return row
