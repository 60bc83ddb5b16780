"""A migration changes everything or nothing, and a SQLite file is copied before it."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import inspect, text

from config import SettingError, Settings
from extensions import db
from processes import migration
from processes.keeping import copies
from tests import databases
from tests import factories as make
from tests.processes.keeping.desks import desk, refused, settings_of, texts
from tests.processes.running import ROOT

STEP = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{revision}", "{before}", None, None


def upgrade():
    {body}
"""
ADD = 'op.add_column("case", sa.Column("colour", sa.String(10), server_default="blue"))'
SPOIL = "op.execute('DELETE FROM message')\n    op.execute('SELECT nonsense')"


@pytest.fixture
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our migrations in a folder where a test may add to them."""
    folder = tmp_path_factory.mktemp("scripts") / "migrations"
    shutil.copytree(migration.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """A desk that is up to date."""
    with desk(tmp_path / "data") as app:
        yield app


@pytest.fixture
def update(scripts: Path, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A newer version of Deskbell with a migration more."""
    head = migration.state(settings_of(app)).head
    write(scripts, "9998", str(head), ADD)
    monkeypatch.setattr(migration, "MIGRATIONS", str(scripts))
    return scripts


def write(scripts: Path, revision: str, before: str, body: str) -> None:
    (scripts / "versions" / f"{revision}.py").write_text(STEP.format(revision=revision, before=before, body=body))


def made(settings: Settings) -> list[Path]:
    return sorted((settings.data_dir / "backups").glob("*"))


def columns() -> set[str]:
    with db.engine.connect() as connection:
        return {column["name"] for column in inspect(connection).get_columns("case")}


def said_in(copy: Path) -> set[str]:
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {row[0] for row in connection.execute("SELECT text FROM message")}


@pytest.mark.sqlite("a server's database is not copied")
def test_the_database_is_copied_before_it_is_migrated(
    app: Flask, update: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make.chat("before the update")
    before = migration.state(settings_of(app)).current
    # Somebody has the database open, so that the newest rows stand in its log of writes alone.
    with db.engine.connect() as reader:
        reader.execute(text("SELECT 1"))
        migration.migrate_database(app)
    (copy,) = made(settings_of(app))
    assert said_in(copy) == {"before the update"}
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(before,)]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.name.startswith("before-9998-")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(f"from {before} to 9998; as it was, it is kept in {copy}")
    assert "colour" in columns()
    assert texts() == {"before the update"}


