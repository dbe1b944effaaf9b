"""A programme of study groups to queue for: one term, two evenings, a mentor at each, rules of the house."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import PriorityReason, ProgrammeKind, WindowKind
from api.models.group_life import MentorAssignment, QueueEvent, SeatOffer
from api.models.groups import GroupSession, Mentor
from api.models.outbox import OutboxMessage
from api.models.programmes import Level, Programme, Season
from api.models.pupils import Entry, Membership
from api.queries.snapshot_groups import group_problem
from api.services.queue import line
from matcher.check_groups import PLACEMENT_RULES, GroupFacts
from matcher.plan import Certificate, GroupPlan, PlanMentor, PlanSession
from matcher.problem import Fixed, GroupProblem, problem_sha256
from tests import factories as make

# A Tuesday in the running term, 12:00 in Norway; the term begins on 4 January.
RUNNING = datetime(2027, 2, 2, 11, tzinfo=UTC)
SIZES = frozenset({"min_mentors", "min_pupils"})
OPENS, CLOSES = datetime(2026, 11, 2, 7, tzinfo=UTC), datetime(2026, 12, 1, 11, tzinfo=UTC)


@dataclass
class QueueWorld:
    """programme and season with evenings, best known first; level is taught by every mentor, other by none."""

    programme: Programme
    season: Season
    level: Level
    other: Level
    evenings: list[GroupSession]
    mentors: list[Mentor]
    entries: list[Entry] = field(default_factory=list)

    def join(self, session: Session, *evenings: int, **given: Any) -> Entry:
        """A pupil who waits for these evenings (numbers), behind those who came before."""
        number = line.highest_number(session, self.season.id, self.programme.id) + 1
        given.setdefault("joined_on", date(2027, 1, 4))
        given.setdefault("lottery_number", number)
        given.setdefault("level_id", self.level.id)
        chosen = [self.evenings[one] for one in evenings]
        entry = make.make_entry(session, *chosen, priority_reason=PriorityReason.GRADE_10, **given)
        self.entries.append(entry)
        return entry


def queue_world(
    session: Session, *, seats: int = 1, evenings: int = 2, settings: dict[str, Any] | None = None, window: bool = False
) -> QueueWorld:
    programme = make.make_programme(session, kind=ProgrammeKind.STUDY_GROUP)
    small = {"min_mentors": 1, "min_pupils": 0}
    make.make_rule_version(session, programme_id=programme.id, settings=small | (settings or {}))
    season = make.make_season(session)
    level, other = make.make_level(session), make.make_level(session)
    site = make.make_site(session)
    held, mentors = [], []
    for number in range(evenings):
        row = make.make_group_session(
            session,
            season_id=season.id,
            programme_id=programme.id,
            site_id=site.id,
            weekday=number + 1,
            seats=seats,
            min_mentors=1,
            min_pupils=0,
        )
        mentor = make.make_mentor(session, site_id=site.id, levels=[level], sessions=[row], max_sessions=2)
        session.add(MentorAssignment(session_id=row.id, mentor_id=mentor.id, from_date=season.starts_on))
        held.append(row)
        mentors.append(mentor)
    if window:
        make.make_window(
            session,
            season_id=season.id,
            programme_id=programme.id,
            kind=WindowKind.REGISTRATION,
            opens_at=OPENS,
            closes_at=CLOSES,
            answer_on=date(2026, 12, 15),
        )
    session.flush()
    return QueueWorld(programme, season, level, other, held, mentors)


def letters_to(session: Session, entry: Entry) -> list[str]:
    """Kinds of what was written to the pupil, by name."""
    rows = select(OutboxMessage.kind).where(OutboxMessage.person_id == entry.pupil.person_id)
    return sorted(session.scalars(rows))


def moves_of(session: Session, entry: Entry) -> list[tuple[str, str]]:
    """The entry's queue events with their rules, oldest first."""
    rows = session.scalars(select(QueueEvent).where(QueueEvent.entry_id == entry.id).order_by(QueueEvent.number))
    return [(row.move.value, row.rule) for row in rows]


def open_offers(session: Session) -> list[SeatOffer]:
    return list(session.scalars(select(SeatOffer).where(SeatOffer.state == "open").order_by(SeatOffer.id)))


def broken_rules(session: Session, world: QueueWorld) -> set[str]:
    """Codes of the rules that the live seats break, as the judge sees them: the seats as a plan of the season now.

    Sizes that an evening needs to open, and the goals, are the planner's business and left out.
    """
    settings = world.programme.rule_versions[-1].settings
    problem = group_problem(session, world.season.id, world.programme.id, settings, RUNNING.date())
    free = replace(problem, fixed=Fixed())
    facts = GroupFacts(free, live_plan(session, problem))
    return {rule.__name__ for rule in PLACEMENT_RULES if rule.__name__ not in SIZES and any(rule(facts))}


def live_plan(session: Session, problem: GroupProblem) -> GroupPlan:
    """The live roster and the live seats as a plan for the problem."""
    seats = session.scalars(select(Membership).where(Membership.to_date.is_(None))).all()
    roster = session.scalars(select(MentorAssignment).where(MentorAssignment.to_date.is_(None))).all()
    pupils: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in seats:
        assert row.mentor_id is not None
        pupils[row.session_id, row.mentor_id].append(row.entry_id)
    mentors: defaultdict[str, set[str]] = defaultdict(set)
    for session_id, mentor_id in [*pupils, *((row.session_id, row.mentor_id) for row in roster)]:
        mentors[session_id].add(mentor_id)
    sessions = tuple(
        PlanSession(
            session=held,
            mentors=tuple(PlanMentor(id=one, pupils=tuple(sorted(pupils[held, one]))) for one in sorted(mentors[held])),
        )
        for held in sorted({one for one, _ in pupils})
    )
    proof = Certificate(bound_source={}, seconds=0, seed=0, settings={}, versions={})
    return GroupPlan(
        problem_sha256=problem_sha256(problem),
        status="feasible",
        sessions=sessions,
        goals=(),
        unserved=(),
        certificate=proof,
    )


def drop_wish(session: Session, offer: SeatOffer) -> None:
    """The pupil of an offer no longer wishes for its session, so that the next one is next."""
    line.drop_choice(session, session.get_one(Entry, offer.entry_id), offer.session_id)
