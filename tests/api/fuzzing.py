"""What an OpenAPI document cannot say: which rows exist and in which state, which bodies fit them, and who may ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import (
    InvitationKind,
    InvitationState,
    LockKind,
    MeetingState,
    OutboxState,
    Presence,
    RequestState,
    RunKind,
    RunState,
    VisitState,
)
from api.domain.permissions import Role
from api.models.access import ApiToken
from api.models.follow_up import ExceptionItem, Invitation, PlanApproval
from api.models.group_life import Attendance
from api.models.groups import GroupSession
from api.models.outbox import OutboxMessage
from api.models.plan_rows import Lock, PlanUnserved, PlanVisit
from api.models.planning import Plan
from api.models.programmes import ProgrammeRuleVersion
from api.models.pupils import Entry, Lottery, Membership
from api.models.sign_in import Contact, Totp
from api.models.visits import Request, Visit
from api.services import users
from tests import factories as make
from tests.api.two_sides import Side, two_sides

OF_GROUPS = ("/seats", "/sessions", "/sites", "/queue")
LATE = datetime(2099, 1, 1, tzinfo=UTC)
LESSON = {"start": "2027-02-02T08:30:00+01:00", "end": "2027-02-02T09:15:00+01:00"}
PERSON = {"name": "Rollemodell", "email": "ny@example.org"}


@dataclass
class Asked:
    """One operation's way to succeed: ids by parameter, its body and query, and who asks."""

    session: Session
    side: Side
    ids: dict[str, str]
    body: Any = None
    query: dict[str, Any] = field(default_factory=dict)
    role: Role = Role.ADMIN

    def row(self, kind: type[Any], name: str) -> Any:
        """The row that a parameter names."""
        return self.session.get_one(kind, self.ids[name])

    def first(self, column: Any, *where: Any) -> Any:
        return self.session.scalars(select(column).where(*where).limit(1)).one()


def make_world(session: Session) -> tuple[Side, dict[Role, str]]:
    """Everything of two sides, with a token for each role of ours."""
    ours, _theirs = two_sides(session)
    ids, admin = ours.ids, ours.users[Role.ADMIN]
    rules = session.scalars(select(ProgrammeRuleVersion.id)).first()
    rows = {
        "run_id": make.make_run(session, state=RunState.RUNNING, lease_until=LATE),
        "grant_id": make.make_grant(session, user_id=ids["user_id"], role=Role.ASSISTANT),
        "lock_id": Lock(
            kind=LockKind.MENTOR, season_id=ids["season_id"], session_id=ids["session_id"], mentor_id=ids["mentor_id"]
        ),
        "approval_id": PlanApproval(
            plan_id=session.scalars(select(Plan.id).where(Plan.kind == RunKind.VISIT)).first(),
            approved_by_id=admin.id,
            send_at=LATE,
            items=[ids["request_id"]],
        ),
        "group_approval_id": PlanApproval(
            plan_id=session.scalars(select(Plan.id).where(Plan.kind == RunKind.GROUP)).first(),
            approved_by_id=admin.id,
            send_at=LATE,
            items=[],
        ),
        "lottery_id": Lottery(
            season_id=ids["season_id"],
            programme_id=session.get_one(Entry, ids["entry_id"]).programme_id,
            seed_hash="00" * 32,
        ),
    }
    assert rules is not None
    session.add_all(rows.values())
    session.flush()
    ids |= {name: row.id for name, row in rows.items()}
    tokens = {
        role: users.create_token(session, user_id=user.id, name=role, scopes=("read", "write"))
        for role, user in ours.users.items()
    }
    ids["token_id"] = session.scalars(select(ApiToken.id).where(ApiToken.user_id == admin.id)).one()
    return ours, tokens


def fit(session: Session, side: Side, label: str) -> Asked:
    """Rows, body and asker with which the operation `label` (as `GET /api/v1/seasons`) succeeds."""
    asked = Asked(session, side, dict(side.ids))
    plans = {kind: asked.first(Plan.id, Plan.kind == kind) for kind in RunKind}
    asked.ids |= {"plan_id": plans[RunKind.VISIT], "other_id": plans[RunKind.VISIT], "kind": "site"}
    if label.endswith(OF_GROUPS) or "/group-plans/" in label:
        asked.ids["plan_id"] = plans[RunKind.GROUP]
    if "/group-approvals/" in label:
        asked.ids["approval_id"] = asked.ids["group_approval_id"]
    FITS.get(label.replace("/api/v1", ""), _as_it_is)(asked)
    session.flush()
    return asked


