"""A repaired plan in writing: the new problem with what is fixed in it, contact mentors, goals, and who was moved."""

from collections import Counter, defaultdict
from dataclasses import replace

from matcher.changes import GroupChanges
from matcher.changes_groups import apply_groups
from matcher.control import OnProgress, Progress, Settings, Stop, echoed, versions
from matcher.groups.contacts import contacts
from matcher.groups.facts import Facts
from matcher.groups.found import plain_bound
from matcher.groups.goals import choices, choices_bound, continuity, hours_values, served_values
from matcher.groups.placement import place
from matcher.groups.queue_order import take_seats
from matcher.groups.repair import Outcome, Prepared
from matcher.groups.roster import Roster
from matcher.groups.written import written
from matcher.plan import (
    BoundSource,
    Certificate,
    DroppedPupil,
    Goal,
    GroupCause,
    GroupPlan,
    MovedPupil,
    NewStand,
    plan_sha256,
)
from matcher.problem import Fixed, FixedMentor, GroupProblem


def repair_groups(
    problem: GroupProblem,
    plan: GroupPlan,
    changes: GroupChanges,
    *,
    stop: Stop,
    seed: int,
    settings: Settings,
    on_progress: OnProgress,
) -> tuple[GroupProblem, GroupPlan]:
    """The new problem, which fixes what may not move, and its plan; `plan` must have passed the judge.

    Same goals down to `queue` as the best plan of the new problem, then the fewest pupils moved, both proven unless
    `stop` came first. Raises InvalidProblem for changes that do not fit the problem.
    """
    outcome = Prepared(problem, plan).outcome(changes, stop)
    after = _with_fixed(apply_groups(problem, changes), outcome)
    writer = _Writer(problem, plan, after, outcome, changes)
    goals, sources = writer.goals()
    for goal in goals:
        on_progress(Progress(goal.name, goal.value, goal.bound, stop.elapsed))
    certificate = Certificate(
        bound_source=sources,
        seconds=round(stop.elapsed, 3),
        seed=seed,
        settings=echoed(settings, stop),
        versions=versions(),
    )
    return after, writer.plan(goals, certificate)


def _with_fixed(problem: GroupProblem, outcome: Outcome) -> GroupProblem:
    """The problem in which mentors of the sessions that go on stay, and fixed pupils who still have their seat."""
    stays = [FixedMentor(mentor=m, session=s) for s, mentors in sorted(outcome.kept.items()) for m in sorted(mentors)]
    seats = [entry for entry in problem.fixed.pupils if entry.pupil in outcome.fixed_pupils]
    return replace(problem, fixed=Fixed(mentors=tuple(stays), pupils=tuple(seats)))


