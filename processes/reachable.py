"""Looks before a process starts whether its database and its Redis are there: one clear line where they are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Connection, create_engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from config import Settings

T = TypeVar("T")

PATIENCE_SECONDS = 5


class Unreachable(click.ClickException):
    """A server that is not there, told in one line that names the variable and never holds a password."""


def require(settings: Settings) -> None:
    """Raise Unreachable unless the database and, where REDIS_URL names one, Redis take connections.

    Leaves no connection open, so that the caller may fork.
    """
    require_database(settings)
    if not settings.embedded_redis:
        require_redis(settings)


def require_database(settings: Settings) -> None:
    """Raise Unreachable unless the database takes connections; a SQLite file may still have to be made."""
    path = sqlite_file(settings)
    if path is None or path.exists():
        ask_database(settings, lambda _connection: None)
    elif not path.parent.is_dir():
        raise Unreachable(f"The database {path} cannot be made: its folder is missing. See DATABASE_URL.")


def require_redis(settings: Settings) -> None:
    """Raise Unreachable unless Redis takes commands."""
    try:
        with redis_client(settings) as client:
            client.ping()
    except redis.ResponseError as error:
        raise Unreachable(f"Redis refuses to work: {_first_line(error)}.") from error
    except (redis.RedisError, OSError) as error:
        if settings.embedded_redis:
            line = f"No Redis runs at {settings.redis_socket}: start `flask up`, or set REDIS_URL."
        else:
            line = f"REDIS_URL cannot be reached: {_first_line(error)}."
        raise Unreachable(line) from error


def redis_client(settings: Settings) -> redis.Redis:
    """A client that gives up after five seconds instead of waiting for a network that is not there."""
    return redis.Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=PATIENCE_SECONDS,
        socket_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def sqlite_file(settings: Settings) -> Path | None:
    """The file of the database; None when a server keeps it."""
    url = make_url(settings.database_url)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def ask_database(settings: Settings, question: Callable[[Connection], T]) -> T:
    """Put a question to the database on a connection of its own. Raises Unreachable."""
    path = sqlite_file(settings)
    patience = {} if path else {"connect_timeout": PATIENCE_SECONDS}
    engine = create_engine(settings.database_url, poolclass=NullPool, connect_args=patience, hide_parameters=True)
    try:
        with engine.connect() as connection:
            return question(connection)
    except DBAPIError as error:
        where = f"The database {path} cannot be used" if path else "DATABASE_URL cannot be reached"
        raise Unreachable(f"{where}: {_first_line(error.orig or error)}.") from error


def _first_line(error: BaseException) -> str:
    """What a driver says, without its advice on further lines."""
    return str(error).strip().partition("\n")[0].strip().rstrip(".")
