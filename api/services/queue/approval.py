"""Approving a group plan, whole or at some sites: nothing leaves before a delay, and until then it can be undone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from api import clock
from api.domain.deadlines import send_time
from api.domain.enums import (
    ApprovalState,
    EntryState,
    OfferReason,
    OfferState,
    PlanStatus,
    RunKind,
    SessionState,
)
from api.domain.permissions import Action, Actor, reach
from api.domain.programme_rules import GroupRules
from api.domain.queue import in_queue_order
from api.domain.seating import NEW, Taught, seat_with
from api.domain.transitions import IllegalStep, Party
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.follow_up import PlanApproval
from api.models.group_life import SeatOffer
from api.models.groups import GroupSession, Site
from api.models.plan_rows import PlanSeat, PlanSession
from api.models.planning import Plan, Run
from api.models.programmes import Programme, ProgrammeRuleVersion, Season
from api.models.pupils import Entry, Lottery, Membership, Pupil
from api.queries import queue_line
from api.queries.campus_rules import rules_now
from api.queries.names import by_name
from api.services import change
from api.services.campus import roster
from api.services.queue import friends, line, offers

Dropped = dict[str, Any]
LIVE = (ApprovalState.APPROVED, ApprovalState.SENT)


class Overlapping(Conflict):
    """Another approval covers some of it; `errors` says which sites, since when."""

    default_code = "overlapping_approval"


def approve(
    session: Session, actor: Actor, plan_id: str, site_ids: Collection[str], *, now: datetime | None = None
) -> PlanApproval:
    """Approves a group plan at these sites; the offers leave at `send_at`.

    Effects: approval with the seats that no longer hold, named; audit entry. Raises NotFound for a plan that is not
    there and for a site out of the actor's reach, InvalidInput for a site without a session in the plan, Overlapping
    where a site has an approval that waits, or one of this or a newer plan; Conflict before the draw.
    """
    moment = now or clock.now()
    plan, programme_id = _group_plan(session, plan_id)
    where = reach(actor, Action.APPROVE_GROUPS)
    if not site_ids or not all(where.covers(site) for site in site_ids):
        raise NotFound(_("There is no such site."), field="sites")
    line.hold(session, plan.season_id)
    _check_sites(session, plan, site_ids)
    _check_drawn(session, plan, programme_id)
    _check_overlap(session, plan, programme_id, site_ids)
    rules = rules_now(session, programme_id)
    approval = PlanApproval(
        plan_id=plan.id,
        approved_by_id=actor.user_id,
        send_at=send_time(moment, rules),
        items=sorted(set(site_ids)),
        dropped=[
            fault for held in _sessions(session, plan.id, site_ids) for fault in _check_seats(session, plan, held)
        ],
    )
    change.begin(session, approval, "approve", change.by(_party(where.everywhere), actor))
    return approval


def undo(session: Session, actor: Actor, approval_id: str) -> PlanApproval:
    """Takes an approval back before it is sent. Raises NotFound out of reach, Conflict when it was sent."""
    approval = approval_in_reach(session, actor, approval_id)
    moment = clock.now()
    try:
        change.move(
            session,
            approval,
            "undo",
            change.by(_party(reach(actor, Action.APPROVE_GROUPS).everywhere), actor),
            when=PlanApproval.send_at > moment,
            values={"undone_at": moment},
        )
    except IllegalStep as error:
        raise Conflict(
            _("The offers have left, so the approval can no longer be undone."),
            code="approval_sent",
            remedy=_("Release single seats instead."),
        ) from error
    return approval


def approval_in_reach(session: Session, actor: Actor, approval_id: str) -> PlanApproval:
    """An approval of a group plan all of whose sites are in the actor's reach. Raises NotFound."""
    where = reach(actor, Action.APPROVE_GROUPS)
    approval = session.get(PlanApproval, approval_id)
    if (
        approval is None
        or approval.plan.kind is not RunKind.GROUP
        or not all(where.covers(site) for site in approval.items)
    ):
        raise NotFound(_("There is no such approval."))
    return approval


def due_sends(session: Session, now: datetime) -> list[str]:
    """Sites of approved group plans whose time has come, as "approval site": each is sent in its own transaction."""
    rows = session.scalars(
        select(PlanApproval)
        .join(Plan, PlanApproval.plan_id == Plan.id)
        .where(Plan.kind == RunKind.GROUP, PlanApproval.state.in_(LIVE), PlanApproval.send_at <= now)
        .order_by(PlanApproval.send_at, PlanApproval.id)
    )
    return [f"{row.id} {site_id}" for row in rows for site_id in _unsent(row)]