class _Writer:
    """Everything by the new problem's index."""

    def __init__(
        self, old: GroupProblem, before: GroupPlan, problem: GroupProblem, outcome: Outcome, changes: GroupChanges
    ) -> None:
        self.old = old
        self.before = before
        self.problem = problem
        self.outcome = outcome
        self.changes = changes
        self.facts = facts = Facts(problem)
        self.was_in = {p: s.session for s in before.sessions for m in s.mentors for p in m.pupils}
        self.was_with = {p: m.id for s in before.sessions for m in s.mentors for p in m.pupils}
        here: list[tuple[int, ...]] = [() for _ in facts.sessions]
        for s, mentors in outcome.stands.items():
            here[facts.session_index[s]] = tuple(sorted(facts.mentor_index[m] for m in mentors))
        self.roster = Roster(tuple(here))
        self.seat = {facts.pupil_index[p]: facts.session_index[s] for p, s in outcome.seat.items()}
        self.by_queue_alone = problem.rules.placement == "queue_first"
        if self.by_queue_alone:
            self.seat = self._taken_in_turn()
        self.contact = self._contacts()

    def _taken_in_turn(self) -> dict[int, int]:
        """`queue_first`: the roster decides who sits where, whoever sat where before."""
        placement = place(self.facts, self.roster)
        assert placement is not None, "the repaired roster seats its pupils"
        return take_seats(self.facts, self.roster, placement)

    def _contacts(self) -> dict[int, int]:
        """The contact mentor of each served pupil: all keep theirs in sessions where nobody came or went."""
        facts = self.facts
        pupils: dict[int, list[int]] = defaultdict(list)
        for p in facts.queue:
            if p in self.seat:
                pupils[self.seat[p]].append(p)
        before = {s.session: {m.id: set(m.pupils) for m in s.mentors} for s in self.before.sessions}
        found: dict[int, int] = {}
        came_or_went: dict[int, int] = {}
        for s, here in pupils.items():
            old = before.get(facts.sessions[s].id, {})
            same_mentors = old.keys() == {facts.mentors[m].id for m in self.roster.mentors[s]}
            if same_mentors and set().union(*old.values()) == {facts.pupils[p].id for p in here}:
                found |= {p: facts.mentor_index[self.was_with[facts.pupils[p].id]] for p in here}
            else:
                came_or_went |= dict.fromkeys(here, s)
        had = {facts.pupil_index[p]: facts.mentor_index[m] for p, m in self.was_with.items() if p in facts.pupil_index}
        return found | contacts(facts, self.roster, came_or_went, had)

    def goals(self) -> tuple[tuple[Goal, ...], dict[str, BoundSource]]:
        """All goals: those down to `queue` with what was proven, the others with what counting proves."""
        facts = self.facts
        count = len(self.outcome.values) + 2
        goals: list[Goal] = []
        holds = True
        for number, (name, value) in enumerate(served_values(facts, self.seat)):
            if holds:
                bound = self.outcome.bounds[number]
            elif name.startswith("served_class"):
                bound = plain_bound(facts, number, count, ())
            else:
                bound = self.outcome.ceiling[number]
            holds = holds and bound == value
            goals.append(Goal(name=name, sense="max", value=value, bound=bound))
        source: BoundSource = "flow" if self.outcome.cases == 1 else "branch_and_bound"
        sources: dict[str, BoundSource] = {goal.name: source for goal in goals}
        for number, (name, value) in enumerate(hours_values(facts, self.roster), start=count - 2):
            goals.append(Goal(name=name, sense="min", value=value, bound=plain_bound(facts, number, count, ())))
        goals += [self._choices_goal(), self._continuity_goal()]
        sources |= {"short_hours": "lp", "extra_shifts": "lp", "choices": "replay", "continuity": "flow"}
        return tuple(goals), sources

    def _choices_goal(self) -> Goal:
        """A repair keeps seats rather than better them, but for `queue_first`."""
        value = choices(self.facts, self.seat)
        bound = value if self.by_queue_alone else choices_bound(self.facts, self.roster, self.seat)
        return Goal(name="choices", sense="min", value=value, bound=bound)

    def _continuity_goal(self) -> Goal:
        """Bounded by those whose named mentor is in the room, as many as that mentor may have."""
        facts = self.facts
        named = Counter(
            (s, facts.pupils[p].mentor)
            for p, s in self.seat.items()
            if facts.pupils[p].mentor in {facts.mentors[m].id for m in self.roster.mentors[s]}
        )
        bound = sum(min(count, facts.sessions[s].ratio) for (s, _), count in named.items())
        return Goal(name="continuity", sense="max", value=continuity(facts, self.contact), bound=bound)

    def plan(self, goals: tuple[Goal, ...], certificate: Certificate) -> GroupPlan:
        """The plan, with what became of those who had a seat before."""
        facts = self.facts
        now = {facts.pupils[p].id: facts.sessions[s].id for p, s in self.seat.items()}
        there = sorted(p for p in self.was_in if p in facts.pupil_index)
        stood = {(m.id, s.session) for s in self.before.sessions for m in s.mentors}
        stands = {(facts.mentors[m].id, facts.sessions[s].id) for m, s in self.roster.stands()}
        return replace(
            written(facts, self.roster, self.seat, self.contact, goals, certificate),
            based_on=plan_sha256(self.before),
            moved=tuple(
                MovedPupil(id=p, from_=self.was_in[p], to=now[p], cause=self._cause(self.was_in[p]))
                for p in there
                if p in now and now[p] != self.was_in[p]
            ),
            dropped=tuple(
                DroppedPupil(id=p, from_=self.was_in[p], cause=self._cause(self.was_in[p]))
                for p in there
                if p not in now
            ),
            new_stands=tuple(NewStand(mentor=m, session=s) for m, s in sorted(stands - stood)),
        )

    def _cause(self, session: str) -> GroupCause:
        """What happened to the session that the pupil leaves."""
        stood = {m.id for s in self.before.sessions if s.session == session for m in s.mentors}
        seats = next(s.seats for s in self.old.sessions if s.id == session)
        if session in self.changes.cancelled_sessions:
            return "cancelled_session"
        if any(away.mentor in stood and away.session in (None, session) for away in self.changes.absent):
            return "absent"
        if any(new.session == session and new.seats < seats for new in self.changes.seats):
            return "seats"
        return "makes_way" if session in self.outcome.stands else "closed"
