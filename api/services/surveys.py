"""The survey to pupils at the end of term: opened, sent, called to mind once, answered once.

An answer raises counters and nothing else, so that no answer is kept by itself. The link knows the pupil, and after
the answer only that it has been used; nothing leads from one to the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, exists, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import EntryState, LinkPurpose, ProgrammeKind
from api.domain.surveys import PUPIL_QUESTIONS, REPLIES
from api.errors import FieldError, InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.groups import GroupSession
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.models.people import Person
from api.models.programmes import Programme, Season
from api.models.pupils import Entry, Membership, Pupil
from api.models.reports import Survey, SurveyAnswer
from api.services import links, outbox

SURVEY = "survey"
BEFORE_END = timedelta(days=14)  # of the term: the last evenings are near, and everybody still comes
AFTER_END = timedelta(days=14)
LEAST = timedelta(days=7)
REMIND_BEFORE = timedelta(days=5)
AT_ONCE = 500  # letters a round


def due_openings(session: Session, now: datetime) -> list[str]:
    """`season:programme` of study groups whose term ends soon, with pupils in it and no survey yet."""
    today = clock.to_oslo(now).date()
    placed = exists().where(
        Entry.season_id == Season.id, Entry.programme_id == Programme.id, Entry.state == EntryState.PLACED
    )
    asked = exists().where(Survey.season_id == Season.id, Survey.programme_id == Programme.id)
    rows = session.execute(
        select(Season.id, Programme.id.label("programme_id"))
        .join(Programme, Programme.kind == ProgrammeKind.STUDY_GROUP)
        .where(Season.ends_on.between(today - AFTER_END, today + BEFORE_END), placed, ~asked)
        .order_by(Season.id, Programme.id)
    )
    return [f"{row.id}:{row.programme_id}" for row in rows]


def do_open(session: Session, key: str, now: datetime) -> None:
    """Opens the survey of a season and programme; its letters leave afterwards."""
    if key not in due_openings(session, now):
        return
    season_id, programme_id = key.split(":")
    closes_at = _closes_at(session.get_one(Season, season_id).ends_on, now)
    session.add(Survey(season_id=season_id, programme_id=programme_id, opens_at=now, closes_at=closes_at))
    session.flush()


def due_invitations(session: Session, now: datetime) -> list[str]:
    """Entries of pupils in study groups who have not been asked in an open survey, some hundred at a time."""
    return list(session.scalars(_not_asked(now).limit(AT_ONCE)))


def do_invite(session: Session, entry_id: str, now: datetime) -> None:
    """Writes to one pupil. Who wants no such letters is left in peace."""
    if session.scalar(_not_asked(now).where(Entry.id == entry_id)) is None:
        return
    entry = session.get_one(Entry, entry_id)
    survey = session.scalars(
        select(Survey).where(Survey.season_id == entry.season_id, Survey.programme_id == entry.programme_id)
    ).one()
    person = session.get_one(Person, session.get_one(Pupil, entry.pupil_id).person_id)
    token = links.issue(
        session, LinkPurpose.EVALUATION, SURVEY, survey.id, expires_at=survey.closes_at, person_id=person.id
    )
    if _tell(session, "survey_invitation", survey, person, token) is None:
        token.revoked_at = now
    else:
        session.execute(
            update(Survey).where(Survey.id == survey.id).values(invited=Survey.invited + 1),
            execution_options={"synchronize_session": "fetch"},
        )
    session.flush()


def due_reminders(session: Session, now: datetime) -> list[str]:
    """Links that have not been used some days before their survey closes."""
    return list(session.scalars(_unused(now).limit(AT_ONCE)))


def do_remind(session: Session, token_id: str, now: datetime) -> None:
    """Calls the survey to mind, once, with the same link."""
    if session.scalar(_unused(now).where(LinkToken.id == token_id)) is None:
        return
    token = session.get_one(LinkToken, token_id)
    survey = session.get_one(Survey, token.object_id)
    assert token.person is not None
    if _tell(session, "survey_reminder", survey, token.person, token, dedupe=_reminder_key(token_id)) is None:
        token.revoked_at = now  # has asked for no such letters since
        session.flush()


def survey_of(session: Session, token: LinkToken) -> Survey:
    """The survey that a link is for. Raises NotFound for a link of another kind."""
    found = session.get(Survey, token.object_id) if token.object_kind == SURVEY else None
    if found is None:
        raise NotFound(_("This link is not known."), remedy=_("Open the newest mail, or ask for a new link."))
    return found


def answer(session: Session, token: LinkToken, given: Mapping[str, str]) -> None:
    """Counts a pupil's answers, once. given: a value for each question of PUPIL_QUESTIONS.

    Effects, in order: the link is used up; the counters of the pupil's site rise by one. Raises InvalidInput with
    every fault, LinkExpired when the link has been used or the survey is over, NotFound.
    """
    survey = survey_of(session, token)
    answers = _checked(given)
    links.use(session, token)
    site = _site_of(session, survey, token)
    for question, value in ((REPLIES, ""), *sorted(answers.items())):
        _count(session, survey.id, site, question, value)


def _checked(given: Mapping[str, str]) -> dict[str, str]:
    faults, answers = [], {}
    for code, question in PUPIL_QUESTIONS.items():
        value = given.get(code, "")
        if value in question.values:
            answers[code] = value
        elif question.needed or value:
            faults.append(FieldError(code, _("Choose one of the answers.")))
    if faults:
        raise InvalidInput(_("Some questions have no answer yet."), errors=faults)
    return answers


def _count(session: Session, survey_id: str, site: str, question: str, value: str) -> None:
    """Raises one counter; the first row of a site keeps others waiting, so that no two of them lock each other out."""
    insert = postgres_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    row = insert(SurveyAnswer).values(survey_id=survey_id, site=site, question=question, value=value, count=1)
    keys = [SurveyAnswer.survey_id, SurveyAnswer.site, SurveyAnswer.question, SurveyAnswer.value]
    session.execute(row.on_conflict_do_update(index_elements=keys, set_={"count": SurveyAnswer.count + 1}))


def _site_of(session: Session, survey: Survey, token: LinkToken) -> str:
    """Where the pupil sits, or last sat; empty where it is not known."""
    seats = (
        select(GroupSession.site_id)
        .join(Membership, Membership.session_id == GroupSession.id)
        .join(Entry, Membership.entry_id == Entry.id)
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .where(Pupil.person_id == token.person_id, Entry.season_id == survey.season_id)
        .where(Entry.programme_id == survey.programme_id)
        .order_by(Membership.from_date.desc(), Membership.id.desc())
    )
    return session.scalar(seats.limit(1)) or ""


def _not_asked(now: datetime) -> Select[str]:
    asked = exists().where(
        LinkToken.object_kind == SURVEY, LinkToken.object_id == Survey.id, LinkToken.person_id == Person.id
    )
    return (
        select(Entry.id)
        .join(Survey, (Survey.season_id == Entry.season_id) & (Survey.programme_id == Entry.programme_id))
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .join(Person, Pupil.person_id == Person.id)
        .where(Entry.state == EntryState.PLACED, Survey.opens_at <= now, Survey.closes_at > now + timedelta(days=1))
        .where(Person.email.is_not(None), ~asked)
        .order_by(Entry.id)
    )


def _unused(now: datetime) -> Select[str]:
    told = exists().where(OutboxMessage.dedupe_key == _REMINDED + LinkToken.id)
    return (
        select(LinkToken.id)
        .join(Survey, (LinkToken.object_kind == SURVEY) & (LinkToken.object_id == Survey.id))
        .where(LinkToken.purpose == LinkPurpose.EVALUATION, LinkToken.used_at.is_(None), LinkToken.revoked_at.is_(None))
        .where(LinkToken.person_id.is_not(None), Survey.closes_at > now, Survey.closes_at <= now + REMIND_BEFORE)
        .where(LinkToken.created_at <= now - REMIND_BEFORE / 2, ~told)
        .order_by(LinkToken.id)
    )


_REMINDED = "survey_reminder:"


def _reminder_key(token_id: str) -> str:
    return f"{_REMINDED}{token_id}"


def _tell(
    session: Session, kind: str, survey: Survey, person: Person, token: LinkToken, dedupe: str | None = None
) -> OutboxMessage | None:
    programme = session.get_one(Programme, survey.programme_id)
    values = {
        "programme": getattr(programme, f"name_{person.locale}"),
        "closes_on": clock.to_oslo(survey.closes_at).date().isoformat(),
    }
    about = (SURVEY, survey.id)
    return outbox.write(session, kind, person, values, about=about, links={SURVEY: token}, dedupe=dedupe)


def _closes_at(ends_on: date, now: datetime) -> datetime:
    last = max(ends_on + AFTER_END, clock.to_oslo(now + LEAST).date())
    return clock.at_local(last, time(23, 59))
