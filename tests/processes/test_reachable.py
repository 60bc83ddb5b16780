"""What is not there is told in one line that names the variable, with exit status 1 and without a password."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
from sqlalchemy import Connection, text

from app import create_app
from config import Settings
from processes import migration, reachable
from tests import databases
from tests.processes.running import ROOT, free_port
from tests.redis import RealRedis

pytestmark = pytest.mark.slow

PASSWORD = "tell-nobody"
NO_POSTGRES = f"postgresql://desk:{PASSWORD}@127.0.0.1:1/desk"
NO_REDIS = f"redis://:{PASSWORD}@127.0.0.1:1/0"
BY_HAND = (["web"], ["worker", "local"], ["cron"])
OF_THE_SHELL = (
    ["agent", "create", "--email", "ann@desk.example", "--name", "Ann", "--password", "correct horse"],
    ["integration", "list"],
    ["integration", "connect", "chatra", "--public-key", "p", "--secret-key", "s"],
)


def refusal(folder: Path, command: list[str], **environ: str) -> str:
    """The line with which `flask COMMAND` ends at once."""
    app = create_app(settings(folder, **environ))
    run = app.test_cli_runner().invoke(args=command)
    return the_line(run.exit_code, run.stdout, run.stderr)


def process(folder: Path, command: list[str], **environ: str) -> subprocess.CompletedProcess[str]:
    """What a real process of `flask COMMAND` leaves."""
    given = {"DATA_DIR": str(folder), "PORT": str(free_port()), "PATH": os.environ["PATH"], **environ}
    flask = [sys.executable, "-m", "flask", *command]
    return subprocess.run(flask, env=given, cwd=ROOT, capture_output=True, text=True, timeout=60)


def the_line(status: int, stdout: str, stderr: str) -> str:
    (line,) = stderr.splitlines()
    assert (status, stdout) == (1, "")
    assert PASSWORD not in line
    return line


def settings(folder: Path, **environ: str) -> Settings:
    return Settings.from_environ({"DATA_DIR": str(folder), **environ})


def named(values: list[str]) -> str:
    return " ".join(values[:2])


@pytest.mark.parametrize("command", [["migrate"], *BY_HAND, *OF_THE_SHELL], ids=named)
def test_a_database_that_is_not_there_ends_every_command(tmp_path: Path, command: list[str]) -> None:
    line = refusal(tmp_path, command, DATABASE_URL=NO_POSTGRES)
    assert line.startswith("Error: DATABASE_URL cannot be reached: ")
    assert line.endswith("Connection refused.")


@pytest.mark.parametrize(
    ("name", "value"), [("DATABASE_URL", NO_POSTGRES), ("REDIS_URL", NO_REDIS)], ids=["database", "redis"]
)
def test_a_whole_desk_does_not_start_without_them(tmp_path: Path, name: str, value: str) -> None:
    run = process(tmp_path, ["up"], **{name: value})
    line = the_line(run.returncode, run.stdout, run.stderr)
    assert line.startswith(f"Error: {name} cannot be reached: ")


@pytest.mark.parametrize("command", BY_HAND, ids=named)
def test_a_redis_that_is_not_there_ends_every_process(tmp_path: Path, command: list[str]) -> None:
    with databases.furnished(tmp_path) as database:
        line = refusal(tmp_path, command, REDIS_URL=NO_REDIS, **database)
    assert line.startswith("Error: REDIS_URL cannot be reached: ")
    assert line.endswith("Connection refused.")


@pytest.mark.parametrize("command", BY_HAND, ids=named)
def test_processes_by_hand_say_that_our_own_redis_is_not_running(tmp_path: Path, command: list[str]) -> None:
    with databases.furnished(tmp_path) as database:
        line = refusal(tmp_path, command, **database)
    assert line == f"Error: No Redis runs at {tmp_path}/run/redis.sock: start `flask up`, or set REDIS_URL."


@pytest.mark.parametrize("command", BY_HAND, ids=named)
def test_processes_by_hand_say_that_the_database_has_to_be_migrated(
    tmp_path: Path, real_redis: RealRedis, command: list[str]
) -> None:
    with databases.empty(tmp_path) as database:
        line = refusal(tmp_path, command, REDIS_URL=real_redis.url, **database)
    assert "run `flask up`, or `flask migrate`" in line
    assert not (tmp_path / "deskbell.sqlite3").exists()


def test_a_migrated_database_is_current(tmp_path: Path) -> None:
    with databases.furnished(tmp_path) as database:
        migration.require_current(settings(tmp_path, **database))


def test_a_database_of_a_newer_desk_is_refused(tmp_path: Path) -> None:
    with databases.furnished(tmp_path) as database:
        newer = settings(tmp_path, **database)
        reachable.ask_database(newer, _put_ahead)
        with pytest.raises(click.ClickException, match="newer Deskbell"):
            migration.require_current(newer)


def test_a_whole_desk_says_why_its_database_cannot_be_migrated(tmp_path: Path) -> None:
    with databases.furnished(tmp_path) as database:
        reachable.ask_database(settings(tmp_path, **database), _put_ahead)
        lines = process(tmp_path, ["up"], **database).stderr.splitlines()
    assert lines[0].startswith("deskbell: The database was made by a newer Deskbell")
    assert lines[1:] == ["Error: The database could not be brought up to date, so nothing was started."]


def _put_ahead(connection: Connection) -> None:
    connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    connection.commit()


def test_a_fresh_folder_needs_nothing(tmp_path: Path) -> None:
    reachable.require(settings(tmp_path))
    assert not (tmp_path / "deskbell.sqlite3").exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [("missing/desk.sqlite3", "its folder is missing"), ("noise.sqlite3", "file is not a database"), (".", "open")],
)
def test_a_file_that_cannot_be_the_database_is_named(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "noise.sqlite3").write_text("no database, but long enough to be taken for one " * 20)
    with pytest.raises(reachable.Unreachable, match=told):
        reachable.require(settings(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path / name}"))


def test_a_redis_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reachable, "PATIENCE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        with pytest.raises(reachable.Unreachable, match="REDIS_URL cannot be reached"):
            reachable.require_redis(settings(tmp_path, REDIS_URL=url))
