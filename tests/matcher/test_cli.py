"""The three commands as a user runs them: files in, files out, exit codes, one line for each fault."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matcher import plan as plans
from matcher.check import check
from matcher.cli import main
from matcher.plan import load_plan
from matcher.problem import GroupProblem, VisitProblem, to_json
from tests.benchmarks.instances_groups import national
from tests.benchmarks.instances_visits import season
from tests.matcher.random_groups import random_group_problem
from tests.matcher.small_problems import Data, group_data, lesson, visit_data

ROOT = Path(__file__).parents[2]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `python -m matcher ...` in the folder does, in this process: a fresh one takes a second to start."""
    out, said = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), said.getvalue())


def test_command_starts_as_a_process(tmp_path: Path) -> None:
    write(tmp_path, visit_data())
    line = command("solve", "problem.json", "-o", "plan.json")
    done = subprocess.run(line, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60)
    assert (done.returncode, plan_in(tmp_path)["status"]) == (0, "optimal")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "matcher", *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def write(folder: Path, data: Any, name: str = "problem.json") -> None:
    (folder / name).write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")


def solve(folder: Path, data: Any, *flags: str) -> subprocess.CompletedProcess[str]:
    write(folder, data)
    return run(folder, "solve", "problem.json", "-o", "plan.json", *flags)


def plan_in(folder: Path) -> Data:
    plan: Data = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    return plan


Change = Callable[[Data], Any]

INVALID: dict[str, tuple[Change, str]] = {
    "unknown id": (lambda d: d["requests"][0].update(school="s9"), "requests[0].school"),
    "duplicate": (lambda d: d["schools"].append(d["schools"][0]), "schools[2].id"),
    "option ends before it starts": (
        lambda d: d["requests"][0]["options"][0]["lessons"][0].update(end="2027-01-18T08:00"),
        "requests[0].options[0].lessons[0].end",
    ),
    "negative limit": (lambda d: d["role_models"][0].update(max_per_day=-1), "role_models[0].max_per_day"),
    "latitude 95": (lambda d: d["schools"][0].update(lat=95), "schools[0].lat"),
    "NaN": (lambda d: d["schools"][0].update(lat=float("nan")), "schools[0].lat"),
    "infinite": (lambda d: d["role_models"][1].update(lon=float("inf")), "role_models[1].lon"),
    "wrong type": (lambda d: d["requests"][0].update(grade="nine"), "requests[0].grade"),
    "truth for a number": (lambda d: d["requests"][0].update(grade=True), "requests[0].grade"),
    "missing key": (lambda d: d["requests"][0].pop("options"), "requests[0].options"),
    "unknown key": (lambda d: d["requests"][0].update(colour="red"), "requests[0].colour"),
    "unknown key over two lines": (lambda d: d["requests"][0].update({"two\nlines": 1}), "requests[0]."),
    "wrong format name": (lambda d: d.update(format="treffpunkt.visit-problem/9"), "format"),
    "date that is none": (lambda d: d.update(today="2026-02-30"), "today"),
    "before today": (lambda d: d.update(today="2027-01-19"), "requests[0].options[0].lessons[0].start"),
    "lone surrogate": (lambda d: d["requests"][0].update(id="\ud800"), "requests[0].id"),
}


