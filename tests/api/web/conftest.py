"""A planned season behind the pages, on both databases."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api.domain.permissions import Role
from api.models.groups import Site
from tests import factories as make
from tests.api.conftest import SignIn
from tests.seasons import World, planned_season

AsRole = Callable[..., FlaskClient]


@pytest.fixture
def world(session: Session) -> World:
    return planned_season(session)


@pytest.fixture
def signed_in_as(session: Session, signed_in: SignIn) -> AsRole:
    """A browser signed in with one role, for the whole country or for one site."""

    def sign_in(role: Role, site: Site | None = None) -> FlaskClient:
        user = make.make_user(session)
        make.make_grant(session, user_id=user.id, role=role, site_id=site.id if site else None)
        return signed_in(user)

    return sign_in


@pytest.fixture
def assistant(signed_in_as: AsRole) -> FlaskClient:
    """A reader of the visit plan's rows who sees neither names nor goals."""
    return signed_in_as(Role.ASSISTANT)


@pytest.fixture
def planner(signed_in_as: AsRole) -> FlaskClient:
    """A coordinator, who sees all there is."""
    return signed_in_as(Role.COORDINATOR)


@contextmanager
def for_now(session: Session) -> Iterator[None]:
    """What is written inside is gone afterwards, so that one test can look at two seasons, one after the other."""
    inside = session.begin_nested()
    yield
    inside.rollback()
    session.expire_all()
