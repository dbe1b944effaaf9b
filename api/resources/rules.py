"""Rules of programmes: read, and changed as a new version."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.db import transaction
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.rest import ResourceBlueprint
from api.edge.session import read_session
from api.queries import coordination_rules as reads
from api.schemas.rules import ProgrammeRowsSchema, ProgrammeRulesSchema, RuleSettingsSchema
from api.services.coordination import rules as services

blueprint = ResourceBlueprint("api_rules", __name__, description="Rules of programmes, versioned")


@blueprint.get("/programmes")
@blueprint.etag
@blueprint.response(200, ProgrammeRowsSchema)
@allowed(Action.EDIT_RULES)
def list_programmes() -> Any:
    """Programmes and the number of their newest rules"""
    return {
        "items": [
            {"programme": row.id, "code": row.code, "kind": row.kind, "number": number}
            for row, number in reads.programmes(read_session())
        ]
    }


@blueprint.get("/programmes/<uuid:programme_id>/rules")
@blueprint.etag
@blueprint.response(200, ProgrammeRulesSchema)
@allowed(Action.EDIT_RULES)
def get_rules(programme_id: UUID) -> Any:
    """A programme's rules and their history"""
    return _shown(read_session(), str(programme_id))


@blueprint.put("/programmes/<uuid:programme_id>/rules")
@blueprint.etag
@blueprint.arguments(RuleSettingsSchema)
@blueprint.response(200, ProgrammeRulesSchema)
@blueprint.alt_response(409, "CONFLICT")
@allowed(Action.EDIT_RULES)
def put_rules(given: dict[str, Any], programme_id: UUID) -> Any:
    """Change a programme's rules: a new version

    Under the ETag of the version that was read. Plans and runs that are there keep theirs.
    """
    with transaction() as session:
        seen = _shown(session, str(programme_id))["number"]
        blueprint.check_etag({"id": str(programme_id), "number": seen})
        services.change_rules(session, current_actor(), str(programme_id), given["settings"], seen=seen)
        return _shown(session, str(programme_id))


def _shown(session: Session, programme_id: str) -> dict[str, Any]:
    found = services.programme(session, current_actor(), programme_id)
    newest = services.newest(session, programme_id)
    number = newest.number if newest else 0
    blueprint.set_etag({"id": programme_id, "number": number})
    return {
        "programme": found.id,
        "code": found.code,
        "kind": found.kind,
        "number": number,
        "settings": services.whole(found.kind, newest.settings if newest else {}),
        "history": reads.history(session, programme_id),
    }
