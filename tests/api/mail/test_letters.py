"""What holds for every letter there is."""

import ast
from pathlib import Path

from api.mail import registry, topics
from api.mail.letters import __path__ as folder


def topics_in_code() -> set[str]:
    """Every text that a letter gives as its topic."""
    found = set()
    for file in Path(next(iter(folder))).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "topic" and isinstance(node.value, ast.Constant):
                found.add(node.value.value)
    return found


def test_every_topic_has_a_name_on_the_page_that_ends_it() -> None:
    assert topics_in_code() <= topics.TOPICS.keys()


def test_urgent_letters_are_never_ones_that_can_be_ended() -> None:
    assert registry.LETTERS.keys() >= registry.URGENT
    assert not registry.URGENT & topics.TOPICS.keys()


def test_modules_of_letters_share_no_kind() -> None:
    kinds = [kind for file in sorted(Path(next(iter(folder))).glob("*.py")) for kind in kinds_of(file)]
    assert sorted(kinds) == sorted(set(kinds))


def kinds_of(file: Path) -> list[str]:
    """The keys of a module's own LETTERS, as they are written."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if (
            isinstance(node, ast.AnnAssign)
            and ast.unparse(node.target) == "LETTERS"
            and isinstance(node.value, ast.Dict)
        ):
            return [key.value for key in node.value.keys if isinstance(key, ast.Constant)]
    return []
