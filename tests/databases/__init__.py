"""The databases of a run: SQLite's files, or PostgreSQL's with `pytest --database=postgresql`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from tests.databases.postgresql import Postgresql
from tests.databases.sqlite import Sqlite


class Databases(Protocol):
    """Makes databases, each for one desk; what it yields belongs into the desk's environment."""

    def empty(self, data_dir: Path) -> AbstractContextManager[dict[str, str]]:
        """A database without a table, for the desk with this data directory; gone afterwards."""

    def furnished(self, data_dir: Path) -> AbstractContextManager[dict[str, str]]:
        """A database as a fresh desk has it after its first start; gone afterwards."""

    def close(self) -> None:
        """Leave nothing behind."""


KINDS: dict[str, type[Sqlite] | type[Postgresql]] = {"sqlite": Sqlite, "postgresql": Postgresql}

_chosen: Databases = Sqlite()


def choose(kind: str) -> None:
    """Take this kind for the whole run."""
    global _chosen
    close()
    _chosen = KINDS[kind]()


def empty(data_dir: Path) -> AbstractContextManager[dict[str, str]]:
    """An empty database of the chosen kind, as variables for the environment of the desk with this data directory."""
    return _chosen.empty(data_dir)


def furnished(data_dir: Path) -> AbstractContextManager[dict[str, str]]:
    """A migrated and furnished database of the chosen kind, as variables for the environment of a desk."""
    return _chosen.furnished(data_dir)


def close() -> None:
    """Remove what the run has made; the end of the run."""
    _chosen.close()
