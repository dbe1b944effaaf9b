"""Every list as a file, as every role that may fetch it: no name or address gets out that the role's pages do not show.

Each person of two sides has a name, a mail and a number of their own; the files of all addresses that end in a suffix
are searched for them. A new file is covered by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.permissions import RIGHTS, Action, Role
from api.models.access import User
from api.models.group_life import GuardianLink
from api.models.groups import Mentor
from api.models.people import Person
from api.models.plan_rows import PlanVisit
from api.models.planning import Plan, Run
from api.models.pupils import Entry, Pupil
from api.models.role_models import RoleModel
from api.models.sign_in import Contact
from api.models.visits import Request
from api.services.exports import SUFFIXES
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.test_role_matrix import NATIONAL, _values, routes
from tests.api.two_sides import Side, two_sides
from tests.api.web.conftest import for_now


@dataclass
class Canaries:
    """Texts that must not be found, by whose they are."""

    pupils: set[str] = field(default_factory=set)
    guardians: set[str] = field(default_factory=set)
    mentors: dict[str, str] = field(default_factory=dict)
    role_models: set[str] = field(default_factory=set)
    teachers: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)


def planted(session: Session) -> Canaries:
    """Gives everybody texts of their own; every pupil is protected."""
    found = Canaries()
    site_of = dict(session.execute(select(Mentor.person_id, Mentor.site_id)).all())
    pupils = set(session.scalars(select(Pupil.person_id)))
    guardians = set(session.scalars(select(GuardianLink.person_id)))
    role_models = set(session.scalars(select(RoleModel.person_id)))
    teachers = {*session.scalars(select(Contact.person_id)), *session.scalars(select(Request.contact_id))}
    for number, person in enumerate(session.scalars(select(Person).order_by(Person.id))):
        person.name = f"Kanari{number:04}Navn"
        person.email, person.phone = f"kanari{number:04}@example.org", f"+999{number:04}999"
        texts = {person.email, person.phone, f"999{number:04}999"}
        if person.id in pupils or person.id in guardians:
            found.pupils |= {person.name, *texts}
        elif person.id in teachers:
            found.teachers |= {person.name, *texts}
        elif person.id in role_models:
            found.role_models.add(person.name)
            found.addresses |= texts
        elif person.id in site_of:
            found.mentors[person.name] = site_of[person.id]
            found.addresses |= texts
    for pupil in session.scalars(select(Pupil)):
        pupil.protected = True
    for link in session.scalars(select(GuardianLink)):
        person = session.get_one(Person, link.person_id)
        found.guardians |= {person.name, str(person.email)}
    session.flush()
    return found


def forbidden(role: Role, side: Side, canaries: Canaries) -> set[str]:
    """What this role must not find in any file."""
    own_site = side.ids["site_id"]
    found = canaries.pupils | canaries.guardians | canaries.addresses
    if role not in NATIONAL or Action.SEE_NAMES not in RIGHTS[role]:
        found = found | canaries.role_models
    if Action.VERIFY_SCHOOLS not in RIGHTS[role]:
        found = found | canaries.teachers
    if role not in NATIONAL:
        found = found | {name for name, site in canaries.mentors.items() if site != own_site}
    return found


def with_reserves(session: Session) -> None:
    """Every plan of visits keeps a role model in reserve for its visits."""
    for visit, run in session.execute(
        select(PlanVisit, Run).join(Plan, PlanVisit.plan_id == Plan.id).join(Run, Plan.run_id == Run.id)
    ):
        one = {"role_model": session.scalars(select(RoleModel.id)).first(), "date": "2027-01-18"}
        run.stand_ins = {"people": 1, "share_without": 0.8, "share": 0.9, "reached": False, "proven": True} | {
            "reserves": [one | {"visits": [visit.request_id]}]
        }
    session.flush()


def text_of(data: bytes, suffix: str) -> str:
    if suffix == "csv":
        return data.decode("utf-8-sig")
    book = load_workbook(BytesIO(data), read_only=True)
    return "\n".join(
        str(cell) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row
    )


@pytest.fixture
def sides(session: Session) -> tuple[Side, Side]:
    return two_sides(session)


@pytest.mark.long_on_postgres
def test_no_file_holds_what_its_reader_may_not_see(
    app: Flask, session: Session, sides: tuple[Side, Side], signed_in: SignIn, subtests: pytest.Subtests
) -> None:
    ours, _theirs = sides
    assert session.scalars(select(Entry)).first() is not None
    unasked = make.make_school(session, municipality_id=ours.ids["municipality_id"])
    session.add(Contact(person_id=make.make_person(session).id, school_id=unasked.id))
    session.flush()
    with_reserves(session)
    canaries = planted(session)
    files = [rule for rule, method in routes(app) if method == "GET" and "suffix" in rule.arguments]
    assert len(files) >= 9
    fetched: set[str] = set()
    seen: set[str] = set()
    for role in Role:
        user: User = ours.users[role]
        client = signed_in(user)
        secrets = forbidden(role, ours, canaries)
        with subtests.test(role.value):
            leaks = []
            for rule in files:
                for suffix in SUFFIXES:
                    with app.test_request_context():
                        values = _values(rule, ours.ids) | {"suffix": suffix}
                        address = app.url_map.bind("localhost").build(rule.endpoint, values)
                    with for_now(session):
                        answer = client.get(address)
                    if answer.status_code != 200:
                        continue
                    fetched.add(rule.endpoint)
                    said = text_of(answer.data, suffix)
                    seen |= {one for one in canaries.role_models | canaries.teachers if one in said}
                    leaks += [f"{address}: {one}" for one in secrets if one in said]
            assert leaks == []
    assert {rule.endpoint for rule in files} - fetched == set(), "a file that nobody of the two sides can fetch"
    assert seen & canaries.role_models, "the search would not notice a name"
    assert seen & canaries.teachers
