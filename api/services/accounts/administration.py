"""Accounts as an administrator handles them: made, closed, opened, given and relieved of roles. All of it is audited.

There is always an administrator: whoever would take the last one away is refused, of two at once one.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import Locale
from api.domain.permissions import Action, Actor, Grant, Role, may
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import gettext
from api.models.access import User
from api.models.people import Person
from api.models.rights import RoleGrant
from api.services import audit, users
from api.services.accounts import login_links

OPENED = "account_opened"


def open_account(
    session: Session, actor: Actor, *, login: str, name: str, grants: Iterable[Grant] = (), locale: Locale = Locale.NB
) -> User:
    """A new account without a password, whose holder gets a link by mail. Raises as users.create_user does."""
    _demand(actor)
    user = users.create_user(session, login=login, password=None, name=name, grants=grants, locale=locale)
    roles = [one.role.value for one in grants]
    audit.record(session, "user_account.open", "user_account", user.id, actor_id=actor.user_id, detail={"roles": roles})
    login_links.send_to(session, session.get_one(Person, user.person_id), letter=OPENED)
    return user


def set_active(session: Session, actor: Actor, user: User, active: bool) -> None:
    """Closes an account and signs its holder out, or opens it again. Raises Conflict for the last administrator."""
    _demand(actor)
    if user.is_active == active:
        return
    if not active:
        _keep_an_admin(session, without_user=user.id)
        users.end_sessions(session, user.id)
    user.is_active = active
    session.flush()
    event = "user_account.reopen" if active else "user_account.close"
    audit.record(session, event, "user_account", user.id, actor_id=actor.user_id)


def give(session: Session, actor: Actor, user_id: str, grant: Grant) -> RoleGrant:
    """Gives a role. Raises NotFound for an unknown user, InvalidInput for a scope that does not fit."""
    account(session, actor, user_id)
    row = users.add_grant(session, user_id, grant)
    told = {"role": grant.role.value, "scope": grant.scope, "user": user_id}
    audit.record(session, "role_grant.give", "role_grant", row.id, actor_id=actor.user_id, detail=told)
    return row


def take_away(session: Session, actor: Actor, user_id: str, grant_id: str) -> None:
    """Takes a role away. Raises NotFound, and Conflict for the last admin."""
    account(session, actor, user_id)
    row = session.scalar(select(RoleGrant).where(RoleGrant.id == grant_id, RoleGrant.user_id == user_id))
    if row is None:
        raise NotFound(gettext("There is no such role."))
    if row.role is Role.ADMIN:
        _keep_an_admin(session, without_user=user_id)
    told = {"role": row.role.value, "scope": row.scope, "user": user_id}
    audit.record(session, "role_grant.take_away", "role_grant", row.id, actor_id=actor.user_id, detail=told)
    session.delete(row)
    session.flush()


def send_link(session: Session, actor: Actor, user_id: str) -> None:
    """Sends the holder of an account a new link to sign in. Raises NotFound, Conflict without an address."""
    user = account(session, actor, user_id)
    person = session.get_one(Person, user.person_id)
    if not user.is_active or not person.email:
        raise Conflict(gettext("The account is closed, or has no e-mail address."), code="no_address")
    login_links.send_to(session, person, letter=OPENED)
    audit.record(session, "user_account.send_link", "user_account", user.id, actor_id=actor.user_id)


def account(session: Session, actor: Actor, user_id: str) -> User:
    """The account, for an administrator. Raises NotFound."""
    _demand(actor)
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(gettext("There is no such account."))
    return user


def role_of(word: str) -> Role:
    """The role of this name. Raises InvalidInput."""
    try:
        return Role(word)
    except ValueError:
        raise InvalidInput(gettext("Choose a role."), field="role") from None


def _keep_an_admin(session: Session, *, without_user: str) -> None:
    """The rows of all administrators are locked, so that two who take each other away come one after the other."""
    admins = session.scalars(
        select(RoleGrant)
        .join(RoleGrant.user)
        .where(RoleGrant.role == Role.ADMIN, User.is_active)
        .order_by(RoleGrant.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    ids = {row.user_id for row in admins}
    if without_user in ids and len(ids) == 1:
        raise Conflict(
            gettext("This is the last administrator."),
            code="last_admin",
            remedy=gettext("Make somebody else an administrator first."),
        )


def _demand(actor: Actor) -> None:
    if not may(actor, Action.MANAGE_USERS):
        raise NotFound(gettext("There is no such account."))
