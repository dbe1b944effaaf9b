"""Stories in words: every sentence in every language, every story of every id can be told, and nobody else is named."""

import json
import re
from dataclasses import replace
from itertools import product
from pathlib import Path
from string import Formatter

import pytest

from matcher.cli import main
from matcher.control import Settings, Stop
from matcher.explain import explain
from matcher.plan import Plan, to_json
from matcher.problem import GroupProblem, Problem, VisitProblem
from matcher.problem import to_json as problem_json
from matcher.solve import solve
from matcher.words import Names, change_for_pupil, change_for_request, tell
from matcher.words_texts import LANGUAGES, TEXTS
from tests.matcher.random_groups import random_group_problem
from tests.matcher.random_visits import random_visit_problem
from tests.matcher.small_problems import group_data, groups, visit_data, visits


def solved(problem: Problem) -> Plan:
    return solve(problem, stop=Stop(20.0), settings=Settings(workers=1))


def placeholders(text: str) -> set[str | None]:
    return {field for _, field, _, _ in Formatter().parse(text) if field}


@pytest.mark.parametrize("key", TEXTS)
def test_sentence_is_in_every_language_with_the_same_values(key: str) -> None:
    said = TEXTS[key]
    assert tuple(said) == LANGUAGES
    assert len({type(text) for text in said.values()}) == 1
    forms = [(text,) if isinstance(text, str) else text for text in said.values()]
    assert len({frozenset(placeholders(form[-1])) for form in forms}) == 1
    for form in forms:
        assert placeholders(form[0]) <= placeholders(form[-1])
        assert all(text[-1] in ".:}" for text in form)


def ids_of(problem: Problem) -> list[str]:
    if isinstance(problem, VisitProblem):
        return [one.id for one in (*problem.requests, *problem.role_models)]
    return [one.id for one in (*problem.pupils, *problem.sessions, *problem.mentors)]


def test_every_story_can_be_told_and_names_nobody() -> None:
    for seed in range(4):
        for problem in (random_group_problem(seed), random_visit_problem(seed)):
            plan = solved(problem)
            if plan.status not in ("optimal", "feasible"):
                continue
            people = problem.pupils if isinstance(problem, GroupProblem) else problem.role_models
            for identifier, language in product(ids_of(problem), LANGUAGES):
                sentences = tell(explain(problem, plan, identifier), language, Names(problem, language))
                assert sentences
                words = set(re.findall(r"\w+", " ".join(sentences)))
                assert words.isdisjoint(person.id for person in people)


def test_pupil_reads_why_and_what_would_help() -> None:
    data = group_data()
    data["sessions"][0]["seats"] = data["sessions"][1]["seats"] = 1
    data["pupils"][2]["choices"] = ["s0"]
    problem = groups(data)
    plan = solved(problem)
    assert tell(explain(problem, plan, "p0"), "en", Names(problem, "en")) == [
        "You have a place: Monday at 17:00, x0 (s0).",
        "It is your first choice.",
    ]
    assert tell(explain(problem, plan, "p1"), "nb", Names(problem, "nb")) == [
        "Du har fått plass: tirsdag kl. 17.00, x1 (s1).",
        "Det er valg nummer 2 på lista di.",
        f"mandag kl. 17.00, x0 (s0): {TEXTS['fate.seats']['nb']}",
    ]
    assert tell(explain(problem, plan, "p2"), "nn", Names(problem, "nn")) == [
        "Du har ikkje fått plass enno. Du er nummer 3 i køen.",
        f"måndag kl. 17.00, x0 (s0): {TEXTS['fate.seats']['nn']}",
        "Dei 2 plassane du kunne hatt, er tekne av elevar som står framfor deg.",
        "Inga einskild endring ville gitt plass no.",
    ]


def test_changes_have_words_for_every_kind() -> None:
    names = Names(groups(group_data()), "en")
    told = [
        change_for_pupil(change, "en", names)
        for change in (
            {"kind": "session", "session": "s1"},
            {"kind": "distance", "minutes": 1},
            {"kind": "distance", "minutes": 40},
            {"kind": "digital"},
            {"kind": "mentor", "session": "s1"},
            None,
        )
    ]
    assert told[0] == "With Tuesday at 17:00, x1 (s1) as one more choice there would be a place."
    assert told[1:3] == [
        "With one minute of travel there would be a place.",
        "With 40 minutes of travel there would be a place.",
    ]
    kinds = ("nothing", "topic", "digital", "fewer_role_models", "limit", "unknown")
    asked = [change_for_request({"kind": kind}, "en", names) for kind in kinds]
    asked.append(change_for_request({"kind": "time", "start": "2027-01-18T08:30"}, "en", names))
    assert asked[-1] == "A visit is possible on Monday 18.01.2027 at 08:30."
    assert len({*told, *asked, change_for_request(None, "en", names)}) == len(told) + len(asked) + 1


def test_command_tells_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problem = visits(visit_data())
    problem = replace(problem, role_models=tuple(replace(p, grades=(11, 13)) for p in problem.role_models))
    (tmp_path / "problem.json").write_text(json.dumps(problem_json(problem)))
    (tmp_path / "plan.json").write_text(json.dumps(to_json(solved(problem))))
    files = [str(tmp_path / "problem.json"), str(tmp_path / "plan.json")]
    assert main(["explain", *files, "q0", "--language", "nb"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [
        "Klassen har ikke fått besøk ennå. Slik er det med rollemodellene:",
        "2 tar ikke trinnet.",
    ]
    assert main(["explain", *files, "--language", "nb"]) == 2
    assert "--language" in capsys.readouterr().err