def do_send(session: Session, part: str, now: datetime) -> None:
    """Makes an approved plan live at one of its sites. part: as in `due_sends`.

    Effects, in order: with the first site the approval is sent, and who moves to their friends is settled where nobody
    else loses by it; the roster taken over; an offer to each pupil of the plan at the site, in queue order, unless
    their rows have changed since, which `dropped` names. Raises IllegalStep when the approval was undone meanwhile.
    """
    approval_id, site_id = part.split()
    found = session.get(PlanApproval, approval_id)
    if found is None:
        return
    plan, programme_id = _group_plan(session, found.plan_id)
    line.hold(session, plan.season_id)
    approval = session.get_one(PlanApproval, approval_id, populate_existing=True)
    if approval.send_at > now or approval.state not in LIVE or site_id not in _unsent(approval):
        return
    if approval.state is ApprovalState.APPROVED:
        moved = friends.together(session, plan.id, approval.items)
        change.move(session, approval, "send", change.SYSTEM, values={"sent_at": now, "moved": moved})
    roster.take_over(session, plan.id, [site_id], change.SYSTEM)
    rules = rules_now(session, programme_id)
    here = _sessions(session, plan.id, [site_id])
    dropped = [fault for fault in approval.dropped if fault["session"] not in {held.id for held in here}]
    for held in here:
        dropped += _offer_seats(session, plan, held, rules, now, approval.moved)
    approval.dropped = dropped
    approval.sent_items = [*approval.sent_items, site_id]
    session.flush()


def _unsent(approval: PlanApproval) -> list[str]:
    """The sites of an approval that are still to be sent, in their order."""
    return [site_id for site_id in approval.items if site_id not in approval.sent_items]


def _offer_seats(
    session: Session, plan: Plan, held: GroupSession, rules: GroupRules, now: datetime, moved: dict[str, str]
) -> list[Dropped]:
    """Offers the plan's seats of one session, in queue order. Returns those that no longer hold. moved: by friends."""
    dropped = []
    taken = queue_line.taken_seats(session, held.id)
    seated = {one.entry_id: Taught(one.level_id, one.row.mentor_id) for one in taken}
    mentors, seats = queue_line.standing_mentors(session, held.id), queue_line.seats_of(session, held)
    planned = _planned(session, plan.id, held.id, moved)
    asked = _with_an_offer(session, planned)
    expires = offers.deadline(session, held, now, rules)
    about = _rows_for_letters(session, held, planned)
    with session.no_autoflush:  # hundreds of offers with their letters, written at once at the end
        for entry, mentor_id in planned:
            if entry.id in seated:
                continue
            code = _against(entry, held, asked)
            seat = queue_line.free_seat(taken, seats)
            near = {mentor_id} if mentor_id else set()
            contacts = seat_with(entry.level_id, seated, mentors, queue_line.ratio_of(held, rules), prefer=near)
            if code or seat is None or contacts is None:
                dropped.append({"code": code or ("seats" if seat is None else "mentor"), **_pair(held, entry)})
                continue
            rows = {one.entry_id: one.row for one in taken}
            line.set_contacts(session, rows, {one: mentor for one, mentor in contacts.items() if one != NEW})
            offer = offers.make(
                session,
                entry,
                held,
                seat,
                contacts[NEW],
                OfferReason.PLAN,
                now,
                rules,
                plan_id=plan.id,
                expires=expires,
            )
            taken.append(queue_line.Taken(entry.id, entry.level_id, offer))
            for one in taken:
                seated[one.entry_id] = Taught(one.level_id, one.row.mentor_id)
    session.flush()
    del about  # held until here: a session forgets rows that nobody holds
    return dropped


def _rows_for_letters(session: Session, held: GroupSession, planned: list[tuple[Entry, str | None]]) -> list[Any]:
    """What the letters of all offers look up, in one query a table where there are many."""
    pupils = select(Pupil).where(Pupil.id.in_([entry.pupil_id for entry, _mentor in planned]))
    return [
        session.get_one(Season, held.season_id),
        session.get_one(Programme, held.programme_id),
        session.get_one(Site, held.site_id),
        *session.scalars(pupils.options(selectinload(Pupil.person))),
    ]


def _planned(session: Session, plan_id: str, session_id: str, moved: dict[str, str]) -> list[tuple[Entry, str | None]]:
    """Who is to sit in a session, in queue order, with the contact mentor of the plan."""
    joined = [entry_id for entry_id, target in moved.items() if target == session_id]
    seats = session.scalars(
        select(PlanSeat).where(
            PlanSeat.plan_id == plan_id, (PlanSeat.session_id == session_id) | PlanSeat.entry_id.in_(joined)
        )
    )
    mentors = {
        seat.entry_id: seat.mentor_id if seat.session_id == session_id else None
        for seat in seats
        if moved.get(seat.entry_id, seat.session_id) == session_id
    }
    wanted = select(Entry).where(Entry.id.in_(mentors)).options(selectinload(Entry.choices))
    entries = session.scalars(wanted, execution_options=queue_line.FRESH)
    return [(entry, mentors[entry.id]) for entry in in_queue_order(entries)]