def _as_it_is(asked: Asked) -> None:
    pass


def _body(**given: Any) -> Callable[[Asked], None]:
    """The body alone; a value that is a function takes the ids."""

    def fitting(asked: Asked) -> None:
        asked.body = {name: value(asked.ids) if callable(value) else value for name, value in given.items()}

    return fitting


def _own(role: Role, **given: Any) -> Callable[[Asked], None]:
    """Asked by the one whose own it is."""

    def fitting(asked: Asked) -> None:
        asked.role = role
        if given:
            _body(**given)(asked)

    return fitting


def _sent(state: InvitationState, **given: Any) -> Callable[[Asked], None]:
    def fitting(asked: Asked) -> None:
        asked.role = Role.ROLE_MODEL
        invitation = asked.row(Invitation, "invitation_id")
        invitation.state, invitation.sent_at, invitation.answer_by = state, clock.now(), LATE
        if given:
            asked.body = given

    return fitting


def _notice(asked: Asked) -> None:
    _sent(InvitationState.ACCEPTED)(asked)
    asked.row(Invitation, "invitation_id").kind = InvitationKind.NOTICE


def _confirmed(**given: Any) -> Callable[[Asked], None]:
    """A visit of last week that is confirmed."""

    def fitting(asked: Asked) -> None:
        visit = asked.row(Visit, "live_visit_id")
        visit.state = VisitState.CONFIRMED
        visit.starts_at, visit.ends_at = (at - timedelta(weeks=20) for at in (visit.starts_at, visit.ends_at))
        if given:
            asked.body = given

    return fitting


def _held(**given: Any) -> Callable[[Asked], None]:
    def fitting(asked: Asked) -> None:
        _confirmed(**given)(asked)
        asked.row(Visit, "live_visit_id").state = VisitState.HELD

    return fitting


def _ready(**given: Any) -> Callable[[Asked], None]:
    def fitting(asked: Asked) -> None:
        asked.row(Visit, "live_visit_id").state = VisitState.CONFIRMED
        if given:
            asked.body = given

    return fitting


def _open_request(asked: Asked) -> None:
    visit = asked.row(Visit, "live_visit_id")
    visit.state = VisitState.CANCELLED
    asked.row(Request, "request_id").state = RequestState.OPEN


def _own_request(asked: Asked) -> None:
    _open_request(asked)
    asked.body = {"pupils": 20}


def _plan_again(asked: Asked) -> None:
    line = asked.row(ExceptionItem, "line_id")
    line.kind, line.site_id, line.object_kind = "promise_missed", None, "request"
    line.object_id, line.remedy = asked.ids["request_id"], {"code": "plan_again"}
    asked.body = {}


def _cleared(asked: Asked) -> None:
    programme = asked.row(GroupSession, "session_id").programme_id
    make.make_rule_version(asked.session, programme_id=programme, number=2, settings={"statute": "En lov"})
    asked.body = {"issued_on": "2026-10-20", "seen_on": "2026-11-02"}


def _absent(asked: Asked) -> None:
    membership = asked.row(Membership, "membership_id")
    membership.from_date = clock.today() - timedelta(weeks=8)
    for week in range(1, 5):
        starts = clock.now() - timedelta(weeks=week)
        meeting = make.make_meeting(
            asked.session,
            session_id=membership.session_id,
            starts_at=starts,
            ends_at=starts + timedelta(hours=2),
            state=MeetingState.HELD,
        )
        asked.session.add(Attendance(meeting_id=meeting.id, entry_id=membership.entry_id, presence=Presence.NOT_TOLD))


def _unverified(asked: Asked) -> None:
    asked.row(Contact, "contact_id").verified_at = None


def _second_factor(asked: Asked) -> None:
    asked.session.add(Totp(user_id=asked.ids["user_id"], secret="A" * 32, confirmed_at=clock.now()))


def _choose(asked: Asked) -> None:
    asked.row(Visit, "live_visit_id").state = VisitState.CANCELLED
    asked.row(Request, "request_id").state = RequestState.DECLINED


