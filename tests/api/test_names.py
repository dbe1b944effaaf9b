"""Lists of names stand as people in Norway look for them, whatever the database."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.name_order import name_key
from api.models.places import Municipality
from api.queries.names import by_name
from api.queries.paging import Window, page_of

IN_ORDER = [
    "9. trinn",
    "aker",
    "Alta",
    "Ánárjohka",
    "Bø",
    "Dønna",
    "Eidsvoll",
    "Évenes",
    "Evje",
    "Šibmel",
    "Sør-Aurdal",
    "SØR-VARANGER",
    "Sørfold",
    "Våler",
    "Yster",
    "Zorro",
    "Ærøy",
    "ØRLAND",
    "Østre Toten",
    "Aalesund",
    "Åmot",
    "AAS",
    "Ås skole",
]


def test_python_sorts_names_so() -> None:
    assert [*map(name_key, IN_ORDER)] == sorted(map(name_key, IN_ORDER))


def test_the_database_sorts_and_pages_names_so(session: Session) -> None:
    session.add_all(Municipality(name=name) for name in reversed(IN_ORDER))
    session.flush()
    ours = select(Municipality.name).where(Municipality.name.in_(IN_ORDER))
    assert list(session.scalars(ours.order_by(by_name(Municipality.name)))) == IN_ORDER
    window = Window(number=2, size=10, sort="name", descending=True)
    assert page_of(session, ours, window, {"name": (Municipality.name,)}).items == IN_ORDER[::-1][10:20]
