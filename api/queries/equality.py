"""Who got a place in a group plan, by what no plan knows: municipality, distance, size of the school, gender.

Read from rows after a plan. Nothing here is imported by what makes problems or plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.equality import Line, compare
from api.models.groups import GroupSession, Site
from api.models.places import Municipality, School
from api.models.plan_rows import PlanSeat, PlanUnserved
from api.models.pupils import Entry, EntryChoice, Pupil
from matcher.travel import Place, great_circle_km

NOT_GIVEN = "not_given"
DIGITAL = "digital"
DISTANCES = ((5.0, "1_near"), (15.0, "2_town"), (50.0, "3_region"), (float("inf"), "4_far"))
"""Kilometres to the first choice, as the crow flies: up to the figure."""

SIZES = ((100, "1_small"), (300, "2_middle"), (500, "3_large"), (10**9, "4_largest"))
"""Pupils of the school: fewer than the figure."""


@dataclass(frozen=True, slots=True)
class Report:
    """The comparison by each of the four, in the order of a page."""

    municipality: list[Line]
    distance: list[Line]
    school_size: list[Line]
    gender: list[Line]


@dataclass(frozen=True, slots=True)
class _Asked:
    has_place: bool
    municipality: str
    distance: str
    school_size: str
    gender: str


def report(session: Session, plan_id: str) -> Report:
    """All who asked for a place in the plan, in one query."""
    asked = _asked(session, plan_id)
    return Report(
        compare(((one.municipality, one.has_place) for one in asked), gather=True),
        compare((one.distance, one.has_place) for one in asked),
        compare((one.school_size, one.has_place) for one in asked),
        compare((one.gender, one.has_place) for one in asked),
    )


def _asked(session: Session, plan_id: str) -> Sequence[_Asked]:
    seat = select(PlanSeat.entry_id).where(PlanSeat.plan_id == plan_id)
    waiting = select(PlanUnserved.entry_id).where(PlanUnserved.plan_id == plan_id, PlanUnserved.entry_id.is_not(None))
    statement = (
        select(
            Entry.id.in_(seat).label("has_place"),
            Municipality.name.label("municipality"),
            School.pupils,
            Pupil.gender,
            func.coalesce(Pupil.lat, School.lat).label("lat"),
            func.coalesce(Pupil.lon, School.lon).label("lon"),
            Site.lat.label("site_lat"),
            Site.lon.label("site_lon"),
            Site.digital,
        )
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .outerjoin(School, Pupil.school_id == School.id)
        .outerjoin(Municipality, School.municipality_id == Municipality.id)
        .outerjoin(EntryChoice, (EntryChoice.entry_id == Entry.id) & (EntryChoice.rank == 1))
        .outerjoin(GroupSession, EntryChoice.session_id == GroupSession.id)
        .outerjoin(Site, GroupSession.site_id == Site.id)
        .where(Entry.id.in_(seat) | Entry.id.in_(waiting))
    )
    return [
        _Asked(
            bool(row.has_place),
            row.municipality or NOT_GIVEN,
            _distance(row.digital, (row.lat, row.lon), (row.site_lat, row.site_lon)),
            NOT_GIVEN if row.pupils is None else next(name for most, name in SIZES if row.pupils < most),
            row.gender.value if row.gender else NOT_GIVEN,
        )
        for row in session.execute(statement)
    ]


def _distance(
    digital: bool | None, home: tuple[float | None, float | None], site: tuple[float | None, float | None]
) -> str:
    if digital:
        return DIGITAL
    if home[0] is None or home[1] is None or site[0] is None or site[1] is None:
        return NOT_GIVEN
    km = great_circle_km(Place("home", home[0], home[1]), Place("site", site[0], site[1]))
    return next(name for most, name in DISTANCES if km <= most)
