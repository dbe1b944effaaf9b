"""Settings, read once from the environment into a frozen object."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal

from api.errors import ConfigurationError

Environment = Literal["development", "production"]
MIN_SECRET = 32
SECRET_REMEDY = (
    f"Set it to at least {MIN_SECRET} random characters, or set TREFFPUNKT_ENV=development on your own machine."
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says. Every value has passed its check.

    data: folder of the embedded database and of everything else that is kept; created when first used.
    database_url: SQLAlchemy URL, SQLite in the data folder unless given.
    secret: at least 32 characters; in development one is made and kept in the data folder when none is given.
    host, port: where `treffpunkt serve` listens.
    """

    env: Environment
    data: Path
    database_url: str = field(repr=False)  # may hold a password
    secret: str | None = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8000

    @property
    def secret_key(self) -> str:
        """What sessions and links are signed with. Raises ConfigurationError where none is set."""
        if self.secret is not None:
            return self.secret
        if not self.development:
            raise ConfigurationError(
                "TREFFPUNKT_SECRET_KEY is missing.", field="TREFFPUNKT_SECRET_KEY", remedy=SECRET_REMEDY
            )
        return _kept_secret(self.data / "secret-of-development")

    @property
    def development(self) -> bool:
        return self.env == "development"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from environment variables. Raises ConfigurationError naming the variable and the remedy."""
    env = environ.get("TREFFPUNKT_ENV", "production")
    if env not in ("development", "production"):
        raise ConfigurationError(
            f"TREFFPUNKT_ENV is {env!r}.", field="TREFFPUNKT_ENV", remedy="Set it to development or production."
        )
    environment: Environment = "development" if env == "development" else "production"
    data = Path(environ.get("TREFFPUNKT_DATA") or "data").expanduser().absolute()
    return Settings(
        env=environment,
        data=data,
        database_url=normal_url(environ.get("DATABASE_URL") or f"sqlite:///{data / 'treffpunkt.db'}"),
        secret=_secret(environ.get("TREFFPUNKT_SECRET_KEY", "")),
        host=environ.get("TREFFPUNKT_HOST") or "127.0.0.1",
        port=_port(environ.get("TREFFPUNKT_PORT") or "8000"),
    )


@cache
def settings() -> Settings:
    """The settings of this process, read at the first call."""
    return read_settings(os.environ)


def normal_url(url: str) -> str:
    """The SQLAlchemy URL for what people write: `postgres://` and `postgresql://` mean psycopg 3."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    if url.startswith(("postgresql+psycopg://", "sqlite:///")):
        return url
    raise ConfigurationError(
        "DATABASE_URL names a database that is not supported.",
        field="DATABASE_URL",
        remedy="Use postgresql://user:password@host/name or sqlite:///path/to/file.db.",
    )


@cache
def _kept_secret(file: Path) -> str:
    """The secret that all processes on a developer's machine share: links made by one are followed in another."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=file.parent) as new:  # only its owner may read it
            new.write(secrets.token_hex(MIN_SECRET))
            new.flush()
            with suppress(FileExistsError):  # another process was faster: its secret is whole, and stands
                os.link(new.name, file)
    return file.read_text(encoding="ascii")


def _secret(given: str) -> str | None:
    if not given:
        return None
    if len(given) < MIN_SECRET:
        raise ConfigurationError(
            "TREFFPUNKT_SECRET_KEY is too short.", field="TREFFPUNKT_SECRET_KEY", remedy=SECRET_REMEDY
        )
    return given


def _port(given: str) -> int:
    if not given.isascii() or not given.isdigit() or not 1 <= int(given) <= 65535:
        raise ConfigurationError(
            f"TREFFPUNKT_PORT is {given!r}.", field="TREFFPUNKT_PORT", remedy="Set it to a number from 1 to 65535."
        )
    return int(given)
