"""PostgreSQL: one server for the run, a database for each desk, copied from a blank one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, Engine, create_engine, make_url, text

from tests.databases.cluster import Cluster
from tests.databases.furnishing import furnish


class Postgresql:
    """Databases with names of their own on the server of TEST_DATABASE_URL or, without one, on a passing server."""

    def __init__(self) -> None:
        self._cluster: Cluster | None = None

    def empty(self, data_dir: Path) -> AbstractContextManager[dict[str, str]]:
        """A database without a table."""
        return self._database("template0")

    def furnished(self, data_dir: Path) -> AbstractContextManager[dict[str, str]]:
        """A copy of the blank database."""
        return self._database(self._blank)

    def close(self) -> None:
        """Drop the blank database and end the server, if it is ours."""
        if "_blank" in self.__dict__:
            self._drop(self._blank)
        if "_engine" in self.__dict__:
            self._engine.dispose()
        if self._cluster is not None:
            self._cluster.stop()

    @cached_property
    def _engine(self) -> Engine:
        return create_engine(self._server, isolation_level="AUTOCOMMIT")

    @cached_property
    def _server(self) -> URL:
        given = os.environ.get("TEST_DATABASE_URL")
        if not given:
            self._cluster = Cluster()
            given = self._cluster.url
        scheme, _, rest = given.partition("://")
        assert scheme.startswith("postgres"), "TEST_DATABASE_URL names no PostgreSQL server"
        return make_url(f"postgresql+psycopg://{rest}")

    @cached_property
    def _blank(self) -> str:
        name = self._create("template0")
        with TemporaryDirectory(prefix="deskbell-blank-") as folder:
            furnish(Path(folder), **self._environ(name))
        return name

    @contextmanager
    def _database(self, template: str) -> Iterator[dict[str, str]]:
        name = self._create(template)
        try:
            yield self._environ(name)
        finally:
            self._drop(name)

    def _environ(self, name: str) -> dict[str, str]:
        return {"DATABASE_URL": self._server.set(database=name).render_as_string(hide_password=False)}

    def _create(self, template: str) -> str:
        name = f"deskbell_test_{secrets.token_hex(6)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _drop(self, name: str) -> None:
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(statement))
