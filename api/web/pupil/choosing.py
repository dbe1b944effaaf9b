"""What the forms show where a pupil chooses: evenings by site with travel and demand, digital where it is far."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from sqlalchemy.orm import Session

from api import clock
from api.queries import queue_join
from api.queries.queue_join import Evening, Joinable, SiteEvenings
from api.web.pupil.forms import JoinForm

EVENINGS = "pupil/evenings.html"
OPEN_SITES = 2


@dataclass(frozen=True, slots=True)
class Choosing:
    """sites: everything that can be chosen. digital: the digital evening with the best chance, None without one.

    far: a chosen evening beyond the programme's limit, or, with nothing chosen, the nearest site when it is. opened:
    ids of the sites whose evenings are shown at once.
    """

    sites: list[SiteEvenings]
    digital: Evening | None
    far: Evening | None
    opened: frozenset[str]
    in_period: bool
    known: bool
    next_rank: int


def choosing(session: Session, open_: Joinable, form: JoinForm) -> Choosing:
    """What there is to choose from, for a form as it stands."""
    now = clock.now()
    found = queue_join.sites(session, open_, form.home, now)
    evenings = [evening for group in found for evening in group.evenings]
    chosen = set(form.chosen())
    digital = [one for one in evenings if one.session.site.digital and one.session.id not in chosen]
    digital.sort(key=lambda one: (one.wishes or 0) / max(one.seats, 1))
    opened = {group.site.id for group in found if any(one.session.id in chosen for one in group.evenings)}
    opened |= {group.site.id for group in found[:OPEN_SITES]} if form.home or len(found) <= OPEN_SITES else set()
    return Choosing(
        sites=found,
        digital=digital[0] if digital else None,
        far=_far(evenings, chosen, open_.rules.digital_minutes),
        opened=frozenset(opened),
        in_period=open_.in_period(now),
        known=any(one.wishes is not None for one in evenings),
        next_rank=len(chosen) + 1,
    )


def is_fragment() -> bool:
    """Whether only the part with the evenings is asked for."""
    return request.headers.get("HX-Request") == "true"


def _far(evenings: list[Evening], chosen: set[str], limit: int) -> Evening | None:
    wished = [one for one in evenings if one.session.id in chosen]
    beyond = [one for one in wished if one.minutes is not None and one.minutes > limit]
    if wished:
        return beyond[0] if beyond else None
    nearest = min((one for one in evenings if one.minutes is not None), key=lambda one: one.minutes or 0, default=None)
    return nearest if nearest is not None and (nearest.minutes or 0) > limit else None
