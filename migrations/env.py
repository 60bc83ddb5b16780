"""Alembic's environment: the app's engine, batch mode, linear history. Logging is left as the app has it."""

from __future__ import annotations

from typing import Literal

from alembic import context
from sqlalchemy import Connection, DateTime
from sqlalchemy.types import TypeDecorator

import models  # noqa: F401  fills the metadata
from extensions import db


def run() -> None:
    """Run the migrations in one transaction."""
    with db.engine.connect().execution_options(writes=True) as connection:
        _set_foreign_keys(connection, "OFF")
        try:
            context.configure(
                connection=connection,
                target_metadata=db.metadata,
                render_item=_render,
                render_as_batch=True,
                # SQLite can: it is pysqlite that would not, and extensions.py says BEGIN in its stead.
                transactional_ddl=True,
            )
            with context.begin_transaction():
                context.run_migrations()
        finally:
            _set_foreign_keys(connection, "ON")


def _render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our own column types as the plain ones below them, so that a migration stands by itself."""
    if kind != "type" or not isinstance(item, TypeDecorator):
        return False
    return "sa.DateTime(timezone=True)" if isinstance(item.impl, DateTime) else f"sa.{item.impl!r}"


def _set_foreign_keys(connection: Connection, state: str) -> None:
    """SQLite alters a table by making it anew; dropping the old one must not touch the rows that refer to it.

    The switch works only outside a transaction, hence the raw connection.
    """
    raw = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite" and raw is not None:
        raw.execute(f"PRAGMA foreign_keys={state}")


run()
