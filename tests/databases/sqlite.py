"""SQLite: a file in the data directory, copied from a blank one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.databases.furnishing import furnish

FILE = "deskbell.sqlite3"
# An empty variable counts as unset, also where the surroundings have set one.
DEFAULT = {"DATABASE_URL": ""}


class Sqlite:
    """Databases as a desk has them unless it is told otherwise."""

    @contextmanager
    def empty(self, data_dir: Path) -> Iterator[dict[str, str]]:
        """No file yet: the desk makes it."""
        yield DEFAULT

    @contextmanager
    def furnished(self, data_dir: Path) -> Iterator[dict[str, str]]:
        """A copy of the blank file in the data directory."""
        data_dir.mkdir(parents=True, exist_ok=True)
        (data_dir / FILE).write_bytes(self._blank)
        yield DEFAULT

    def close(self) -> None:
        """Nothing is left: the files lie in the folders of their tests."""

    @cached_property
    def _blank(self) -> bytes:
        with TemporaryDirectory(prefix="deskbell-blank-") as folder:
            furnish(Path(folder))
            return (Path(folder) / FILE).read_bytes()
