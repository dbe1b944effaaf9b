"""The questions of the annual report, to pupils at the end of term and to schools after a visit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from api.domain.enums import Measure
from api.domain.suppression import hidden_in_list

GRADES = ("1", "2", "3", "4", "5")
GOOD_GRADES = ("4", "5")
SURE = ("yes", "no", "unsure")
GENDERS = ("girl", "boy", "other", "untold")
GENDER = "gender"
REPLIES = "replies"  # counts who answered at all


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its answers. good: those that the report counts. needed: may not be left out."""

    values: tuple[str, ...]
    good: tuple[str, ...] = ()
    needed: bool = True


# The codes of the first four are measures of the report, whose yearly targets stand beside them.
PUPIL_QUESTIONS: dict[str, Question] = {
    Measure.SATISFIED.value: Question(GRADES, GOOD_GRADES),
    Measure.MENTORS.value: Question(GRADES, GOOD_GRADES),
    Measure.BETTER_GRADE.value: Question(SURE, ("yes",)),
    Measure.INSPIRED.value: Question(SURE, ("yes",)),
    GENDER: Question(GENDERS, needed=False),
}
SHARES = tuple(code for code, question in PUPIL_QUESTIONS.items() if question.good)
VISIT_QUESTIONS = ("useful", "engaging", "prepared", "again")


@dataclass(frozen=True, slots=True)
class Share:
    """How many of `answered` gave a good answer; good is None where it is hidden."""

    good: int | None
    answered: int

    @property
    def percent(self) -> int | None:
        """Whole per cent, None where it is hidden or nobody answered."""
        return None if self.good is None or not self.answered else round(100 * self.good / self.answered)


def share_of(question: str, counts: Mapping[str, int]) -> Share:
    """The share of good answers to a question of PUPIL_QUESTIONS, hidden where few answered one way or the other."""
    good_values = PUPIL_QUESTIONS[question].good
    return share(sum(counts.get(value, 0) for value in good_values), sum(counts.values()))


def share(good: int, answered: int) -> Share:
    """A share of answers, hidden where 1 to 4 gave a good one, or did not."""
    hidden = hidden_in_list({"good": good, "rest": answered - good})
    return Share(None if hidden else good, answered)


def added(shares: list[Share]) -> Share:
    """Several shares as one; hidden as soon as one of them is."""
    goods = [one.good for one in shares]
    good = None if None in goods else sum(one for one in goods if one is not None)
    return Share(good, sum(one.answered for one in shares))
