"""The demo command from nothing to two plans, and once more without doubling anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from api import cli, clock, db
from api.app import create_app
from api.config import settings
from api.demo import look_at
from api.demo.play import LOGIN
from api.demo.present import PHONE, add_present
from api.demo.season import build_season
from api.domain.permissions import Actor, Grant, Role
from api.models.follow_up import ExceptionItem, Invitation
from api.models.group_life import SeatOffer
from api.models.planning import Plan, Run
from api.models.programmes import Season
from api.models.pupils import Pupil
from api.services.users import create_user
from tests import factories as make
from tests import invariants


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TREFFPUNKT_DATA", str(tmp_path))
    monkeypatch.setenv("TREFFPUNKT_ENV", "development")
    monkeypatch.setenv("DATABASE_URL", "")
    before = db.use_sessions(None)
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()
    db.use_sessions(before)


@pytest.fixture
def mailbox() -> Iterator[None]:
    """Mails go to the mailbox of development."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TREFFPUNKT_ENV", "development")
        settings.cache_clear()
        yield
    settings.cache_clear()


def demo(*options: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.main, ["demo", *options])
    return result.exit_code, result.output


def counts(folder: Path) -> tuple[int, int, int]:
    engine = db.make_engine(f"sqlite:///{folder / 'treffpunkt.db'}")
    with Session(engine) as session:
        pupils, runs, plans = (
            session.scalar(select(func.count()).select_from(model)) or 0 for model in (Pupil, Run, Plan)
        )
    engine.dispose()
    return pupils, runs, plans


PASSWORD = "long enough to keep"
VISITS = {"asked_in_vain", "not_called", "not_ready", "not_confirmed", "promise_missed"}
CAMPUS = {"too_few_mentors", "absent", "not_marked", "underfilled"}


def is_lived_in(folder: Path) -> None:
    """The present has work for people, made by the services alone."""
    engine = db.make_engine(f"sqlite:///{folder / 'treffpunkt.db'}")
    with Session(engine) as session:
        has_work(session)
    engine.dispose()


def has_work(session: Session) -> None:
    assert invariants.broken(session) == []
    lines = session.scalars(select(ExceptionItem).where(ExceptionItem.state == "open")).all()
    assert {line.kind for line in lines} >= VISITS | (CAMPUS - {"underfilled"})
    assert all(line.remedy["code"] for line in lines)
    assert {line.person.phone for line in lines if line.person is not None} == {PHONE}
    assert (session.scalar(select(func.count()).where(Invitation.state == "sent")) or 0) >= 6
    assert session.scalar(select(func.count()).where(SeatOffer.state == "open")) == 1


def each_address_answers(text: str) -> None:
    """Each printed address opens: the links for anybody, the pages for whom they are printed beside."""
    app = create_app(settings())
    found = re.findall(r"^  (.+?) +https?://[^/]+(/\S+)$", text, re.MULTILINE)
    assert len(found) == len(look_at.PAGES) + 3 + 4
    for said, path in found:
        client = app.test_client()
        login = said if "@" in said else LOGIN
        if len(path) < 64:
            form = {"login": login, "password": PASSWORD, **hidden(client.get("/logg-inn").get_data(as_text=True))}
            assert client.post("/logg-inn", data=form).status_code == 303
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code == 200, (said, path)
        assert "Det er ikke noe forslag" not in answer.get_data(as_text=True), path
        assert ("?plan=" in path) == path.startswith(("/besok", "/grupper"))
        if path == "/i-dag":
            assert "Ingenting trenger deg" not in answer.get_data(as_text=True)


def hidden(page: str) -> dict[str, str]:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    return {"csrf_token": token.group(1)} if token else {}


def test_demo_ends_with_two_judged_plans_and_a_second_time_shows_them(folder: Path) -> None:
    code, text = demo("--seconds", "2", "--password", PASSWORD)
    assert code == 0, text
    assert text.count("the judge found no broken rule") == 2
    assert "requests 240, visits" in text
    assert "returning" in text
    assert "sites with a waiting list:" in text
    assert text.rstrip().endswith("Sign in as koordinator@example.org with the password long enough to keep")
    assert counts(folder) == (4_268, 2, 2)
    is_lived_in(folder)
    each_address_answers(text)

    code, again = demo("--password", "another one to keep")
    assert code == 0, again
    assert again.startswith("The demo season is there already; --fresh builds it anew.\n")
    assert again.count("the judge found no broken rule") == 2
    assert counts(folder) == (4_268, 2, 2)

    code, text = demo("--seed", "2")
    assert (code, text) == (
        1,
        "Error: This database holds another demo season. Add --fresh to put this one in its place.\n",
    )


@pytest.mark.long
@pytest.mark.usefixtures("mailbox")
def test_present_is_lived_in_on_both_databases(own_database: Engine) -> None:
    with db.transaction() as session:
        build_season(session, today=clock.today(), seed=1, scale=1, from_register=False)
        grants = [Grant(Role.COORDINATOR)]
        user = create_user(session, login=LOGIN, password=PASSWORD, name="Koordinator", grants=grants)
        actor = Actor(user.id, frozenset(grants), person_id=user.person_id)
    add_present(actor, PASSWORD)
    with db.reading() as session:
        has_work(session)


def test_demo_leaves_a_database_of_others_alone(folder: Path) -> None:
    url = f"sqlite:///{folder / 'treffpunkt.db'}"
    db.upgrade(url)
    engine = db.make_engine(url)
    with Session(engine) as session:
        make.make_season(session)
        session.commit()
    code, text = demo("--fresh")
    assert code == 1
    assert text.startswith("Error: This database holds a season of its own")
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Season)) == 1
    engine.dispose()
