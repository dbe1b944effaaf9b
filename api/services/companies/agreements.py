"""What a company promises for a season, who its people in it are, and the times that are set aside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any, TypeVar

from sqlalchemy import exists, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from api import clock
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.base import Base
from api.models.bookings import Booking
from api.models.companies import Agreement, Company
from api.models.follow_up import PledgeSlot
from api.models.places import Municipality
from api.models.programmes import Season, VisitWeek
from api.models.role_models import RoleModel, agreement_role_model
from api.services import audit
from api.services.change import By
from api.services.companies import access

WEEK = timedelta(days=7)
RowT = TypeVar("RowT", bound=Base)


def set_agreement(session: Session, company: Company, season_id: str, given: Mapping[str, Any], who: By) -> Agreement:
    """Proposes the agreement of a season, or changes what is given of it.

    given: pledged_people, municipalities, visit_weeks and role_models, the last three as ids. Raises NotFound for an
    unknown season, InvalidInput for unknown ids, a week of another season, and people of other companies.
    """
    if session.get(Season, season_id) is None:
        raise NotFound(_("There is no such season."))
    found = access.agreement(session, company, season_id)
    agreement = found or Agreement(company_id=company.id, season_id=season_id, pledged_people=0)
    session.add(agreement)
    session.flush()
    if "pledged_people" in given:
        agreement.pledged_people = given["pledged_people"]
    if "municipalities" in given:
        agreement.municipalities = _rows(session, Municipality, given["municipalities"], "municipalities")
    if "visit_weeks" in given:
        weeks = _rows(session, VisitWeek, given["visit_weeks"], "visit_weeks")
        if any(week.season_id != season_id for week in weeks):
            raise InvalidInput(_("Choose visit weeks of this season."), field="visit_weeks")
        agreement.visit_weeks = weeks
    if "role_models" in given:
        _set_people(session, agreement, company, given["role_models"])
    flag_modified(agreement, "pledged_people")  # parts of an agreement have no version of their own
    session.flush()
    event = "agreement.change" if found else "agreement.propose"
    audit.record(session, event, "agreement", agreement.id, actor_id=who.user_id, detail={"fields": sorted(given)})
    return agreement


def people_of(session: Session, agreement: Agreement) -> list[RoleModel]:
    """The role models of an agreement, by id."""
    statement = select(RoleModel).join(agreement_role_model, agreement_role_model.c.role_model_id == RoleModel.id)
    return list(
        session.scalars(statement.where(agreement_role_model.c.agreement_id == agreement.id).order_by(RoleModel.id))
    )


def pledge(
    session: Session, agreement: Agreement, role_model: RoleModel, day: date, starts: time, ends: time, who: By
) -> PledgeSlot:
    """Sets a time aside; the person is of the agreement from then on.

    Raises InvalidInput for a day outside the agreement's visit weeks, or that has been, and for times that end before
    they start; Conflict for a time that touches another of the person's.
    """
    if starts >= ends:
        raise InvalidInput(_("The end must come after the start."), field="ends")
    if day <= clock.today() or not any(week.monday <= day < week.monday + WEEK for week in agreement.visit_weeks):
        raise InvalidInput(
            _("Choose a day to come in one of the agreement's visit weeks."), field="day", remedy=_weeks(agreement)
        )
    overlaps = exists().where(
        PledgeSlot.role_model_id == role_model.id,
        PledgeSlot.day == day,
        PledgeSlot.starts < ends,
        PledgeSlot.ends > starts,
    )
    if session.scalar(select(overlaps)):
        raise Conflict(_("This time is set aside already."), field="starts")
    if agreement not in role_model.agreements:
        role_model.agreements.append(agreement)
    slot = PledgeSlot(agreement_id=agreement.id, role_model_id=role_model.id, day=day, starts=starts, ends=ends)
    session.add(slot)
    session.flush()
    audit.record(session, "pledge_slot.add", "pledge_slot", slot.id, actor_id=who.user_id)
    return slot


def take_back(session: Session, company: Company, slot_id: str, who: By) -> None:
    """Takes a time back that is not in use. Raises NotFound, Conflict where a visit uses it."""
    slot = session.scalar(
        select(PledgeSlot)
        .join(Agreement, PledgeSlot.agreement_id == Agreement.id)
        .where(PledgeSlot.id == slot_id, Agreement.company_id == company.id)
        .with_for_update()
    )
    if slot is None:
        raise NotFound(_("There is no such time."))
    if is_used(session, slot):
        raise Conflict(_("A visit uses this time."), remedy=_("Tell us if the person cannot come after all."))
    audit.record(session, "pledge_slot.take_back", "pledge_slot", slot.id, actor_id=who.user_id)
    session.delete(slot)
    session.flush()


def is_used(session: Session, slot: PledgeSlot) -> bool:
    """Whether the person is booked in this time."""
    starts, ends = (clock.at_local(slot.day, at) for at in (slot.starts, slot.ends))
    return bool(
        session.scalar(
            select(
                exists().where(
                    Booking.person_id == slot.role_model.person_id,
                    Booking.released_at.is_(None),
                    Booking.starts_at < ends,
                    Booking.ends_at > starts,
                )
            )
        )
    )


def _set_people(session: Session, agreement: Agreement, company: Company, ids: list[str]) -> None:
    wanted = {one: access.own_role_model(session, company, one) for one in ids}
    pledged = set(session.scalars(select(PledgeSlot.role_model_id).where(PledgeSlot.agreement_id == agreement.id)))
    if pledged - wanted.keys():
        raise Conflict(_("Somebody with times set aside must stay."), field="role_models")
    for role_model in people_of(session, agreement):
        if role_model.id not in wanted:
            role_model.agreements.remove(agreement)
    for role_model in wanted.values():
        if agreement not in role_model.agreements:
            role_model.agreements.append(agreement)


def _rows(session: Session, kind: type[RowT], ids: list[str], field: str) -> list[RowT]:
    found = [session.get(kind, one) for one in dict.fromkeys(ids)]
    if any(row is None for row in found):
        raise InvalidInput(_("Something of this list is not known."), field=field)
    return [row for row in found if row is not None]


def _weeks(agreement: Agreement) -> str | None:
    mondays = sorted({week.monday for week in agreement.visit_weeks})
    if not mondays:
        return _("Choose visit weeks for the agreement first.")
    return _("They begin on %(days)s.", days=", ".join(f"{monday:%Y-%m-%d}" for monday in mondays))
