"""The environment is checked before anything starts: each wrong value is told in one line that names it."""

import multiprocessing
import os
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest

from config import SettingError, Settings

KEY = "k" * 32


def settings(folder: Path, **environ: str) -> Settings:
    return Settings.from_environ({"DATA_DIR": str(folder), "SECRET_KEY": KEY, **environ})


def test_nothing_needs_to_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = Settings.from_environ({})
    assert found.data_dir == tmp_path / "data"
    assert (found.host, found.port, found.public_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert found.database_url == f"sqlite:///{tmp_path}/data/deskbell.sqlite3"
    assert found.embedded_redis
    assert found.redis_url == f"unix://{tmp_path}/data/run/redis.sock?db=0"
    assert (found.ws_cap, found.workers_vendor, found.log_level, found.language) == (1000, 2, "info", "en")
    assert found.trusted_proxies == ()
    assert found.chatra_api_url == "https://app.chatra.io/api"


@pytest.mark.parametrize(
    ("name", "value", "attribute", "expected"),
    [
        ("HOST", "0.0.0.0", "public_url", "http://127.0.0.1:8000"),
        ("HOST", "::1", "public_url", "http://[::1]:8000"),
        ("HOST", "desk.internal", "host", "desk.internal"),
        ("PORT", "8080", "public_url", "http://127.0.0.1:8080"),
        ("PORT", "", "port", 8000),
        ("PUBLIC_URL", "https://help.example.com/", "public_url", "https://help.example.com"),
        ("PUBLIC_URL", "https://help.example.com", "secure_cookies", True),
        ("PUBLIC_URL", "http://help.example.com", "secure_cookies", False),
        ("DATABASE_URL", "postgres://u:p@db/desk", "database_url", "postgresql+psycopg://u:p@db/desk"),
        ("DATABASE_URL", "postgresql://u:p@db/desk", "database_url", "postgresql+psycopg://u:p@db/desk"),
        ("DATABASE_URL", "postgresql+psycopg://u@db/desk", "database_url", "postgresql+psycopg://u@db/desk"),
        ("DATABASE_URL", "postgresql://u@/d?host=/run/pg", "database_url", "postgresql+psycopg://u@/d?host=/run/pg"),
        ("DATABASE_URL", "postgresql://u:p/w#1@db/desk", "database_url", "postgresql+psycopg://u:p/w#1@db/desk"),
        ("DATABASE_URL", "sqlite:////srv/desk.sqlite3", "database_url", "sqlite:////srv/desk.sqlite3"),
        ("DATABASE_URL", "sqlite:///desk.sqlite3", "database_url", f"sqlite:///{Path.cwd()}/desk.sqlite3"),
        ("REDIS_URL", "redis://cache:6379/0", "limiter_url", "redis://cache:6379/0"),
        ("REDIS_URL", "unix:///run/redis.sock?db=1", "limiter_url", "redis+unix:///run/redis.sock?db=1"),
        ("REDIS_URL", "rediss://:secret@cache/0", "embedded_redis", False),
        ("CHATRA_API_URL", "http://127.0.0.1:9000/api/", "chatra_api_url", "http://127.0.0.1:9000/api"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, ::1", "trusted_proxies", (ip_network("10.0.0.0/8"), ip_network("::1"))),
        ("WS_CAP", "10000", "ws_cap", 10_000),
        ("LOG_LEVEL", "DEBUG", "log_level", "debug"),
        ("DEFAULT_LANGUAGE", "ru", "language", "ru"),
    ],
)
def test_values_that_are_taken(tmp_path: Path, name: str, value: str, attribute: str, expected: object) -> None:
    assert getattr(settings(tmp_path, **{name: value}), attribute) == expected


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("DATA_DIR", "/dev/null/data", "a writable directory"),
        ("DATA_DIR", "/tmp/what?", "a directory without ?, # or % in its path"),
        ("HOST", "not a host", "an address or name to listen on"),
        ("HOST", "999.1.1.1", "an address or name to listen on"),
        ("PORT", "0", "from 1 to 65535"),
        ("PORT", "65536", "from 1 to 65535"),
        ("PORT", "http", "from 1 to 65535"),
        ("PUBLIC_URL", "help.example.com", "without a path"),
        ("PUBLIC_URL", "https://help.example.com/desk", "without a path"),
        ("PUBLIC_URL", "https://help.example.com:99999", "without a path"),
        ("PUBLIC_URL", "https://user:pw@help.example.com", "without a path"),
        ("PUBLIC_URL", "ftp://help.example.com", "without a path"),
        ("PUBLIC_URL", "https://help desk.example.com", "without a path"),
        ("PUBLIC_URL", "https://help.example.com, https://desk.example.com", "without a path"),
        ("DATABASE_URL", "mysql://u:hush@db/desk", "postgresql://"),
        ("DATABASE_URL", "hush", "postgresql://"),
        ("DATABASE_URL", "postgresql://u:hush@hush@db/desk", "%40"),
        ("DATABASE_URL", "postgresql://u:hush@db:port/desk", "postgresql://"),
        ("DATABASE_URL", "sqlite://", "several processes"),
        ("DATABASE_URL", "sqlite:///:memory:", "several processes"),
        ("REDIS_URL", "http://hush", "unix:///path/to/socket"),
        ("REDIS_URL", "redis://", "unix:///path/to/socket"),
        ("REDIS_URL", "redis://hush:port/0", "unix:///path/to/socket"),
        ("SECRET_KEY", "hush", "at least 32 characters"),
        ("CHATRA_API_URL", "app.chatra.io", "an http:// or https:// address"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "addresses or networks"),
        ("TRUSTED_PROXIES", "proxy", "addresses or networks"),
        ("WS_CAP", "9", "from 10 to 10000"),
        ("WS_CAP", "10001", "from 10 to 10000"),
        ("WS_CAP", "-1", "from 10 to 10000"),
        ("WORKERS_VENDOR", "0", "from 1 to 32"),
        ("WORKERS_VENDOR", "²", "from 1 to 32"),
        ("LOG_LEVEL", "loud", "one of debug, info, warning, error, critical"),
        ("DEFAULT_LANGUAGE", "de", "one of en, ru"),
    ],
)
def test_values_that_are_refused(tmp_path: Path, name: str, value: str, allowed: str) -> None:
    with pytest.raises(SettingError) as refusal:
        settings(tmp_path, **{name: value})
    message = refusal.value.format_message()
    assert message.startswith(f"{name} ")
    assert allowed in message
    assert "\n" not in message
    assert "hush" not in message


