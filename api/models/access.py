"""How people and programs sign in, and requests that may be sent twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.models.base import Base, Created, Hash, Identified, JsonList, Versioned, ref, text_column
from api.models.people import Person
from api.models.personal import Retention, tag

_SIGN_IN = tag("sign in", Retention.ACCOUNT)
_TOKEN = tag("sign a program in on a user's behalf", Retention.TOKEN)
_REPEAT = tag("answer a repeated request with the first answer", Retention.TOKEN)


class User(Identified, Versioned, Created, Base):
    """An account. `login` is a mail address in lower case; the password is kept as an argon2id hash."""

    __tablename__ = "user_account"

    person_id: Mapped[str] = ref(Person.id, index=False, info=_SIGN_IN)
    login: Mapped[str] = mapped_column(String(254), unique=True, info=_SIGN_IN)
    password_hash: Mapped[str | None] = mapped_column(info=_SIGN_IN)
    is_active: Mapped[bool] = mapped_column(default=True, info=_SIGN_IN)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(info=tag("find accounts to delete", Retention.ACCOUNT))

    person: Mapped[Person] = relationship()

    __table_args__ = (
        UniqueConstraint("person_id"),
        CheckConstraint("login = lower(login) AND login <> ''", name="login"),
        CheckConstraint("password_hash LIKE '$argon2id$%'", name="argon2id"),
    )


class ApiToken(Identified, Created, Base):
    """A program's key: SHA-256 of 256 random bits, the scopes it may use, and its end."""

    __tablename__ = "api_token"

    user_id: Mapped[str] = ref(User.id, owned=True, info=_TOKEN)
    name: Mapped[str] = mapped_column(info=_TOKEN)
    token_hash: Mapped[Hash] = mapped_column(unique=True, info=_TOKEN)
    scopes: Mapped[JsonList] = mapped_column(info=_TOKEN)
    expires_at: Mapped[datetime] = mapped_column(info=_TOKEN)
    last_used_at: Mapped[datetime | None] = mapped_column(info=_TOKEN)
    revoked_at: Mapped[datetime | None] = mapped_column(info=_TOKEN)

    user: Mapped[User] = relationship()


class IdempotencyKey(Identified, Created, Base):
    """The first answer to a request that carries a key.

    owner: `user:<id>`, or for the anonymous the hash of what tells them apart. The answer is None while it is made.
    """

    __tablename__ = "idempotency_key"

    owner: Mapped[str] = mapped_column(String(80), info=_REPEAT)
    key: Mapped[str] = mapped_column(info=_REPEAT)
    request_hash: Mapped[Hash] = mapped_column(info=_REPEAT)
    response_status: Mapped[int | None] = mapped_column(info=_REPEAT)
    response_headers: Mapped[dict[str, Any] | None] = mapped_column(info=_REPEAT)
    response_body: Mapped[str | None] = text_column(info=_REPEAT)
    expires_at: Mapped[datetime] = mapped_column(index=True, info=_REPEAT)

    __table_args__ = (UniqueConstraint("owner", "key"),)
