"""Where to begin: addresses of the demo that work, and who signs in to see them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.demo.present import CODE
from api.demo.present_users import CAMPUS, LOGINS
from api.domain.enums import InvitationState, OfferState, RunKind, VisitState
from api.domain.permissions import Role
from api.models.follow_up import Invitation
from api.models.group_life import SeatOffer
from api.models.links import LinkToken
from api.models.planning import Plan
from api.models.programmes import Season
from api.models.pupils import Entry, Pupil
from api.models.visits import Request, Visit
from api.services import links
from api.services.follow_up import messages
from api.services.queue import letters

PAGES = (
    ("What needs somebody today", "/i-dag"),
    ("The plan of visits", "/besok"),
    ("The plan of study groups", "/grupper"),
    ("A campus this week", f"/studiested/{CAMPUS}"),
    ("Everything that was mailed", "/dev/mail"),
)
KIND_OF = {"/besok": RunKind.VISIT, "/grupper": RunKind.GROUP}


def look_at(session: Session, address: str) -> Iterator[str]:
    """Lines for a terminal. address: what the pages' addresses begin with. New links are made to what is open."""
    lines = [(said, path + _plan(session, path)) for said, path in PAGES]
    lines += [(said, links.address_of(link)) for said, link in _links(session)]
    yield ""
    yield "Look at:"
    for said, path in lines:
        yield f"  {said:<28} {address}{path}"
    yield "Sign in with the same password as:"
    for role, place in ((Role.ADMIN, "/brukere"), (Role.SITE_LEADER, f"/studiested/{CAMPUS}"),
                        (Role.MENTOR, "/mentor"), (Role.COMPANY_CONTACT, "/bedrift")):  # fmt: skip
        yield f"  {LOGINS[role]:<28} {address}{place}"


def _plan(session: Session, path: str) -> str:
    """`?plan=` of the season that was built: once a night has planned the half year under way, the page shows that."""
    if path not in KIND_OF:
        return ""
    of_the_season = select(Plan.id).join(Season, Plan.season_id == Season.id).where(Season.code != CODE)
    found = session.scalar(of_the_season.where(Plan.kind == KIND_OF[path]).order_by(Plan.created_at.desc()).limit(1))
    return f"?plan={found}" if found else ""


def _links(session: Session) -> Iterator[tuple[str, LinkToken]]:
    """Those that schools, role models and pupils have in their mails."""
    here = select(Season.id).where(Season.code == CODE).scalar_subquery()
    visits = select(Visit).join(Request, Visit.request_id == Request.id).where(Request.season_id == here)
    settled = session.scalar(
        visits.where(Visit.state == VisitState.CONFIRMED).order_by(Visit.starts_at.desc()).limit(1)
    )
    if settled is not None:
        yield "A school's order", messages.request_link(session, settled.request)
    asked = session.scalar(
        select(Invitation)
        .where(Invitation.state == InvitationState.SENT)
        .order_by(Invitation.answer_by.desc())
        .limit(1)
    )
    if asked is not None:
        yield "A role model's invitation", messages.invitation_link(session, asked)
    offer = session.scalar(select(SeatOffer).where(SeatOffer.state == OfferState.OPEN).limit(1))
    if offer is not None:
        entry = session.get_one(Entry, offer.entry_id)
        person = session.get_one(Pupil, entry.pupil_id).person_id
        yield "A pupil in the queue", letters.entry_link(session, entry, person)
