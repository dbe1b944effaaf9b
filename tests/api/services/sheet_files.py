"""Sheets as people save them, and a season that they refer to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from sqlalchemy.orm import Session

from api.domain.enums import IdentifierScheme, ProgrammeKind, WindowKind
from api.domain.permissions import Actor, Grant, Role
from api.models.groups import GroupSession, Site
from api.models.places import School, SchoolIdentifier
from api.models.programmes import Season
from tests import factories as make

TODAY = datetime(2026, 12, 1, 8, tzinfo=UTC)
OPERATOR = Actor(grants=frozenset({Grant(Role.COORDINATOR)}))
ORGNR = "974589648"


@dataclass(frozen=True)
class World:
    """A season with a site, two sessions of it, a school with a number, topics and levels."""

    season: Season
    site: Site
    tuesday: GroupSession
    thursday: GroupSession
    school: School


def make_world(session: Session) -> World:
    season = make.make_season(session, code="2027v")
    make.make_programme(session, kind=ProgrammeKind.SCHOOL_VISIT)
    groups = make.make_programme(session, kind=ProgrammeKind.STUDY_GROUP)
    make.make_topic(session, code="energy", name_nb="energi", name_nn="energi", name_en="energy")
    make.make_topic(session, code="space", name_nb="romfart", name_nn="romfart", name_en="space")
    make.make_level(session, code="1P", name_nb="matematikk 1P", position=1)
    make.make_level(session, code="R2", name_nb="matematikk R2", position=2)
    site = make.make_site(session, code="oslo-uio", name="Oslo, UiO")
    held = {"season_id": season.id, "programme_id": groups.id, "site_id": site.id}
    make.make_window(
        session,
        season_id=season.id,
        programme_id=groups.id,
        kind=WindowKind.REGISTRATION,
        opens_at=datetime(2026, 11, 1, tzinfo=UTC),
        closes_at=datetime(2026, 11, 20, 11, tzinfo=UTC),
        answer_on=date(2026, 12, 1),
    )
    school = make.make_school(session, name="Ålgård skole")
    session.add(SchoolIdentifier(scheme=IdentifierScheme.ORGNR, value=ORGNR, school_id=school.id))
    session.flush()
    return World(
        season=season,
        site=site,
        tuesday=make.make_group_session(session, **held),
        thursday=make.make_group_session(session, **held, weekday=4, starts=time(17), ends=time(19)),
        school=school,
    )


def write(path: Path, *rows: dict[str, Any], delimiter: str = ";", encoding: str = "utf-8") -> Path:
    """The rows under the headings of the first one; XLSX keeps the types of its cells."""
    headings = list(rows[0])
    lines: Sequence[Sequence[Any]] = [headings, *([row.get(heading) for heading in headings] for row in rows)]
    if path.suffix == ".xlsx":
        book = Workbook()
        for line in lines:
            book.worksheets[0].append(list(line))
        book.save(path)
        return path
    quoted = [['"' + str("" if cell is None else cell).replace('"', '""') + '"' for cell in line] for line in lines]
    path.write_bytes("\r\n".join(delimiter.join(line) for line in quoted).encode(encoding))
    return path
