"""A backup brings the same desk back, and what cannot be restored changes nothing."""

from __future__ import annotations

import io
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest
from flask import Flask

from extensions import db, files
from models import Agent
from processes import migration
from processes.keeping import folders, restore
from processes.keeping.manifest import Manifest
from services import after_restore
from services.conversations import attachments, messages
from services.exchange import channels
from tests import databases
from tests import factories as make
from tests.browsing import Browser
from tests.processes.keeping.desks import (
    FILE,
    again,
    back_up,
    desk,
    manifest_of,
    members,
    only_sqlite,
    put_away,
    put_back,
    refused,
    rewrite,
    settings_of,
    talk,
    texts,
    tree,
)
from tests.processes.running import ROOT, tiny_desk


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A backup of a desk where Maria wrote "Hello" and sent a file."""
    with desk(tmp_path / "first") as app:
        talk()
        return back_up(app, tmp_path / "kept")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Flask]:
    """A desk on another machine, with an empty database."""
    with desk(tmp_path / "second", databases.empty) as app:
        yield app


def test_a_fresh_machine_has_the_same_desk(tmp_path: Path) -> None:
    with desk(tmp_path / "first") as app:
        chatra, case, ann = make.chatra(), talk(), make.agent("Ann").id
        credentials = channels.connection(chatra).credentials
        browser = Browser(app.test_client()).sign_in(db.session.get_one(Agent, ann))
        cookie = browser.client.get_cookie("deskbell")
        address = attachment_of(case.id)
        path = back_up(app, tmp_path / "kept")
    with desk(tmp_path / "second", databases.empty) as app:
        put_back(app, path)
        migration.migrate_database(app)
        settings = settings_of(app)
        with again(settings) as restored:
            browser = Browser(restored.test_client()).sign_in(db.session.get_one(Agent, ann))
            assert "Hello" in browser.get(f"/chats/{case.id}").text
            assert browser.get(address).data == FILE
            (there,) = (channel for channel in channels.everything() if channel.kind == "chatra")
            assert channels.connection(there).credentials == credentials
            assert cookie is not None
            returning = restored.test_client()
            returning.set_cookie("deskbell", cookie.value)
            assert returning.get("/profile").status_code == 200
            after_restore.begin_anew()
            assert returning.get("/profile").status_code == 302


def attachment_of(case_id: int) -> str:
    (message,) = messages.latest(case_id)
    return attachments.signed_path(message.attachments[0])


@pytest.mark.sqlite("a server's database has to be empty")
def test_what_was_there_is_moved_aside_and_nothing_is_deleted(saved: Path, tmp_path: Path) -> None:
    with desk(tmp_path / "second") as app:
        talk("from another life")
        settings = settings_of(app)
        (settings.data_dir / "redis" / "appendonlydir").mkdir(parents=True)
        (settings.data_dir / "redis" / "appendonlydir" / "doorbells").touch()
        key = (settings.data_dir / "secret_key").read_text()
        app.extensions["hub"].stop()
    with again(settings) as app:
        aside = put_back(app, saved)
        assert texts() == {"Hello"}
    assert not (settings.data_dir / "redis").exists()
    assert (aside / "redis" / "appendonlydir" / "doorbells").exists()
    assert (aside / "secret_key").read_text() == key
    assert (settings.data_dir / "secret_key").read_text() != key
    (file,) = (path for path in (aside / "files").rglob("*") if path.is_file())
    assert file.read_bytes() == FILE
    with closing(sqlite3.connect(aside / "deskbell.sqlite3")) as connection:
        assert connection.execute("SELECT text FROM message").fetchall() == [("from another life",)]


@pytest.mark.sqlite("a server's database has to be empty")
def test_a_database_that_cannot_be_read_any_more_is_moved_aside_too(saved: Path, tmp_path: Path) -> None:
    with desk(tmp_path / "second", databases.empty) as app:
        database = settings_of(app).data_dir / "deskbell.sqlite3"
        database.write_bytes(b"nothing but noise " * 1000)
        aside = put_back(app, saved)
        assert texts() == {"Hello"}
    assert (aside / "deskbell.sqlite3").read_bytes().startswith(b"nothing but noise")


@pytest.mark.postgresql("a file is moved aside")
def test_a_server_with_something_in_it_is_refused(saved: Path, tmp_path: Path) -> None:
    with desk(tmp_path / "second") as app:
        before = tree(tmp_path / "second")
        with refused("is not empty: make a new one"):
            put_back(app, saved)
    assert tree(tmp_path / "second") == before


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def lose_the_manifest(path: Path) -> None:
    rewrite(path, {"manifest.json": None})


def change_the_key(path: Path) -> None:
    rewrite(path, {"secret_key": b"another one, and no less long than the first"})


def lose_the_files(path: Path) -> None:
    rewrite(path, {name: None for name in members(path) if name.startswith("files/")})


def lose_the_database(path: Path) -> None:
    rewrite(path, {manifest_of(path).database_member: None})


def put_ahead(path: Path) -> None:
    manifest = members(path)["manifest.json"].decode()
    rewrite(path, {"manifest.json": manifest.replace(f'"{manifest_of(path).revision}"', '"9999"').encode()})


def change_the_database(path: Path) -> None:
    told, kinds = members(path)["manifest.json"].decode(), {"sqlite": "postgresql", "postgresql": "sqlite"}
    held = manifest_of(path)
    other = told.replace(f'"{held.database}"', f'"{kinds[held.database]}"')
    names = {"database.sqlite3": "database.pgdump", "database.pgdump": "database.sqlite3"}
    was = held.database_member
    content = members(path)[was]
    rewrite(path, {was: None, names[was]: content, "manifest.json": other.replace(was, names[was]).encode()})


def be_of_the_future(path: Path) -> None:
    rewrite(path, {"manifest.json": members(path)["manifest.json"].replace(b'"format": 1', b'"format": 2')})


def be_no_archive(path: Path) -> None:
    path.write_text("no archive")


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (cut, "cannot be restored|is no whole backup"),
        (flip, "cannot be restored|is no whole backup"),
        (be_no_archive, "cannot be restored: Not a gzipped file"),
        (lose_the_manifest, "is no whole backup: it has no manifest"),
        (change_the_key, "secret_key is not what the manifest says"),
        (lose_the_files, r"files/\S+ is not what the manifest says"),
        (lose_the_database, r"database\.\w+ is not what the manifest says"),
        (be_of_the_future, "it was made by a newer Deskbell"),
        (put_ahead, r"is of a newer Deskbell \(\S+, revision 9999\) than this one"),
        (change_the_database, "DATABASE_URL"),
    ],
)
def test_what_cannot_be_restored_changes_nothing(
    saved: Path, fresh: Flask, spoil: Callable[[Path], None], line: str
) -> None:
    spoil(saved)
    before = tree(settings_of(fresh).data_dir)
    with refused(line):
        put_back(fresh, saved)
    assert tree(settings_of(fresh).data_dir) == before
    assert not list(settings_of(fresh).data_dir.glob(".unpacked-*"))


def link(kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo("files/ab/abc")
    member.type, member.linkname = kind, "/etc/passwd"
    return member


@pytest.mark.parametrize(
    "member",
    [
        *map(
            tarfile.TarInfo, ["/etc/passwd", "../secret_key", "files/../../x", "files/ab/cd", "files/ab/ab/../x", "x"]
        ),
        *map(link, [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]),
    ],
    ids=lambda member: f"{member.type.decode()} {member.name}",
)
def test_only_what_a_backup_holds_is_unpacked(saved: Path, fresh: Flask, member: tarfile.TarInfo) -> None:
    with tarfile.open(saved, "w:gz") as tar:
        tar.addfile(member, io.BytesIO())
    before = tree(settings_of(fresh).data_dir)
    with refused("which no backup does"):
        put_back(fresh, saved)
    assert tree(settings_of(fresh).data_dir) == before


def test_who_does_not_agree_changes_nothing(saved: Path, fresh: Flask) -> None:
    def disagree(_held: Manifest, _warnings: list[str]) -> None:
        raise click.Abort

    before = tree(settings_of(fresh).data_dir)
    with pytest.raises(click.Abort):
        restore.restore(settings_of(fresh), saved, disagree)
    assert tree(settings_of(fresh).data_dir) == before


@pytest.mark.sqlite("a server's database has to be empty")
def test_a_database_that_somebody_has_open_is_refused(saved: Path, tmp_path: Path) -> None:
    with desk(tmp_path / "second") as app:
        talk("from another life")
        with refused(r"has .*deskbell\.sqlite3 open: stop it first"):
            put_back(app, saved)
        assert texts() == {"from another life"}
        assert folders.interrupted(settings_of(app)) is None


@pytest.mark.parametrize(
    ("environ", "warned"),
    [({}, False), ({"SECRET_KEY": "quite another one, and long enough for a key"}, True)],
    ids=["the key comes along", "another key is set"],
)
def test_a_key_that_does_not_fit_is_told_before(
    saved: Path, tmp_path: Path, environ: dict[str, str], warned: bool
) -> None:
    told: list[str] = []
    with desk(tmp_path / "second", databases.empty, **environ) as app:
        restore.restore(settings_of(app), saved, lambda _held, warnings: told.extend(warnings))
    assert bool(told) is warned


class Crash(BaseException):
    """The machine stops."""


@pytest.mark.parametrize(
    "moves", [*range(5), *(pytest.param(moves, marks=pytest.mark.sqlite("moves of the file")) for moves in (5, 6))]
)
def test_a_restore_that_was_interrupted_anywhere_can_be_finished(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    with desk(tmp_path / "second", databases.empty) as app:
        settings = settings_of(app)
        migrated = only_sqlite(settings)
        if migrated:
            migration.migrate_database(app)
            talk("from another life")
            put_away(app)
        (settings.data_dir / "redis").mkdir()
        with again(settings) as victim:
            crash_after(moves, monkeypatch)
            with pytest.raises(Crash):
                put_back(victim, saved)
            monkeypatch.undo()
        with again(settings) as up, refused("A restore was interrupted: finish it with `flask restore`"):
            migration.migrate_database(up)
        with again(settings) as finishing:
            aside = restore.finish(settings_of(finishing))
        with again(settings) as restored:
            migration.migrate_database(restored)
            assert texts() == {"Hello"}
            (message,) = messages.latest(make.website().id)
            assert files.path(message.attachments[0].public_id).read_bytes() == FILE
            assert settings_of(restored).secret_key == members(saved)["secret_key"].decode().strip()
    assert (aside / "redis").exists()
    assert not migrated or (aside / "deskbell.sqlite3").exists()
    assert folders.interrupted(settings) is None


def crash_after(moves: int, monkeypatch: pytest.MonkeyPatch) -> None:
    left, move = iter(range(moves)), shutil.move

    def moving(source: Path, target: Path) -> object:
        if next(left, None) is None:
            raise Crash
        return move(source, target)

    monkeypatch.setattr(shutil, "move", moving)


@pytest.mark.slow
def test_a_running_desk_is_left_alone(saved: Path, tmp_path: Path) -> None:
    with tiny_desk(tmp_path / "second") as running:
        data = Path(running.environ["DATA_DIR"])
        before = without_redis(data)
        command = [sys.executable, "-m", "flask", "restore", "--yes", str(saved)]
        run = subprocess.run(command, cwd=ROOT, env=running.environ, capture_output=True, text=True, timeout=60)
        assert (run.returncode, run.stdout) == (1, "")
        (line,) = run.stderr.splitlines()
        assert "A desk is running on this data directory already" in line
        assert without_redis(data) == before


def without_redis(folder: Path) -> dict[str, str]:
    """Every file but what a running Redis writes."""
    return {name: digest for name, digest in tree(folder).items() if not name.startswith("redis/")}
