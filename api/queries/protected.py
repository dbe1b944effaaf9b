"""Who is named in no list: protected pupils, and those who answer for them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.models.group_life import GuardianLink
from api.models.pupils import Pupil


def unnamed(session: Session, person_ids: Iterable[str | None]) -> set[str]:
    """Those of these people who are never named, in one query."""
    asked = {one for one in person_ids if one is not None}
    pupils = select(Pupil.person_id).where(Pupil.protected, Pupil.person_id.in_(asked))
    guardians = (
        select(GuardianLink.person_id)
        .join(Pupil, GuardianLink.pupil_id == Pupil.id)
        .where(Pupil.protected, GuardianLink.person_id.in_(asked))
    )
    return set(session.scalars(pupils.union(guardians))) if asked else set()
