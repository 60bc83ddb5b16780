"""Snapshots of a SQLite file that others read and write meanwhile."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import click

from processes.keeping import contents
from processes.keeping.contents import Contents
from processes.keeping.durable import draft

PATIENCE_SECONDS = 30.0
BESIDE = ("-wal", "-shm", "-journal")


def snapshot(source: Path, target: Path) -> None:
    """Copy one moment of a database, with what stands in its log of writes, to a file that needs none.

    Raises click.ClickException; then there is no file.
    """
    try:
        with draft(target) as path, closing(_open(source)) as live, closing(sqlite3.connect(path)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
    except (sqlite3.Error, OSError) as error:
        raise click.ClickException(f"The database {source} cannot be copied: {error}.") from error


def inspect(path: Path) -> Contents:
    """What a snapshot holds. Raises click.ClickException when it is damaged or not of a desk."""
    try:
        with closing(_open(path)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise click.ClickException(f"The database is damaged: {found.splitlines()[-1]}.")
            return contents.read(connection)
    except (sqlite3.Error, IndexError) as error:
        raise click.ClickException(f"The database cannot be read: {error}.") from error


def is_empty(path: Path) -> bool:
    """Whether there is no table yet, or no file; what cannot be read is something."""
    if not path.exists():
        return True
    try:
        with closing(_open(path)) as connection:
            return not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
    except sqlite3.Error:
        return False


def fold(path: Path) -> None:
    """Fold the log of writes into the file, as whoever closes it last does; one that cannot be read stays as it is.

    Raises click.ClickException when somebody has it open.
    """
    try:
        with closing(_open(path, patience=0)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        # The lower byte: "busy" has kinds, such as while another process recovers the log.
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise click.ClickException(f"Some process of a desk has {path} open: stop it first.") from error


def _open(path: Path, patience: float = PATIENCE_SECONDS) -> sqlite3.Connection:
    """Open a file that is there; sqlite3 would make a missing one."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=patience)
