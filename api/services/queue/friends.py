"""Friends are seated together after placement, where nobody else loses by it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.enums import EntryState
from api.domain.seating import NEW, Taught, seat_with
from api.models.group_life import FriendCode
from api.models.groups import GroupSession
from api.models.plan_rows import PlanMentor, PlanSeat
from api.models.pupils import Entry, EntryChoice
from api.queries import queue_line
from api.queries.campus_rules import rules_now


def together(session: Session, plan_id: str, site_ids: Collection[str]) -> dict[str, str]:
    """Entries of a plan that move to another session, one of their own choices, to sit with their friends.

    They move only to seats that nobody on the waiting list asks for, where the mentors of the plan can teach them and
    everyone who is there, and only from a session that has pupils enough without them; a pupil who has a seat stays.
    """
    placed = dict(
        session.execute(select(PlanSeat.entry_id, PlanSeat.session_id).where(PlanSeat.plan_id == plan_id)).all()
    )
    groups: defaultdict[str, list[str]] = defaultdict(list)
    codes = select(FriendCode.code, FriendCode.entry_id).where(FriendCode.entry_id.in_(list(placed)))
    for code, entry_id in session.execute(codes.order_by(FriendCode.code, FriendCode.position)):
        groups[code].append(entry_id)
    rooms = _Rooms(session, plan_id, placed, site_ids)
    moved: dict[str, str] = {}
    for friends in groups.values():
        if len({placed[one] for one in friends}) > 1:
            moved |= rooms.gather(friends)
    return moved


class _Rooms:
    """How many more a session takes, and how many fewer it can do with."""

    def __init__(self, session: Session, plan_id: str, placed: dict[str, str], site_ids: Collection[str]) -> None:
        self.session, self.plan_id, self.placed = session, plan_id, dict(placed)
        rows = session.scalars(select(GroupSession).where(GroupSession.id.in_(set(placed.values())))).all()
        planned = Counter(placed.values())
        wanted = dict(
            session.execute(
                select(EntryChoice.session_id, func.count())
                .join(Entry, EntryChoice.entry_id == Entry.id)
                .where(Entry.state == EntryState.WAITING, Entry.id.not_in(list(placed)))
                .where(EntryChoice.session_id.in_(set(placed.values())))
                .group_by(EntryChoice.session_id)
            ).all()
        )
        here = {row.id: row for row in rows if row.site_id in site_ids}
        self.room = {
            key: 0 if wanted.get(key) else max(0, queue_line.seats_of(session, row) - planned[key])
            for key, row in here.items()
        }
        self.spare = {key: max(0, planned[key] - row.min_pupils) for key, row in here.items()}
        seated = {one.entry_id for key in here for one in queue_line.taken_seats(session, key)}
        self.ranks: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for choice in session.scalars(select(EntryChoice).where(EntryChoice.entry_id.in_(list(placed)))):
            if choice.entry_id not in seated:
                self.ranks[choice.entry_id][choice.session_id] = choice.rank

    def gather(self, friends: list[str]) -> dict[str, str]:
        """The moves that bring these together, none when there is no way."""
        there = Counter(self.placed[one] for one in friends)
        for target in sorted(there, key=lambda key: (-there[key], key)):
            movers = [one for one in friends if self.placed[one] != target]
            leaving = Counter(self.placed[one] for one in movers)
            if (
                len(movers) <= self.room.get(target, 0)
                and all(target in self.ranks[one] for one in movers)
                and all(self.spare.get(key, 0) >= count for key, count in leaving.items())
                and self._are_taught(target, movers)
            ):
                for one in movers:
                    self.spare[self.placed[one]] -= 1
                    self.placed[one] = target
                self.room[target] -= len(movers)
                return dict.fromkeys(movers, target)
        return {}

    def _are_taught(self, target: str, movers: Collection[str]) -> bool:
        """Whether the plan's mentors of a session can teach those who are to sit there and these besides."""
        held = self.session.get_one(GroupSession, target)
        ratio = queue_line.ratio_of(held, rules_now(self.session, held.programme_id))
        there = select(PlanMentor.mentor_id).where(PlanMentor.plan_id == self.plan_id, PlanMentor.session_id == target)
        mentors = queue_line.levels_covered(self.session, sorted(self.session.scalars(there)))
        here = [one for one, place in self.placed.items() if place == target]
        levels = dict(
            self.session.execute(select(Entry.id, Entry.level_id).where(Entry.id.in_([*here, *movers]))).all()
        )
        seated = {one: Taught(levels[one]) for one in here}
        for one in movers:
            contacts = seat_with(levels[one], seated, mentors, ratio)
            if contacts is None:
                return False
            new = {one if key == NEW else key: mentor for key, mentor in contacts.items()}
            seated |= {key: Taught(levels[key], mentor) for key, mentor in new.items()}
        return True