def _unserved(asked: Asked) -> None:
    request = asked.first(PlanUnserved.request_id, PlanUnserved.request_id.is_not(None))
    asked.ids |= {"item_id": request, "request_id": request}


def _adjustment(asked: Asked) -> None:
    """The plan's own visit once more, which breaks nothing."""
    visit = asked.first(PlanVisit, PlanVisit.plan_id == asked.ids["plan_id"])
    asked.body = {
        "request": visit.request_id,
        "option": 0,
        "mode": visit.mode.value,
        "role_models": [one.role_model_id for one in visit.role_models],
    }


def _failed(asked: Asked) -> None:
    asked.row(OutboxMessage, "message_id").state = OutboxState.FAILED


def _feed(asked: Asked) -> None:
    asked.role = Role.SITE_LEADER
    asked.body = {"kind": "site", "id": asked.ids["site_id"]}


def _new_session(asked: Asked) -> None:
    evening = asked.row(GroupSession, "session_id")
    asked.body = {
        "season": evening.season_id,
        "programme": evening.programme_id,
        "site": evening.site_id,
        "weekday": 4,
        "starts": "17:00",
        "ends": "19:00",
        "seats": 10,
    }


def _new_entry(asked: Asked) -> None:
    entry = asked.row(Entry, "entry_id")
    asked.body = {
        "name": "Elev",
        "email": "ny-elev@example.org",
        "birth_year": 2008,
        "grade": 12,
        "season": entry.season_id,
        "programme": entry.programme_id,
        "level": entry.level_id,
        "choices": [asked.ids["session_id"]],
    }


def _queue(asked: Asked) -> None:
    asked.ids["programme_id"] = asked.row(Entry, "entry_id").programme_id


def _group_approval(asked: Asked) -> None:
    lottery = asked.row(Lottery, "lottery_id")
    lottery.seed, lottery.revealed_at = "00" * 32, clock.now() + timedelta(seconds=1)
    asked.body = {"sites": [asked.first(GroupSession.site_id, GroupSession.seats == 2)]}


def _rules(asked: Asked) -> None:
    asked.ids["programme_id"] = asked.row(Request, "request_id").programme_id
    asked.body = {"settings": {}}


def _hours(asked: Asked) -> None:
    asked.query = {"month": "2026-10"}


def _again(asked: Asked) -> None:
    asked.body = {"season": asked.ids["season_id"], "options": [{"lessons": [LESSON]}]}


def _new_request(asked: Asked) -> None:
    _again(asked)
    asked.body |= {"school": asked.ids["school_id"], "grade": 9}


def _by_phone(asked: Asked) -> None:
    _new_request(asked)
    asked.body["contact"] = {"name": "Kontakt", "email": "kontakt@example.org"}


def _lock(asked: Asked) -> None:
    asked.body = {"plan_visit": asked.first(PlanVisit.id, PlanVisit.plan_id == asked.ids["plan_id"])}


def _run(asked: Asked) -> None:
    asked.body = {"kind": "visit", "season": asked.ids["season_id"]}


def _week(asked: Asked) -> None:
    visit = asked.row(Visit, "live_visit_id")
    monday = visit.starts_at.date() - timedelta(days=visit.starts_at.weekday())
    asked.body = {"monday": str(monday), "to": ["schools"], "subject": "Uke 3", "text": "Hei"}


