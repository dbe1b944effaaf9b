"""Role models: registering one, keeping the profile right."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import flag_modified

from api.clock import now
from api.domain.enums import Mode
from api.domain.permissions import Action, Actor, reach
from api.domain.transitions import Party
from api.errors import InvalidInput, NotFound
from api.i18n import gettext
from api.models.companies import Company
from api.models.people import Person
from api.models.role_models import RoleModel, RoleModelBlocked, RoleModelFreeTime, RoleModelLanguage
from api.services.change import begin, by
from api.services.profiles import letters
from api.services.topics import topics_by_code

PLAIN_FIELDS = (
    "title",
    "place",
    "lat",
    "lon",
    "max_travel_minutes",
    "max_lessons",
    "max_per_day",
    "max_per_week",
    "max_per_term",
    "trained_on",
    "away_until",
    "travel_payer",
)


def create_role_model(session: Session, actor: Actor, given: Mapping[str, Any]) -> RoleModel:
    """A new role model. given: as NewRoleModelSchema loads it.

    Whom coordination puts in counts as confirmed today; whom a company puts in gets a letter and says yes in person.

    Raises NotFound for a company out of the actor's reach, InvalidInput for an unknown topic or times that repeat.
    """
    company_id = given.get("company")
    where = reach(actor, Action.CHANGE_ROLE_MODELS)
    if not where.covers(company_id) or (company_id is not None and session.get(Company, company_id) is None):
        raise NotFound(gettext("There is no such company."), field="company")
    if not where.everywhere and not given["person"].get("email"):
        raise InvalidInput(gettext("Give the e-mail address: the person says yes by a link."), field="email")
    person = Person(**given["person"])
    role_model = RoleModel(person=person, company_id=company_id, **_plain(given))
    _set_parts(session, role_model, given)
    if where.everywhere:
        role_model.confirmed_at = now()
        session.add(role_model)
        session.flush()
        return role_model
    begin(session, role_model, "register", by(Party.COMPANY, actor))
    letters.tell(session, "profile_invited", role_model)
    return role_model


def change_role_model(session: Session, role_model: RoleModel, given: Mapping[str, Any]) -> None:
    """Changes a profile; its version goes up by one. given: as RoleModelChangeSchema loads it.

    Raises InvalidInput for an unknown topic or times that repeat.
    """
    for name, value in _plain(given).items():
        setattr(role_model, name, value)
    for name, value in given.get("person", {}).items():
        setattr(role_model.person, name, value)
    if given.get("confirmed"):
        role_model.confirmed_at = now()
    _set_parts(session, role_model, given)
    flag_modified(role_model, "title")  # parts of a profile have no version of their own
    session.flush()


def editable_role_model(session: Session, actor: Actor, role_model_id: str) -> RoleModel:
    """The profile to change. Raises NotFound outside the actor's reach."""
    where = reach(actor, Action.CHANGE_ROLE_MODELS)
    statement = select(RoleModel).options(joinedload(RoleModel.person)).where(RoleModel.id == role_model_id)
    found = session.scalar(statement)
    own = found is not None and found.person_id == actor.person_id and not actor.read_only
    if found is None or not (own or where.covers(found.company_id)):
        raise NotFound(gettext("There is no such role model."))
    return found


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: given[name] for name in PLAIN_FIELDS if name in given}
    if "grades" in given:
        values["lowest_grade"], values["highest_grade"] = given["grades"]
    if "modes" in given:
        values["physical"], values["digital"] = Mode.PHYSICAL in given["modes"], Mode.DIGITAL in given["modes"]
    return values


def _set_parts(session: Session, role_model: RoleModel, given: Mapping[str, Any]) -> None:
    if "topics" in given:
        role_model.topics = list(topics_by_code(session, given["topics"], "topics").values())
    if "languages" in given:
        role_model.languages.clear()
        session.flush()
        role_model.languages = [RoleModelLanguage(language=code) for code in sorted(set(given["languages"]))]
    if "free_times" in given:
        _refuse_repeats([(free["weekday"], free["starts"]) for free in given["free_times"]], "free_times")
        role_model.free_times.clear()
        session.flush()
        role_model.free_times = [RoleModelFreeTime(**free) for free in given["free_times"]]
    if "blocked" in given:
        _refuse_repeats([(days["from_date"], days["to_date"]) for days in given["blocked"]], "blocked")
        role_model.blocked.clear()
        session.flush()
        role_model.blocked = [RoleModelBlocked(**days) for days in given["blocked"]]


def _refuse_repeats(keys: list[tuple[Any, Any]], field: str) -> None:
    if len(set(keys)) != len(keys):
        raise InvalidInput(gettext("The same time is given twice."), field=field)
