"""Every page of the URL map with a real address, and who looks at it. A room adds its lines to the tables here.

`python -m tests.journeys.addresses sqlite:///…` fills a migrated database with two of everything, and prints the pages
as JSON: a list of {endpoint, address, cookie}. The address of a rule is made of the ids of tests/api/two_sides.py; a
rule whose parameter is not known there fails the tests until it is, or stands in NOT_PAGES with its reason.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from api import clock, db
from api.app import create_app
from api.config import Settings
from api.domain.enums import LinkPurpose, RunKind
from api.domain.link_paths import LINK_PATHS
from api.domain.permissions import ANONYMOUS, Actor, Role
from api.edge.access import rule_for
from api.edge.login import SESSION_ID
from api.models.follow_up import PlanApproval
from api.models.plan_rows import PlanMentor
from api.models.pupils import Lottery
from api.models.reports import Survey
from api.services import links, users
from api.services.accounts import sessions
from tests.api.two_sides import Side, named_in, two_sides, word_of

# endpoint: why it is no page.
NOT_PAGES = {
    "static": "files",
    "public.healthz": "for programs",
    "public.readyz": "for programs",
    "metrics.metrics": "for programs",
    "api_docs.document": "for programs",
    "map.visit_points": "for the map",
    "map.group_points": "for the map",
    "runs.progress": "a part of its page",
    "runs.said": "a part of its page",
    "account.home": "leads on",
    "feide.begin": "leads on",
    "feide.back": "leads on",
    "year.file": "a download",
    "draw.tickets": "a download",
    "company_people.template": "a download",
    "calendars.feed": "a calendar",
    "order.schools": "a part of its page",
    "mailbox.html": "a letter as a mail program shows it",
    "second_factor.ask": "only between the two steps of signing in; test_second_factor",
    "attendance.list": "open around its meeting; the campus' journey has it",
    "order_status.sheet": "needs a visit that is sent; the school's journey has it",
    "surveys.show": "needs a link that nobody has used; the report's journey has it",
    "mailbox.message": "development only; the letters have tests of their own",
    "company.overview": "leads on where there is one company",
    "order.wishes": "leads on without an order that is begun; the school's journey has it",
    "doubles.look": "needs two who are alike; the coordination's tests have it",
    "by_hand.order": "needs a school; EXTRA has it",
    "order.receipt": "leads on without an order just sent; the school's journey has it",
    "order.check": "leads on without an order that is begun; the school's journey has it",
    "company_register.receipt": "leads on without a registration just sent",
    "role_model_register.receipt": "leads on without a registration just sent",
    "join.receipt": "leads on without a registration just sent",
}
# What a page answers that shows a state: here a visit is on its way, and the order can no longer be changed.
STATUSES = {"order_change.show": 409, "extra": 404}
# A blueprint whose pages are somebody's own; everything else is looked at by the first of ORDER who may.
OWN = {
    "company": Role.COMPANY_CONTACT,
    "profile": Role.ROLE_MODEL,
    "own_orders": Role.SCHOOL_CONTACT,
    "mentor": Role.MENTOR,
    "join": Role.PUPIL,
}
ORDER = (None, Role.ADMIN, Role.SITE_LEADER, Role.MENTOR)
# (address, role): views, statuses and errors that have an address but no rule of their own.
EXTRA: tuple[tuple[str, Role | None], ...] = (
    ("/nowhere", None),
    ("/ko/0000000000000000000000000000000000000000000000000000000000000000", None),
    ("/invitasjon/0000000000000000000000000000000000000000000000000000000000000000", None),
    ("/bestilling/status/0000000000000000000000000000000000000000000000000000000000000000", None),
    ("/bestill-for?q=a", Role.ADMIN),
    ("/besok?q=ingen%20heter%20dette", Role.ADMIN),
    ("/besok?visning=uke", Role.ADMIN),
    ("/", Role.ADMIN),
    ("/", Role.ROLE_MODEL),
    ("/", Role.COMPANY_CONTACT),
)


def page_rules(app: Flask) -> list[Rule]:
    """Every rule that answers GET with a page."""
    found = [
        rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith("/api/v1/") and rule.endpoint not in NOT_PAGES
    ]
    return sorted((one for one in found if not _is_file(one)), key=lambda rule: rule.rule)


def unknown_parameters(app: Flask, ids: dict[str, str]) -> dict[str, list[str]]:
    """What the rules name that has no example: rule → parameters."""
    known = {*ids, "secret"}
    return {rule.rule: sorted(named_in(rule) - known) for rule in page_rules(app) if named_in(rule) - known}


def examples(session: Session) -> Side:
    """One side of two, with the ids that only these pages need."""
    side, _other = two_sides(session)
    approvals = {
        kind: PlanApproval(
            plan_id=side.ids[name],
            approved_by_id=side.users[Role.ADMIN].id,
            send_at=clock.now() + timedelta(hours=1),
            items=[],
        )
        for kind, name in ((RunKind.VISIT, "other_id"), (RunKind.GROUP, "plan_id"))
    }
    survey = Survey(
        programme_id=side.ids["programme_id"],
        season_id=side.ids["season_id"],
        opens_at=clock.now() - timedelta(days=20),
        closes_at=clock.now() - timedelta(days=1),
    )
    lottery = Lottery(season_id=side.ids["season_id"], programme_id=side.ids["programme_id"], seed_hash="0" * 64)
    session.add_all([*approvals.values(), survey, lottery])
    session.flush()
    person_id = side.users[Role.ROLE_MODEL].person_id
    for purpose, kind, name in (
        (LinkPurpose.VISIT, "visit", "live_visit_id"),
        (LinkPurpose.PROFILE, "role_model", "role_model_id"),
    ):
        link = links.issue(
            session, purpose, kind, side.ids[name], expires_at=clock.now() + timedelta(days=1), person_id=person_id
        )
        side.links[purpose] = links.secret_of(link.id)
    side.ids |= {
        "approval_id": approvals[RunKind.VISIT].id,
        "group_approval_id": approvals[RunKind.GROUP].id,
        "survey_id": survey.id,
        "lottery_id": lottery.id,
        "planned_session_id": session.scalars(select(PlanMentor.session_id).limit(1)).one(),
    }
    return side


def address_of(app: Flask, rule: Rule, side: Side) -> str:
    """The rule with real ids in it. Visits and groups have plans and approvals of their own."""
    values = {name: word_of(rule, name) or side.ids.get(name, "") for name in rule.arguments}
    if "secret" in rule.arguments:
        values["secret"] = _secret(rule, side) or ""
    if rule.rule.startswith("/besok/uten"):
        values["request_id"] = side.ids["item_id"]
    elif rule.rule == "/laser/kveld/<session_id>":
        values["session_id"] = side.ids["planned_session_id"]
    elif rule.rule.startswith("/grupper"):
        values |= {name: side.ids[f"group_{name}"] for name in ("approval_id",) if name in values}
    elif "plan_id" in values:
        values["plan_id"] = side.ids["other_id"]
    with app.test_request_context():
        return str(app.url_map.bind("localhost").build(rule.endpoint, values))


def pages(app: Flask, session: Session, side: Side, *, known: set[str] | None = None) -> list[dict[str, str | None]]:
    """Every page: its endpoint, its address, and the session cookie of who looks at it. known: only with these ids."""
    cookies = {role: _cookie(app, session, side.users[role].id) for role in Role}
    actors = {role: _actor(session, side.users[role].id) for role in Role}
    made: list[dict[str, str | None]] = []
    for rule in page_rules(app):
        if known is not None and (named_in(rule) - known or ("secret" in rule.arguments and not _secret(rule, side))):
            continue
        asked = rule_for(app, rule.endpoint, "GET")
        assert asked is not None, rule.rule
        own = OWN.get(rule.endpoint.split(".")[0])
        readers = [own] if own and "secret" not in rule.arguments else []
        role = next(one for one in (*readers, *ORDER) if asked(actors[one] if one else ANONYMOUS))
        made.append(_page(rule.endpoint, address_of(app, rule, side), cookies[role] if role else None))
    made += [_page("extra", address, cookies[role] if role else None) for address, role in EXTRA]
    return made


def development_app(url: str) -> Flask:
    secret = os.environ["TREFFPUNKT_SECRET_KEY"]
    return create_app(Settings(env="development", data=Path.cwd(), database_url=url, secret=secret))


def main() -> None:
    app = development_app(sys.argv[1])
    with db.transaction() as session:
        print(json.dumps(pages(app, session, examples(session))))


def _secret(rule: Rule, side: Side) -> str | None:
    """The secret of the link whose path the rule has."""
    return next(
        (side.links.get(purpose) for purpose, path in LINK_PATHS.items() if rule.rule.startswith(f"{path}/")), None
    )


def _page(endpoint: str, address: str, cookie: str | None) -> dict[str, str | None]:
    return {"endpoint": endpoint, "address": address, "cookie": cookie}


def _is_file(rule: Rule) -> bool:
    return rule.rule.endswith((".ics", ".txt", ".json", ".csv")) or "suffix" in rule.arguments


def _actor(session: Session, user_id: str) -> Actor:
    account = users.account(session, user_id)
    assert account is not None
    return account.actor


def _cookie(app: Flask, session: Session, user_id: str) -> str:
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie[SESSION_ID] = sessions.start(session, user_id, second_factor=True)
    found = client.get_cookie("session")
    assert found is not None
    return found.value


if __name__ == "__main__":
    main()
