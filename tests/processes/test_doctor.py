"""`flask doctor`: one line for each thing that a desk needs; the exit status tells whether it will work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app import create_app
from config import Settings
from processes import doctor, reachable
from tests import databases
from tests.redis import RealRedis

SECURE = {"PUBLIC_URL": "https://desk.example", "TRUSTED_PROXIES": "127.0.0.1"}


@pytest.fixture
def healthy(tmp_path: Path, real_redis: RealRedis) -> Iterator[dict[str, str]]:
    """The environment of a desk that lacks nothing."""
    tmp_path.chmod(0o700)
    with databases.furnished(tmp_path) as database:
        yield {"DATA_DIR": str(tmp_path), "REDIS_URL": real_redis.url, **database}


def found(environ: dict[str, str], **changed: str) -> dict[str, doctor.Finding]:
    return {finding.about: finding for finding in doctor.examine(Settings.from_environ(environ | changed))}


def test_a_healthy_desk_is_ok_but_for_the_machines_own_disk_and_clock(healthy: dict[str, str]) -> None:
    levels = {about: finding.level for about, finding in found(healthy).items()}
    assert set(levels) >= {"data folder", "database", "redis", "address", "open files", "free space", "clock"}
    assert {level for about, level in levels.items() if about not in ("free space", "clock")} == {"ok"}


def test_the_status_is_1_only_where_something_fails(healthy: dict[str, str]) -> None:
    for changed, status in (({}, 0), ({"REDIS_URL": "redis://127.0.0.1:1/0"}, 1)):
        run = create_app(Settings.from_environ(healthy | changed)).test_cli_runner().invoke(args=["doctor"])
        assert (run.exit_code, run.stderr) == (status, "")
        assert ("\nfail  redis        REDIS_URL cannot be reached" in run.stdout) is bool(status)


@pytest.mark.parametrize(
    ("changed", "about", "level", "told"),
    [
        ({"DATABASE_URL": "postgresql://u:hush@127.0.0.1:1/x"}, "database", "fail", "DATABASE_URL cannot be reached"),
        ({"DATABASE_URL": "", "DATA_DIR": "new"}, "database", "warn", "first start makes it"),
        ({"REDIS_URL": ""}, "redis", "warn", "start `flask up`"),
        ({"REDIS_URL": "redis://:hush@127.0.0.1:1/0"}, "redis", "fail", "REDIS_URL cannot be reached"),
        (SECURE, "address", "ok", "https://desk.example"),
        ({"PUBLIC_URL": "https://desk.example"}, "address", "fail", "TRUSTED_PROXIES"),
        ({"PUBLIC_URL": "http://desk.example"}, "address", "warn", "not https"),
        ({**SECURE, "HOST": "0.0.0.0"}, "address", "warn", "around the proxy"),
        ({**SECURE, "TRUSTED_PROXIES": "0.0.0.0/0"}, "address", "warn", "trusts everybody"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value,
)
def test_what_is_wrong_is_told_with_what_to_do(
    healthy: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    changed: dict[str, str],
    about: str,
    level: str,
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    finding = found(healthy, **changed)[about]
    assert finding.level == level
    assert told in finding.line
    assert "hush" not in finding.line


def test_a_folder_that_others_may_enter_is_told(healthy: dict[str, str], tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert found(healthy)["data folder"].line == f"{tmp_path} can be entered by others: chmod 700 {tmp_path}"


def test_a_database_that_waits_for_its_migration_is_told(healthy: dict[str, str]) -> None:
    settings = Settings.from_environ(healthy)
    reachable.ask_database(settings, lambda asked: (asked.execute(text("DELETE FROM alembic_version")), asked.commit()))
    assert "the next start migrates it" in found(healthy)["database"].line


@pytest.mark.parametrize(("free", "level"), [(2e9, "ok"), (5e8, "warn"), (1e6, "fail")])
def test_little_space_is_told(
    healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch, free: float, level: str
) -> None:
    class Usage:
        def __init__(self, _path: Path) -> None:
            self.free = free

    monkeypatch.setattr(doctor.shutil, "disk_usage", Usage)
    assert found(healthy)["free space"].level == level


def test_too_few_open_files_are_told(healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.resource, "getrlimit", lambda _what: (1024, 4096))
    assert found(healthy, WS_CAP="10000")["open files"].level == "warn"
    assert found(healthy, WS_CAP="1000")["open files"].level == "ok"
