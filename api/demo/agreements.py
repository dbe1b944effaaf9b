"""What came of last season's agreements: who of the companies' people was asked, and what they answered."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

from api.demo.rows import Rows
from api.domain.enums import InvitationKind, InvitationState
from api.models.companies import Agreement, Company, agreement_municipality
from api.models.follow_up import Invitation
from api.models.programmes import Season
from api.models.role_models import RoleModel, agreement_role_model
from api.models.visits import Request, Visit, VisitRoleModel

PROMISED = (10, 9, 8, 8, 6)
ASKED_BEFORE, ANSWERED_AFTER = timedelta(days=30), timedelta(days=2)


def add_agreements_of(rows: Rows, season_code: str) -> None:
    """Each company had an agreement in that season too; whoever held a visit had said yes, and one or two had not."""
    season = next(row["id"] for row in rows.of(Season) if row["code"] == season_code)
    company_of = {row["id"]: row["company_id"] for row in rows.of(RoleModel) if row.get("company_id")}
    people: defaultdict[str, list[str]] = defaultdict(list)
    for role_model, company in company_of.items():
        people[company].append(role_model)
    towns = _towns(rows)
    for number, company in enumerate(row["id"] for row in rows.of(Company)):
        promised = PROMISED[number % len(PROMISED)]
        agreement = rows.add(Agreement, company_id=company, season_id=season, pledged_people=promised)
        for town in sorted(towns[company]):
            rows.add(agreement_municipality, agreement_id=agreement, municipality_id=town)
        for role_model in people[company]:
            rows.add(agreement_role_model, agreement_id=agreement, role_model_id=role_model)
    _add_answers(rows, season, company_of)


def _towns(rows: Rows) -> dict[str, set[str]]:
    """The municipalities of each company's agreement of this season."""
    company_of = {row["id"]: row["company_id"] for row in rows.of(Agreement)}
    towns: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows.of(agreement_municipality):
        towns[company_of[row["agreement_id"]]].add(row["municipality_id"])
    return towns


def _add_answers(rows: Rows, season: str, company_of: dict[str, str]) -> None:
    requests = {row["id"] for row in rows.of(Request) if row["season_id"] == season}
    visits = {row["id"]: row for row in rows.of(Visit) if row["request_id"] in requests}
    held = [row for row in rows.of(VisitRoleModel) if row["visit_id"] in visits]
    for number, row in enumerate(held):
        if row["role_model_id"] in company_of:
            _invite(rows, visits[row["visit_id"]], row["role_model_id"], InvitationState.ACCEPTED, turn=1)
        elif number % 12 == 0:
            silent = sorted(company_of)[number % len(company_of)]
            _invite(rows, visits[row["visit_id"]], silent, InvitationState.EXPIRED, turn=1)


def _invite(rows: Rows, visit: dict[str, Any], role_model: str, state: InvitationState, *, turn: int) -> None:
    sent_at = visit["starts_at"] - ASKED_BEFORE
    said_yes = state is InvitationState.ACCEPTED
    rows.add(
        Invitation,
        visit_id=visit["id"],
        role_model_id=role_model,
        kind=InvitationKind.NOTICE if said_yes else InvitationKind.ASK,
        state=state,
        turn=turn,
        sent_at=sent_at,
        answer_by=sent_at + timedelta(days=7),
        answered_at=sent_at + ANSWERED_AFTER if said_yes else None,
    )
