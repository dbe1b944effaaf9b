"""A protected pupil, and who answers for one, is in no list by name."""

from sqlalchemy.orm import Session

from api.domain.permissions import Actor, Grant, Role
from api.models.group_life import GuardianLink
from api.models.people import Person
from api.queries import campus_trouble
from api.queries.coordination_today import lines
from api.queries.paging import Window
from api.services.follow_up.exceptions import raise_line
from tests import factories as make

COORDINATOR = Actor(grants=frozenset({Grant(Role.COORDINATOR)}))


def unreachable(session: Session, person: Person, site_id: str | None = None) -> None:
    raise_line(
        session,
        "mail_failed",
        person.id,
        person_id=person.id,
        site_id=site_id,
        reason={"code": "refused"},
        remedy={"code": "call_and_correct_address"},
    )


def people(session: Session) -> tuple[Person, Person, Person]:
    """A protected pupil, a guardian of theirs, and a pupil like others."""
    hidden = make.make_person(session, name="Skjult Elev")
    pupil = make.make_pupil(session, person_id=hidden.id, protected=True)
    guardian = make.make_person(session, name="Skjult Foresatt")
    session.add(GuardianLink(pupil_id=pupil.id, person_id=guardian.id))
    other = make.make_person(session, name="Vanlig Elev")
    make.make_pupil(session, person_id=other.id)
    return hidden, guardian, other


def test_the_national_list_names_neither(session: Session) -> None:
    for person in people(session):
        unreachable(session, person)
    found = lines(session, COORDINATOR, Window(sort="severity")).items
    assert sorted(one.name or "" for one in found) == ["", "", "Vanlig Elev"]
    assert "Skjult" not in " ".join(f"{one.what} {one.name}" for one in found)


def test_the_list_of_a_site_names_neither(session: Session) -> None:
    site = make.make_site(session)
    for person in people(session):
        unreachable(session, person, site.id)
    assert sorted(one.who for one in campus_trouble.troubles(session, site.id)) == ["", "", "Vanlig Elev"]
