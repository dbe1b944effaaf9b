"""Topics as people name them: by code."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import InvalidInput
from api.i18n import gettext
from api.models.programmes import Topic


def topics_by_code(session: Session, codes: Sequence[str], field: str) -> dict[str, Topic]:
    """id → topic for these codes. Raises InvalidInput naming the first code that is none."""
    found = {topic.code: topic for topic in session.scalars(select(Topic).where(Topic.code.in_(codes)))}
    for code in codes:
        if code not in found:
            raise InvalidInput(gettext("There is no topic with the code %(code)s.", code=code), field=field)
    return {topic.id: topic for topic in found.values()}
