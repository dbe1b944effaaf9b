"""Companies: registered, changed; agreements, times set aside, people, promised and delivered. Contacts: their own."""

from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from api.db import transaction
from api.domain.permissions import Action, reach
from api.edge.access import allowed, current_actor
from api.edge.repeats import KeySchema, answered, once_for_key
from api.edge.rest import ResourceBlueprint, listed, version_of, window_of
from api.edge.session import read_session
from api.errors import Conflict, NotFound
from api.i18n import gettext as _
from api.models.companies import Agreement, Company
from api.queries import companies as reads
from api.queries import role_models as role_model_reads
from api.queries.season_now import shown_season
from api.schemas import companies as schemas
from api.schemas.role_models import RoleModelList, RoleModelSchema
from api.services.companies import access, agreements, register
from api.services.role_models import create_role_model

blueprint = ResourceBlueprint("api_companies", __name__, description="Companies and what they promise")
CHANGE, SEE = Action.CHANGE_COMPANIES, Action.SEE_COMPANIES
LOCATION = {"Location": {"schema": {"type": "string"}}}


@blueprint.get("/companies")
@blueprint.etag
@blueprint.arguments(schemas.CompanyQuery, location="query")
@blueprint.response(200, schemas.CompanyList)
@allowed(SEE)
def list_companies(query: dict[str, Any]) -> dict[str, Any]:
    """Companies"""
    return listed(reads.companies(read_session(), current_actor(), window_of(query)))


@blueprint.post("/companies")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(schemas.NewCompanySchema)
@blueprint.response(201, schemas.CompanySchema, headers=LOCATION)
@allowed(CHANGE)
def create_company(headers: dict[str, Any], given: dict[str, Any]) -> Any:
    """Put a company in; coordination only"""
    with transaction() as session:

        def make() -> Any:
            made = register.create(session, current_actor(), given)
            location = url_for("api_companies.get_company", company_id=made.id)
            return answered(201, location, version_of(made), schemas.CompanySchema().dump(made))

        return once_for_key(session, blueprint, headers, given, make)


@blueprint.get("/companies/<uuid:company_id>")
@blueprint.etag
@blueprint.response(200, schemas.CompanySchema)
@allowed(SEE)
def get_company(company_id: UUID) -> Any:
    """One company"""
    found = access.company(read_session(), current_actor(), str(company_id))
    blueprint.set_etag(version_of(found))
    return found


@blueprint.patch("/companies/<uuid:company_id>")
@blueprint.etag
@blueprint.arguments(schemas.CompanyChangeSchema)
@blueprint.response(200, schemas.CompanySchema)
@allowed(CHANGE)
def change_company(given: dict[str, Any], company_id: UUID) -> Any:
    """Change a company, or name its contact"""
    actor = current_actor()
    with transaction() as session:
        found = access.company(session, actor, str(company_id), CHANGE)
        blueprint.check_etag(version_of(found))
        register.change(session, found, given, access.acting(actor), everywhere=reach(actor, CHANGE).everywhere)
        blueprint.set_etag(version_of(found))
        return found


@blueprint.get("/companies/<uuid:company_id>/agreement")
@blueprint.etag
@blueprint.arguments(schemas.SeasonQuery, location="query")
@blueprint.response(200, schemas.AgreementSchema)
@allowed(SEE)
def get_agreement(query: dict[str, Any], company_id: UUID) -> Any:
    """The agreement of a season"""
    session = read_session()
    found = _agreement(session, access.company(session, current_actor(), str(company_id)), query)
    blueprint.set_etag(version_of(found))
    return _view(found)


@blueprint.post("/companies/<uuid:company_id>/agreement")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(schemas.SeasonQuery, location="query")
@blueprint.arguments(schemas.AgreementChangeSchema)
@blueprint.response(201, schemas.AgreementSchema, headers=LOCATION)
@allowed(CHANGE)
def propose_agreement(headers: dict[str, Any], query: dict[str, Any], given: dict[str, Any], company_id: UUID) -> Any:
    """Propose the agreement of a season"""
    actor = current_actor()
    with transaction() as session:
        company = access.company(session, actor, str(company_id), CHANGE)

        def make() -> Any:
            season_id = _season_id(session, query)
            if access.agreement(session, company, season_id) is not None:
                raise Conflict(_("There is an agreement for this season already."), remedy=_("Change that one."))
            made = agreements.set_agreement(session, company, season_id, given, access.acting(actor))
            location = url_for("api_companies.get_agreement", company_id=company.id, season=season_id)
            return answered(201, location, version_of(made), schemas.AgreementSchema().dump(_view(made)))

        return once_for_key(session, blueprint, headers, {**query, **given, "company": company.id}, make)


@blueprint.patch("/companies/<uuid:company_id>/agreement")
@blueprint.etag
@blueprint.arguments(schemas.SeasonQuery, location="query")
@blueprint.arguments(schemas.AgreementChangeSchema)
@blueprint.response(200, schemas.AgreementSchema)
@allowed(CHANGE)
def change_agreement(query: dict[str, Any], given: dict[str, Any], company_id: UUID) -> Any:
    """Change the agreement of a season"""
    actor = current_actor()
    with transaction() as session:
        company = access.company(session, actor, str(company_id), CHANGE)
        found = _agreement(session, company, query)
        blueprint.check_etag(version_of(found))
        changed = agreements.set_agreement(session, company, found.season_id, given, access.acting(actor))
        blueprint.set_etag(version_of(changed))
        return _view(changed)


