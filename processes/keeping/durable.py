"""Files that are there whole or not at all, for our eyes only."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def draft(path: Path) -> Iterator[Path]:
    """An empty file to fill, under a name of its own beside `path`; it gets that name once it is complete and on disk.

    Raises OSError. Whatever is raised inside, nothing is left behind.
    """
    made = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    os.close(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield made
        _sync(made, os.O_RDWR)
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)
    _sync(path.parent, os.O_RDONLY)


def _sync(path: Path, access: int) -> None:
    descriptor = os.open(path, access)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
