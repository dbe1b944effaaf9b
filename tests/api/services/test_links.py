"""Links: found by their secret, for their purpose, until they end; used once where once is meant."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from api import clock
from api.config import settings
from api.db import reading, transaction
from api.domain.enums import LinkPurpose
from api.domain.link_paths import LINK_PATHS
from api.errors import NotFound
from api.models.links import LinkToken
from api.services import links

HOUR = timedelta(hours=1)


def issued(session: Session, purpose: LinkPurpose = LinkPurpose.INVITATION) -> LinkToken:
    return links.issue(session, purpose, "invitation", "an-id", expires_at=clock.now() + HOUR)


def secret(token: LinkToken) -> str:
    return links.address_of(token).rsplit("/", 1)[1]


def test_link_is_found_by_its_secret(session: Session) -> None:
    token = issued(session)
    assert links.address_of(token).startswith("/invitasjon/")
    assert links.find(session, secret(token), LinkPurpose.INVITATION) is token


def test_secret_is_nowhere_in_the_database(session: Session) -> None:
    token = issued(session)
    row = session.execute(text("SELECT * FROM link_token WHERE id = :id"), {"id": token.id}).one()
    assert secret(token) not in map(str, row)
    assert len(secret(token)) == 64


def test_secret_depends_on_the_key_of_the_service(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    token = issued(session)
    before = secret(token)
    monkeypatch.setenv("TREFFPUNKT_SECRET_KEY", "another key that is long enough for it")
    settings.cache_clear()
    after = secret(token)
    monkeypatch.undo()
    settings.cache_clear()
    assert before != after


@pytest.mark.parametrize("given", ["", "0" * 64, "\x00", "æøå", "../x"])
def test_unknown_secret_is_not_found(session: Session, given: str) -> None:
    issued(session)
    with pytest.raises(NotFound):
        links.find(session, given, LinkPurpose.INVITATION)


def test_link_of_another_purpose_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        links.find(session, secret(issued(session)), LinkPurpose.LOGIN, LinkPurpose.VISIT)


def test_old_link_says_what_it_was(session: Session) -> None:
    token = issued(session)
    with time_machine.travel(clock.now() + HOUR), pytest.raises(links.LinkExpired) as caught:
        links.find(session, secret(token), LinkPurpose.INVITATION)
    assert caught.value.token.object_id == "an-id"


def test_revoked_link_is_not_found(session: Session) -> None:
    token, other = issued(session), issued(session, LinkPurpose.VISIT)
    links.revoke(session, "invitation", "an-id", LinkPurpose.INVITATION)
    session.expire_all()
    with pytest.raises(NotFound):
        links.find(session, secret(token), LinkPurpose.INVITATION)
    assert links.find(session, secret(other), LinkPurpose.VISIT) is other


def test_looking_does_not_use_it_up(session: Session) -> None:
    token = issued(session, LinkPurpose.LOGIN)
    for _ in range(50):
        links.find(session, secret(token), LinkPurpose.LOGIN)
    links.use(session, token)
    session.expire_all()
    with pytest.raises(links.LinkExpired):
        links.use(session, token)
    with pytest.raises(links.LinkExpired):
        links.find(session, secret(token), LinkPurpose.LOGIN)


def test_one_of_a_hundred_uses_it(own_database: Engine) -> None:
    with transaction() as session:
        token_id = issued(session, LinkPurpose.LOGIN).id

    def use(_: int) -> bool:
        with reading() as session:
            token = session.get_one(LinkToken, token_id)
        try:
            with transaction() as session:
                links.use(session, token)
        except links.LinkExpired:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(100))) == 1


def test_every_purpose_has_an_address_of_its_own() -> None:
    assert set(LINK_PATHS) == set(LinkPurpose)
    assert len(set(LINK_PATHS.values())) == len(LINK_PATHS)
