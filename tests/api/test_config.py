from pathlib import Path

import pytest

from api.config import SECRETS, SmtpServer, read_settings
from api.errors import ConfigurationError

SECRET = "x" * 32


def test_settings_have_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    read = read_settings({})
    assert (read.env, read.host, read.port) == ("production", "127.0.0.1", 8000)
    assert read.data == tmp_path / "data"
    assert read.database_url == f"sqlite:///{tmp_path / 'data' / 'treffpunkt.db'}"


def test_settings_come_from_the_environment() -> None:
    read = read_settings(
        {
            "TREFFPUNKT_ENV": "development",
            "TREFFPUNKT_DATA": "/srv/treffpunkt",
            "TREFFPUNKT_SECRET_KEY": SECRET,
            "TREFFPUNKT_HOST": "0.0.0.0",
            "TREFFPUNKT_PORT": "9000",
        }
    )
    assert (read.development, read.data, read.secret_key) == (True, Path("/srv/treffpunkt"), SECRET)
    assert (read.host, read.port) == ("0.0.0.0", 9000)


@pytest.mark.parametrize("prefix", ["postgres://", "postgresql://", "postgresql+psycopg://"])
def test_postgres_means_psycopg(prefix: str) -> None:
    assert read_settings({"DATABASE_URL": f"{prefix}host/name"}).database_url == "postgresql+psycopg://host/name"


def test_production_without_a_secret_refuses_to_sign() -> None:
    with pytest.raises(ConfigurationError, match="TREFFPUNKT_SECRET_KEY") as caught:
        _ = read_settings({}).secret_key
    assert caught.value.remedy is not None


def test_development_without_a_secret_makes_one_and_keeps_it(tmp_path: Path) -> None:
    def secret(folder: str) -> str:
        return read_settings({"TREFFPUNKT_ENV": "development", "TREFFPUNKT_DATA": str(tmp_path / folder)}).secret_key

    assert secret("a") == secret("a") != secret("b")
    assert len(secret("a")) >= 32
    assert [file.stat().st_mode & 0o777 for file in tmp_path.glob("*/*")] == [0o600, 0o600]


