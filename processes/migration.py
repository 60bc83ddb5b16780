"""Brings the database up to date. Alembic is imported inside the functions: no lasting process shall carry it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask import Flask

from blueprints.wording import names_of_a_fresh_desk
from config import Settings
from extensions import db
from processes import lock, reachable
from processes.crew import log
from processes.keeping import copies, folders, sqlite
from services import desk

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from sqlalchemy import Connection

MIGRATIONS = str(Path(__file__).parents[1] / "migrations")

_traces = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """Where a database stands and where it has to go; `current` is None where nothing was migrated yet."""

    current: str | None
    head: str | None


def migrate_database(app: Flask) -> None:
    """Bring the database up to date and furnish a fresh desk; a SQLite file with something in it is copied before.

    Of several that start at once, one does it and the others wait.

    Raises:
        click.ClickException: it cannot be done; the database is as it was.
    """
    settings: Settings = app.config["DESKBELL"]
    with app.app_context(), lock.turn(folders.run(settings) / "migrating"):
        _refuse_half_restored(settings)
        _upgrade(settings, state(settings))
        desk.furnish(names_of_a_fresh_desk())


def state(settings: Settings) -> State:
    """Ask the database. Raises click.ClickException where it cannot be reached or is newer than this version."""
    found = State(reachable.ask_database(settings, _current), _scripts().get_current_head())
    if found.current and not knows(found.current):
        newer = f"The database was made by a newer Deskbell (revision {found.current})"
        raise click.ClickException(f"{newer}: start that one, or restore a backup.")
    return found


def require_current(settings: Settings) -> None:
    """Raise click.ClickException unless the database is there and its tables are those of this version."""
    reachable.require_database(settings)
    path = reachable.sqlite_file(settings)
    found = None if path is not None and not path.exists() else state(settings)
    if found is None or found.current != found.head:
        advice = "run `flask up`, or `flask migrate` once before the others"
        raise click.ClickException(f"The database is not up to date: {advice}.")


def knows(revision: str) -> bool:
    """Whether this version has the migration that leads to `revision`."""
    return revision in {script.revision for script in _scripts().walk_revisions()}


def attach_commands(app: Flask) -> None:
    """Let Flask-Migrate's functions and `flask db` work on this app."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=MIGRATIONS)


def _upgrade(settings: Settings, found: State) -> None:
    from alembic import command

    if found.current == found.head:
        return
    way_back = _copy(settings, found)
    try:
        command.upgrade(_config(), "head")
    except Exception as error:
        _traces.exception("The migration to revision %s failed", found.head)
        raise click.ClickException(f"The migration failed, and the database is as it was. {way_back}") from error


def _copy(settings: Settings, found: State) -> str:
    """Copy what a migration could spoil, and say where the copy is."""
    path = reachable.sqlite_file(settings)
    if path is None:
        if found.current:
            log(f"PostgreSQL is migrated to {found.head} without a copy: make one before updates, with `flask backup`")
        return ""
    if sqlite.is_empty(path):
        return ""
    copy = copies.before(str(found.head), path, settings)
    log(f"the database is migrated from {found.current} to {found.head}; as it was, it is kept in {copy}")
    return f"A copy of it is {copy}."


def _refuse_half_restored(settings: Settings) -> None:
    if folders.interrupted(settings):
        raise click.ClickException("A restore was interrupted: finish it with `flask restore`.")


def _current(connection: Connection) -> str | None:
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory(MIGRATIONS)


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", MIGRATIONS.replace("%", "%%"))
    return config
