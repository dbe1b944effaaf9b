"""The demo from nothing to two judged plans, by the way everyone goes: runs are queued, a worker does them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from tqdm import tqdm

from api import clock
from api.config import Settings
from api.db import downgrade, init_engine, reading, transaction, upgrade
from api.demo.look_at import look_at
from api.demo.present import add_present, is_lived_in
from api.demo.present_users import set_passwords
from api.demo.season import PREFIX, build_season, demo_code, existing_seasons
from api.demo.summary import all_planned, newest_runs, summary
from api.domain.enums import RunKind, RunState
from api.domain.permissions import Grant, Role
from api.errors import ConfigurationError, Conflict
from api.models import registry
from api.models.access import User
from api.models.planning import Run
from api.services.runs import queue_run
from api.services.users import account, create_user, set_password

LOGIN = "koordinator@example.org"
POLL_SECONDS = 0.2
GOALS = {RunKind.VISIT: 9, RunKind.GROUP: 8}
OPEN_STATES = (RunState.QUEUED, RunState.RUNNING)
Say = Callable[[str], None]

assert registry.THEMES, "rows of all tables are known"


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user asked for. schools: a register to seat the season in. seconds: the limit of each run."""

    seed: int = 1
    scale: int = 1
    schools: Path | None = None
    seconds: int = 60
    fresh: bool = False
    password: str | None = None


def play(config: Settings, choices: Choices, worker: AbstractContextManager[object], say: Say) -> bool:
    """Builds the season where it is not there yet, plans it, and prints the summary and how to sign in.

    worker: is entered when there are runs to do, and has somebody do them. Returns whether both plans are there.
    Raises Conflict when the database holds a season that is not this one.
    """
    if not config.development:
        raise ConfigurationError(
            "The demo makes up people and an account, so it runs in development only.",
            field="TREFFPUNKT_ENV",
            remedy="Set it to development, with a database of its own.",
        )
    upgrade(config.database_url)
    init_engine(config)
    season_id = _season(config, choices, say)
    password = _coordinator(choices.password)
    _live_until_now(password, say)
    if _queue(season_id, choices):
        with worker:
            _watch(season_id, say)
    with reading() as session:
        for line in summary(session, season_id):
            say(line)
        planned = all_planned(session, season_id)
    with transaction() as session:
        for line in look_at(session, config.public_url):
            say(line)
    say("")
    say(f"Sign in as {LOGIN} with the password {password}")
    return planned


def _season(config: Settings, choices: Choices, say: Say) -> str:
    code = demo_code(choices.seed, choices.scale, from_register=choices.schools is not None)
    with reading() as session:
        there = existing_seasons(session)
    foreign = [name for name in there if not name.startswith(PREFIX)]
    if foreign:
        raise Conflict(
            f"This database holds a season of its own ({foreign[0]}).",
            remedy="Set TREFFPUNKT_DATA to another folder, or DATABASE_URL to another database.",
        )
    if code in there and not choices.fresh:
        say("The demo season is there already; --fresh builds it anew.")
        return there[code]
    if there and not choices.fresh:
        raise Conflict("This database holds another demo season.", remedy="Add --fresh to put this one in its place.")
    if there:
        downgrade(config.database_url, "base")
        upgrade(config.database_url)
    return _build(code, choices, say)


def _build(code: str, choices: Choices, say: Say) -> str:
    started = time.monotonic()
    if choices.schools is not None:
        _import_schools(choices.schools, say)
    with transaction() as session:
        build_season(
            session,
            today=clock.today(),
            seed=choices.seed,
            scale=choices.scale,
            from_register=choices.schools is not None,
        )
    say(f"Built a season of size {choices.scale} with seed {choices.seed} in {time.monotonic() - started:.1f} s.")
    with reading() as session:
        return existing_seasons(session)[code]


def _import_schools(file: Path, say: Say) -> None:
    from api.services.import_schools import import_schools

    with transaction() as session:
        say(str(import_schools(session, file)))


def _coordinator(wanted: str | None) -> str:
    """The demo's account; its password is set anew each time, so that it can be told."""
    password = wanted or secrets.token_urlsafe(12)
    with transaction() as session:
        if session.scalar(select(User.id).where(User.login == LOGIN)):
            set_password(session, LOGIN, password)
        else:
            grants = [Grant(Role.COORDINATOR), Grant(Role.ADMIN)]
            create_user(session, login=LOGIN, password=password, name="Koordinator", grants=grants)
    return password


def _live_until_now(password: str, say: Say) -> None:
    """The half year that runs, lived through once; its accounts get the password each time."""
    started = time.monotonic()
    with transaction() as session:
        set_passwords(session, password)
        is_there = is_lived_in(session)
        known = account(session, session.scalars(select(User.id).where(User.login == LOGIN)).one())
    assert known is not None
    if not is_there:
        add_present(known.actor, password)
        say(f"Lived through the last weeks in {time.monotonic() - started:.1f} s.")


def _queue(season_id: str, choices: Choices) -> bool:
    """Orders what is not planned yet. Returns whether there is anything to wait for."""
    with transaction() as session:
        user_id = session.scalars(select(User.id).where(User.login == LOGIN)).one()
        known = account(session, user_id)
        assert known is not None
        runs = newest_runs(session, season_id)
        for kind in RunKind:
            if kind not in runs or runs[kind].state in (RunState.FAILED, RunState.CANCELLED):
                queue_run(
                    session,
                    known.actor,
                    kind=kind,
                    season_id=season_id,
                    seed=choices.seed,
                    seconds=choices.seconds,
                )
        session.flush()
        return any(run.state in OPEN_STATES for run in newest_runs(session, season_id).values())


def _watch(season_id: str, say: Say) -> None:
    """A bar for each run, until none is open."""
    say("Planning visits and study groups; both can be watched in the browser as runs, too.")
    bars = {
        kind: tqdm(total=goals, desc=kind.value, bar_format="{desc:<6} {bar:24} {postfix} [{elapsed}]")
        for kind, goals in GOALS.items()
    }
    try:
        while _show(season_id, bars):
            time.sleep(POLL_SECONDS)
    finally:
        for bar in bars.values():
            bar.close()


def _show(season_id: str, bars: dict[RunKind, tqdm]) -> bool:
    with reading() as session:
        runs = list(_progress(session.scalars(select(Run).where(Run.season_id == season_id))))
    for kind, state, goals, text in runs:
        bar = bars[kind]
        bar.n = bar.total if state is RunState.DONE else max(0, goals - 1)
        bar.set_postfix_str(text)
    return any(state in OPEN_STATES for _, state, _, _ in runs)


def _progress(rows: Iterable[Run]) -> Iterator[tuple[RunKind, RunState, int, str]]:
    for run in rows:
        last = run.progress[-1] if run.progress else None
        text = run.state.value
        if run.state is RunState.RUNNING and last:
            text = f"{last['goal']} {_shown(last['value'])}, at best {_shown(last['bound'])}"
        yield run.kind, run.state, len({event["goal"] for event in run.progress}), text


def _shown(value: int | None) -> str:
    return "-" if value is None else str(value)