FITS: dict[str, Callable[[Asked], None]] = {
    "POST /alternatives/{alternative_id}/choose": _choose,
    "POST /duties/{duty_id}/answer": _own(Role.MENTOR, answer="away"),
    "POST /entries": _new_entry,
    "GET /entries/{entry_id}": _own(Role.PUPIL),
    "PATCH /entries/{entry_id}": _own(Role.PUPIL, max_travel_minutes=60),
    "DELETE /entries/{entry_id}": _own(Role.PUPIL),
    "POST /entries/{entry_id}/confirm": _own(Role.PUPIL),
    "GET /entries/{entry_id}/promotions": _own(Role.PUPIL),
    "GET /offers/{offer_id}": _own(Role.PUPIL),
    "POST /offers/{offer_id}/accept": _own(Role.PUPIL, stay=False),
    "POST /offers/{offer_id}/decline": _own(Role.PUPIL),
    "GET /exceptions/{line_id}": _own(Role.SITE_LEADER),
    "POST /exceptions/{line_id}/calls": _own(Role.SITE_LEADER, outcome="no_answer"),
    "POST /exceptions/{line_id}/remedy": _plan_again,
    "POST /exceptions/{line_id}/resolve": _own(Role.SITE_LEADER, resolution="by_phone"),
    "POST /feeds": _feed,
    "DELETE /feeds/{kind}/{object_id}": _own(Role.SITE_LEADER),
    "POST /group-plans/{plan_id}/approvals": _group_approval,
    "POST /group-sessions": _new_session,
    "PATCH /group-sessions/{session_id}": _body(seats=41),
    "POST /group-sessions/{session_id}/meetings": _body(day="2027-01-14"),
    "POST /group-sessions/{session_id}/roster": _body(add=[], remove=[]),
    "POST /group-sessions/{session_id}/roster-verdict": _body(add=[], remove=[]),
    "POST /invitations/{invitation_id}/accept": _sent(InvitationState.SENT),
    "POST /invitations/{invitation_id}/decline": _sent(InvitationState.SENT, scope="time"),
    "POST /invitations/{invitation_id}/cannot-come": _sent(InvitationState.ACCEPTED),
    "POST /invitations/{invitation_id}/object": _notice,
    "POST /locks": _lock,
    "POST /mail-domains": _body(domain="ny-skole.example.org", school=lambda ids: ids["school_id"]),
    "PATCH /meetings/{meeting_id}": _body(starts="16:30", ends="18:00"),
    "POST /meetings/{meeting_id}/attendance": _body(marks=lambda ids: [{"entry": ids["entry_id"], "presence": "told"}]),
    "POST /mentors": _body(name="Mentor", email="ny-mentor@example.org", site=lambda ids: ids["site_id"]),
    "PATCH /mentors/{mentor_id}": _body(contracted=2),
    "PUT /mentors/{mentor_id}/availability": _body(sessions=lambda ids: [ids["session_id"]]),
    "POST /mentors/{mentor_id}/clearances": _cleared,
    "POST /mentors/{mentor_id}/exam-blocks": _body(from_date="2026-12-01", to_date="2026-12-10"),
    "POST /messages/{message_id}/retry": _failed,
    "POST /plans/{plan_id}/adjustments": _adjustment,
    "POST /plans/{plan_id}/adjustments/ruling": _adjustment,
    "POST /plans/{plan_id}/approvals": _body(),
    "GET /plans/{plan_id}/requests/{request_id}/alternatives": _unserved,
    "GET /plans/{plan_id}/unserved/{item_id}": _unserved,
    "PUT /programmes/{programme_id}/rules": _rules,
    "POST /requests": _new_request,
    "POST /requests/by-phone": _by_phone,
    "PATCH /requests/{request_id}": _own_request,
    "POST /requests/{request_id}/again": _again,
    "POST /requests/{request_id}/decline": _open_request,
    "POST /requests/{request_id}/evaluation": _held(useful=4, engaging=4, prepared=4, again=4),
    "POST /requests/{request_id}/held": _confirmed(),
    "POST /requests/{request_id}/questions": _ready(text="Hva gjør du om dagen?"),
    "POST /requests/{request_id}/ready": _ready(),
    "POST /role-models": _body(person=PERSON, grades=[8, 10], lat=59.9, lon=10.7, max_travel_minutes=60),
    "PATCH /role-models/{role_model_id}": _body(max_travel_minutes=45),
    "POST /runs": _run,
    "GET /seasons/{season_id}/programmes/{programme_id}/queue-replay": _queue,
    "GET /sites/{site_id}/hours": _hours,
    "POST /memberships/{membership_id}/release": _absent,
    "POST /school-contacts/{contact_id}/verify": _unverified,
    "DELETE /users/{user_id}/second-factor": _second_factor,
    "POST /tokens": _body(name="ny", scopes=["read"]),
    "POST /users": _body(login="ny@example.org", name="Ny bruker"),
    "PATCH /users/{user_id}": _body(active=False),
    "POST /users/{user_id}/grants": _body(role="coordinator"),
    "POST /visits/{live_visit_id}/held": _confirmed(),
    "POST /visits/{live_visit_id}/cancel": _body(reopen=True),
    "POST /week-messages": _week,
}
