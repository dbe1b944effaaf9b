"""Contact mentors of one session: each pupil has one who covers the level, and no mentor more than the ratio."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

NEW = "new"


@dataclass(frozen=True, slots=True)
class Taught:
    """A pupil in the session. mentor: the contact mentor so far; None, or one who has left, is given a new one."""

    level: str
    mentor: str | None = None


def seat_with(
    level: str,
    seated: Mapping[str, Taught],
    mentors: Mapping[str, Collection[str]],
    ratio: int,
    *,
    prefer: Collection[str] = (),
) -> dict[str, str] | None:
    """A contact mentor for one more pupil (key NEW), with those of others that must change for it; None if impossible.

    seated: by entry. mentors: the levels each covers. prefer: mentors to take first, such as the friends'. Nobody is
    left without a mentor, and a level that was all right so far stays covered.
    """
    places = _Places(seated, mentors, ratio)
    for pupil in sorted(seated):
        if places.mentor_of[pupil] is None and not places.place(pupil, (), set()):
            places.mentor_of.pop(pupil)  # cannot be taught by anyone who is there: takes no mentor's time
    places.levels[NEW] = level
    places.mentor_of[NEW] = None
    if not places.place(NEW, prefer, set()):
        return None
    return {
        pupil: mentor
        for pupil, mentor in places.mentor_of.items()
        if mentor is not None and (pupil == NEW or seated[pupil].mentor != mentor)
    }


class _Places:
    def __init__(self, seated: Mapping[str, Taught], mentors: Mapping[str, Collection[str]], ratio: int) -> None:
        self.mentors, self.ratio = mentors, ratio
        self.levels = {pupil: one.level for pupil, one in seated.items()}
        self.mentor_of: dict[str, str | None] = {
            pupil: one.mentor if one.mentor in mentors else None for pupil, one in seated.items()
        }

    def place(self, pupil: str, prefer: Collection[str], tried: set[str]) -> bool:
        """Gives the pupil a mentor, moving others on where that makes room (an augmenting path)."""
        able = [mentor for mentor in self.mentors if self.levels[pupil] in self.mentors[mentor] and mentor not in tried]
        able.sort(key=lambda mentor: (mentor not in prefer, len(self._with(mentor)), mentor))
        for mentor in able:
            if len(self._with(mentor)) < self.ratio:
                self.mentor_of[pupil] = mentor
                return True
        for mentor in able:
            tried.add(mentor)
            if len(self._with(mentor)) > self.ratio:
                continue  # too many already, so one who moves on makes no room
            for other in self._with(mentor):
                if self.place(other, (), tried):
                    self.mentor_of[pupil] = mentor
                    return True
        return False

    def _with(self, mentor: str) -> list[str]:
        return sorted(pupil for pupil, one in self.mentor_of.items() if one == mentor)
