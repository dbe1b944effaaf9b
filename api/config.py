"""Settings, read once from the environment into a frozen object."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal
from urllib.parse import unquote, urlsplit

from api.errors import ConfigurationError

Environment = Literal["development", "production"]
MIN_SECRET = 32
MIN_TOKEN = 20
# Each may be given by NAME_FILE instead: the path of a file that holds the value, as containers hand secrets over.
SECRETS = (
    "DATABASE_URL",
    "TREFFPUNKT_METRICS_TOKEN",
    "TREFFPUNKT_OIDC_CLIENT_SECRET",
    "TREFFPUNKT_SECRET_KEY",
    "TREFFPUNKT_SMS_URL",
    "TREFFPUNKT_SMTP_URL",
)
MAIL_FROM_IN_DEVELOPMENT = "Treffpunkt <treffpunkt@example.org>"
SMTP_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
SECRET_REMEDY = (
    f"Set it to at least {MIN_SECRET} random characters, or set TREFFPUNKT_ENV=development on your own machine."
)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes. scheme: smtp, smtp+starttls or smtps."""

    scheme: str
    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """Where people sign in with OpenID Connect, such as Feide. issuer: its address, as in its tokens."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says. Every value has passed its check.

    data: folder of the embedded database and of everything else that is kept; created when first used.
    database_url: SQLAlchemy URL, SQLite in the data folder unless given.
    secret: at least 32 characters; in development one is made and kept in the data folder when none is given.
    host, port: where `treffpunkt serve` listens.
    url: the public address, without a slash at the end; links in mails begin with it.
    smtp, sms_url: where mails and SMS are handed over, None where that is not set up. mail_from: the sender of mails.
    company_register_url: the API of Enhetsregisteret, None where companies are not looked up.
    second_factor: whether staff must show one; always in production. oidc: None where nobody signs in that way.
    metrics_token: what a reader of /metrics shows; None: nobody reads them in production.
    dask_scheduler: where the machines are found that solve, None where a worker solves on its own.
    """

    env: Environment
    data: Path
    database_url: str = field(repr=False)  # may hold a password
    secret: str | None = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    url: str | None = None
    smtp: SmtpServer | None = None
    mail_from: str | None = None
    sms_url: str | None = field(default=None, repr=False)  # may hold a key
    company_register_url: str | None = None
    second_factor: bool = False
    oidc: OidcProvider | None = None
    metrics_token: str | None = field(default=None, repr=False)
    dask_scheduler: str | None = None

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

    @property
    def public_url(self) -> str:
        """What links in mails begin with. Raises ConfigurationError where it is not set in production."""
        return self._needed(
            self.url, "TREFFPUNKT_URL", f"http://{self.host}:{self.port}", "https://treffpunkt.example.org"
        )

    @property
    def sender(self) -> str:
        """Who mails are from. Raises ConfigurationError where it is not set in production."""
        return self._needed(self.mail_from, "TREFFPUNKT_MAIL_FROM", MAIL_FROM_IN_DEVELOPMENT, MAIL_FROM_IN_DEVELOPMENT)

    def _needed(self, value: str | None, variable: str, in_development: str, example: str) -> str:
        if value:
            return value
        if self.development:
            return in_development
        raise ConfigurationError(
            f"{variable} is missing: no mail can be sent.", field=variable, remedy=f"Set it, for example to {example}."
        )


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from environment variables. Raises ConfigurationError naming the variable and the remedy."""
    environ = _with_files(environ)
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
        url=_url(environ.get("TREFFPUNKT_URL", ""), "TREFFPUNKT_URL"),
        smtp=_smtp(environ.get("TREFFPUNKT_SMTP_URL", "")),
        mail_from=_mail_from(environ.get("TREFFPUNKT_MAIL_FROM", "")),
        sms_url=_url(environ.get("TREFFPUNKT_SMS_URL", ""), "TREFFPUNKT_SMS_URL"),
        company_register_url=_url(
            environ.get("TREFFPUNKT_COMPANY_REGISTER_URL", ""), "TREFFPUNKT_COMPANY_REGISTER_URL"
        ),
        second_factor=_second_factor(environ.get("TREFFPUNKT_SECOND_FACTOR", ""), environment),
        oidc=_oidc(environ),
        metrics_token=_metrics_token(environ.get("TREFFPUNKT_METRICS_TOKEN", "")),
        dask_scheduler=_dask_scheduler(environ.get("DASK_SCHEDULER", "")),
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


def _with_files(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment with each secret that is in a file read from it."""
    given = dict(environ)
    for name in SECRETS:
        path = given.get(f"{name}_FILE")
        if not path:
            continue
        if given.get(name):
            raise ConfigurationError(f"{name} and {name}_FILE are both set.", field=name, remedy="Keep one of them.")
        try:
            given[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"The file that {name}_FILE names cannot be read.",
                field=f"{name}_FILE",
                remedy="Check its path and who may read it.",
            ) from error
    return given


