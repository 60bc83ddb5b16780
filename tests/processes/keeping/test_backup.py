"""A backup is one whole file of one moment, made while people write."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from extensions import db, files
from processes import migration
from processes.keeping import backup
from processes.keeping.archive import Packer
from services.conversations import chats
from tests import databases
from tests import factories as make
from tests.processes.keeping.desks import (
    FILE,
    again,
    back_up,
    desk,
    manifest_of,
    members,
    only_sqlite,
    put_back,
    refused,
    settings_of,
    talk,
    texts,
    tree,
)
from tests.processes.running import eventually


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """A desk that keeps its secret key in its data folder."""
    with desk(tmp_path / "data") as app:
        yield app


class Writer:
    """Somebody who writes, with files, for as long as the `with` block lasts."""

    def __init__(self, app: Flask) -> None:
        self.acknowledged: list[str] = []
        self._app, self._over = app, threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Writer:
        self._thread.start()
        assert eventually(lambda: len(self.acknowledged) > 5)
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _write(self) -> None:
        with self._app.app_context():
            while not self._over.is_set():
                word = f"message {len(self.acknowledged)}"
                talk(word)
                self.acknowledged.append(word)


@pytest.mark.slow
def test_a_backup_taken_while_somebody_writes_holds_every_message_acknowledged_before_it(
    app: Flask, tmp_path: Path
) -> None:
    with Writer(app) as writer:
        before = set(writer.acknowledged)
        made = backup.take(settings_of(app), tmp_path / "desk.tar.gz")
        after = len(writer.acknowledged)
        assert eventually(lambda: len(writer.acknowledged) > after), "the backup stopped the writer"
    assert made.missing == frozenset()
    with desk(tmp_path / "second", databases.empty) as second:
        put_back(second, made.path)
        migration.migrate_database(second)
        assert before <= texts() <= set(writer.acknowledged)
        assert len(texts()) == made.manifest.messages
        named = db.session.execute(text("SELECT public_id FROM attachment")).scalars().all()
        assert len(named) == made.manifest.messages
        assert [name for name in named if files.path(name).read_bytes() != FILE] == []


def test_what_is_said_between_database_and_files_leaves_no_attachment_without_its_file(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk("before")
    add, late = Packer.add, iter(["in the middle"])

    def adding(packer: Packer, name: str, source: Path) -> None:
        add(packer, name, source)
        for word in late:
            talk(word)

    monkeypatch.setattr(Packer, "add", adding)
    made = backup.take(settings_of(app), tmp_path / "desk.tar.gz")
    assert (made.manifest.messages, made.manifest.files) == (1, 2)
    assert made.missing == frozenset()


@pytest.mark.sqlite("a file can be opened")
def test_the_database_in_a_backup_opens_clean_and_needs_no_other_file(app: Flask, tmp_path: Path) -> None:
    talk()
    with db.engine.connect() as reader:
        reader.execute(text("SELECT 1"))
        copy = tmp_path / "copy.sqlite3"
        copy.write_bytes(members(back_up(app, tmp_path))["database.sqlite3"])
    with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT text FROM message").fetchall() == [("Hello",)]


def test_it_says_what_it_holds_with_the_checksum_of_each_part(app: Flask, tmp_path: Path) -> None:
    talk()
    path = back_up(app, tmp_path)
    parts = members(path)
    told = json.loads(parts.pop("manifest.json"))
    assert {name: sha256(content).hexdigest() for name, content in parts.items()} == told["members"]
    assert [content for name, content in parts.items() if name.startswith("files/")] == [FILE]
    assert parts["secret_key"].decode().strip() == settings_of(app).secret_key
    assert told["revision"] == migration.state(settings_of(app)).head
    assert (told["product"], told["cases"], told["messages"], told["files"]) == ("deskbell", 1, 1, 1)
    assert told["database"] == ("sqlite" if only_sqlite(settings_of(app)) else "postgresql")
    assert told["taken_at"].endswith("+00:00")


def test_only_its_owner_may_read_it(app: Flask, tmp_path: Path) -> None:
    assert back_up(app, tmp_path).stat().st_mode & 0o777 == 0o600


def test_a_key_from_the_environment_is_not_written_down(tmp_path: Path) -> None:
    key = "given by the environment, long enough"
    with desk(tmp_path / "data", SECRET_KEY=key) as app:
        path = back_up(app, tmp_path)
    assert manifest_of(path).key_from_environment
    assert "secret_key" not in members(path)
    assert not [name for name, content in members(path).items() if key.encode() in content]


def test_a_shell_with_another_key_than_the_desk_is_told(app: Flask, tmp_path: Path) -> None:
    make.chatra()
    key = "quite another one, and long enough for a key"
    with again(settings_of(app), SECRET_KEY=key) as other, refused("set SECRET_KEY as the desk has it"):
        backup.take(settings_of(other), tmp_path / "desk.tar.gz")
    assert not (tmp_path / "desk.tar.gz").exists()


def test_making_one_leaves_nothing_beside_it(app: Flask, tmp_path: Path) -> None:
    before = tree(tmp_path)
    made = backup.take(settings_of(app), backup.default_path(settings_of(app)))
    assert tree(tmp_path).keys() - before.keys() == {str(made.path.relative_to(tmp_path))}
    assert list(made.path.parent.iterdir()) == [made.path]


def test_what_a_killed_backup_left_is_removed_by_the_next(app: Flask) -> None:
    path = backup.default_path(settings_of(app))
    (path.parent / ".snapshot-abc").mkdir()
    (path.parent / ".snapshot-abc" / "database.sqlite3").touch()
    (path.parent / ".deskbell-20260131T120000Z.tar.gz.abcd").touch()
    (path.parent / "deskbell-20260131T120000Z.tar.gz").touch()
    backup.take(settings_of(app), path)
    assert sorted(path.parent.iterdir()) == sorted([path.parent / "deskbell-20260131T120000Z.tar.gz", path])


def test_attachments_without_a_file_are_told(app: Flask, tmp_path: Path) -> None:
    talk()
    (lost,) = (path for path in (tmp_path / "data" / "files").rglob("*") if path.is_file())
    lost.unlink()
    assert backup.take(settings_of(app), tmp_path / "desk.tar.gz").missing == {lost.name}


def test_strange_files_are_left_out(app: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "files" / "ab"
    folder.mkdir()
    (folder / "cd-is-no-name-of-ours").touch()
    (folder / "abc").symlink_to("/etc/hostname")
    (tmp_path / "data" / "files" / "note").touch()
    assert manifest_of(back_up(app, tmp_path)).files == 0


def test_an_empty_database_is_refused(tmp_path: Path) -> None:
    with desk(tmp_path / "data", databases.empty) as app, refused("There is no desk in"):
        backup.take(settings_of(app), tmp_path / "desk.tar.gz")
    assert not (tmp_path / "desk.tar.gz").exists()


@pytest.mark.sqlite("a file can be spoilt")
def test_a_damaged_database_makes_no_backup(app: Flask, tmp_path: Path) -> None:
    for number in range(50):
        chats.receive(make.website(), make.incoming("words " * 200, visitor=f"visitor {number}"))
    db.session.remove()
    db.engine.dispose()
    database = tmp_path / "data" / "deskbell.sqlite3"
    with database.open("r+b") as file:
        file.seek(database.stat().st_size // 2)
        file.write(b"\xff" * 32_000)
    with refused("The database"):
        backup.take(settings_of(app), tmp_path / "desk.tar.gz")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize(
    ("program", "line"),
    [
        (None, "pg_dump was not found"),
        ("echo 'pg_dump (PostgreSQL) 9.6.24'", r"pg_dump \(PostgreSQL\) 9\.6\.24 is older than the server"),
        (
            "[ $1 = --version ] && echo 99.1 || { echo 'pg_dump: error: no luck' >&2; exit 1; }",
            "pg_dump failed: no luck",
        ),
    ],
    ids=["missing", "old", "failing"],
)
@pytest.mark.postgresql("pg_dump")
def test_a_server_needs_a_pg_dump_that_understands_it(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None, line: str
) -> None:
    (tmp_path / "bin").mkdir()
    if program is not None:
        script = tmp_path / "bin" / "pg_dump"
        script.write_text(f"#!/bin/sh\n{program}\n")
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with refused(line):
        backup.take(settings_of(app), tmp_path / "desk.tar.gz")
    assert not (tmp_path / "desk.tar.gz").exists()
