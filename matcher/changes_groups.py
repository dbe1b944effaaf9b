"""A group problem after the changes, but for what a repair fixes: the plan decides that (groups/repair.py)."""

from collections.abc import Iterator
from dataclasses import replace

from matcher.changes import GroupChanges
from matcher.fields import InvalidProblem, shown
from matcher.problem import Fixed, GroupProblem, Mentor, Pupil, Session


def apply_groups(problem: GroupProblem, changes: GroupChanges) -> GroupProblem:
    """The problem after the changes. Raises InvalidProblem with a line for each fault, its path in the changes.

    Pupils who left are gone, new ones stand last. A session that is cancelled stays in the problem with no seats, so
    that choices keep their places in the lists. A mentor's `sessions` are without those they are absent from. What was
    fixed stays fixed where pupil, session and mentor are all there.
    """
    if errors := list(change_errors(problem, changes)):
        raise InvalidProblem(errors)
    left, cancelled = set(changes.left), set(changes.cancelled_sessions)
    absent = {(away.mentor, away.session) for away in changes.absent}
    fixed = Fixed(
        mentors=tuple(
            f
            for f in problem.fixed.mentors
            if f.session not in cancelled and absent.isdisjoint({(f.mentor, None), (f.mentor, f.session)})
        ),
        pupils=tuple(f for f in problem.fixed.pupils if f.pupil not in left and f.session not in cancelled),
    )
    return replace(
        problem,
        sessions=tuple(_session(session, changes) for session in problem.sessions),
        mentors=tuple(_mentor(mentor, changes) for mentor in problem.mentors),
        pupils=tuple(pupil for pupil in problem.pupils if pupil.id not in left) + changes.pupils,
        fixed=fixed,
    )


def _session(session: Session, changes: GroupChanges) -> Session:
    if session.id in changes.cancelled_sessions:
        return replace(session, seats=0)
    seats = next((new.seats for new in changes.seats if new.session == session.id), session.seats)
    return session if seats == session.seats else replace(session, seats=seats)


def _mentor(mentor: Mentor, changes: GroupChanges) -> Mentor:
    absent = [away.session for away in changes.absent if away.mentor == mentor.id]
    if not absent:
        return mentor
    return replace(mentor, sessions=() if None in absent else tuple(s for s in mentor.sessions if s not in absent))


def change_errors(problem: GroupProblem, changes: GroupChanges) -> Iterator[str]:
    """One line for each fault of the changes to this problem."""
    pupils = {pupil.id for pupil in problem.pupils}
    sessions = {session.id for session in problem.sessions}
    mentors = {mentor.id for mentor in problem.mentors}
    yield from _each_known_once("left", changes.left, pupils)
    yield from _each_known_once("cancelled_sessions", changes.cancelled_sessions, sessions)
    yield from _each_known_once("seats", [new.session for new in changes.seats], sessions, ".session")
    yield from _each_known_once("absent", [away.mentor for away in changes.absent], mentors, ".mentor", often=True)
    for i, away in enumerate(changes.absent):
        if away.session is not None and away.session not in sessions:
            yield f"absent[{i}].session: {shown(away.session)} is unknown; name one of the problem, or leave it out"
        if away in changes.absent[:i]:
            yield f"absent[{i}]: stands twice; keep one"
    for i, new in enumerate(changes.seats):
        if new.session in changes.cancelled_sessions:
            yield f"seats[{i}].session: {shown(new.session)} is cancelled as well; leave one of them out"
    taken = set(pupils)
    for i, pupil in enumerate(changes.pupils):
        if pupil.id in taken:
            yield f"pupils[{i}].id: {shown(pupil.id)} is taken; give each new pupil their own id"
        taken.add(pupil.id)
        yield from _pupil_errors(f"pupils[{i}]", pupil, problem, sessions, mentors)


def _each_known_once(
    path: str, ids: tuple[str, ...] | list[str], known: set[str], key: str = "", *, often: bool = False
) -> Iterator[str]:
    for i, name in enumerate(ids):
        if name not in known:
            yield f"{path}[{i}]{key}: {shown(name)} is unknown; name one of the problem"
        elif not often and name in ids[:i]:
            yield f"{path}[{i}]{key}: {shown(name)} stands twice; keep one"


def _pupil_errors(
    path: str, pupil: Pupil, problem: GroupProblem, sessions: set[str], mentors: set[str]
) -> Iterator[str]:
    if pupil.class_ >= problem.rules.classes:
        yield f"{path}.class: is {pupil.class_}; should be below rules.classes, {problem.rules.classes}"
    for k, choice in enumerate(pupil.choices):
        if choice not in sessions or choice in pupil.choices[:k]:
            yield f"{path}.choices[{k}]: {shown(choice)} is unknown or stands twice; name each session once"
    if pupil.mentor is not None and pupil.mentor not in mentors:
        yield f"{path}.mentor: {shown(pupil.mentor)} is unknown; name one of the problem"
    if (pupil.lat is None) != (pupil.lon is None):
        yield f"{path}.{'lat' if pupil.lat is None else 'lon'}: is missing; give both of lat and lon, or none"
    matrix = problem.travel.matrix
    if matrix is not None and pupil.lat is not None and f"pupil:{pupil.id}" not in matrix.places:
        yield f"{path}.lat: is no place of the problem's travel.matrix; leave lat and lon out, or add it there"
