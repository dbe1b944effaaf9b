"""Signing in by a link in a mail: asked for by address, good for ten minutes, once.

Whether anybody has the address shows neither in the answer nor in what it costs.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import LinkPurpose, Locale
from api.domain.ids import new_id
from api.domain.link_paths import LOGIN_LASTS
from api.errors import InvalidInput
from api.i18n import gettext
from api.models.access import User
from api.models.group_life import GuardianLink
from api.models.groups import Mentor
from api.models.links import LinkToken
from api.models.people import Person
from api.models.pupils import Pupil
from api.models.role_models import RoleModel
from api.models.sign_in import Contact
from api.models.visits import Request
from api.services import links, outbox
from api.services.accounts import verification

LETTER = "login_link"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Someone who may sign in by a link. name: "" for a protected pupil, who is named in no list."""

    person_id: str
    name: str


def send(session: Session, address: str) -> None:
    """Writes the mail with the link, where somebody with this address may sign in."""
    people = _people_with(session, address.strip().lower())
    if people:
        send_to(session, people[0])
        return
    nobody = Person(name="-", email=address, locale=Locale.NB)
    pretended = session.begin_nested()  # the same statements as for somebody, and nothing of them stays
    token = links.issue(session, LinkPurpose.LOGIN, "person", new_id(), expires_at=clock.now() + LOGIN_LASTS)
    outbox.write(session, LETTER, nobody, {}, about=("person", token.object_id), links={"login": token})
    pretended.rollback()


def send_to(session: Session, person: Person, *, letter: str = LETTER) -> None:
    """Writes a mail with a link to sign in to one person."""
    token = links.issue(
        session,
        LinkPurpose.LOGIN,
        "person",
        person.id,
        expires_at=clock.now() + LOGIN_LASTS,
        person_id=person.id,
    )
    outbox.write(session, letter, person, {}, about=("person", person.id), links={"login": token})


def candidates(session: Session, token: LinkToken) -> list[Candidate]:
    """Who may sign in by this link: everybody who shares the address that it was sent to."""
    receiver = session.get(Person, token.object_id)
    people = _people_with(session, (receiver.email or "").lower()) if receiver else []
    hidden = set(session.scalars(select(Pupil.person_id).where(Pupil.protected, Pupil.person_id.in_(_ids(people)))))
    return [Candidate(person.id, "" if person.id in hidden else person.name) for person in people]


def redeem(session: Session, token: LinkToken, person_id: str | None) -> str:
    """Uses up the link for one of its candidates. Returns the id of the account, made at the first sign-in.

    person_id: which of several; may be left out where there is one. Raises LinkExpired when somebody was faster, and
    InvalidInput when nobody, or nobody of theirs, was chosen: the link can still be used then.
    """
    known = [one.person_id for one in candidates(session, token)]
    chosen = known[0] if len(known) == 1 and person_id is None else person_id
    if chosen not in known:
        raise InvalidInput(gettext("Choose who you are."), field="person")
    links.use(session, token)
    assert chosen is not None
    user_id = account_for(session, chosen)
    verification.verify_by_mail(session, chosen)
    return user_id


def account_for(session: Session, person_id: str) -> str:
    """The id of a person's account, which is made where there is none; of several at once one makes it."""
    wanted = select(User.id).where(User.person_id == person_id)
    user_id = session.scalar(wanted)
    if user_id is None:
        person = session.get_one(Person, person_id)
        try:
            with session.begin_nested():
                made = User(person_id=person_id, login=free_login(session, person))
                session.add(made)
                session.flush()
            return made.id
        except IntegrityError:
            user_id = session.scalars(wanted).one()
    return user_id


def free_login(session: Session, person: Person) -> str:
    """The person's address; their id where somebody else signs in with that address."""
    address = (person.email or "").strip().lower()
    taken = not address or session.scalar(select(User.id).where(User.login == address))
    return person.id if taken else address


def _people_with(session: Session, address: str) -> list[Person]:
    """Those who may sign in with an address, in the order in which they came to us: closed accounts are left out."""
    known_by_rows = or_(
        *(
            select(column).where(column == Person.id).exists()
            for column in (
                RoleModel.person_id,
                Mentor.person_id,
                Pupil.person_id,
                GuardianLink.person_id,
                Contact.person_id,
                Request.contact_id,
            )
        )
    )
    found = (
        select(Person)
        .outerjoin(User, User.person_id == Person.id)
        .where(func.lower(Person.email) == address)
        .where(or_(User.is_active, and_(User.id.is_(None), known_by_rows)))
        .order_by(Person.id)
    )
    return list(session.scalars(found)) if address else []


def _ids(people: list[Person]) -> list[str]:
    return [person.id for person in people]
