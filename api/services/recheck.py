"""Does a plan still fit the world? What was planned for a problem, held against the problem as it is now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from matcher import check_visits as judge
from matcher.plan import AssignedRoleModel, GroupPlan, PlanMentor, PlanSession, Visit, VisitPlan
from matcher.problem import GroupProblem, Option, Pupil, VisitProblem
from matcher.travel import TravelTimes, place

Dropped = dict[str, Any]
VISIT_RULES = (
    judge.count,
    judge.mode,
    judge.topic,
    judge.grade,
    judge.distance,
    judge.free,
    judge.lessons,
    judge.reserved,
    judge.refused,
    judge.day,
    judge.week,
    judge.term,
    judge.quota,
    judge.overlap,
    judge.travel,
)


@dataclass(frozen=True, slots=True)
class StandingVisits:
    """The visits that can still be, and what was dropped with its reason."""

    visits: tuple[Visit, ...]
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True, slots=True)
class StandingGroups:
    """The sessions, mentors and seats that can still be, and what was dropped with its reason."""

    sessions: tuple[PlanSession, ...]
    dropped: tuple[Dropped, ...]


def standing_visits(before: VisitProblem, now: VisitProblem, plan: VisitPlan) -> StandingVisits:
    """Visits of a plan for `before` that break no rule of `now`, earlier ones first.

    Only what a change touches is judged again: a visit none of whose rows differ stands.
    """
    if before == now:
        return StandingVisits(plan.visits, ())
    touched = _Touched(before, now)
    requests = {request.id: request for request in now.requests}
    people = {person.id for person in now.role_models}
    fixed = {one.request: one for one in now.fixed}
    kept = [visit for visit in plan.visits if not touched.by(visit)]
    dropped: list[Dropped] = []
    for visit in plan.visits:
        if not touched.by(visit):
            continue
        request = requests.get(visit.request)
        missing = [one.id for one in visit.role_models if one.id not in people]
        option = None if request is None else _same_time(request.options, visit)
        if request is None:
            dropped.append({"code": "request", "request": visit.request})
        elif missing:
            dropped.append({"code": "role_model", "request": visit.request, "role_models": missing})
        elif option is None:
            dropped.append({"code": "option", "request": visit.request})
        elif visit.request in fixed and not _is(fixed[visit.request], visit, option):
            dropped.append({"code": "fixed", "request": visit.request})
        else:
            moved = replace(visit, option=option)
            if codes := broken_by(now, plan, _with_neighbours(now, kept, moved), moved):
                who = [one.id for one in visit.role_models]
                dropped.append({"code": codes[0], "request": visit.request, "role_models": who, "all": codes})
            else:
                kept.append(moved)
    return StandingVisits(tuple(sorted(kept, key=lambda visit: (visit.start, visit.request))), tuple(dropped))


class _Touched:
    """What differs between two problems of visits."""

    def __init__(self, before: VisitProblem, now: VisitProblem) -> None:
        self.requests = _changed({r.id: r for r in before.requests}, {r.id: r for r in now.requests})
        schools = _changed({s.id: s for s in before.schools}, {s.id: s for s in now.schools})
        self.requests |= {r.id for problem in (before, now) for r in problem.requests if r.school in schools}
        self.people = _changed({p.id: p for p in before.role_models}, {p.id: p for p in now.role_models})
        companies = _changed({c.id: c for c in before.companies}, {c.id: c for c in now.companies})
        self.people |= {p.id for p in now.role_models if p.company in companies}
        self.people |= {refusal.role_model for refusal in set(before.refused) ^ set(now.refused)}
        for one in set(before.fixed) ^ set(now.fixed):
            self.requests.add(one.request)
            self.people.update(one.role_models)
        self.everything = before.travel != now.travel

    def by(self, visit: Visit) -> bool:
        """Whether a change could matter to the visit."""
        return (
            self.everything or visit.request in self.requests or any(one.id in self.people for one in visit.role_models)
        )


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> set[str]:
    return {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}


def _same_time(options: Iterable[Option], visit: Visit) -> int | None:
    for number, option in enumerate(options):
        if option.lessons[0].start == visit.start and option.lessons[-1].end == visit.end:
            return number
    return None


def _is(fixed: Any, visit: Visit, option: int) -> bool:
    people = {one.id for one in visit.role_models}
    return bool(fixed.option == option and fixed.mode == visit.mode and set(fixed.role_models) == people)


def _with_neighbours(now: VisitProblem, kept: Iterable[Visit], visit: Visit) -> list[Visit]:
    """What shares a person or a company with the visit: the fixed visits of now, and those kept so far."""
    company = {person.id: person.company for person in now.role_models}
    people = {one.id for one in visit.role_models}
    companies = {company[one] for one in people} - {None}
    requests = {request.id: request for request in now.requests}
    found = {
        one.request: one
        for one in kept
        if any(member.id in people or company.get(member.id) in companies for member in one.role_models)
    }
    for one in now.fixed:
        if one.request != visit.request:
            lessons = requests[one.request].options[one.option].lessons
            members = tuple(AssignedRoleModel(id=member, travel_minutes=0) for member in one.role_models)
            found[one.request] = Visit(
                request=one.request,
                option=one.option,
                start=lessons[0].start,
                end=lessons[-1].end,
                mode=one.mode,
                role_models=members,
            )
    return [*found.values(), visit]


def broken_by(
    now: VisitProblem, plan: VisitPlan, visits: list[Visit], visit: Visit, before: Visit | None = None
) -> list[str]:
    """Codes of the rules that these visits break with the visit, and do not break without it.

    before: what stands of the visit anyway, such as those of its people who have said yes.
    """
    others = [one for one in visits if one is not visit]
    standing = others if before is None else [*others, before]
    without = judge.VisitFacts(now, replace(plan, visits=tuple(standing)))
    facts = judge.VisitFacts(now, replace(plan, visits=tuple(visits)))
    return [rule.__name__ for rule in VISIT_RULES if set(rule(facts)) - set(rule(without))]


def standing_groups(before: GroupProblem, now: GroupProblem, plan: GroupPlan) -> StandingGroups:
    """Seats of a plan for `before` that break no rule of `now`; in a room that became too small the queue decides.

    A session that is left with fewer mentors or pupils than it needs is dropped whole.
    """
    if before == now:
        return StandingGroups(plan.sessions, ())
    rooms = _Rooms(now)
    dropped: list[Dropped] = []
    sessions = []
    shifts: defaultdict[str, list[str]] = defaultdict(list)
    for planned in plan.sessions:
        if planned.session not in rooms.sessions:
            dropped.append({"code": "session", "session": planned.session})
            continue
        mentors = []
        free = rooms.free_seats(planned)
        for mentor in planned.mentors:
            code = rooms.against_mentor(mentor.id, planned.session, shifts[mentor.id])
            if code:
                dropped += [
                    {"code": code, "session": planned.session, "mentor": mentor.id},
                    *({"code": "mentor", "session": planned.session, "pupil": one} for one in mentor.pupils),
                ]
                continue
            shifts[mentor.id].append(planned.session)
            seated: list[str] = []
            for pupil in sorted(mentor.pupils, key=rooms.position):
                code = rooms.against_pupil(pupil, planned.session, mentor.id, len(seated), free)
                if code:
                    dropped.append({"code": code, "session": planned.session, "pupil": pupil})
                else:
                    seated.append(pupil)
                    free -= 1
            mentors.append(PlanMentor(id=mentor.id, pupils=tuple(sorted(seated))))
        if code := rooms.too_small(planned.session, mentors):
            dropped.append({"code": code, "session": planned.session})
        else:
            sessions.append(PlanSession(session=planned.session, mentors=tuple(mentors)))
    return StandingGroups(tuple(sessions), tuple(dropped))


class _Rooms:
    """The problem of now, looked up once."""

    def __init__(self, now: GroupProblem) -> None:
        self.sessions = {session.id: session for session in now.sessions}
        self._mentors = {mentor.id: mentor for mentor in now.mentors}
        self._pupils = {pupil.id: pupil for pupil in now.pupils}
        self._sites = {site.id: site for site in now.sites}
        self._stay = {(one.mentor, one.session) for one in now.fixed.mentors}
        self._seats = {one.pupil: one.session for one in now.fixed.pupils}
        self._seated: defaultdict[str, set[str]] = defaultdict(set)
        for one in now.fixed.pupils:
            self._seated[one.session].add(one.pupil)
        self._times = TravelTimes(now.travel)

    def free_seats(self, planned: PlanSession) -> int:
        """Seats for the plan's pupils: those that nobody outside the plan has taken."""
        here = {pupil for mentor in planned.mentors for pupil in mentor.pupils}
        return self.sessions[planned.session].seats - len(self._seated[planned.session] - here)

    def too_small(self, session: str, mentors: Collection[PlanMentor]) -> str | None:
        """Which of its least numbers the session no longer reaches, or None."""
        needs = self.sessions[session]
        if len(mentors) < needs.min_mentors:
            return "min_mentors"
        return "min_pupils" if sum(len(mentor.pupils) for mentor in mentors) < needs.min_pupils else None

    def position(self, pupil_id: str) -> tuple[Any, ...]:
        """Fixed pupils first, then the queue; unknown ones last."""
        pupil = self._pupils.get(pupil_id)
        if pupil is None:
            return (2,)
        return (0 if pupil_id in self._seats else 1, pupil.class_, pupil.joined, pupil.lottery, pupil.id)

    def against_mentor(self, mentor_id: str, session: str, shifts: list[str]) -> str | None:
        """Why a mentor can't stand there, or None. shifts: sessions the mentor has by now."""
        mentor = self._mentors.get(mentor_id)
        if mentor is None:
            return "mentor"
        if (mentor_id, session) in self._stay:
            return None
        if session not in mentor.sessions:
            return "mentor_session"
        if len(shifts) >= mentor.max_sessions:
            return "mentor_max"
        return "mentor_overlap" if any(self._overlap(session, other) for other in shifts) else None

    def against_pupil(self, pupil_id: str, session: str, mentor_id: str, taught: int, free: int) -> str | None:
        """Why a pupil can't sit there with that mentor, or None. taught: pupils the mentor has by now."""
        pupil = self._pupils.get(pupil_id)
        if pupil is None:
            return "pupil"
        if taught >= self.sessions[session].ratio:
            return "ratio"
        if pupil_id in self._seats:
            return None if self._seats[pupil_id] == session else "fixed"
        if free <= 0:
            return "seats"
        if session not in pupil.choices:
            return "choice"
        if pupil.level not in self._mentors[mentor_id].levels:
            return "level"
        return "distance" if self._too_far(pupil, session) else None

    def _overlap(self, session: str, other: str) -> bool:
        one, two = self.sessions[session], self.sessions[other]
        return one.weekday == two.weekday and one.start < two.end and two.start < one.end

    def _too_far(self, pupil: Pupil, session: str) -> bool:
        site = self._sites[self.sessions[session].site]
        if site.digital or pupil.lat is None or pupil.lon is None or pupil.max_travel_minutes is None:
            return False
        home, there = place("pupil", pupil.id, pupil.lat, pupil.lon), place("site", site.id, site.lat, site.lon)
        return self._times.minutes(home, there) > pupil.max_travel_minutes
