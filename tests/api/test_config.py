from pathlib import Path

import pytest

from api.config import read_settings
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


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        read_settings({}).port = 1
