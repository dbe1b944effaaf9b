"""Doubles: two rows for one request, person or company. Found, and merged into the older one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, inspect, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from api import clock
from api.domain.enums import RequestState
from api.domain.permissions import Action, Actor, may
from api.domain.transitions import Party
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import full_date, short_datetime
from api.i18n import gettext as _
from api.models.base import Base
from api.models.bookings import Booking
from api.models.companies import Company
from api.models.people import Person
from api.models.role_models import RoleModel
from api.models.visits import Lesson, Request, RequestOption
from api.services import audit
from api.services.change import by, move

KINDS = ("request", "person", "company")
MOST = 100
OPEN = (RequestState.UNCONFIRMED, RequestState.OPEN, RequestState.DECLINED)


@dataclass(frozen=True, slots=True)
class Double:
    """Two rows that may be one. keep: the older one's id; gone: the other's. label: what both are called."""

    kind: str
    keep: str
    gone: str
    label: str
    why: str


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What merging would do. kept, gone: the two as a person knows them, each a few lines.

    times: how many times of the one that goes are added to the other (requests). moved: table → rows that would name
    the kept one (people, companies). refused: why it cannot be done, None where it can.
    """

    kind: str
    kept: tuple[str, ...]
    gone: tuple[str, ...]
    times: int
    moved: dict[str, int]
    refused: str | None


def foreseen(session: Session, actor: Actor, kind: str, keep: str, gone: str) -> Foreseen:
    """What merging these two would do; changes nothing. Raises NotFound without the right and for what is not there."""
    _require(actor)
    model: type[Any] | None = {"request": Request, "person": Person, "company": Company}.get(kind)
    kept, other = (session.get(model, keep), session.get(model, gone)) if model and keep != gone else (None, None)
    if kept is None or other is None:
        raise NotFound(_("One of the two is not there."))
    if kind == "request":
        new = len(_starts(other) - _starts(kept)) if kept.state is not RequestState.VISIT else 0
        common = (kept.school_id, kept.grade) == (other.school_id, other.grade) and bool(_starts(kept) & _starts(other))
        served = _("The one that would go has a visit.") if other.state is RequestState.VISIT else None
        nothing = None if common else _("These two have nothing in common.")
        return Foreseen(kind, _lines(kept), _lines(other), new, {}, nothing or served)
    assert model is not None
    refused = None if _alike(kept, other) else _("These two have nothing in common.")
    if refused is None and _has_visits(session, kind, keep) and _has_visits(session, kind, gone):
        refused = _("Both have visits that are to be.")
    moved: dict[str, int] = {}
    for table, column in _references(model):
        if count := session.scalar(select(func.count()).select_from(table).where(column == gone)):
            moved[table.name] = moved.get(table.name, 0) + count
    return Foreseen(kind, _lines(kept), _lines(other), 0, moved, refused)


def proposed(session: Session, actor: Actor) -> list[Double]:
    """Pairs that look alike, at most 100 of each kind; six queries. Raises NotFound without the right."""
    _require(actor)
    return [*_requests(session), *_people(session), *_companies(session)]


def merge(session: Session, actor: Actor, kind: str, keep: str, gone: str) -> None:
    """Merges `gone` into `keep`, the older of the two.

    Effects: a request is cancelled with the other named in it, and its times are added to the other's; of a person or
    a company everything that names it names the other, and the row goes. One entry in the trail. Raises NotFound,
    InvalidInput for a pair that is none, and Conflict where both have live visits or both are the same kind of thing.
    """
    _require(actor)
    if kind not in KINDS or keep == gone:
        raise InvalidInput(_("Name two of a kind."), field="kind")
    if kind == "request":
        _merge_requests(session, actor, keep, gone)
        return
    model: type[Any] = Person if kind == "person" else Company
    kept, other = session.get(model, keep), session.get(model, gone)
    if kept is None or other is None:
        raise NotFound(_("One of the two is not there."))
    if not _alike(kept, other):
        raise InvalidInput(_("These two have nothing in common."), field="gone")
    if _has_visits(session, kind, keep) and _has_visits(session, kind, gone):
        raise _both_live()
    _move_references(session, model, keep, gone)
    session.delete(other)
    session.flush()
    audit.record(session, f"{kind}.merge", kind, keep, actor_id=actor.user_id, detail={"gone": gone})


def _require(actor: Actor) -> None:
    if not may(actor, Action.MERGE_DOUBLES):
        raise NotFound(_("There is no such page."))


def _merge_requests(session: Session, actor: Actor, keep: str, gone: str) -> None:
    kept, other = session.get(Request, keep), session.get(Request, gone)
    if kept is None or other is None:
        raise NotFound(_("One of the two is not there."))
    if (kept.school_id, kept.grade) != (other.school_id, other.grade) or not _starts(kept) & _starts(other):
        raise InvalidInput(_("These two have nothing in common."), field="gone")
    if other.state is RequestState.VISIT:
        raise (
            _both_live()
            if kept.state is RequestState.VISIT
            else Conflict(_("The one that would go has a visit."), code="has_visit", remedy=_("Keep that one instead."))
        )
    if kept.state is not RequestState.VISIT:
        _add_times(session, kept, other)
    move(session, other, "merge", by(Party.COORDINATION, actor), values={"merged_into_id": keep}, detail={"into": keep})


