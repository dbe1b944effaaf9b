"""Who answers for a school, verified by a call; and the mail domains that vouch by themselves."""

from typing import Any
from uuid import UUID

from api.db import transaction
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.rest import ResourceBlueprint
from api.edge.session import read_session
from api.models.sign_in import Contact, MailDomain
from api.queries import users as reads
from api.schemas.users import MailDomainSchema, NewMailDomainSchema, SchoolContactSchema
from api.services.accounts import verification

blueprint = ResourceBlueprint("api_school_contacts", __name__, description="Contacts of schools, and who vouches")


@blueprint.get("/school-contacts")
@blueprint.response(200, SchoolContactSchema(many=True))
@allowed(Action.VERIFY_SCHOOLS)
def list_contacts() -> list[Contact]:
    """Contacts whom nobody has vouched for"""
    return reads.unverified_contacts(read_session())


@blueprint.post("/school-contacts/<uuid:contact_id>/verify")
@blueprint.response(200, SchoolContactSchema)
@blueprint.alt_response(409, "CONFLICT")
@allowed(Action.VERIFY_SCHOOLS)
def verify_contact(contact_id: UUID) -> Any:
    """The school, called on its public number, knows the person"""
    with transaction() as session:
        found = verification.verify_by_call(session, current_actor(), str(contact_id))
        session.flush()
        session.refresh(found, ["person", "school"])  # the answer is written after the transaction
        return found


@blueprint.delete("/school-contacts/<uuid:contact_id>")
@blueprint.response(204)
@blueprint.alt_response(409, "CONFLICT")
@allowed(Action.VERIFY_SCHOOLS)
def turn_contact_down(contact_id: UUID) -> None:
    """The school does not know the person"""
    with transaction() as session:
        verification.turn_down(session, current_actor(), str(contact_id))


@blueprint.get("/mail-domains")
@blueprint.response(200, MailDomainSchema(many=True))
@allowed(Action.VERIFY_SCHOOLS)
def list_domains() -> list[MailDomain]:
    """Mail domains that vouch for schools"""
    return reads.mail_domains(read_session())


@blueprint.post("/mail-domains")
@blueprint.arguments(NewMailDomainSchema)
@blueprint.response(201, MailDomainSchema)
@blueprint.alt_response(409, "CONFLICT")
@allowed(Action.VERIFY_SCHOOLS)
def add_domain(given: dict[str, Any]) -> MailDomain:
    """Let a mail domain vouch for a school, or for all schools of an owner"""
    with transaction() as session:
        return verification.add_domain(
            session, current_actor(), given["domain"], school_id=given["school"], owner_id=given["owner"]
        )


@blueprint.delete("/mail-domains/<uuid:domain_id>")
@blueprint.response(204)
@allowed(Action.VERIFY_SCHOOLS)
def remove_domain(domain_id: UUID) -> None:
    """Take a mail domain off the list"""
    with transaction() as session:
        verification.remove_domain(session, current_actor(), str(domain_id))
