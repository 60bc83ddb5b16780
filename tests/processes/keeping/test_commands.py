"""`flask backup` and `flask restore` as people type them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from extensions import db
from processes import migration
from processes.keeping import folders
from tests import databases
from tests.processes.keeping.desks import desk, only_sqlite, put_away, settings_of, talk, texts, tree


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """A desk with one chat."""
    with desk(tmp_path / "data") as app:
        talk()
        yield app


def flask(app: Flask, *words: str, answer: str = "") -> Result:
    """Run `flask WORDS` with this on standard input."""
    db.session.remove()
    return app.test_cli_runner().invoke(args=words, input=answer)


def refusal(run: Result) -> str:
    assert run.exit_code == 1
    assert run.stdout == ""
    (line,) = run.stderr.splitlines()
    return line


def test_a_backup_says_where_it_is_how_large_and_what_it_holds(app: Flask) -> None:
    run = flask(app, "backup")
    path, told = run.stdout.splitlines()
    assert (run.exit_code, run.stderr) == (0, "")
    assert Path(path).parent == settings_of(app).data_dir / "backups"
    assert re.fullmatch(r"deskbell-\d{8}T\d{6}Z\.tar\.gz", Path(path).name)
    head = migration.state(settings_of(app)).head
    held = f"database at revision {head}, cases: 1, messages: 1, files: 1, with the secret key"
    assert re.fullmatch(rf"\d+\.\d kB: {held}", told)


def test_a_backup_goes_where_it_is_wanted(app: Flask, tmp_path: Path) -> None:
    run = flask(app, "backup", str(tmp_path / "desk.tar.gz"))
    assert run.stdout.startswith(f"{tmp_path}/desk.tar.gz\n")
    assert (tmp_path / "desk.tar.gz").stat().st_mode & 0o777 == 0o600


def test_a_key_that_is_set_has_to_be_kept_elsewhere_and_that_is_said(tmp_path: Path) -> None:
    with desk(tmp_path, SECRET_KEY="given by the environment, long enough") as app:
        run = flask(app, "backup")
    assert run.exit_code == 0
    assert run.stderr.startswith("SECRET_KEY is set and not in the backup: keep it too")
    assert "the secret key" not in run.stdout


def test_files_that_are_missing_already_are_told(app: Flask, tmp_path: Path) -> None:
    for path in (tmp_path / "data" / "files").glob("*/*"):
        path.unlink()
    run = flask(app, "backup")
    assert run.exit_code == 0
    assert run.stderr == "Attachments whose file was lost before the backup: 1.\n"


@pytest.mark.parametrize("name", ["-", "folder", "there.tar.gz"])
def test_a_backup_never_replaces_anything_by_itself(app: Flask, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "there.tar.gz").write_text("precious")
    path = name if name == "-" else str(tmp_path / name)
    assert refusal(flask(app, "backup", path)).startswith(f"Error: {path} is not a new file")
    assert (tmp_path / "there.tar.gz").read_text() == "precious"


def test_a_backup_replaces_a_file_where_that_is_said(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "there.tar.gz"
    path.write_text("worthless")
    assert flask(app, "backup", "--force", str(path)).exit_code == 0
    assert path.read_bytes().startswith(b"\x1f\x8b")


def test_a_place_that_cannot_be_written_to_is_told_in_one_line(app: Flask, tmp_path: Path) -> None:
    line = refusal(flask(app, "backup", str(tmp_path / "missing" / "desk.tar.gz")))
    assert line.endswith("cannot be written: No such file or directory.")


def test_there_is_nothing_to_back_up_before_the_first_start(tmp_path: Path) -> None:
    with desk(tmp_path, databases.empty) as app:
        assert "There is no desk in" in refusal(flask(app, "backup"))


@pytest.fixture
def fresh(app: Flask, tmp_path: Path) -> Iterator[Flask]:
    """A desk on another machine, and a backup beside it."""
    assert flask(app, "backup", str(tmp_path / "desk.tar.gz")).exit_code == 0
    put_away(app)
    with desk(tmp_path / "second", databases.empty) as fresh:
        yield fresh


def test_restoring_brings_the_desk_and_migrates_it(fresh: Flask, tmp_path: Path) -> None:
    run = flask(fresh, "restore", "--yes", str(tmp_path / "desk.tar.gz"))
    assert (run.exit_code, run.stderr) == (0, "")
    first, last, advice = run.stdout.splitlines()
    assert "messages: 1, files: 1, with the secret key" in first
    assert advice.startswith("Everybody has to sign in again")
    assert last.startswith(f"Restored. What was there before is in {tmp_path}/second/replaced-")
    assert texts() == {"Hello"}
    assert migration.state(settings_of(fresh)).current == migration.state(settings_of(fresh)).head


@pytest.mark.parametrize(("answer", "restored"), [("y\n", True), ("n\n", False), ("", False)])
def test_restoring_asks_first(fresh: Flask, tmp_path: Path, answer: str, restored: bool) -> None:
    before = tree(tmp_path / "second")
    run = flask(fresh, "restore", str(tmp_path / "desk.tar.gz"), answer=answer)
    assert "Put it in place of what this desk has? [y/N]" in run.output
    assert (run.exit_code == 0) is restored
    assert (tree(tmp_path / "second") == before) is not restored


def test_what_was_interrupted_is_finished_without_naming_the_backup(
    fresh: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("processes.keeping.restore.finish", lambda _settings: 1 / 0)
        assert flask(fresh, "restore", "--yes", str(tmp_path / "desk.tar.gz")).exit_code == 1
    assert folders.interrupted(settings_of(fresh)) is not None
    assert "finish it with `flask restore`" in refusal(flask(fresh, "backup"))
    run = flask(fresh, "restore")
    assert run.stdout.startswith("A restore was interrupted: this finishes it, and nothing else.\nRestored.")
    assert texts() == {"Hello"}


def test_a_backup_has_to_be_named_and_to_be_there(fresh: Flask, tmp_path: Path) -> None:
    assert "Missing argument 'PATH'" in flask(fresh, "restore").stderr
    assert "does not exist" in flask(fresh, "restore", str(tmp_path / "none")).stderr


@pytest.mark.sqlite("a server's database has to be empty")
def test_what_a_restore_replaced_can_be_put_back(app: Flask, tmp_path: Path) -> None:
    assert flask(app, "backup", str(tmp_path / "desk.tar.gz")).exit_code == 0
    talk("said after the backup")
    put_away(app)
    run = flask(app, "restore", "--yes", str(tmp_path / "desk.tar.gz"))
    assert texts() == {"Hello"}
    put_away(app)
    aside = Path(run.stdout.splitlines()[1].rpartition(" ")[2].rstrip("."))
    assert only_sqlite(settings_of(app))
    (aside / "deskbell.sqlite3").replace(tmp_path / "data" / "deskbell.sqlite3")
    assert texts() == {"Hello", "said after the backup"}
