"""How fast the season's pages answer: the median of 20 for each, on the season that `treffpunkt demo` has planned.

    python -m tests.benchmarks.pages

reads the database that the settings name (TREFFPUNKT_DATA, DATABASE_URL). Ends with 1 when a page is over the limit.
"""

import os
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from api.app import create_app
from api.config import settings
from api.db import reading, transaction
from api.domain.enums import RunKind, RunState
from api.domain.permissions import Grant, Role
from api.edge.login import SESSION_ID
from api.models.access import User
from api.models.groups import GroupSession, Site
from api.models.people import Person
from api.models.places import School
from api.models.plan_rows import PlanUnserved, PlanVisit
from api.models.planning import Run
from api.models.visits import Request
from api.queries import season_now
from api.services import users
from api.services.accounts import sessions

LIMIT_MS = 200
TIMES = 20
LOGIN = "page-benchmark@example.org"


@dataclass(frozen=True, slots=True)
class Measured:
    """One page: who asked, milliseconds of the first answer and of the median one, questions to the database."""

    who: str
    address: str
    first_ms: float
    median_ms: float


def addresses() -> list[str]:
    """Every page that shows the season, with real ids. Raises LookupError when no season has been planned."""
    with reading() as session:
        season = season_now.shown_season(session)
        plans = {kind: season and season_now.held_plan(session, season.id, kind) for kind in RunKind}
        if season is None or None in plans.values():
            raise LookupError("there is no planned season; run `treffpunkt demo` first")
        visits = plans[RunKind.VISIT]
        visit = session.scalars(select(PlanVisit.id).where(PlanVisit.plan_id == visits.id).limit(1)).one()
        left_out = select(PlanUnserved.request_id).where(PlanUnserved.plan_id == visits.id).limit(1)
        unserved = session.scalars(left_out).one()
        site = session.scalars(select(Site.code).join(GroupSession).where(GroupSession.season_id == season.id)).first()
        municipality = session.scalars(
            select(School.municipality_id).join(Request).where(Request.season_id == season.id).limit(1)
        ).one()
        run = session.scalars(select(Run.id).where(Run.state == RunState.DONE).limit(1)).one()
    return [
        "/", "/besok", "/besok?sort=school&page=2", "/besok?q=skole&reserved=1", f"/besok/{visit}", "/besok/uten",
        f"/besok/uten/{unserved}", "/kart", f"/kart?municipality={municipality}", "/kart/punkter.json", "/kart/grupper",
        "/kart/grupper/punkter.json", "/grupper", "/grupper?sort=-waiting", "/grupper/steder", "/grupper/uten",
        f"/grupper/{site}", f"/grupper/{site}/venteliste", "/kjoringer", f"/kjoringer/{run}", f"/kjoringer/{run}/na",
        "/personvern", "/tilgjengelighet", "/i-dag", "/laser", "/sammenlign", f"/besok/{visit}/flytt",
        f"/besok/{visit}/ta-ut", f"/besok/uten/{unserved}/plass", f"/godkjenn/{visits.id}", "/regler", "/historikk",
        "/melding", "/bestill-for?q=skole", "/dobbelt",
    ]  # fmt: skip


def measure(app: Flask) -> list[Measured]:
    """Every page as everyone and as a coordinator sees it; pages that everyone may not see are asked once less."""
    found = []
    for who, client in (("everyone", app.test_client()), ("coordinator", _coordinator(app))):
        for address in addresses():
            answer, first = _timed(client, address)
            if answer == 302:
                continue
            assert answer == 200, (address, answer)
            found.append(Measured(who, address, first, _median(client, address)))
    return found


def main() -> int:
    os.environ.setdefault("TREFFPUNKT_ENV", "development")
    try:
        found = measure(create_app(settings()))
    except LookupError as missing:
        print(missing, file=sys.stderr)
        return 2
    for one in sorted(found, key=lambda one: -one.median_ms):
        print(f"{one.median_ms:7.1f} ms  (first {one.first_ms:7.1f})  {one.who:12}{one.address}")
    slow = [one for one in found if one.median_ms >= LIMIT_MS]
    print(f"{len(found)} pages, {len(slow)} of them not under {LIMIT_MS} ms")
    return 1 if slow else 0


def _median(client: FlaskClient, address: str) -> float:
    return statistics.median(_timed(client, address)[1] for _ in range(TIMES))


def _timed(client: FlaskClient, address: str) -> tuple[int, float]:
    began = time.perf_counter()
    answer = client.get(address)
    answer.get_data()
    return answer.status_code, (time.perf_counter() - began) * 1000


def _coordinator(app: Flask) -> FlaskClient:
    with transaction() as session:
        user: Any = session.scalar(select(User).join(Person).where(User.login == LOGIN))
        if user is None:
            grants = [Grant(Role.COORDINATOR)]
            user = users.create_user(session, login=LOGIN, password="x" * 20, name="Koordinator", grants=grants)
        started = sessions.start(session, user.id)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie[SESSION_ID] = started
    return client


if __name__ == "__main__":
    sys.exit(main())
