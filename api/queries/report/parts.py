"""One programme in one term, with what may be shown of its pupils: the smallest thing that the report adds up from.

Everything that is shown is a sum of what is shown here (`known_sum`), so that no filter of the report can be held
against another to find what is hidden.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from api.domain.enums import Gender
from api.domain.suppression import TOTAL, hidden_in_list, hidden_in_table
from api.queries.report.counts import Key

LOWER, UPPER = "lower", "upper"
HIGHEST_LOWER_GRADE = 10
LISTS = ("gender", "grades", "level", "municipality")
Shown = dict[str, int | None]


@dataclass(frozen=True, slots=True)
class AtSite:
    """Pupils whose first choice is at a site; None is hidden."""

    asked: int | None = 0
    offered: int | None = 0
    left: int | None = 0


@dataclass(frozen=True, slots=True)
class Part:
    """Counts of a programme in a season; None is hidden, by the rules of api.domain.suppression.

    left: applied and were not offered a place. lists: `gender`, `grades` (lower, upper), `level` and `municipality`
    (of the school), each adding up to `registered`; None for a list of so few that not even its names may be told.
    genders: as counted, for shares in whole per cent only.
    """

    season: str
    programme: str
    registered: int | None
    offered: int | None
    left: int | None
    schools: frozenset[str]
    sites: Mapping[str, AtSite]
    lists: Mapping[str, Shown | None]
    genders: Mapping[str, int] = field(default_factory=dict)


def parts_of(counts: Counter[Key], municipality_of: Mapping[str, str]) -> list[Part]:
    """The parts of some seasons, each with its small counts hidden. municipality_of: by school."""
    found: defaultdict[tuple[str, str], dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for (season, programme, what, whom), count in counts.items():
        found[season, programme][what][whom] += count
    return [_part(season, programme, of, municipality_of) for (season, programme), of in sorted(found.items())]


def _part(season: str, programme: str, of: Mapping[str, Counter[str]], municipality_of: Mapping[str, str]) -> Part:
    registered, offered = of["registered"][""], of["offered"][""]
    sites = _site_counts(of, registered, offered)
    lists = {
        "gender": dict(of["gender"]),
        "grades": dict(_grades(of["grade"])),
        "level": dict(of["level"]),
        "municipality": dict(_by_municipality(of["school"], municipality_of)),
    }
    hidden = {name: hidden_in_list(counts) for name, counts in lists.items()}
    places = hidden_in_table(sites)
    nothing = (TOTAL, TOTAL) in places

    def shown(count: int, *, is_hidden: bool) -> int | None:
        return None if count and (nothing or is_hidden) else count

    return Part(
        season=season,
        programme=programme,
        registered=shown(registered, is_hidden=False),
        offered=shown(offered, is_hidden=(TOTAL, "offered") in places),
        left=shown(registered - offered, is_hidden=(TOTAL, "left") in places),
        schools=frozenset(of["school"]) - {""},
        sites={
            site: AtSite(
                shown(row["offered"] + row["left"], is_hidden=(site, TOTAL) in places),
                shown(row["offered"], is_hidden=(site, "offered") in places),
                shown(row["left"], is_hidden=(site, "left") in places),
            )
            for site, row in sites.items()
        },
        lists={
            name: None
            if TOTAL in hidden[name]
            else {key: shown(count, is_hidden=key in hidden[name]) for key, count in counts.items()}
            for name, counts in lists.items()
        },
        genders=of["gender"],
    )


def _site_counts(of: Mapping[str, Counter[str]], registered: int, offered: int) -> dict[str, dict[str, int]]:
    """Offered and left by the site of the first choice; counts of before this was kept stand under no site."""
    rows = {
        site: {"offered": of["asked_offered"][site], "left": asked - of["asked_offered"][site]}
        for site, asked in of["asked"].items()
    }
    asked, placed = sum(of["asked"].values()), sum(of["asked_offered"].values())
    if asked < registered:
        unknown = rows.setdefault("", {"offered": 0, "left": 0})
        unknown["offered"] += offered - placed
        unknown["left"] += registered - asked - (offered - placed)
    return rows


def _grades(grades: Mapping[str, int]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for grade, count in grades.items():
        counts[LOWER if int(grade) <= HIGHEST_LOWER_GRADE else UPPER] += count
    return counts


def _by_municipality(schools: Mapping[str, int], municipality_of: Mapping[str, str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for school, count in schools.items():
        counts[municipality_of.get(school, "")] += count
    return counts


def known_genders(parts: Iterable[Part]) -> tuple[int, int, int]:
    """Girls, boys, and all others (other, not told) of some parts, as counted: for shares only."""
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(part.genders)
    girls, boys = counts[Gender.GIRL], counts[Gender.BOY]
    return girls, boys, counts.total() - girls - boys
