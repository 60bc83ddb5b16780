"""The file of a backup: a gzipped tar with few known names in it and the manifest at its end."""

from __future__ import annotations

import gzip
import io
import os
import re
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO

import click

from processes.keeping import manifest
from processes.keeping.manifest import Manifest

COMPRESSION = 6
# The folder of a file is the beginning of its name: extensions.FileStore.
FILE = re.compile(r"files/([\w-]{2})/\1[\w-]{1,62}", re.ASCII)
_OTHERS = {"database.sqlite3", "database.pgdump", "secret_key", manifest.MEMBER}


class Packer:
    """Puts files into an archive and notes their checksums."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.checksums: dict[str, str] = {}

    def add(self, name: str, source: Path) -> None:
        """Put a file in, as long as it is now. Raises OSError."""
        with source.open("rb") as file:
            state = os.fstat(file.fileno())
            self._add(name, file, state.st_size, int(state.st_mtime))

    def finish(self, described: Manifest) -> None:
        """Put the manifest in; an archive without it is none."""
        text = described.to_json().encode()
        self._add(manifest.MEMBER, io.BytesIO(text), len(text), 0)

    def _add(self, name: str, file: IO[bytes], size: int, changed: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = size, changed, 0o600
        hashed = _Hashed(file)
        self._tar.addfile(member, hashed)
        self.checksums[name] = hashed.digest.hexdigest()


class _Hashed:
    """A file whose checksum is known as far as it was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, sha256()

    def read(self, size: int = -1, /) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block


@contextmanager
def packing(path: Path) -> Iterator[Packer]:
    """Write an archive to an existing, empty file."""
    with path.open("r+b") as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=COMPRESSION) as tar:
        yield Packer(tar)


def unpack(archive: Path, folder: Path) -> Manifest:
    """Unpack an archive into an empty folder and compare every checksum.

    Raises click.ClickException: it is damaged, incomplete or holds what no backup holds.
    """
    try:
        found = _extract(archive, folder)
        described = Manifest.from_json((folder / manifest.MEMBER).read_text())
        _compare(found, described)
    except FileNotFoundError as error:
        raise click.ClickException(f"{archive} is no whole backup: it has no manifest.") from error
    except (OSError, EOFError, tarfile.TarError, zlib.error, ValueError) as error:
        raise click.ClickException(f"{archive} cannot be restored: {error}.") from error
    return described


def _extract(archive: Path, folder: Path) -> dict[str, str]:
    """Write the members by ourselves: only plain files with known names, whatever else a tar could ask for."""
    found: dict[str, str] = {}
    with gzip.open(archive) as packed, tarfile.open(fileobj=packed, mode="r:") as tar:
        for member in tar:
            if not member.isreg() or not _known(member.name) or member.name in found:
                raise ValueError(f"it holds {member.name!r}, which no backup does")
            content = tar.extractfile(member)
            if content is not None:
                found[member.name] = _write(content, folder / member.name)
        # gzip compares its own checksum, which covers the manifest too, at the very end.
        while packed.read(1 << 20):
            pass
    return found


def _known(name: str) -> bool:
    return name in _OTHERS or FILE.fullmatch(name) is not None


def _write(content: IO[bytes], path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    hashed = _Hashed(content)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        shutil.copyfileobj(hashed, file)
    return hashed.digest.hexdigest()


def _compare(found: dict[str, str], described: Manifest) -> None:
    found.pop(manifest.MEMBER)
    expected = {described.database_member, *([] if described.key_from_environment else ["secret_key"])}
    names = found.keys() | described.members.keys() | expected
    wrong = sorted(name for name in names if found.get(name) is None or found[name] != described.members.get(name))
    if wrong:
        raise ValueError(f"{wrong[0]} is not what the manifest says")
