"""Dumps of a PostgreSQL database by its own programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo
from sqlalchemy import make_url

from processes.keeping import contents
from processes.keeping.contents import Contents

_TABLES = "SELECT 1 FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') LIMIT 1"
_PLAIN = ("--no-owner", "--no-privileges")


def dump(database_url: str, target: Path) -> Contents:
    """Write one moment of the database to `target`, in pg_dump's own format, and tell what it holds.

    Raises click.ClickException: pg_dump is missing, too old or fails, or this is no database of a desk.
    """
    given = _parameters(database_url)
    with _connect(given) as connection:
        program = _program("pg_dump", connection)
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        try:
            held = contents.read(connection)
        except (psycopg.Error, IndexError) as error:
            raise click.ClickException("There is no desk in the database of DATABASE_URL yet.") from error
        (moment,) = connection.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        _run(given, program, "--format=custom", *_PLAIN, f"--snapshot={moment}", f"--file={target}")
    return held


def load(database_url: str, source: Path) -> None:
    """Fill an empty database from a dump, whole or not at all. Raises click.ClickException."""
    given = _parameters(database_url)
    with _connect(given) as connection:
        program = _program("pg_restore", connection)
        name = f"--dbname={connection.info.dbname}"
    _run(given, program, "--single-transaction", "--exit-on-error", *_PLAIN, name, str(source))


def is_empty(database_url: str) -> bool:
    """Whether there is no table yet. Raises click.ClickException when the database cannot be reached."""
    with _connect(_parameters(database_url)) as connection:
        return connection.execute(_TABLES).fetchone() is None


def _parameters(database_url: str) -> dict[str, Any]:
    """The address as psycopg wants it."""
    url = make_url(database_url)
    return dict(url.get_dialect()().create_connect_args(url)[1])


def _connect(given: dict[str, Any]) -> psycopg.Connection:
    try:
        return psycopg.connect(**{"connect_timeout": 5, **given})
    except psycopg.OperationalError as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise click.ClickException(f"DATABASE_URL cannot be reached: {reason}.") from error


def _program(name: str, connection: psycopg.Connection) -> str:
    """Where the program is, if it understands this server."""
    found = shutil.which(name)
    if found is None:
        raise click.ClickException(f"{name} was not found: install PostgreSQL's client programs (postgresql-client).")
    told = subprocess.run([found, "--version"], capture_output=True, text=True).stdout  # noqa: S603
    version, server = re.search(r"\d+", told), connection.info.server_version // 10_000
    if version is None or int(version[0]) < server:
        raise click.ClickException(
            f"{told.strip()} is older than the server ({server}): install newer client programs."
        )
    return found


def _run(given: dict[str, Any], program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL; the address goes by its environment, where other users cannot look."""
    options = Conninfo.parse(make_conninfo(**given).encode())
    address = {option.envvar.decode(): option.val.decode() for option in options if option.envvar and option.val}
    run = subprocess.run([program, *arguments], env=os.environ | address, capture_output=True, text=True)  # noqa: S603
    if run.returncode:
        reason = next((line for line in run.stderr.splitlines() if "error:" in line), f"status {run.returncode}")
        raise click.ClickException(f"{Path(program).name} failed: {reason.rpartition('error: ')[2].rstrip('.')}.")