@pytest.mark.parametrize(
    ("environ", "field"),
    [
        ({"TREFFPUNKT_ENV": "test"}, "TREFFPUNKT_ENV"),
        ({"TREFFPUNKT_SECRET_KEY": "short"}, "TREFFPUNKT_SECRET_KEY"),
        ({"TREFFPUNKT_PORT": "http"}, "TREFFPUNKT_PORT"),
        ({"TREFFPUNKT_PORT": "70000"}, "TREFFPUNKT_PORT"),
        ({"DATABASE_URL": "mysql://host/name"}, "DATABASE_URL"),
        ({"TREFFPUNKT_URL": "treffpunkt.example.org"}, "TREFFPUNKT_URL"),
        ({"TREFFPUNKT_SMTP_URL": "mail.example.org"}, "TREFFPUNKT_SMTP_URL"),
        ({"TREFFPUNKT_SMTP_URL": "smtp://mail.example.org:many"}, "TREFFPUNKT_SMTP_URL"),
        ({"TREFFPUNKT_MAIL_FROM": "Treffpunkt"}, "TREFFPUNKT_MAIL_FROM"),
        ({"TREFFPUNKT_MAIL_FROM": "a@example.org\nBcc: b@example.org"}, "TREFFPUNKT_MAIL_FROM"),
        ({"TREFFPUNKT_SMS_URL": "ftp://sms.example.org"}, "TREFFPUNKT_SMS_URL"),
        ({"DASK_SCHEDULER": "https://plans.example.org"}, "DASK_SCHEDULER"),
        ({"DASK_SCHEDULER": "tcp://plans.example.org"}, "DASK_SCHEDULER"),
        ({"TREFFPUNKT_SMTP_URL_FILE": "no/such/file"}, "TREFFPUNKT_SMTP_URL_FILE"),
        ({"TREFFPUNKT_SECRET_KEY": SECRET, "TREFFPUNKT_SECRET_KEY_FILE": "a/file"}, "TREFFPUNKT_SECRET_KEY"),
    ],
)
def test_impossible_setting_is_named(environ: dict[str, str], field: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(environ)
    assert caught.value.field == field
    assert caught.value.remedy is not None


def test_settings_show_no_secret() -> None:
    read = read_settings({"TREFFPUNKT_SECRET_KEY": SECRET, "DATABASE_URL": "postgresql://user:password@host/name"})
    assert SECRET not in repr(read)
    assert "password" not in repr(read)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", SmtpServer("smtp", "mail.example.org", 25)),
        ("smtp+starttls://us%40er:pass%2Fword@host", SmtpServer("smtp+starttls", "host", 587, "us@er", "pass/word")),
        ("smtps://user:pass@host:2465", SmtpServer("smtps", "host", 2465, "user", "pass")),
    ],
)
def test_mail_server_is_read_from_its_address(url: str, server: SmtpServer) -> None:
    read = read_settings({"TREFFPUNKT_SMTP_URL": url})
    assert read.smtp == server
    assert server.password is None or server.password not in repr(read)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_be_in_a_file(tmp_path: Path, name: str) -> None:
    values = {
        "DATABASE_URL": "postgresql+psycopg://user:password@host/name",
        "TREFFPUNKT_SECRET_KEY": SECRET,
        "TREFFPUNKT_SMTP_URL": "smtp://host",
        "TREFFPUNKT_SMS_URL": "https://sms.example.org/send",
    }
    file = tmp_path / "secret"
    file.write_text(f"{values.get(name, SECRET)}\n")
    beside = {"TREFFPUNKT_OIDC_ISSUER": "https://feide.example.org", "TREFFPUNKT_OIDC_CLIENT_ID": "treffpunkt"}
    others = beside if name == "TREFFPUNKT_OIDC_CLIENT_SECRET" else {}
    from_file = read_settings({f"{name}_FILE": str(file), **others})
    assert from_file == read_settings({name: values.get(name, SECRET), **others})


def test_links_and_sender_are_needed_in_production_only() -> None:
    development = read_settings({"TREFFPUNKT_ENV": "development"})
    assert (development.public_url, "@example.org" in development.sender) == ("http://127.0.0.1:8000", True)
    assert read_settings({"TREFFPUNKT_URL": "https://host/"}).public_url == "https://host"
    for ask in (lambda: read_settings({}).public_url, lambda: read_settings({}).sender):
        with pytest.raises(ConfigurationError) as caught:
            ask()
        assert caught.value.field is not None


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        read_settings({}).port = 1


def test_half_of_what_feide_needs_is_refused() -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_settings({"TREFFPUNKT_OIDC_ISSUER": "https://feide.example.org"})
    assert refused.value.field == "TREFFPUNKT_OIDC_CLIENT_ID"


@pytest.mark.parametrize(
    ("env", "given", "asked"),
    [("production", "", True), ("production", "on", True), ("development", "", False), ("development", "on", True)],
)
def test_second_factor_is_always_asked_for_in_production(env: str, given: str, asked: bool) -> None:
    assert read_settings({"TREFFPUNKT_ENV": env, "TREFFPUNKT_SECOND_FACTOR": given}).second_factor is asked


@pytest.mark.parametrize(("env", "given"), [("production", "off"), ("development", "maybe")])
def test_second_factor_cannot_be_turned_off_in_production(env: str, given: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_settings({"TREFFPUNKT_ENV": env, "TREFFPUNKT_SECOND_FACTOR": given})
    assert refused.value.field == "TREFFPUNKT_SECOND_FACTOR"


def test_token_of_the_metrics_is_long_or_absent() -> None:
    assert read_settings({}).metrics_token is None
    assert read_settings({"TREFFPUNKT_METRICS_TOKEN": "x" * 20}).metrics_token == "x" * 20
    with pytest.raises(ConfigurationError, match="TREFFPUNKT_METRICS_TOKEN is too short"):
        read_settings({"TREFFPUNKT_METRICS_TOKEN": "x" * 19})
