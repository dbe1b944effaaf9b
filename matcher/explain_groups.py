"""Reasons of a group plan: what became of each of an unserved pupil's choices, what would change it, and the proof."""

from collections import Counter, defaultdict
from dataclasses import replace
from functools import cached_property
from typing import Any

from matcher.control import Stop
from matcher.groups.blocking import FullSession, blocking
from matcher.groups.facts import Facts
from matcher.groups.rooms import standing
from matcher.groups.smallest_change import SmallestChanges, bottlenecks
from matcher.plan import UNKNOWN_CHANGE, GroupPlan, Reason, UnservedPupil
from matcher.problem import GroupProblem, Mentor, Pupil, Session

CODES = ("distance", "min_mentors", "min_pupils", "closed", "level", "seats", "mentors")
"""What may become of a choice, in the order in which it is asked; the meanings stand in matcher/README.md."""


class GroupStory:
    """Answers why and why not for one group problem and its plan."""

    def __init__(self, problem: GroupProblem, plan: GroupPlan) -> None:
        self.problem = problem
        self.plan = plan
        self.sessions = {session.id: session for session in problem.sessions}
        self.mentors = {mentor.id: mentor for mentor in problem.mentors}
        self.pupils = {pupil.id: pupil for pupil in problem.pupils}
        self.facts = facts = Facts(problem)
        self.position = {facts.pupils[p].id: position for position, p in enumerate(facts.queue)}
        self.near = {
            pupil.id: frozenset(facts.sessions[s].id for s, _ in within)
            for pupil, within in zip(facts.pupils, facts.within_reach, strict=True)
        }
        """For each pupil their choices that are not too far."""
        self.seat_of = {
            pupil: (listed.session, mentor.id)
            for listed in plan.sessions
            for mentor in listed.mentors
            for pupil in mentor.pupils
        }
        self.taken = Counter(session for session, _ in self.seat_of.values())
        self.present = {listed.session: [mentor.id for mentor in listed.mentors] for listed in plan.sessions}
        self.able = Counter(session for mentor in problem.mentors for session in mentor.sessions)
        self.wanted = Counter(session for sessions in self.near.values() for session in sessions)

    def with_reasons(self, stop: Stop | None = None) -> GroupPlan:
        """The plan with its bottlenecks, and the reasons and smallest change of every unserved pupil.

        When `stop` comes before it is known what one more mentor does in each session, nothing is told of that.
        """
        self.changes.stop = stop or self.changes.stop
        unserved = tuple(
            replace(
                item,
                reasons=self.reasons(self.pupils[item.pupil]),
                smallest_change=self.changes.of(self.facts.pupil_index[item.pupil]),
            )
            for item in self.plan.unserved
        )
        return replace(self.plan, unserved=unserved, bottlenecks=bottlenecks(self.changes))

    @cached_property
    def changes(self) -> SmallestChanges:
        """The plan's seats as a network, put together at the first question that needs it."""
        return SmallestChanges(self.facts, standing(self.facts, self.plan))

    def reasons(self, pupil: Pupil) -> tuple[Reason, ...]:
        """The pupil's choices counted by what became of them; `no_choices` when there are none."""
        counts = Counter(self.fate(pupil, session) for session in pupil.choices)
        found = tuple(Reason(code=code, count=counts[code]) for code in CODES if counts[code])
        return found or (Reason(code="no_choices", count=0),)

    def fate(self, pupil: Pupil, choice: str) -> str:
        """The code that says why the pupil does not sit in this choice."""
        session = self.sessions[choice]
        if choice not in self.near[pupil.id]:
            return "distance"
        if choice not in self.present:
            return self._why_closed(session)
        if not any(pupil.level in self.mentors[mentor].levels for mentor in self.present[choice]):
            return "level"
        return "seats" if self.taken[choice] >= session.seats else "mentors"

    def _why_closed(self, session: Session) -> str:
        if self.able[session.id] < max(1, session.min_mentors):
            return "min_mentors"
        if self.wanted[session.id] < max(1, session.min_pupils):
            return "min_pupils"
        return "closed"

    def unserved(self) -> dict[str, Any]:
        """All unserved pupils with their reasons, in queue order."""
        return {
            "unserved": [
                {
                    "pupil": item.pupil,
                    "ahead": item.ahead,
                    "reasons": [{"code": reason.code, "count": reason.count} for reason in item.reasons],
                    "smallest_change": item.smallest_change,
                }
                for item in self.with_reasons().unserved
            ]
        }

    def of(self, identifier: str) -> dict[str, Any]:
        """The story of a pupil, a session or a mentor; raises KeyError for other ids."""
        if identifier in self.pupils:
            pupil = self.pupils[identifier]
            return self._served(pupil) if identifier in self.seat_of else self._not_served(pupil)
        if identifier in self.sessions:
            return self._session(self.sessions[identifier])
        return self._mentor(self.mentors[identifier])

    def _served(self, pupil: Pupil) -> dict[str, Any]:
        session, mentor = self.seat_of[pupil.id]
        is_choice = session in pupil.choices
        better = pupil.choices[: pupil.choices.index(session)] if is_choice else ()
        return {
            "pupil": pupil.id,
            "served": True,
            "position": self.position[pupil.id],
            "session": session,
            "mentor": mentor,
            "fixed": any(item.pupil == pupil.id and item.session == session for item in self.problem.fixed.pupils),
            "choice": pupil.choices.index(session) if is_choice else None,
            "named_mentor": pupil.mentor is not None and pupil.mentor == mentor,
            "better_choices": [{"session": choice, "code": self.fate(pupil, choice)} for choice in better],
        }

    def _not_served(self, pupil: Pupil) -> dict[str, Any]:
        item = next((item for item in self.plan.unserved if item.pupil == pupil.id), None)
        return {
            "pupil": pupil.id,
            "served": False,
            "position": self.position[pupil.id],
            "ahead": None if item is None else item.ahead,
            "reasons": [{"code": reason.code, "count": reason.count} for reason in self.reasons(pupil)],
            "choices": [self._choice(pupil, choice) for choice in pupil.choices],
            "smallest_change": None if item is None else self._change(item),
            "proof": self._proof(pupil),
        }

    def _change(self, item: UnservedPupil) -> dict[str, Any] | None:
        """As the plan has it, looked for now where the plan says that it was not found out."""
        if item.smallest_change == UNKNOWN_CHANGE:
            return self.changes.of(self.facts.pupil_index[item.pupil])
        return item.smallest_change

    def _proof(self, pupil: Pupil) -> dict[str, Any] | None:
        """Sessions whose room for some levels is taken by pupils ahead, as README.md says it can be counted again.

        None when the plan has a seat for the pupil, which no plan has that the matcher made of its problem.
        """
        found = blocking(self.changes.graph, self.facts.pupil_index[pupil.id])
        if found is None:
            return None
        full = [self._full(one) for one in found]
        return {"room": sum(one.room for one in found), "pupils": sum(len(one.pupils) for one in found), "full": full}

    def _full(self, one: FullSession) -> dict[str, Any]:
        session = self.problem.sessions[one.session]
        here = {mentor for mentor in self.present[session.id] if frozenset(self.mentors[mentor].levels) in one.kinds}
        return {
            "session": session.id,
            "levels": list(one.levels),
            "limit": one.limit,
            "mentors": sorted(here),
            "room": one.room,
            "pupils": [
                {"pupil": self.problem.pupils[q].id, "position": self.position[self.problem.pupils[q].id]}
                for q in one.pupils
            ],
        }

    def _choice(self, pupil: Pupil, choice: str) -> dict[str, Any]:
        """A choice, what became of it, and the last position that got a seat there (None when nobody did)."""
        seated = [self.position[other] for other, (session, _) in self.seat_of.items() if session == choice]
        return {"session": choice, "code": self.fate(pupil, choice), "last_position": max(seated, default=None)}

    def _session(self, session: Session) -> dict[str, Any]:
        waiting: dict[str, int] = defaultdict(int)
        for item in self.plan.unserved:
            pupil = self.pupils[item.pupil]
            if session.id in self.near[pupil.id]:
                waiting[pupil.level] += 1
        is_open = session.id in self.present
        bottleneck = next((one for one in self.plan.bottlenecks if one.session == session.id), None)
        return {
            "session": session.id,
            "open": is_open,
            "closed_because": None if is_open else self._why_closed(session),
            "mentors": self.present.get(session.id, []),
            "mentors_able": self.able[session.id],
            "pupils": self.taken[session.id],
            "seats": session.seats,
            "within_reach_of": self.wanted[session.id],
            "waiting_by_level": dict(sorted(waiting.items())),
            "one_more_mentor_serves": 0 if bottleneck is None else bottleneck.one_more_mentor_serves,
            "served_before_position": self._served_before(session) if is_open else {},
        }

    def _served_before(self, session: Session) -> dict[str, int]:
        """For each level the position before which a pupil who also chose the session would get a seat by it."""
        graph, s = self.changes.graph, self.facts.session_index[session.id]
        return {level: graph.cut_off[graph.place[s, level]] for level in graph.levels}

    def _mentor(self, mentor: Mentor) -> dict[str, Any]:
        stands = [session for session, mentors in self.present.items() if mentor.id in mentors]
        pupils = Counter(session for session, contact in self.seat_of.values() if contact == mentor.id)
        return {
            "mentor": mentor.id,
            "sessions": [{"session": session, "pupils": pupils[session]} for session in stands],
            "max_sessions": mentor.max_sessions,
            "contracted": mentor.contracted,
        }
