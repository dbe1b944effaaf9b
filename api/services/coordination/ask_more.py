"""Promises that nobody was asked for: somebody of an agreement is asked, or told, for a request that waits."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import RequestState
from api.domain.permissions import Action, Actor, may
from api.domain.transitions import Party
from api.errors import Conflict, NotFound
from api.i18n import gettext as _
from api.i18n import long_date
from api.models.companies import Agreement
from api.models.programmes import Window
from api.models.visits import Request, Visit
from api.services import audit
from api.services.change import by
from api.services.companies.agreements import people_of
from api.services.follow_up import arrange, exceptions, sending, turn
from api.services.follow_up.candidates import Around, Candidate, best_first, best_for, candidates_for

SERVABLE = (RequestState.OPEN, RequestState.DECLINED)
TRIED = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of it: the visit, and whether its agreement person was told (and may object) rather than asked."""

    visit: Visit
    told: bool


def ask(session: Session, actor: Actor, agreement_id: str, request_id: str) -> Asked:
    """The best of an agreement's people for a request are arranged, told or asked, and the school hears.

    Effects, in order: the visit with its people, bookings and invitations; its line
    of Monday's list is solved; the messages; an entry in the trail. Raises NotFound without the right, for an unknown
    agreement or a request elsewhere, and Conflict while the booking period is open, for a request that has a visit, and
    where nobody of the agreement can come.
    """
    agreement = session.get(Agreement, agreement_id)
    request = session.get(Request, request_id)
    if agreement is None or request is None or not may(actor, Action.APPROVE_PLANS):
        raise NotFound(_("There is no such request."))
    if request.season_id != agreement.season_id or request.school.municipality_id not in {
        town.id for town in agreement.municipalities
    }:
        raise NotFound(_("There is no such request."))
    turn.take(session)
    session.refresh(request)
    _refuse_served(request)
    _refuse_open_window(session, request)
    found = _best(session, request, {one.id for one in people_of(session, agreement)})
    if found is None:
        raise Conflict(
            _("Nobody of %(company)s can come at the times the school asked for.", company=agreement.company.name),
            code="nobody_can",
            remedy=_("Try another request."),
        )
    who = by(Party.COORDINATION, actor)
    visit = arrange.new_visit(session, request, found, who)
    arrange.add_people(session, visit, found.people, who)
    exceptions.resolve_lines(session, request.id, "nobody_found", resolution="remedy", who=who)
    sending.announce(session, visit, clock.now())
    audit.record(
        session, "agreement.ask", "agreement", agreement.id, actor_id=actor.user_id, detail={"request": request.id}
    )
    return Asked(visit, found.people[0].reserved)


def _best(session: Session, request: Request, members: set[str]) -> Candidate | None:
    """Who of the agreement could come best; where several are asked for, with whoever goes best with them."""
    around = Around.read(session, request)
    ours = [one for one in candidates_for(session, request, around=around) if one.people[0].role_model_id in members]
    if request.role_models == 1:
        return ours[0] if ours else None
    first = list(dict.fromkeys(one.people[0].role_model_id for one in ours))[:TRIED]
    groups = [best_for(session, request, including=one, around=around) for one in first]
    return min((one for one in groups if one is not None), key=best_first, default=None)


def _refuse_served(request: Request) -> None:
    if request.state not in SERVABLE:
        raise Conflict(
            _("The request has a visit, or is no more."),
            code="served",
            remedy=_("Load the page again to see how it stands."),
        )


def _refuse_open_window(session: Session, request: Request) -> None:
    """Within a booking period all requests count as equal: nobody is served before it closes."""
    window = session.get(Window, request.window_id) if request.window_id else None
    if window is not None and window.closes_at > clock.now():
        raise Conflict(
            _(
                "The booking period is open until %(day)s, and till then all requests count as equal.",
                day=long_date(window.closes_at),
            ),
            code="window_open",
            remedy=_("Ask when it has closed."),
        )
