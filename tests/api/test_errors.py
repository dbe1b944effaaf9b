from inspect import isclass

from api import errors
from api.errors import AppError, FieldError, InvalidInput, TooManyRequests


def test_error_says_field_and_remedy() -> None:
    error = InvalidInput("Grade 14 does not exist.", field="grade", remedy="Give a grade from 1 to 13.")
    assert str(error) == "grade: Grade 14 does not exist. Give a grade from 1 to 13."
    assert error.code == "invalid_input"


def test_error_lists_its_fields() -> None:
    wrong = FieldError("options.0.lessons.1.end", "The lesson ends before it starts.")
    assert InvalidInput("The request has 1 error.", errors=[wrong]).errors == (wrong,)


def test_every_kind_has_its_own_code() -> None:
    kinds = [kind for kind in vars(errors).values() if isclass(kind) and issubclass(kind, AppError)]
    assert len({kind.default_code for kind in kinds}) == len(kinds) >= 10


def test_slowing_down_says_for_how_long() -> None:
    assert TooManyRequests("Too many attempts.", retry_after=30).retry_after == 30
