"""Backups, what is put back from them, and migrations for developers."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext

from cli.frame import act_as_operator, desk_app, desk_settings
from processes import lock
from processes import migration as migrations
from processes.keeping import folders
from processes.migration import migrate_database
from services import after_restore

if TYPE_CHECKING:
    from processes.keeping.backup import Backup
    from processes.keeping.manifest import Manifest


@click.command("backup")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace PATH if it exists.")
@with_appcontext
def back_up(path: Path | None, force: bool) -> None:
    """Write the desk to one file, also while it runs: database, attachments and secret key.

    PATH is a new file; without it, one in the folder "backups" of the data folder is made.
    """
    from processes.keeping import backup

    settings = desk_settings()
    if folders.interrupted(settings):
        raise click.ClickException("A restore was interrupted: finish it with `flask restore`.")
    if path is not None and (str(path) == "-" or path.is_dir() or (path.exists() and not force)):
        raise click.ClickException(f"{path} is not a new file: name another one, or replace a file with --force.")
    made = backup.take(settings, backup.default_path(settings) if path is None else path.absolute())
    click.echo(made.path)
    click.echo(f"{_size(made.size)}: {_held(made.manifest)}")
    for line in _gaps(made):
        click.echo(line, err=True)


@click.command("restore")
@click.argument("path", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def restore_backup(path: Path | None, yes: bool) -> None:
    """Put a backup in place of what there is; the desk must be stopped.

    What was there is moved into a folder of its own, nothing is deleted. Then the database is migrated. If a restore
    was interrupted, this finishes it, with or without PATH. Everybody has to sign in again then.
    """
    from processes.keeping import restore

    settings = desk_settings()
    with lock.hold(folders.run(settings) / "lock"):
        if folders.interrupted(settings):
            click.echo("A restore was interrupted: this finishes it, and nothing else.")
            aside = restore.finish(settings)
        elif path is None:
            raise click.UsageError("Missing argument 'PATH'.")
        else:
            aside = restore.restore(settings, path, partial(_agree, yes))
        click.echo(f"Restored. What was there before is in {aside}.")
        migrate_database(desk_app())
        act_as_operator()
        after_restore.begin_anew()
        click.echo("Everybody has to sign in again; links that were open are not valid any more.")


@click.command("db", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@with_appcontext
def database(words: tuple[str, ...]) -> None:
    """Work on migrations (Flask-Migrate); for developers, makes no copies."""
    migrations.attach_commands(desk_app())
    from flask_migrate.cli import db as commands

    commands(words, prog_name="flask db")


def _agree(yes: bool, held: Manifest, warnings: list[str]) -> None:
    """Say what is going to be restored and ask, unless that was answered on the command line."""
    click.echo(f"A backup of {held.taken_at}, Deskbell {held.version}: {_held(held)}.")
    for warning in warnings:
        click.echo(warning, err=True)
    if not yes:
        click.confirm("Put it in place of what this desk has?", abort=True)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"


def _held(manifest: Manifest) -> str:
    key = "" if manifest.key_from_environment else ", with the secret key"
    counts = f"cases: {manifest.cases}, messages: {manifest.messages}, files: {manifest.files}"
    return f"database at revision {manifest.revision}, {counts}{key}"


def _gaps(made: Backup) -> list[str]:
    """What is not in a backup, in lines for the operator."""
    lines = []
    if made.manifest.key_from_environment:
        lines.append("SECRET_KEY is set and not in the backup: keep it too, vendors' keys cannot be read without it.")
    if made.missing:
        lines.append(f"Attachments whose file was lost before the backup: {len(made.missing)}.")
    return lines
