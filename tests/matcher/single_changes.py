"""Every single change that could give a pupil without a seat one, each tried by a full replay of the queue.

Knows plans and problems, and the enumeration that fills a roster by trying; nothing of how the matcher finds changes.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from matcher.plan import GroupPlan
from matcher.problem import GroupProblem, Mentor, Pupil
from matcher.travel import TravelTimes, place
from tests.matcher.brute_force_groups import GroupEnumeration, Roster

Change = dict[str, Any]
KINDS = ("session", "distance", "digital", "mentor")
NEW = "one more mentor"


class SingleChanges:
    """The changes of one judged plan, on its mentors and open sessions."""

    def __init__(self, problem: GroupProblem, plan: GroupPlan) -> None:
        self.problem = problem
        self.roster: Roster = frozenset((m.id, listed.session) for listed in plan.sessions for m in listed.mentors)
        self.open = [listed.session for listed in plan.sessions]
        self.seat = {p: listed.session for listed in plan.sessions for m in listed.mentors for p in m.pupils}
        self.queue = [p.id for p in GroupEnumeration(problem).queue]
        self.pupils = {pupil.id: pupil for pupil in problem.pupils}
        sites = {site.id: site for site in problem.sites}
        self.site = {session.id: sites[session.site] for session in problem.sessions}
        self.times = TravelTimes(problem.travel)

    def minutes(self, pupil: Pupil, session: str) -> int:
        """Minutes from home, 0 to a digital session or where no home is given."""
        site = self.site[session]
        if site.digital or pupil.lat is None or pupil.lon is None:
            return 0
        home, there = place("pupil", pupil.id, pupil.lat, pupil.lon), place("site", site.id, site.lat, site.lon)
        return self.times.minutes(home, there)

    def of(self, name: str) -> Iterator[tuple[Change, GroupProblem, Roster]]:
        """Each candidate with the problem and the roster it makes, by kind and amount."""
        pupil = self.pupils[name]
        most = pupil.max_travel_minutes
        fresh = [s for s in self.open if s not in pupil.choices and (most is None or self.minutes(pupil, s) <= most)]
        for session in fresh:
            if not self.site[session].digital:
                yield {"kind": "session", "session": session}, self._with_choice(pupil, session), self.roster
        if most is not None:
            for far in sorted({self.minutes(pupil, s) for s in pupil.choices if self.minutes(pupil, s) > most}):
                wider = self._with_pupil(replace(pupil, max_travel_minutes=far))
                yield {"kind": "distance", "minutes": far}, wider, self.roster
        for session in fresh:
            if self.site[session].digital:
                yield {"kind": "digital"}, self._with_choice(pupil, session), self.roster
        for session in self.open:
            yield {"kind": "mentor", "session": session}, self.with_mentor(session), self.roster | {(NEW, session)}

    def with_only(self, name: str, sessions: tuple[str, ...]) -> GroupProblem:
        """The problem with these choices (five at most) of an unserved pupil, whose own choices give no seat anyway.

        When the queue does not seat the pupil then, it does with none of them as one more choice.
        """
        return self._with_pupil(replace(self.pupils[name], choices=sessions))

    def _with_choice(self, pupil: Pupil, session: str) -> GroupProblem:
        return self._with_pupil(replace(pupil, choices=(*pupil.choices[:4], session)))

    def _with_pupil(self, changed: Pupil) -> GroupProblem:
        return replace(self.problem, pupils=tuple(changed if p.id == changed.id else p for p in self.problem.pupils))

    def with_mentor(self, session: str) -> GroupProblem:
        """The problem with one more mentor, who covers every level and can stand in this session."""
        levels = tuple(sorted({pupil.level for pupil in self.problem.pupils}))
        mentor = Mentor(id=NEW, levels=levels, sessions=(session,), max_sessions=1)
        return replace(self.problem, mentors=(*self.problem.mentors, mentor))

    def works(self, name: str, change: Change, problem: GroupProblem, roster: Roster) -> bool:
        """The queue then seats the pupil, and all ahead who have a seat (queue_first: where they sit)."""
        then = seats(problem, roster)
        ahead = [other for other in self.queue[: self.queue.index(name)] if other in self.seat]
        if self.problem.rules.placement == "queue_first" and change["kind"] != "mentor":
            return name in then and all(then.get(other) == self.seat[other] for other in ahead)
        return name in then and all(other in then for other in ahead)


def seats(problem: GroupProblem, roster: Roster) -> dict[str, str]:
    """The session of everyone whom the queue seats on the roster."""
    enumeration = GroupEnumeration(problem)
    outcome = enumeration.placement(roster)
    assert outcome is not None, "the plan's own seats are valid still"
    return {p.id: slot.session for p, slot in zip(enumeration.queue, outcome.slots, strict=True) if slot}
