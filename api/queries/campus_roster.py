"""The live roster as the judge sees it: which rules a change by hand would break, and for how many pupils."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import MembershipState
from api.domain.programme_rules import GroupRules
from api.models.group_life import MentorAssignment
from api.models.groups import GroupSession
from api.models.programmes import ProgrammeRuleVersion
from api.models.pupils import Membership
from api.queries.snapshot_groups import group_problem
from matcher.check_common import Violation, broken
from matcher.check_groups import (
    GroupFacts,
    mentor_max,
    mentor_overlap,
    mentor_session,
    min_mentors,
    min_pupils,
    ratio,
    seats,
    unknown,
)
from matcher.plan import Certificate, GroupPlan, PlanMentor, PlanSession
from matcher.problem import GroupProblem, problem_sha256

RULES = (unknown, seats, ratio, min_mentors, min_pupils, mentor_session, mentor_max, mentor_overlap)
_IDS = re.compile(r"'([^']+)'")


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule of the judge that the changed roster breaks and the present one does not. ids: of whom it speaks."""

    code: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RosterVerdict:
    """What the judge says of a session with these mentors, and what it means for its pupils.

    broken: newly broken rules. pupils, mentors: afterwards. served: how many pupils these mentors can take, by the
    session's maximum. untaught: pupils whose level none of the mentors teaches. warned: above the programme's warning.
    """

    broken: tuple[Broken, ...]
    pupils: int
    mentors: int
    ratio: int
    served: int
    untaught: int
    warned: bool

    @property
    def fits(self) -> bool:
        return not self.broken

    @property
    def without_help(self) -> int:
        """Pupils above what the mentors may take."""
        return max(0, self.pupils - self.served)


def verdict(
    session: Session, group: GroupSession, rules: GroupRules, *, add: Collection[str] = (), remove: Collection[str] = ()
) -> RosterVerdict:
    """The judge's word on the live roster of the session's season with these mentors added and taken away."""
    problem = _problem(session, group)
    rosters = _rosters(session, problem)
    pupils = _pupils(session, problem)
    changed = dict(rosters)
    changed[group.id] = (rosters.get(group.id, frozenset()) | set(add)) - set(remove)
    before = _violations(problem, rosters, pupils)
    after = [
        Broken(one.code, tuple(_IDS.findall(one.message)))
        for one in _violations(problem, changed, pupils)
        if one not in before
    ]
    # A plan lists no evening without a pupil; a roster may, before its pupils come.
    found = [one for one in after if one != Broken("mentor_session", (group.id,))]
    here, mentors = pupils.get(group.id, {}), changed[group.id]
    limits = {one.id: one for one in problem.sessions}
    most = limits[group.id].ratio if group.id in limits else group.ratio
    teaches = {level for one in problem.mentors if one.id in mentors for level in one.levels}
    levels = {one.id: one.level for one in problem.pupils}
    return RosterVerdict(
        broken=tuple(found),
        pupils=len(here),
        mentors=len(mentors),
        ratio=most,
        served=len(mentors) * most,
        untaught=sum(levels.get(pupil) not in teaches for pupil in here),
        warned=bool(mentors) and len(here) > len(mentors) * rules.warned_ratio,
    )


def _problem(session: Session, group: GroupSession) -> GroupProblem:
    settings = session.scalar(
        select(ProgrammeRuleVersion.settings)
        .where(ProgrammeRuleVersion.programme_id == group.programme_id)
        .order_by(ProgrammeRuleVersion.number.desc())
        .limit(1)
    )
    return group_problem(
        session, group.season_id, group.programme_id, settings or {}, clock.today(), roster_of=group.site_id
    )


def _rosters(session: Session, problem: GroupProblem) -> dict[str, frozenset[str]]:
    known = {one.id for one in problem.mentors}
    found: defaultdict[str, set[str]] = defaultdict(set)
    rows = session.execute(
        select(MentorAssignment.session_id, MentorAssignment.mentor_id).where(
            MentorAssignment.session_id.in_([one.id for one in problem.sessions]), MentorAssignment.to_date.is_(None)
        )
    )
    for session_id, mentor_id in rows:
        if mentor_id in known:
            found[session_id].add(mentor_id)
    return {key: frozenset(value) for key, value in found.items()}


def _pupils(session: Session, problem: GroupProblem) -> dict[str, dict[str, str | None]]:
    """Seated pupils with their contact mentor, by session."""
    known = {one.id for one in problem.pupils}
    found: defaultdict[str, dict[str, str | None]] = defaultdict(dict)
    for session_id, entry_id, mentor_id in session.execute(
        select(Membership.session_id, Membership.entry_id, Membership.mentor_id)
        .where(
            Membership.state == MembershipState.ACTIVE,
            Membership.session_id.in_([one.id for one in problem.sessions]),
        )
        .order_by(Membership.seat)
    ):
        if entry_id in known:
            found[session_id][entry_id] = mentor_id
    return found


def _violations(
    problem: GroupProblem, rosters: Mapping[str, Collection[str]], pupils: Mapping[str, Mapping[str, str | None]]
) -> list[Violation]:
    sessions = []
    for one in problem.sessions:
        mentors = sorted(rosters.get(one.id, ()))
        if mentors:
            shared = _shared_out(mentors, pupils.get(one.id, {}))
            sessions.append(
                PlanSession(
                    session=one.id,
                    mentors=tuple(PlanMentor(id=mentor, pupils=tuple(sorted(shared[mentor]))) for mentor in mentors),
                )
            )
    plan = GroupPlan(
        problem_sha256=problem_sha256(problem),
        status="feasible",
        sessions=tuple(sessions),
        goals=(),
        unserved=(),
        certificate=Certificate(bound_source={}, seconds=0, seed=0, settings={}, versions={}),
    )
    return list(broken(RULES, GroupFacts(problem, plan)))


def _shared_out(mentors: Collection[str], pupils: Mapping[str, str | None]) -> dict[str, list[str]]:
    """Pupils stay with their contact mentor while that makes nobody's group larger than need be."""
    most = -(-len(pupils) // len(mentors)) if mentors else 0
    shared: dict[str, list[str]] = {mentor: [] for mentor in mentors}
    left = []
    for pupil, mentor in pupils.items():
        if mentor in shared and len(shared[mentor]) < most:
            shared[mentor].append(pupil)
        else:
            left.append(pupil)
    for pupil in left:
        min(shared.values(), key=len).append(pupil)
    return shared
