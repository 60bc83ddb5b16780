"""Copies of a SQLite file that are made before it is migrated, the newest few kept."""

from __future__ import annotations

from pathlib import Path

from config import Settings
from processes.keeping import folders, sqlite

KEPT = 5


def before(revision: str, database: Path, settings: Settings) -> Path:
    """Copy the database before it is migrated to `revision`. Raises click.ClickException."""
    copy = folders.backups(settings) / f"before-{revision}-{folders.stamp()}.sqlite3"
    sqlite.snapshot(database, copy)
    _forget_oldest(copy)
    return copy


def _forget_oldest(newest: Path) -> None:
    """Keep this one, whatever the clock says, and the newest of the others."""
    others = [path for path in newest.parent.glob("before-*.sqlite3") if path != newest]
    others.sort(key=lambda path: path.stem.rpartition("-")[2])
    for path in others[: -(KEPT - 1)]:
        path.unlink(missing_ok=True)
