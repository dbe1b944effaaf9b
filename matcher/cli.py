"""The matcher on JSON files: `python -m matcher solve|check|explain|repair`.

Exit codes: 0 done, 1 judged bad, 2 invalid input (a line for each fault, nothing written), 3 infeasible, 4 unknown, or
a bound that `check --bounds` could not confirm in the time given.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO, TypeVar

from tqdm import tqdm

from matcher import bounds, replay, words
from matcher import plan as plans
from matcher import problem as problems
from matcher.changes import load_changes
from matcher.check import check
from matcher.check_reasons import wrong_reasons
from matcher.check_repair import based_on
from matcher.check_smallest import smaller_changes
from matcher.control import SEEDS, OnProgress, Progress, Settings, Stop
from matcher.explain import explain
from matcher.fields import InvalidProblem
from matcher.files import require_writable, write_whole
from matcher.plan import Plan, load_plan
from matcher.problem import Problem, VisitProblem, load_problem
from matcher.repair import repair
from matcher.solve import RefusedPlan, solve

DONE, JUDGED_BAD, INVALID, INFEASIBLE, UNKNOWN = range(5)
INTERRUPTED = 130

T = TypeVar("T")

_EXIT_OF = {"optimal": DONE, "feasible": DONE, "infeasible": INFEASIBLE, "unknown": UNKNOWN}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; faults of the input go to standard error, one line each."""
    given = _parser().parse_args(arguments)
    try:
        code: int = given.run(given)
    except InvalidProblem as invalid:
        for line in invalid.errors:
            _say(line)
        return INVALID
    return code


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(INVALID, f"{message}; {self.prog} --help says what may be given\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m matcher", description="Plans visits and study groups.")
    commands = parser.add_subparsers(required=True, metavar="solve|check|explain|repair")
    solver = commands.add_parser("solve", help="write the best plan for a problem")
    solver.add_argument("problem", type=Path)
    _add_solving(solver)
    solver.set_defaults(run=_solve)
    judge = commands.add_parser("check", help="judge a plan")
    judge.add_argument("problem", type=Path)
    judge.add_argument("plan", type=Path)
    judge.add_argument("--bounds", action="store_true", help="solve afresh and confirm or refute each stated bound")
    judge.add_argument("--seconds", type=_seconds, default=60, help="time limit of --bounds, 0 or more (default: 60)")
    judge.add_argument("--based-on", type=Path, metavar="OLD", help="the plan before: is what was moved told truly?")
    judge.add_argument("--replay", action="store_true", help="queue and choices anew, a JSON line for each pupil")
    judge.add_argument("--pupil", metavar="ID", help="replay for this pupil only")
    judge.add_argument("--lottery", type=Path, metavar="FILE", help="replay the published draw as well")
    judge.set_defaults(run=_check)
    teller = commands.add_parser("explain", help="say why and why not, as JSON")
    teller.add_argument("problem", type=Path)
    teller.add_argument("plan", type=Path)
    teller.add_argument("id", nargs="?", help="a request, role model, pupil, session or mentor (default: all unserved)")
    teller.add_argument("--language", choices=words.LANGUAGES, help="the story of ID in words instead of JSON")
    teller.set_defaults(run=_explain)
    mender = commands.add_parser("repair", help="write the next problem and plan after changes, moving the fewest")
    mender.add_argument("problem", type=Path)
    mender.add_argument("plan", type=Path)
    mender.add_argument("changes", type=Path)
    mender.add_argument("--problem-out", type=Path, required=True, help="where the new problem is written")
    _add_solving(mender)
    mender.set_defaults(run=_repair)
    return parser


def _add_solving(command: argparse.ArgumentParser) -> None:
    command.add_argument("-o", "--output", type=Path, required=True, help="where the plan is written")
    command.add_argument("--seconds", type=_seconds, help="time limit, 0 or more (default: until proven)")
    command.add_argument("--seed", type=_seed, default=1, help="same seed, same plan; 0 or more (default: 1)")
    command.add_argument("--workers", type=_workers, default=2, help="1 to 64 (default: 2)")
    command.add_argument("--json", action="store_true", help="progress and result as JSON lines")


def _seconds(text: str) -> float:
    try:
        return Stop(float(text)).seconds or 0.0
    except ValueError:
        raise argparse.ArgumentTypeError(f"is {text!r}; give a number of seconds, 0 or more") from None


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < SEEDS):
        raise argparse.ArgumentTypeError(f"is {text!r}; give a whole number from 0 to {SEEDS - 1}")
    return int(text)


