"""The files of a plan, exactly as they are downloaded, pass the judge and the replay of the command."""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from api.domain.enums import QueueMove, RunKind
from api.domain.lottery import draw, seed_hash
from api.domain.permissions import Role
from api.models.group_life import QueueEvent
from api.models.people import Person
from api.models.planning import Run
from api.models.pupils import Entry, Lottery
from matcher import cli
from tests import factories as make
from tests.api.web.conftest import AsRole
from tests.api.web.reading import csrf, page, text
from tests.seasons import World, plan_now

SEED = "a seed"


def downloaded(client: FlaskClient, plan: str, name: str, folder: Path) -> str:
    """The file as a browser keeps it."""
    address = f"/planer/{plan}/etterprov"
    answer = client.post(f"{address}/{name}", data={"csrf_token": csrf(page(client, address))})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}.json"
    (folder / f"{name}.json").write_bytes(answer.data)
    return str(folder / f"{name}.json")


def drawn(session: Session, world: World) -> None:
    """The queue's draw, as the service keeps it, and a plan made after it."""
    entries = session.query(Entry).all()
    programme = world.group_rules.programme_id
    numbers = draw(SEED, [entry.id for entry in entries])
    for entry in entries:
        entry.lottery_number = numbers[entry.id]
        detail = {"place": [entry.priority_class, entry.joined_on.isoformat(), numbers[entry.id]]}
        event = {"at": make.MORNING, "rule": "draw", "detail": detail}
        session.add(QueueEvent(entry_id=entry.id, number=1, move=QueueMove.DRAWN, **event))
    session.add(
        Lottery(
            season_id=world.season.id,
            programme_id=programme,
            seed_hash=seed_hash(SEED),
            seed=SEED,
            committed_at=make.MORNING - make.LESSON,
            revealed_at=make.MORNING,
        )
    )
    session.flush()
    plan_now(session, world, RunKind.GROUP)


def test_group_plan_is_judged_and_replayed_from_its_files(
    session: Session, world: World, planner: FlaskClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn(session, world)
    plan = world.plans[RunKind.GROUP]
    files = [downloaded(planner, plan, name, tmp_path) for name in ("problem", "plan", "draw")]
    assert cli.main(["check", *files[:2], "--replay", "--lottery", files[2]]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "ok"
    altered = json.loads(Path(files[2]).read_text())
    Path(files[2]).write_text(json.dumps(altered | {"seed": "another"}))
    assert cli.main(["check", *files[:2], "--replay", "--lottery", files[2]]) == 1
    said = text(page(planner, f"/historikk/plan/{plan}"))
    assert said.count("Forslag: lastet ned") == 3


def test_visit_plan_is_judged_with_its_bounds_and_names_nobody(
    session: Session, world: World, planner: FlaskClient, tmp_path: Path
) -> None:
    plan = world.plans[RunKind.VISIT]
    files = [downloaded(planner, plan, name, tmp_path) for name in ("problem", "plan")]
    assert cli.main(["check", *files]) == 0
    kept = "".join(Path(one).read_text() for one in files)
    assert [name for (name,) in session.query(Person.name) if name in kept] == []
    assert planner.post(f"/planer/{plan}/etterprov/draw", data={}).status_code in (400, 403, 404)


def test_only_coordinators_take_them_and_what_is_forgotten_is_gone(
    session: Session, world: World, planner: FlaskClient, signed_in_as: AsRole
) -> None:
    plan = world.plans[RunKind.GROUP]
    address = f"/planer/{plan}/etterprov"
    for role in (Role.ASSISTANT, Role.SITE_LEADER):
        other = signed_in_as(role, world.nygard if role is Role.SITE_LEADER else None)
        assert other.get(address).status_code == 404
    assert "check problem.json plan.json --replay" in page(planner, address)
    token = csrf(page(planner, address))
    session.execute(update(Run).values(problem=None, problem_sha256=None, document=None))
    assert "er ikke lagret lenger" in text(page(planner, address))
    assert planner.post(f"{address}/plan", data={"csrf_token": token}).status_code == 404
    assert planner.get("/planer/nothing/etterprov").status_code == 404