def test_secrets_do_not_show_when_settings_are_printed(tmp_path: Path) -> None:
    secret = {"SECRET_KEY": "hush" * 8, "DATABASE_URL": "postgresql://u:hush@db/desk", "REDIS_URL": "redis://:hush@r/0"}
    assert "hush" not in repr(settings(tmp_path, **secret))


def test_the_data_directory_and_the_key_are_for_the_owner_alone(tmp_path: Path) -> None:
    Settings.from_environ({"DATA_DIR": str(tmp_path / "data")})
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_generated_key_is_long_and_kept(tmp_path: Path) -> None:
    first, second = (Settings.from_environ({"DATA_DIR": str(tmp_path)}).secret_key for _ in range(2))
    assert first == second
    assert len(first) >= 32


def test_processes_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        keys = pool.map(generated_key, [str(tmp_path)] * 8)
    assert len(set(keys)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def generated_key(folder: str) -> str:
    return Settings.from_environ({"DATA_DIR": folder}).secret_key


def test_a_key_file_that_was_emptied_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()
    with pytest.raises(SettingError, match=r"^SECRET_KEY is too short"):
        Settings.from_environ({"DATA_DIR": str(tmp_path)})


def test_a_long_data_directory_gets_a_short_socket_that_is_always_the_same(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 100)
    first, second = settings(long).redis_socket, settings(long).redis_socket
    assert first == second
    assert first is not None
    assert len(os.fsencode(first)) <= 107
    assert settings(tmp_path / ("y" * 100)).redis_socket != first


def test_a_short_socket_in_a_directory_of_somebody_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.gettempdir", lambda: "/tmp")
    long = tmp_path / ("x" * 100)
    found = settings(long).redis_socket
    assert found is not None
    found.parent.mkdir(mode=0o755)
    try:
        with pytest.raises(SettingError, match=r"^DATA_DIR is long and .* belongs to someone else"):
            settings(long)
    finally:
        found.parent.rmdir()


def test_reading_settings_loads_neither_flask_nor_sqlalchemy() -> None:
    program = "import sys, config; print({'flask', 'sqlalchemy', 'redis'} & set(sys.modules))"
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