def _workers(text: str) -> int:
    try:
        return Settings(workers=int(text)).workers
    except ValueError:
        raise argparse.ArgumentTypeError(f"is {text!r}; give 1 to 64") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidProblem([f"{path}: cannot be read ({error.strerror}); give a JSON file"]) from None


def _solve(given: argparse.Namespace) -> int:
    problem = load_problem(_read(given.problem))
    require_writable({"--output": given.output})
    plan = _solved(given, lambda **how: solve(problem, **how))
    if plan is None:
        return JUDGED_BAD
    write_whole({"--output": (given.output, _text(plans.to_json(plan)))})
    _report(plan, given.json)
    for line in _conflict_lines(problem, plan):
        _say(line)
    return _EXIT_OF[plan.status]


def _repair(given: argparse.Namespace) -> int:
    problem, plan = _problem_and_plan(given)
    changes, faults = _loaded(given.changes, load_changes)
    if changes is None:
        raise InvalidProblem(faults)
    require_writable({"--output": given.output, "--problem-out": given.problem_out})
    try:
        repaired = _solved(given, lambda **how: repair(problem, plan, changes, **how))
    except InvalidProblem as invalid:
        at = {True: given.plan, False: given.changes}
        raise InvalidProblem([f"{at[line.startswith('status:')]}: {line}" for line in invalid.errors]) from None
    if repaired is None:
        return JUDGED_BAD
    write_whole(
        {
            "--problem-out": (given.problem_out, _text(problems.to_json(repaired.problem))),
            "--output": (given.output, _text(plans.to_json(repaired.plan))),
        }
    )
    _report(repaired.plan, given.json)
    if not given.json:
        _print(f"  moved {len(repaired.plan.moved)}, dropped {len(repaired.plan.dropped)}")
    return _EXIT_OF[repaired.plan.status]


def _solved(given: argparse.Namespace, work: Callable[..., T]) -> T | None:
    """What `work` makes of stop, seed, settings and on_progress; None, and a line for each rule, when judged bad."""
    stop, settings = Stop(given.seconds), Settings(workers=given.workers)
    with _progress(given.json) as listener, _ended_by_interrupt(stop):
        try:
            return _in_thread(lambda: work(stop=stop, seed=given.seed, settings=settings, on_progress=listener))
        except RefusedPlan as refused:
            for code, message in refused.violations:
                _say(f"{code}: {message}")
            return None


def _in_thread(work: Callable[[], T]) -> T:
    """The work's result, from another thread: a signal reaches this one even while a solver is busy."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(work).result()


@contextmanager
def _ended_by_interrupt(stop: Stop) -> Iterator[None]:
    """The first Ctrl-C asks for the best plan so far; the second ends at once, with nothing written.

    A solver's child process dies with this one.
    """

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        if not stop.requested:
            stop.request()
            return
        os._exit(INTERRUPTED)

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress(as_json: bool) -> Iterator[OnProgress]:
    """A listener that writes to standard error: JSON lines, or a bar that names the goal at work.

    When nobody reads standard error any more, the rest goes nowhere: no plan is lost for it.
    """
    with _listener(as_json) as listener:

        def heard(progress: Progress) -> None:
            try:
                listener(progress)
            except BrokenPipeError:
                to_nowhere(sys.stderr)

        yield heard


@contextmanager
def _listener(as_json: bool) -> Iterator[OnProgress]:
    if as_json:
        yield lambda progress: print(json.dumps(asdict(progress)), file=sys.stderr, flush=True)  # noqa: T201 the command's output
        return
    with tqdm(file=sys.stderr, bar_format="{desc} {elapsed}", leave=False, delay=0.2) as bar:

        def listener(progress: Progress) -> None:
            value = "-" if progress.value is None else progress.value
            bound = "-" if progress.bound is None else progress.bound
            bar.set_description_str(f"{progress.goal}: {value}, bound {bound}")

        yield listener


def to_nowhere(stream: TextIO) -> None:
    """Sends what is still written to a stream that nobody reads to nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _report(plan: Plan, as_json: bool) -> None:
    goals = [asdict(goal) for goal in plan.goals]
    if as_json:
        _print(json.dumps({"status": plan.status, "judge": plan.certificate.judge, "goals": goals}))
        return
    _print(f"{plan.status}, judged {plan.certificate.judge}, {len(plan.unserved)} unserved")
    for goal in plan.goals:
        _print(f"  {goal.name:16} {goal.value:>12}  {'proven' if not goal.gap else f'bound {goal.bound}'}")


