"""What the forms show where a pupil chooses: evenings by site with travel and demand, digital where it is far.

Evenings are sent for the sites near the home and for those asked for by name; the others are names in a list.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from sqlalchemy.orm import Session

from api import clock
from api.domain.registration import counted_from, priority_group
from api.models.programmes import Level
from api.queries import chances, queue_join
from api.queries.queue_join import Evening, Joinable, SiteEvenings, SiteToChoose
from api.web.pupil.forms import RANKS, JoinForm

EVENINGS = "pupil/evenings.html"
FEW_SITES = 4  # so many are all shown at once
NEAR_SITES = 4
OPEN_SITES = 2
ID_LENGTH = 36
GRADES = {str(grade) for grade in range(1, 14)}


@dataclass(frozen=True, slots=True)
class Choosing:
    """groups: the sites whose evenings are on the page. others: those that can be asked for.

    digital: the digital evening with the best chance, None without one; free: whether it has free seats.
    chances: what the pupil can expect of each evening on the page, by its id; None while subject or year are not known.
    far: a chosen evening beyond the programme's limit, or, with nothing chosen, the nearest site when it is. opened:
    ids of the sites that stand unfolded. picked: ids of those asked for by name, the last one in `newest`.
    """

    groups: list[SiteEvenings]
    others: list[SiteToChoose]
    digital: Evening | None
    free: bool
    far: Evening | None
    opened: frozenset[str]
    picked: frozenset[str]
    newest: str
    chances: dict[str, chances.SeatChance] | None
    in_period: bool
    known: bool
    next_rank: int


def choosing(session: Session, open_: Joinable, form: JoinForm) -> Choosing:
    """What there is to choose from, for a form as it stands."""
    now = clock.now()
    found = queue_join.sites(session, open_, form.home)
    chosen, limit = set(form.chosen()), open_.rules.digital_minutes
    near = [one.site.id for one in found if one.minutes is not None and one.minutes <= limit]
    near = near[:NEAR_SITES] or [one.site.id for one in found[:OPEN_SITES]]
    picked, with_chosen = form.sites(), queue_join.sites_of_sessions(session, _ids(chosen))
    wanted, opened = picked | with_chosen, picked | with_chosen
    if form.home:
        wanted = wanted | set(near) | {one.site.id for one in found if one.site.digital}
    if len(found) <= OPEN_SITES:
        opened = opened | {one.site.id for one in found}
    elif form.home:
        opened = opened | set(near[:1])
    shown = [one for one in found if len(found) <= FEW_SITES or one.site.id in wanted]
    groups = queue_join.evenings(session, open_, shown, now)
    evenings = [evening for group in groups for evening in group.evenings]
    digital = [one for one in evenings if one.session.site.digital and one.session.id not in chosen]
    best = min(digital, key=lambda one: (one.wishes or 0) / max(one.seats, 1), default=None)
    return Choosing(
        groups=groups,
        others=[one for one in found if one not in shown],
        digital=best,
        free=best is not None and not open_.in_period(now) and queue_join.has_free_seats(session, best),
        far=_far(evenings, chosen, limit),
        opened=frozenset(opened),
        picked=frozenset(picked & {one.site.id for one in shown}),
        newest=form.of("site"),
        chances=_chances(session, open_, form, evenings),
        in_period=open_.in_period(now),
        known=any(one.wishes is not None for one in evenings),
        next_rank=len(chosen) + 1,
    )


def _chances(
    session: Session, open_: Joinable, form: JoinForm, evenings: list[Evening]
) -> dict[str, chances.SeatChance] | None:
    """For a pupil who joins now; None on the form of one who stands in the queue already, which asks no year."""
    level, grade = form.of("level"), form.of("grade")
    if grade not in GRADES or session.get(Level, level) is None:
        return None
    now = clock.now()
    group, _reason = priority_group(int(grade), returning=False)
    periods = queue_join.periods(session, open_.season.id, open_.programme.id)
    return chances.seat_chances(
        session,
        open_.season,
        open_.programme.id,
        level=level,
        class_=min(group, open_.rules.classes - 1),
        joined=counted_from(clock.to_oslo(now).date(), periods),
        evenings={one.session.id: one.session.site_id for one in evenings},
        drawn_later=open_.in_period(now),
    )


def _ids(typed: set[str]) -> list[str]:
    """What can be ids at all, as many as a form may choose: the fields' names come from outside."""
    return sorted(one for one in typed if len(one) == ID_LENGTH and one.isascii() and one.isprintable())[:RANKS]


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