@blueprint.get("/companies/<uuid:company_id>/pledge-slots")
@blueprint.etag
@blueprint.arguments(schemas.SeasonQuery, location="query")
@blueprint.response(200, schemas.SlotsSchema)
@allowed(SEE)
def list_pledge_slots(query: dict[str, Any], company_id: UUID) -> Any:
    """Times set aside for the agreement of a season"""
    session = read_session()
    agreement = _agreement(session, access.company(session, current_actor(), str(company_id)), query)
    return {"items": [_slot(one) for one in reads.slots(session, agreement.id)]}


@blueprint.post("/companies/<uuid:company_id>/pledge-slots")
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(schemas.SeasonQuery, location="query")
@blueprint.arguments(schemas.PledgeSlotSchema)
@blueprint.response(201, schemas.PledgeSlotSchema, headers=LOCATION)
@allowed(CHANGE)
def add_pledge_slot(headers: dict[str, Any], query: dict[str, Any], given: dict[str, Any], company_id: UUID) -> Any:
    """Set a time aside"""
    actor = current_actor()
    with transaction() as session:
        company = access.company(session, actor, str(company_id), CHANGE)

        def make() -> Any:
            agreement = _agreement(session, company, query)
            person = access.own_role_model(session, company, given["role_model_id"])
            times = (given["day"], given["starts"], given["ends"])
            made = agreements.pledge(session, agreement, person, *times, access.acting(actor))
            location = url_for("api_companies.list_pledge_slots", company_id=company.id, season=agreement.season_id)
            return answered(201, location, version_of(made), schemas.PledgeSlotSchema().dump(made))

        return once_for_key(session, blueprint, headers, {**query, **given, "company": company.id}, make)


@blueprint.delete("/companies/<uuid:company_id>/pledge-slots/<uuid:slot_id>")
@blueprint.response(204)
@allowed(CHANGE)
def take_pledge_slot_back(company_id: UUID, slot_id: UUID) -> None:
    """Take a time back that no visit uses"""
    actor = current_actor()
    with transaction() as session:
        company = access.company(session, actor, str(company_id), CHANGE)
        agreements.take_back(session, company, str(slot_id), access.acting(actor))


@blueprint.get("/companies/<uuid:company_id>/role-models")
@blueprint.etag
@blueprint.arguments(schemas.OwnRoleModelQuery, location="query")
@blueprint.response(200, RoleModelList)
@allowed(SEE)
def list_own_role_models(query: dict[str, Any], company_id: UUID) -> Any:
    """The company's people"""
    session = read_session()
    company = access.company(session, current_actor(), str(company_id))
    window = window_of(query)
    return listed(role_model_reads.role_models(session, current_actor(), window, company=company.id, **query))


@blueprint.post("/companies/<uuid:company_id>/role-models")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(schemas.NewOwnRoleModelSchema)
@blueprint.response(201, RoleModelSchema, headers=LOCATION)
@allowed(CHANGE)
def register_own_role_model(headers: dict[str, Any], given: dict[str, Any], company_id: UUID) -> Any:
    """Put somebody in, who says yes in person"""
    actor = current_actor()
    with transaction() as session:
        company = access.company(session, actor, str(company_id), CHANGE)

        def make() -> Any:
            made = create_role_model(session, actor, given | {"company": company.id})
            location = url_for("api_role_models.get_role_model", role_model_id=made.id)
            seen = role_model_reads.role_model(session, actor, made.id)
            return answered(201, location, version_of(seen), RoleModelSchema().dump(seen))

        return once_for_key(session, blueprint, headers, given | {"company": company.id}, make)


@blueprint.get("/companies/<uuid:company_id>/figures")
@blueprint.etag
@blueprint.arguments(schemas.SeasonQuery, location="query")
@blueprint.response(200, schemas.CompanyFiguresSchema)
@allowed(SEE)
def get_figures(query: dict[str, Any], company_id: UUID) -> Any:
    """Promised, asked, accepted, held and silent, by week"""
    session = read_session()
    company = access.company(session, current_actor(), str(company_id))
    return reads.figures(session, _agreement(session, company, query))


def _season_id(session: Session, query: dict[str, Any]) -> str:
    if "season" in query:
        return str(query["season"])
    found = shown_season(session)
    if found is None:
        raise NotFound(_("There is no season yet."))
    return found.id


def _agreement(session: Session, company: Company, query: dict[str, Any]) -> Agreement:
    found = access.agreement(session, company, _season_id(session, query))
    if found is None:
        raise NotFound(_("There is no agreement for this season."))
    return found


def _view(row: Agreement) -> dict[str, Any]:
    return {
        "id": row.id,
        "season_id": row.season_id,
        "pledged_people": row.pledged_people,
        "municipalities": sorted(one.id for one in row.municipalities),
        "visit_weeks": sorted(one.id for one in row.visit_weeks),
    }


def _slot(one: reads.Slot) -> dict[str, Any]:
    row = one.slot
    return {
        "id": row.id,
        "role_model_id": row.role_model_id,
        "day": row.day,
        "starts": row.starts,
        "ends": row.ends,
        "used": one.used,
    }