def test_what_is_up_to_date_is_not_copied(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    migration.migrate_database(app)
    assert made(settings_of(app)) == []
    assert capsys.readouterr().err == ""


def test_a_fresh_desk_is_not_copied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with desk(tmp_path, databases.empty) as app:
        migration.migrate_database(app)
        assert made(settings_of(app)) == []
        assert capsys.readouterr().err == ""


@pytest.mark.postgresql("a file is copied")
def test_a_server_is_migrated_without_a_copy_and_says_so(
    app: Flask, update: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    migration.migrate_database(app)
    assert "without a copy: make one before updates, with `flask backup`" in capsys.readouterr().err
    assert "colour" in columns()
    assert made(settings_of(app)) == []


@pytest.mark.sqlite("a server's database is not copied")
def test_the_newest_five_copies_are_kept_and_nothing_else_is_touched(app: Flask) -> None:
    settings, began = settings_of(app), datetime(2026, 1, 31, 12, tzinfo=UTC)
    database = settings.data_dir / "deskbell.sqlite3"
    (settings.data_dir / "backups").mkdir()
    (settings.data_dir / "backups" / "deskbell-20200101T000000Z.tar.gz").touch()
    for minutes in range(8):
        with time_machine.travel(began + timedelta(minutes=minutes), tick=False):
            copies.before(f"{9 - minutes:04}", database, settings)
    assert [path.name for path in made(settings)] == [
        "before-0002-20260131T120700Z.sqlite3",
        "before-0003-20260131T120600Z.sqlite3",
        "before-0004-20260131T120500Z.sqlite3",
        "before-0005-20260131T120400Z.sqlite3",
        "before-0006-20260131T120300Z.sqlite3",
        "deskbell-20200101T000000Z.tar.gz",
    ]


@pytest.mark.sqlite("a server's database is not copied")
def test_the_copy_that_was_just_made_is_kept_though_the_clock_went_back(app: Flask) -> None:
    settings, now = settings_of(app), datetime(2026, 1, 31, 12, tzinfo=UTC)
    database = settings.data_dir / "deskbell.sqlite3"
    for minutes in range(7):
        with time_machine.travel(now - timedelta(minutes=minutes), tick=False):
            copy = copies.before("0002", database, settings)
            assert copy.exists()
    assert len(made(settings)) == 5


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    app: Flask, update: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(update, "9999", "9998", SPOIL)
    make.chat("before the update")
    db.session.rollback()
    with caplog.at_level(logging.ERROR), refused("The migration failed, and the database is as it was"):
        migration.migrate_database(app)
    assert "nonsense" in caplog.text
    assert texts() == {"before the update"}
    assert "colour" not in columns()
    assert migration.state(settings_of(app)).current not in ("9998", "9999")


@pytest.mark.sqlite("a server's database is not copied")
def test_a_migration_that_fails_names_the_copy(app: Flask, update: Path) -> None:
    write(update, "9999", "9998", SPOIL)
    with refused(r"A copy of it is .*/backups/before-9999-\w+\.sqlite3\.$"):
        migration.migrate_database(app)
    assert len(made(settings_of(app))) == 1


@pytest.mark.sqlite("a server's database is not copied")
def test_what_cannot_be_copied_is_not_migrated(app: Flask, update: Path) -> None:
    (settings_of(app).data_dir / "backups").touch()
    with pytest.raises(SettingError, match="backups"):
        migration.migrate_database(app)
    assert "colour" not in columns()


def test_a_database_of_a_newer_desk_is_left_alone(app: Flask) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with refused(r"was made by a newer Deskbell \(revision 9999\)"):
        migration.migrate_database(app)


@pytest.mark.slow
def test_of_several_that_start_at_once_one_migrates_and_the_others_wait(app: Flask, update: Path) -> None:
    settings = settings_of(app)
    program = (
        "import sys; from app import create_app; from processes import migration;"
        "migration.MIGRATIONS = sys.argv[1]; migration.migrate_database(create_app())"
    )
    environ = {"DATA_DIR": str(settings.data_dir), "DATABASE_URL": settings.database_url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program, str(update)]
    starters = [subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE) for _ in range(3)]
    told = [starter.communicate(timeout=60)[1].decode() for starter in starters]
    assert [starter.returncode for starter in starters] == [0, 0, 0], told
    assert "colour" in columns()
    assert sum(" to 9998" in line for line in told) == 1
    assert len(made(settings)) == (1 if settings.database_url.startswith("sqlite") else 0)


@pytest.mark.slow
def test_no_lasting_process_carries_alembic(tmp_path: Path) -> None:
    program = (
        "import sys; from importlib import import_module; from app import create_app; create_app();"
        "from processes.commands import PRELOADED; [import_module(name) for name in PRELOADED];"
        "print([name for name in ('alembic', 'flask_migrate', 'mako') if name in sys.modules])"
    )
    environ = {"DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("[]\n", "")


@pytest.mark.slow
def test_a_start_that_cannot_migrate_says_why_in_one_line(app: Flask) -> None:
    settings = settings_of(app)
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    environ = {"DATA_DIR": str(settings.data_dir), "DATABASE_URL": settings.database_url}
    command = [sys.executable, "-m", "flask", "migrate"]
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    (line,) = run.stderr.splitlines()
    assert (run.returncode, run.stdout) == (1, "")
    assert "newer Deskbell (revision 9999)" in line
