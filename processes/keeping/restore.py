"""The way back from a backup: unpacked and compared first, then put in place; what was there is moved aside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import click

from config import Settings
from extensions import vault
from processes import migration, reachable
from processes.keeping import archive, folders, manifest, postgresql, sqlite
from processes.keeping.backup import key_in_file
from processes.keeping.manifest import Manifest

_PASSING = ".unpacked-"


def restore(settings: Settings, backup: Path, agree: Callable[[Manifest, list[str]], None]) -> Path:
    """Put a backup in place of what there is; call it only while no desk can start. Returns where the old data lie.

    Args:
        backup: the archive.
        agree: asked before anything is touched, with what the archive holds and warnings; raises to stop it all.

    Raises:
        click.ClickException: the archive or the database does not allow it; nothing has changed then.
    """
    with _passing_folder(settings) as folder:
        held = archive.unpack(backup, folder)
        _refuse_unfit(settings, held)
        agree(held, _warnings(settings, held))
        if path := reachable.sqlite_file(settings):
            _refuse_in_use(path)
        (folder / "files").mkdir(mode=0o700, exist_ok=True)
        os.sync()
        folder.rename(folders.decided(settings))
    return finish(settings)


def finish(settings: Settings) -> Path:
    """Put an unpacked backup in place, or what is left of it. Returns where the old data lie."""
    folder = folders.interrupted(settings)
    if folder is None:
        raise click.ClickException("No restore was interrupted.")
    key_was_in_file = key_in_file(settings) is not None
    path = reachable.sqlite_file(settings)
    if path is None:
        _load(settings, folder)
    aside = folders.aside(folder)
    if path is not None:
        _put_file(folder / "database.sqlite3", path, aside)
    _move_aside(settings.data_dir / "redis", aside)
    for name in ("files", "secret_key"):
        _put(folder / name, settings.data_dir / name, aside)
    os.sync()
    shutil.rmtree(folder)
    if key_was_in_file:
        vault.unlock((settings.data_dir / "secret_key").read_text("ascii").strip())
    return aside


@contextmanager
def _passing_folder(settings: Settings) -> Iterator[Path]:
    for left_by_a_crash in settings.data_dir.glob(f"{_PASSING}*"):
        shutil.rmtree(left_by_a_crash)
    folder = Path(mkdtemp(prefix=_PASSING, dir=settings.data_dir))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _refuse_unfit(settings: Settings, held: Manifest) -> None:
    kind = "postgresql" if reachable.sqlite_file(settings) is None else "sqlite"
    if held.database != kind:
        raise click.ClickException(f"The backup is of a {held.database} database, this desk's is {kind}: DATABASE_URL.")
    if not migration.knows(held.revision):
        ours = manifest.product_version()
        raise click.ClickException(
            f"The backup is of a newer Deskbell ({held.version}, revision {held.revision}) than this one ({ours})."
        )
    if kind == "postgresql" and not postgresql.is_empty(settings.database_url):
        raise click.ClickException("The database of DATABASE_URL is not empty: make a new one and name that.")


def _warnings(settings: Settings, held: Manifest) -> list[str]:
    """What the operator should know before."""
    takes_key_over = not held.key_from_environment and key_in_file(settings) is not None
    if takes_key_over or held.key_check == manifest.check_of_key():
        return []
    return ["The backup was made under another SECRET_KEY: without that one, vendors' keys cannot be read."]


def _refuse_in_use(path: Path) -> None:
    if path.exists():
        sqlite.fold(path)


def _put_file(source: Path, path: Path, aside: Path) -> None:
    """Put a SQLite file in place; no log of writes of the old one may lie beside it."""
    if source.exists():
        for suffix in sqlite.BESIDE:
            _move_aside(path.with_name(path.name + suffix), aside)
    _put(source, path, aside)


def _load(settings: Settings, folder: Path) -> None:
    """Fill PostgreSQL in one transaction: a database that is no longer empty has been filled already."""
    if not postgresql.is_empty(settings.database_url):
        return
    try:
        postgresql.load(settings.database_url, folder / "database.pgdump")
    except click.ClickException:
        shutil.rmtree(folder)
        raise


def _put(source: Path, place: Path, aside: Path) -> None:
    """Move what was unpacked to its place; what has no source any more is there already."""
    if source.exists():
        _move_aside(place, aside)
        shutil.move(source, place)


def _move_aside(path: Path, aside: Path) -> None:
    """Move what is there out of the way, under a name that nothing has."""
    if path.exists() or path.is_symlink():
        names = (f"{path.name}.{number}" if number else path.name for number in count())
        shutil.move(path, next(aside / name for name in names if not (aside / name).exists()))
