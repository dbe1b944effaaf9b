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
FAR_LIMITS = 2  # sites beyond so many times the limit for digital are far away


@dataclass(frozen=True, slots=True)
class Choosing:
    """near, beyond: everything that can be chosen, the sites far away apart where a home is known.

    digital: the digital evening with the best chance, None without one.
    far: a chosen evening beyond the programme's limit, or, with nothing chosen, the nearest site when it is. opened:
    ids of the sites whose evenings are shown at once.
    """

    near: list[SiteEvenings]
    beyond: list[SiteEvenings]
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
    limit = open_.rules.digital_minutes
    near = [group for group in found if group.minutes is not None and group.minutes <= limit]
    if form.home or len(found) <= OPEN_SITES:
        opened |= {group.site.id for group in (near or found)[:OPEN_SITES]}
    away = [group for group in found if group.minutes is not None and group.minutes > limit * FAR_LIMITS]
    beyond = {group.site.id for group in away if group is not found[0] and group.site.id not in opened}
    return Choosing(
        near=[group for group in found if group.site.id not in beyond],
        beyond=[group for group in found if group.site.id in beyond],
        digital=digital[0] if digital else None,
        far=_far(evenings, chosen, limit),
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
