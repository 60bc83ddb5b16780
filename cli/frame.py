"""What all commands share: what has to be there before one works, and how it says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
from flask import Flask, current_app

import logs
from channels.base import ChannelError
from config import Settings
from processes import reachable
from processes.migration import migrate_database
from services import audit
from services.errors import InvalidInput

P = ParamSpec("P")
T = TypeVar("T")


class Unknown(click.ClickException):
    """A name that nothing has: one line and the exit status of wrong usage."""

    exit_code = 2


def one_clear_line(command: Callable[P, T]) -> Callable[P, T]:
    """Turn domain errors into what click shows: one line and exit status 1."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except InvalidInput as error:
            raise click.ClickException(f"{error.field}: {error}") from error
        except ChannelError as error:
            raise click.ClickException(error.reason) from error

    return wrapped


def ready() -> None:
    """Commands work before the first `make run` too: the database is made where it is missing, and where is told."""
    settings = desk_settings()
    reachable.require_database(settings)
    file = reachable.sqlite_file(settings)
    is_new = file is not None and not file.exists()
    act_as_operator()
    migrate_database(desk_app())
    if is_new:
        click.echo(f"A new desk was made in {settings.data_dir}.", err=True)


def act_as_operator() -> None:
    """What changes is noted as done on the command line."""
    audit.by(audit.COMMAND_LINE)
    logs.expect_nobody()


def desk_app() -> Flask:
    """The application that the command runs in."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def desk_settings() -> Settings:
    """What the environment says."""
    settings: Settings = current_app.config["DESKBELL"]
    return settings