def _metrics_token(given: str) -> str | None:
    if given and len(given) < MIN_TOKEN:
        raise ConfigurationError(
            "TREFFPUNKT_METRICS_TOKEN is too short.",
            field="TREFFPUNKT_METRICS_TOKEN",
            remedy=f"Set it to at least {MIN_TOKEN} random characters, or leave it out.",
        )
    return given or None


def _dask_scheduler(given: str) -> str | None:
    try:
        parts = urlsplit(given)
        usable = not given or (parts.scheme in ("tcp", "tls") and bool(parts.hostname) and parts.port is not None)
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(
            "DASK_SCHEDULER is no address of a Dask scheduler.",
            field="DASK_SCHEDULER",
            remedy="Use tls://host:8786, or tcp://host:8786 where nobody else can reach it; or leave it out.",
        )
    return given or None


def _url(given: str, variable: str) -> str | None:
    parts = urlsplit(given)
    if given and (parts.scheme not in ("http", "https") or not parts.hostname or any(ch.isspace() for ch in given)):
        raise ConfigurationError(
            f"{variable} is no web address.", field=variable, remedy="Give one that begins with https://."
        )
    return given.rstrip("/") or None


def _smtp(given: str) -> SmtpServer | None:
    if not given:
        return None
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in SMTP_PORTS or not parts.hostname:
        raise ConfigurationError(
            "TREFFPUNKT_SMTP_URL names no mail server.",
            field="TREFFPUNKT_SMTP_URL",
            remedy="Use smtp+starttls://user:password@host:587, smtps://user:password@host:465 or smtp://host:25.",
        )
    return SmtpServer(
        parts.scheme,
        parts.hostname,
        port or SMTP_PORTS[parts.scheme],
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )


def _mail_from(given: str) -> str | None:
    if given and ("@" not in parseaddr(given)[1] or not given.isprintable()):
        raise ConfigurationError(
            "TREFFPUNKT_MAIL_FROM holds no mail address.",
            field="TREFFPUNKT_MAIL_FROM",
            remedy=f"Write it like {MAIL_FROM_IN_DEVELOPMENT}.",
        )
    return given or None


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


def _second_factor(given: str, env: Environment) -> bool:
    if given not in ("", "on", "off") or (given == "off" and env == "production"):
        raise ConfigurationError(
            f"TREFFPUNKT_SECOND_FACTOR is {given!r}.",
            field="TREFFPUNKT_SECOND_FACTOR",
            remedy="Set it to on or off; in production it is always on.",
        )
    return given == "on" or env == "production"


def _oidc(environ: Mapping[str, str]) -> OidcProvider | None:
    names = ("TREFFPUNKT_OIDC_ISSUER", "TREFFPUNKT_OIDC_CLIENT_ID", "TREFFPUNKT_OIDC_CLIENT_SECRET")
    issuer, client_id, client_secret = (environ.get(name, "") for name in names)
    if not any((issuer, client_id, client_secret)):
        return None
    missing = next((name for name in names if not environ.get(name)), None)
    if missing:
        raise ConfigurationError(
            f"{missing} is missing.", field=missing, remedy=f"Set all of {', '.join(names)}, or none of them."
        )
    return OidcProvider(str(_url(issuer, names[0])), client_id, client_secret)