def _add_times(session: Session, kept: Request, other: Request) -> None:
    last = max((option.position for option in kept.options), default=-1)
    known = _starts(kept)
    for option in other.options:
        if option.lessons[0].starts_at not in known:
            last += 1
            lessons = [
                Lesson(position=one.position, starts_at=one.starts_at, ends_at=one.ends_at) for one in option.lessons
            ]
            kept.options.append(RequestOption(position=last, lessons=lessons))
    session.flush()


def _move_references(session: Session, model: type[Any], keep: str, gone: str) -> None:
    """Everything that names the one names the other. Where both have what one may have, nothing is merged."""
    try:
        with session.begin_nested():
            for table, column in _references(model):
                session.execute(update(table).where(column == gone).values({column.name: keep}))
    except IntegrityError as error:
        raise Conflict(
            _("Both have what only one can have, such as a profile or an agreement."),
            code="both_have",
            remedy=_("Close one of those first."),
        ) from error
    session.expire_all()


def _references(model: type[Any]) -> list[tuple[Any, Any]]:
    """Every table and column that names rows of a model."""
    target = inspect(model).local_table
    return [
        (table, column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table is target for key in column.foreign_keys)
    ]


def _lines(row: Any) -> tuple[str, ...]:
    """A row as a person knows it."""
    since = full_date(row.created_at)
    if isinstance(row, Request):
        times = [short_datetime(option.lessons[0].starts_at) for option in row.options]
        return (f"{row.school.name}, {row.reference}", ", ".join(times), since)
    if isinstance(row, Person):
        return tuple(filter(None, (row.name, row.email, row.phone, since)))
    return tuple(filter(None, (row.name, row.orgnr, since)))


def _has_visits(session: Session, kind: str, row_id: str) -> bool:
    people = select(RoleModel.person_id).where(RoleModel.company_id == row_id)
    owner = Booking.person_id == row_id if kind == "person" else Booking.person_id.in_(people)
    live = exists().where(owner, Booking.released_at.is_(None), Booking.ends_at > clock.now())
    return bool(session.scalar(select(live)))


def _both_live() -> Conflict:
    return Conflict(
        _("Both have visits that are to be."), code="both_live", remedy=_("Cancel one of the visits first.")
    )


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, Person):
        return _same(one.email, other.email) or _same(one.phone, other.phone)
    return _same(one.orgnr, other.orgnr) or _same(one.name, other.name)


def _same(one: str | None, other: str | None) -> bool:
    return bool(one) and bool(other) and _plain(one) == _plain(other)


def _plain(text: str | None) -> str:
    return "".join((text or "").casefold().split()).removesuffix("as")


def _starts(request: Request) -> set[Any]:
    return {option.lessons[0].starts_at for option in request.options}


def _requests(session: Session) -> list[Double]:
    rows = session.scalars(
        select(Request)
        .where(Request.state.in_((*OPEN, RequestState.VISIT)))
        .where(
            func.coalesce(Request.merged_into_id, "") == "",
            Request.school_id.in_(
                select(Request.school_id)
                .where(Request.state.in_((*OPEN, RequestState.VISIT)))
                .group_by(Request.school_id, Request.grade)
                .having(func.count() > 1)
            ),
        )
        .options(selectinload(Request.options).selectinload(RequestOption.lessons), selectinload(Request.school))
        .order_by(Request.id)
    )
    groups: defaultdict[tuple[str, int], list[Request]] = defaultdict(list)
    for row in rows:
        groups[row.school_id, row.grade].append(row)
    found = []
    for kept, other in _pairs(groups.values()):
        if _starts(kept) & _starts(other) and other.state is not RequestState.VISIT:
            label = f"{kept.school.name}: {kept.reference}, {other.reference}"
            found.append(Double("request", kept.id, other.id, label, "times"))
    return found[:MOST]


def _people(session: Session) -> list[Double]:
    mail = func.lower(Person.email)
    twice = select(mail).where(Person.email.is_not(None)).group_by(mail).having(func.count() > 1)
    phones = select(Person.phone).where(Person.phone.is_not(None)).group_by(Person.phone).having(func.count() > 1)
    found = []
    for why, column, wanted in (("mail", mail, twice), ("phone", Person.phone, phones)):
        groups: defaultdict[str, list[Person]] = defaultdict(list)
        for row in session.scalars(select(Person).where(column.in_(wanted)).order_by(Person.id).limit(2 * MOST)):
            groups[str(row.email if why == "mail" else row.phone).lower()].append(row)
        found += [
            Double("person", kept.id, other.id, f"{kept.name}, {other.name}", why)
            for kept, other in _pairs(groups.values())
            if _plain(kept.name) == _plain(other.name)
        ]
    return list({(one.keep, one.gone): one for one in found}.values())[:MOST]


def _companies(session: Session) -> list[Double]:
    groups: defaultdict[str, list[Company]] = defaultdict(list)
    for row in session.scalars(select(Company).order_by(Company.id)):
        groups[_plain(row.name)].append(row)
    return [
        Double("company", kept.id, other.id, f"{kept.name}, {other.name}", "name")
        for kept, other in _pairs(groups.values())
    ][:MOST]


def _pairs(groups: Iterable[Sequence[Any]]) -> list[tuple[Any, Any]]:
    """The first (oldest) of each group with each of the others."""
    return [(group[0], other) for group in groups for other in group[1:]]
