"""What a database holds, asked in words that every revision understands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Answer(Protocol):
    """Rows."""

    def fetchall(self) -> Sequence[Sequence[Any]]:
        """All of them."""


class Connection(Protocol):
    """A connection of sqlite3 or psycopg."""

    def execute(self, query: str, /) -> Answer:
        """Ask."""


@dataclass(frozen=True)
class Contents:
    """One moment of a desk. `files` are the public ids of all attachments, `sealed` the kept credentials."""

    revision: str
    cases: int
    messages: int
    files: frozenset[str]
    sealed: tuple[str, ...]


def read(connection: Connection) -> Contents:
    """Look into the database of a desk. Raises the driver's error where there is none."""
    return Contents(
        revision=_column(connection, "SELECT version_num FROM alembic_version")[0],
        cases=_column(connection, 'SELECT count(*) FROM "case"')[0],
        messages=_column(connection, "SELECT count(*) FROM message")[0],
        files=frozenset(_column(connection, "SELECT public_id FROM attachment")),
        sealed=tuple(_column(connection, "SELECT sealed_credentials FROM channel WHERE sealed_credentials <> ''")),
    )


def _column(connection: Connection, query: str) -> list[Any]:
    return [row[0] for row in connection.execute(query).fetchall()]