def _with_an_offer(session: Session, planned: list[tuple[Entry, str | None]]) -> set[str]:
    """Those of the planned pupils whose answer to an offer is still waited for."""
    entries = [entry.id for entry, _mentor in planned]
    return set(
        session.scalars(
            select(SeatOffer.entry_id).where(SeatOffer.entry_id.in_(entries), SeatOffer.state == OfferState.OPEN)
        )
    )


def _against(entry: Entry, held: GroupSession, asked: Collection[str]) -> str | None:
    """Why the plan's seat no longer holds for a pupil, as a code, or None. asked: pupils who have an open offer."""
    if held.state is not SessionState.ACTIVE:
        return "session"
    if entry.state is not EntryState.WAITING:
        return "pupil"
    if all(choice.session_id != held.id for choice in entry.choices):
        return "choice"
    return "open_offer" if entry.id in asked else None


def _check_seats(session: Session, plan: Plan, held: GroupSession) -> list[Dropped]:
    """The plan's seats of a session that no longer hold, as it looks when it is approved."""
    faults = []
    planned = _planned(session, plan.id, held.id, {})
    asked = _with_an_offer(session, planned)
    seated = {one.entry_id for one in queue_line.taken_seats(session, held.id) if isinstance(one.row, Membership)}
    for entry, _mentor in planned:
        if entry.id in seated:
            continue
        code = _against(entry, held, asked)
        if code:
            faults.append({"code": code, **_pair(held, entry)})
    return faults


def _pair(held: GroupSession, entry: Entry) -> Dropped:
    return {"session": held.id, "pupil": entry.id}


def _sessions(session: Session, plan_id: str, site_ids: Iterable[str]) -> list[GroupSession]:
    return list(
        session.scalars(
            select(GroupSession)
            .join(PlanSession, PlanSession.session_id == GroupSession.id)
            .where(PlanSession.plan_id == plan_id, GroupSession.site_id.in_(list(site_ids)))
            .order_by(GroupSession.id)
        )
    )


def _group_plan(session: Session, plan_id: str) -> tuple[Plan, str]:
    """A group plan with seats to offer, and its programme."""
    row = session.execute(
        select(Plan, ProgrammeRuleVersion.programme_id)
        .join(Run, Plan.run_id == Run.id)
        .join(ProgrammeRuleVersion, Run.rule_version_id == ProgrammeRuleVersion.id)
        .where(Plan.id == plan_id, Plan.kind == RunKind.GROUP)
        .where(Plan.status.in_((PlanStatus.OPTIMAL, PlanStatus.FEASIBLE)))
    ).one_or_none()
    if row is None:
        raise NotFound(_("There is no such plan."))
    return row[0], row[1]


def _check_sites(session: Session, plan: Plan, site_ids: Collection[str]) -> None:
    planned = {held.site_id for held in _sessions(session, plan.id, site_ids)}
    if missing := sorted(set(site_ids) - planned):
        raise InvalidInput(
            _("The plan opens no evening at this site."), field="sites", remedy=", ".join(_names(session, missing))
        )


def _check_drawn(session: Session, plan: Plan, programme_id: str) -> None:
    waiting = session.scalar(
        select(Lottery.id).where(
            Lottery.season_id == plan.season_id, Lottery.programme_id == programme_id, Lottery.seed.is_(None)
        )
    )
    if waiting is not None:
        raise Conflict(
            _("The numbers are not drawn yet."),
            code="not_drawn",
            remedy=_("Wait until the registration period has closed, and run the plan again."),
        )


def _check_overlap(session: Session, plan: Plan, programme_id: str, site_ids: Collection[str]) -> None:
    rows = session.scalars(
        select(PlanApproval)
        .join(Plan, PlanApproval.plan_id == Plan.id)
        .join(Run, Plan.run_id == Run.id)
        .join(ProgrammeRuleVersion, Run.rule_version_id == ProgrammeRuleVersion.id)
        .where(Plan.season_id == plan.season_id, ProgrammeRuleVersion.programme_id == programme_id)
        .where(PlanApproval.state.in_(LIVE))
    )
    for other in rows:
        shared = sorted(set(other.items) & set(site_ids))
        outdated = not set(_unsent(other)) & set(shared) and other.plan.created_at < plan.created_at
        if not shared or (outdated and other.plan_id != plan.id):
            continue
        since = session.scalars(select(Membership.id).where(Membership.plan_id == other.plan_id)).all()
        raise Overlapping(
            _(
                "%(sites)s has been approved meanwhile; %(seats)s seats are taken since.",
                sites=", ".join(_names(session, shared)),
                seats=len(since),
            ),
            field="sites",
            remedy=_("Approve the other sites, undo the other approval, or run the plan again."),
        )


def _names(session: Session, site_ids: Collection[str]) -> list[str]:
    return list(session.scalars(select(Site.name).where(Site.id.in_(list(site_ids))).order_by(by_name(Site.name))))


def _party(everywhere: bool) -> Party:
    return Party.COORDINATION if everywhere else Party.SITE
