"""Who cannot hold the visit that a request asks for, for want of its language."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.models.role_models import RoleModelLanguage
from api.models.visits import Request

NORWEGIAN = frozenset({"no", "nb", "nn"})


def without_language(session: Session, requests: Iterable[Request], people: Iterable[str]) -> dict[str, list[str]]:
    """Role models of `people` who do not share a request's language, by request id; requests that all can hold are
    left out.

    A request without a language suits everyone. Bokmål and nynorsk are one language when spoken, and a role model who
    names no language speaks it.
    """
    spoken: defaultdict[str, set[str]] = defaultdict(set)
    for role_model, language in session.execute(select(RoleModelLanguage.role_model_id, RoleModelLanguage.language)):
        spoken[role_model].add(_heard(language))
    strangers: dict[str, list[str]] = {}
    by_language: dict[str, list[str]] = {}
    for request in requests:
        if request.language is None:
            continue
        wanted = _heard(request.language)
        if wanted not in by_language:
            by_language[wanted] = [one for one in people if wanted not in (spoken.get(one) or NORWEGIAN)]
        if by_language[wanted]:
            strangers[request.id] = by_language[wanted]
    return strangers


def speaks(languages: Iterable[str], wanted: str) -> bool:
    """Whether somebody who names these languages can hold a visit in `wanted`."""
    return _heard(wanted) in ({_heard(one) for one in languages} or NORWEGIAN)


def _heard(language: str) -> str:
    """The language as it is spoken: one code for the written standards of Norwegian."""
    return "no" if language in NORWEGIAN else language