def _conflict_lines(problem: Problem, plan: Plan) -> Iterator[str]:
    """A line for each conflict, its items by path and id."""
    names: dict[str, str]
    if isinstance(problem, VisitProblem):
        names = {f"fixed[{i}]": f"request {item.request}" for i, item in enumerate(problem.fixed)}
    else:
        mentors, pupils = problem.fixed.mentors, problem.fixed.pupils
        names = {f"fixed.mentors[{i}]": f"mentor {item.mentor} in {item.session}" for i, item in enumerate(mentors)}
        names |= {f"fixed.pupils[{i}]": f"pupil {item.pupil} in {item.session}" for i, item in enumerate(pupils)}
    for conflict in plan.conflicts:
        items = ", ".join(f"{item} ({names[item]})" if item in names else item for item in conflict.items)
        together, one = (" together", "one of them") if len(conflict.items) > 1 else ("", "it")
        yield f"{conflict.code}: no valid plan holds {items}{together}; change or free {one}"


def _check(given: argparse.Namespace) -> int:
    problem, plan = _problem_and_plan(given)
    violations = check(problem, plan) + wrong_reasons(problem, plan) + smaller_changes(problem, plan)
    if given.based_on is not None:
        old, faults = _loaded(given.based_on, load_plan)
        if old is None:
            raise InvalidProblem(faults)
        violations += based_on(old, plan)
    for code, message in violations:
        _print(f"{code}: {message}")
    asked = given.replay or given.pupil is not None or given.lottery is not None
    if (asked and not _is_replayed(given, problem, plan)) or violations:
        return JUDGED_BAD
    _print("ok")
    return _check_bounds(problem, plan, given.seconds) if given.bounds else DONE


def _is_replayed(given: argparse.Namespace, problem: Problem, plan: Plan) -> bool:
    """A line for each turn of the queue, then one for each thing that is not as the queue and the draw have it."""
    draw, faults = _loaded(given.lottery, replay.load_draw) if given.lottery else (None, [])
    if faults:
        raise InvalidProblem(faults)
    lines, differences = replay.audit(problem, plan, given.pupil, draw)
    for line in (*lines, *differences):
        _print(line)
    return not differences


def _check_bounds(problem: Problem, plan: Plan, seconds: float) -> int:
    """A line for each stated bound: 0 when all are confirmed, 1 when one is false, 4 when one stays open."""
    stop = Stop(seconds)
    with _progress(as_json=False) as listener, _ended_by_interrupt(stop):
        try:
            findings = _in_thread(lambda: bounds.find(problem, plan, stop=stop, on_progress=listener))
        except RefusedPlan as refused:
            _say(f"nothing is confirmed: the judge refused the fresh plan ({refused})")
            return UNKNOWN
    for finding in findings:
        _print(f"{finding.goal}: {finding.message}")
    states = {finding.state for finding in findings}
    return JUDGED_BAD if "refuted" in states else UNKNOWN if "open" in states else DONE


def _problem_and_plan(given: argparse.Namespace) -> tuple[Problem, Plan]:
    """Both files, with the faults of both; each line names its file."""
    problem, faults = _loaded(given.problem, load_problem)
    plan, more = _loaded(given.plan, load_plan)
    if problem is None or plan is None:
        raise InvalidProblem([*faults, *more])
    return problem, plan


def _loaded(path: Path, load: Callable[[bytes], T]) -> tuple[T | None, list[str]]:
    try:
        text = _read(path)
    except InvalidProblem as invalid:
        return None, list(invalid.errors)
    try:
        return load(text), []
    except InvalidProblem as invalid:
        return None, [f"{path}: {line}" for line in invalid.errors]


def _explain(given: argparse.Namespace) -> int:
    problem, plan = _problem_and_plan(given)
    violations = check(problem, plan)
    for code, message in violations:
        _say(f"{code}: {message}")
    if violations:
        return JUDGED_BAD
    if given.language and given.id is None:
        raise InvalidProblem(["--language: tells of one ID; give it, or leave --language out"])
    try:
        story: dict[str, Any] = explain(problem, plan, given.id)
    except KeyError:
        raise InvalidProblem([f"ID: {given.id!r} is unknown; give an id of the problem"]) from None
    if given.language:
        for sentence in words.tell(story, given.language, words.Names(problem, given.language)):
            _print(sentence)
        return DONE
    _print(json.dumps(story, ensure_ascii=False, indent=1))
    return DONE


def _print(line: str) -> None:
    print(line)  # noqa: T201 the command's output


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 the command's output
