"""Adding up: pupils from the parts of a report, visits from those that were held. What is hidden hides its sums."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from api.domain.enums import Measure
from api.domain.suppression import TOTAL, hidden_in_list, known_sum
from api.domain.surveys import Share
from api.queries.report.answers import Answers
from api.queries.report.parts import LISTS, AtSite, Part, known_genders


@dataclass(frozen=True, slots=True)
class Pupils:
    """Who applied to study groups; None is hidden, also of a whole list.

    genders: girls, boys and others as counted, for shares only.
    """

    registered: int | None
    offered: int | None
    left: int | None
    schools: int
    sites: Mapping[str, AtSite]
    lists: Mapping[str, Mapping[str, int | None] | None]
    genders: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Visits to a municipality, the schools they went to, and the pupils they met (None: hidden)."""

    visits: int = 0
    schools: int = 0
    met: int | None = 0


@dataclass(frozen=True, slots=True)
class Visits:
    """Held visits. months: how many in each, January first. uncounted: those without a head-count."""

    count: int
    met: int | None
    uncounted: int
    schools: int
    months: Sequence[int]
    places: Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class HeldVisit:
    """A visit that was held, as the report counts it. term: the season it lies in, empty outside all."""

    day: date
    programme: str
    term: str
    municipality: str
    school: str
    pupils: int | None


@dataclass(frozen=True, slots=True)
class Sums:
    """A year or a term in sums. by_hand: counts of programmes of which Treffpunkt itself counted nothing.

    schools_said: how many schools answered after a visit, and their shares by question.
    """

    pupils: Pupils
    visits: Visits
    answers: Answers
    schools_said: tuple[int, Mapping[str, Share]]
    by_hand: Mapping[Measure, int]

    def of(self, measure: Measure) -> int | None:
        """The value of a measure, None where it is hidden or nothing is known of it. Shares in whole per cent."""
        own: dict[Measure, int | None] = {
            Measure.REGISTERED: self.pupils.registered,
            Measure.OFFERED: self.pupils.offered,
            Measure.SCHOOLS: self.pupils.schools,
            Measure.VISITS: self.visits.count,
            Measure.PUPILS_MET: self.visits.met,
        }
        if measure in own:
            return known_sum([own[measure], self.by_hand.get(measure, 0)])
        share = self.answers.shares.get(measure.value)
        return share.percent if share else self.by_hand.get(measure)

    def hides(self, measure: Measure) -> bool:
        """Whether the value is known and not shown."""
        counted = measure in (Measure.REGISTERED, Measure.OFFERED, Measure.PUPILS_MET)
        return self.of(measure) is None and (counted or measure.value in self.answers.shares)

    @property
    def left(self) -> int | None:
        """Applied and got no offer."""
        registered, offered = self.by_hand.get(Measure.REGISTERED, 0), self.by_hand.get(Measure.OFFERED, 0)
        return known_sum([self.pupils.left, max(0, registered - offered)])


def pupils_of(parts: Collection[Part]) -> Pupils:
    """The pupils of some parts."""
    sites: defaultdict[str, list[AtSite]] = defaultdict(list)
    for part in parts:
        for site, row in part.sites.items():
            sites[site].append(row)
    return Pupils(
        registered=known_sum(part.registered for part in parts),
        offered=known_sum(part.offered for part in parts),
        left=known_sum(part.left for part in parts),
        schools=len(frozenset[str]().union(*(part.schools for part in parts))),
        sites={
            site: AtSite(*(known_sum(getattr(row, name) for row in rows) for name in ("asked", "offered", "left")))
            for site, rows in sites.items()
        },
        lists={name: _list(parts, name) for name in LISTS},
        genders=known_genders(parts),
    )


def _list(parts: Collection[Part], name: str) -> dict[str, int | None] | None:
    """A list of all parts together; None as soon as one of them has it withheld."""
    lists = [counts for part in parts if (counts := part.lists[name]) is not None]
    if len(lists) < len(parts):
        return None
    keys = {key for counts in lists for key in counts}
    return {key: known_sum(counts.get(key, 0) for counts in lists) for key in keys}


def visits_of(held: Collection[HeldVisit], municipality: str | None = None) -> Visits:
    """The visits, or those to one municipality. Who was met is hidden by term and programme, over all of them."""
    met: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one in held:
        met[one.term, one.programme][one.municipality] += one.pupils or 0
    shown: defaultdict[str, list[int | None]] = defaultdict(list)
    for counts in met.values():
        hidden = hidden_in_list(counts)
        for place, count in counts.items():
            shown[place].append(None if place in hidden or (TOTAL in hidden and count) else count)
    totals = [None if TOTAL in hidden_in_list(counts) else counts.total() for counts in met.values()]
    places = {
        place: Place(
            sum(one.municipality == place for one in held),
            len({one.school for one in held if one.municipality == place}),
            known_sum(parts),
        )
        for place, parts in shown.items()
    }
    here = [one for one in held if municipality in (None, one.municipality)]
    return Visits(
        count=len(here),
        met=places.get(municipality, Place()).met if municipality else known_sum(totals),
        uncounted=sum(one.pupils is None for one in here),
        schools=len({one.school for one in here}),
        months=[sum(one.day.month == month for one in here) for month in range(1, 13)],
        places=places,
    )