@pytest.mark.parametrize("case", INVALID)
def test_invalid_problem_is_named_on_one_line_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    change, path = INVALID[case]
    data = visit_data()
    change(data)
    write(tmp_path, data)
    assert main(["solve", str(tmp_path / "problem.json"), "-o", str(tmp_path / "plan.json")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(path)
    assert len(said.err.splitlines()) == 1, said.err
    assert os.listdir(tmp_path) == ["problem.json"]


BROKEN_TEXTS = {
    "broken JSON": '{"format": ',
    "empty file": "",
    "10,000 deep": "[" * 10_000 + "]" * 10_000,
    "10,000 deep inside": '{"format": "treffpunkt.visit-problem/1", "today": ' + "[" * 10_000 + "]" * 10_000 + "}",
    "a list": "[]",
    "key twice": '{"format": "x", "format": "y"}',
    "huge number": '{"format": ' + "9" * 10_000 + "}",
}


@pytest.mark.parametrize("case", BROKEN_TEXTS)
def test_text_that_is_no_problem_gets_one_line(tmp_path: Path, case: str) -> None:
    done = solve(tmp_path, BROKEN_TEXTS[case])
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "sys." not in done.stderr
    assert os.listdir(tmp_path) == ["problem.json"]


@pytest.mark.parametrize("command", ["check", "explain"])
def test_faults_of_two_files_say_which_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    problem, plan = tmp_path / "problem.json", tmp_path / "plan.json"
    data = visit_data()
    data["schools"][0]["lat"] = 95
    write(tmp_path, data)
    plan.write_text("{}", encoding="utf-8")
    assert main([command, str(problem), str(plan)]) == 2
    of_the_problem, of_the_plan = capsys.readouterr().err.splitlines()
    assert of_the_problem.startswith(f"{problem}: schools[0].lat: is 95")
    assert of_the_plan.startswith(f"{plan}: format: ")
    assert main([command, str(tmp_path / "none.json"), str(plan)]) == 2
    assert [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()] == [
        "cannot be read (No such file or directory); give a JSON file",
        "format",
    ]


def test_several_faults_get_a_line_each(tmp_path: Path) -> None:
    data = visit_data()
    data["schools"][0]["lat"] = 95
    data["role_models"][1]["modes"] = ["by boat"]
    done = solve(tmp_path, data)
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["schools[0].lat", "role_models[1].modes[0]"]


def test_missing_file_and_missing_folder_are_named(tmp_path: Path) -> None:
    assert run(tmp_path, "solve", "none.json", "-o", "plan.json").returncode == 2
    write(tmp_path, visit_data())
    done = run(tmp_path, "solve", "problem.json", "-o", "nowhere/plan.json")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize(
    ("flag", "value"),
    [("--seconds", "-1"), ("--seconds", "nan"), ("--workers", "0"), ("--seed", "x"), ("--seed", "-5")],
)
def test_flag_out_of_range_is_refused(tmp_path: Path, flag: str, value: str) -> None:
    done = solve(tmp_path, visit_data(), flag, value)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert flag in done.stderr
    assert os.listdir(tmp_path) == ["problem.json"]


@pytest.mark.parametrize("data", [visit_data(), group_data()], ids=["visits", "groups"])
def test_solve_check_explain(tmp_path: Path, data: Data) -> None:
    done = solve(tmp_path, data)
    assert (done.returncode, plan_in(tmp_path)["status"]) == (0, "optimal"), done.stderr
    assert plan_in(tmp_path)["certificate"]["judge"] == "ok"
    assert sorted(os.listdir(tmp_path)) == ["plan.json", "problem.json"]
    checked = run(tmp_path, "check", "problem.json", "plan.json")
    assert (checked.returncode, checked.stdout) == (0, "ok\n")
    told = run(tmp_path, "explain", "problem.json", "plan.json")
    assert (told.returncode, json.loads(told.stdout)) == (0, {"unserved": []})
    one = data.get("requests", data.get("pupils"))[0]["id"]
    story = run(tmp_path, "explain", "problem.json", "plan.json", one)
    assert json.loads(story.stdout)["served"] is True
    assert run(tmp_path, "explain", "problem.json", "plan.json", "nobody").returncode == 2


CERTIFICATE = {"judge", "bound_source", "seconds", "seed", "settings", "versions"}
PLAN = {"format", "problem_sha256", "status", "goals", "unserved", "certificate", "conflicts"}
KEYS = {
    "visits": (visit_data(), PLAN | {"visits"}, CERTIFICATE),
    "groups": (group_data(), PLAN | {"sessions", "bottlenecks"}, CERTIFICATE | {"passed_over", "choice_envy"}),
}


@pytest.mark.parametrize("kind", KEYS)
def test_plan_file_has_exactly_the_keys_of_its_format_and_repeats_settings_and_limit(tmp_path: Path, kind: str) -> None:
    data, keys, certificate_keys = KEYS[kind]
    assert solve(tmp_path, data, "--seconds", "30", "--workers", "1").returncode == 0
    plan = plan_in(tmp_path)
    assert plan.keys() == keys
    assert plan["certificate"].keys() == certificate_keys
    assert plan["certificate"]["settings"] == {"workers": 1, "deterministic_limit": None, "seconds": 30}
    assert plan["certificate"]["versions"].keys() == {"ortools", "numpy", "python"}
    assert plans.to_json(load_plan(json.dumps(plan))) == plan


def test_check_names_each_broken_rule_on_a_line(tmp_path: Path) -> None:
    solve(tmp_path, visit_data())
    plan = plan_in(tmp_path)
    plan["visits"][0]["mode"] = "digital"
    plan["problem_sha256"] = "other"
    write(tmp_path, plan, "plan.json")
    done = run(tmp_path, "check", "problem.json", "plan.json")
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["wrong_problem", "mode"]
    assert run(tmp_path, "explain", "problem.json", "plan.json").returncode == 1


@pytest.mark.parametrize(("data", "alone"), [(visit_data(), "role_models"), (group_data(), "mentors")])
@pytest.mark.parametrize(
    "told",
    [[], [{"code": "free", "count": 1}], [{"code": "mentors", "count": 1}], [{"code": "varies", "count": 2}]],
    ids=lambda told: told[0]["code"] if told else "none",
)
def test_check_counts_the_reasons_of_the_unserved_again(tmp_path: Path, data: Data, alone: str, told: Any) -> None:
    solve(tmp_path, data | {alone: []})
    plan = plan_in(tmp_path)
    assert run(tmp_path, "check", "problem.json", "plan.json").returncode == 0
    plan["unserved"][0]["reasons"] = told
    write(tmp_path, plan, "plan.json")
    done = run(tmp_path, "check", "problem.json", "plan.json")
    assert (done.returncode, [line.split(":")[0] for line in done.stdout.splitlines()]) == (1, ["reasons"])


def test_check_finds_the_smallest_change_that_a_pupil_was_not_told(tmp_path: Path) -> None:
    solve(tmp_path, to_json(random_group_problem(2)))
    plan = plan_in(tmp_path)
    [told, *_] = [item for item in plan["unserved"] if item["smallest_change"] == {"kind": "digital"}]
    told["smallest_change"] = None
    write(tmp_path, plan, "plan.json")
    done = run(tmp_path, "check", "problem.json", "plan.json")
    said = f"smallest_change: pupil '{told['pupil']}' has a smaller change than the one told\n"
    assert (done.returncode, done.stdout) == (1, said)


def test_check_of_what_is_no_plan_is_invalid_input(tmp_path: Path) -> None:
    write(tmp_path, visit_data())
    done = run(tmp_path, "check", "problem.json", "problem.json")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize(
    ("data", "emptied"), [(visit_data(), "requests"), (group_data(), "pupils")], ids=["visits", "groups"]
)
def test_problem_without_anyone_to_serve_gives_an_empty_optimal_plan(tmp_path: Path, data: Data, emptied: str) -> None:
    done = solve(tmp_path, {**data, emptied: []})
    plan = plan_in(tmp_path)
    assert (done.returncode, plan["status"], plan["unserved"]) == (0, "optimal", [])
    assert plan.get("visits", plan.get("sessions")) == []


@pytest.mark.parametrize("data", [visit_data(), group_data()], ids=["visits", "groups"])
def test_zero_seconds_still_give_a_judged_plan(tmp_path: Path, data: Data) -> None:
    done = solve(tmp_path, data, "--seconds", "0")
    assert done.returncode == 0
    assert plan_in(tmp_path)["certificate"]["judge"] == "ok"
    assert plan_in(tmp_path)["status"] in ("optimal", "feasible")


def test_infeasible_visits_name_the_conflicting_items(tmp_path: Path) -> None:
    data = visit_data()
    data["requests"][1]["options"] = [{"lessons": [lesson(18, "09:00", "09:45")]}]
    data["fixed"] = [{"request": q, "option": 0, "mode": "digital", "role_models": ["r0"]} for q in ("q0", "q1")]
    done = solve(tmp_path, data)
    assert done.returncode == 3
    assert "fixed[0] (request q0), fixed[1] (request q1)" in done.stderr
    assert run(tmp_path, "check", "problem.json", "plan.json").returncode == 0


def test_infeasible_groups_name_the_conflicting_items(tmp_path: Path) -> None:
    data = group_data()
    data["mentors"][0]["max_sessions"] = 1
    data["fixed"] = {"mentors": [{"mentor": "m0", "session": s} for s in ("s0", "s1")]}
    done = solve(tmp_path, data)
    assert done.returncode == 3
    assert "fixed.mentors[0] (mentor m0 in s0), fixed.mentors[1] (mentor m0 in s1) together; change" in done.stderr
    assert run(tmp_path, "check", "problem.json", "plan.json").returncode == 0
    data["sessions"][0]["min_pupils"] = 9
    data["fixed"] = {"pupils": [{"pupil": "p0", "session": "s0"}]}
    alone = "min_pupils: no valid plan holds fixed.pupils[0] (pupil p0 in s0); change or free it"
    assert alone in solve(tmp_path, data).stderr


def test_plan_that_nothing_can_be_repaired_in_is_the_file_at_fault(tmp_path: Path) -> None:
    solve(tmp_path, visit_data())
    write(tmp_path, plan_in(tmp_path) | {"status": "unknown", "visits": [], "goals": [], "unserved": []}, "plan.json")
    write(tmp_path, {"format": "treffpunkt.visit-changes/1"}, "changes.json")
    files = ("problem.json", "plan.json", "changes.json", "-o", "plan2.json", "--problem-out", "problem2.json")
    done = run(tmp_path, "repair", *files)
    assert (done.returncode, done.stderr.split(";")[0]) == (2, 'plan.json: status: is "unknown"')


def test_progress_as_json_lines(tmp_path: Path) -> None:
    done = solve(tmp_path, visit_data(), "--json")
    steps = [json.loads(line) for line in done.stderr.splitlines()]
    assert steps
    assert all(step.keys() == {"goal", "value", "bound", "seconds"} for step in steps)
    result = json.loads(done.stdout)
    assert (result["status"], result["judge"], len(result["goals"])) == ("optimal", "ok", 9)


@pytest.mark.parametrize("data", [visit_data(), group_data()], ids=["visits", "groups"])
def test_same_problem_seed_and_settings_give_the_same_plan(tmp_path: Path, data: Data) -> None:
    plans = []
    for _ in range(2):
        assert solve(tmp_path, data, "--seed", "7").returncode == 0
        plan = plan_in(tmp_path)
        plan["certificate"].pop("seconds")
        plans.append(plan)
    assert plans[0] == plans[1]


def started(folder: Path, problem: VisitProblem | GroupProblem) -> subprocess.Popen[str]:
    """A solve in a process group of its own, as a terminal starts it, that has said that it is at work."""
    write(folder, to_json(problem))
    process = subprocess.Popen(
        command("solve", "problem.json", "-o", "plan.json", "--json"),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert process.stderr is not None
    assert json.loads(process.stderr.readline())["goal"]
    return process


def press_ctrl_c(process: subprocess.Popen[Any]) -> None:
    os.killpg(process.pid, signal.SIGINT)


@pytest.mark.parametrize("problem", [season(800, 600, 1), national(1)], ids=["visits", "groups"])
def test_interrupt_keeps_the_best_plan_judged(tmp_path: Path, problem: VisitProblem | GroupProblem) -> None:
    process = started(tmp_path, problem)
    press_ctrl_c(process)
    process.communicate(timeout=60)
    assert process.returncode == 0
    plan = plan_in(tmp_path)
    assert (plan["status"], plan["certificate"]["judge"]) == ("feasible", "ok")
    assert check(problem, load_plan((tmp_path / "plan.json").read_text(encoding="utf-8"))) == []


def test_interrupting_again_ends_at_once_with_nothing_written(tmp_path: Path) -> None:
    process = started(tmp_path, national(1))
    while process.poll() is None:
        press_ctrl_c(process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=0.05)
    process.communicate()
    assert process.returncode == 130
    assert os.listdir(tmp_path) == ["problem.json"]


def test_interrupt_where_nothing_is_solved_ends_without_a_traceback(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "problem.json")
    line = command("check", "problem.json", "plan.json")
    process = subprocess.Popen(line, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, start_new_session=True)
    with open(tmp_path / "problem.json", "wb"):
        press_ctrl_c(process)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, b"")


def test_nobody_who_reads_the_progress_any_more_costs_no_plan(tmp_path: Path) -> None:
    with started(tmp_path, season(60, 45, 1)) as process:
        assert process.stderr is not None
        process.stderr.close()
        assert process.wait(timeout=60) == 0
    assert plan_in(tmp_path)["certificate"]["judge"] == "ok"


def test_nobody_who_reads_the_answer_is_not_called_judged_bad(tmp_path: Path) -> None:
    solve(tmp_path, visit_data())
    line = command("check", "problem.json", "plan.json")
    reads, writes = os.pipe()
    os.close(reads)
    process = subprocess.run(line, cwd=tmp_path, env=environment(), stdout=writes, stderr=subprocess.PIPE, timeout=60)
    os.close(writes)
    assert (process.returncode, process.stderr) == (141, b"")
