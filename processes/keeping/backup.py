"""Backups of a desk, made while it runs: database, files and secret key in one archive."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from cryptography.fernet import InvalidToken

from config import Settings
from extensions import vault
from processes import lock, reachable
from processes.keeping import archive, folders, manifest, postgresql, sqlite
from processes.keeping.archive import Packer
from processes.keeping.contents import Contents
from processes.keeping.durable import draft
from processes.keeping.manifest import Manifest
from services import clock

_SCRATCH = ".snapshot-"


@dataclass(frozen=True)
class Backup:
    """A backup that was made. `missing` are attachments of the database without a file."""

    path: Path
    size: int
    manifest: Manifest
    missing: frozenset[str]


def default_path(settings: Settings) -> Path:
    """Where a backup goes unless somebody wants it elsewhere."""
    return folders.backups(settings) / f"deskbell-{folders.stamp()}.tar.gz"


def take(settings: Settings, path: Path) -> Backup:
    """Write a backup to `path`; it is there once it is complete and on disk.

    The database comes first and the files afterwards, so that every file that the database names is there.

    Raises click.ClickException.
    """
    try:
        with _turn(settings), draft(path) as made, archive.packing(made) as packer:
            held = _add_database(settings, packer)
            _refuse_wrong_key(held)
            files = _add_files(settings, packer)
            described = _describe(settings, held, len(files), _add_secret_key(settings, packer), packer.checksums)
            packer.finish(described)
    except OSError as error:
        raise click.ClickException(f"The backup {path} cannot be written: {error.strerror or error}.") from error
    return Backup(path, path.stat().st_size, described, held.files - files)


def key_in_file(settings: Settings) -> Path | None:
    """The file that keeps the secret key; None when the environment gives the key."""
    path = settings.data_dir / "secret_key"
    kept = path.exists() and path.read_text("ascii").strip() == settings.secret_key
    return path if kept else None


@contextmanager
def _turn(settings: Settings) -> Iterator[None]:
    """One backup at a time, so that what a killed one left in our folder can be told apart and removed."""
    with lock.turn(folders.run(settings) / "backup"):
        for left in folders.backups(settings).glob(f"{_SCRATCH}*"):
            shutil.rmtree(left)
        for left in folders.backups(settings).glob(".deskbell-*.tar.gz.*"):
            left.unlink()
        yield


def _add_database(settings: Settings, packer: Packer) -> Contents:
    with TemporaryDirectory(dir=folders.backups(settings), prefix=_SCRATCH) as scratch:
        source = reachable.sqlite_file(settings)
        if source is None:
            target = Path(scratch) / "database.pgdump"
            held = postgresql.dump(settings.database_url, target)
        else:
            target = Path(scratch) / "database.sqlite3"
            if sqlite.is_empty(source):
                raise click.ClickException(f"There is no desk in {source} yet: nothing to back up.")
            sqlite.snapshot(source, target)
            held = sqlite.inspect(target)
        packer.add(target.name, target)
    return held


def _refuse_wrong_key(held: Contents) -> None:
    """A shell that lacks the desk's SECRET_KEY would keep a key that opens nothing."""
    if held.sealed and not any(map(_opens, held.sealed)):
        raise click.ClickException("The secret key here is not the desk's: set SECRET_KEY as the desk has it.")


def _opens(sealed: str) -> bool:
    try:
        return bool(vault.open(sealed))
    except InvalidToken:
        return False


def _add_files(settings: Settings, packer: Packer) -> frozenset[str]:
    """Put in all attachments and return their public ids."""
    packed = set()
    for path in _files(settings.data_dir / "files"):
        # Whoever tidies up meanwhile is faster; what the database names is compared afterwards.
        with suppress(FileNotFoundError):
            packer.add(f"files/{path.parent.name}/{path.name}", path)
            packed.add(path.name)
    return frozenset(packed)


def _files(root: Path) -> Iterator[Path]:
    for path in sorted(root.glob("*/*")):
        if path.is_file() and not path.is_symlink() and archive.FILE.fullmatch(f"files/{path.parent.name}/{path.name}"):
            yield path


def _add_secret_key(settings: Settings, packer: Packer) -> bool:
    path = key_in_file(settings)
    if path is not None:
        packer.add("secret_key", path)
    return path is not None


def _describe(settings: Settings, held: Contents, files: int, with_key: bool, checksums: dict[str, str]) -> Manifest:
    return Manifest(
        version=manifest.product_version(),
        taken_at=clock.now().isoformat(timespec="seconds"),
        database="sqlite" if reachable.sqlite_file(settings) else "postgresql",
        revision=held.revision,
        cases=held.cases,
        messages=held.messages,
        files=files,
        key_from_environment=not with_key,
        key_check=manifest.check_of_key(),
        members=dict(checksums),
    )
