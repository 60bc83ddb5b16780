"""Commands for the people who run a desk: agents, integrations, backups and migrations from the shell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

import logs
from blueprints.connecting import connect_chatra, hook_url
from channels.base import ChannelError
from config import Settings
from models import Access, Agent
from processes import lock, reachable
from processes import migration as migrations
from processes.keeping import folders
from processes.migration import migrate_database
from services import after_restore, audit
from services.attendance import custom_statuses, statuses
from services.errors import InvalidInput
from services.exchange import channels
from services.signing_in import passwords, two_factor
from services.team import access_levels, agents, groups
from services.team.access_levels import Level

if TYPE_CHECKING:
    from processes.keeping.backup import Backup
    from processes.keeping.manifest import Manifest

P = ParamSpec("P")
T = TypeVar("T")

agent = AppGroup("agent", help="Agents: the people who answer.")
integration = AppGroup("integration", help="Integrations: the channels that customers write through.")


def register(app: Flask) -> None:
    """Add the commands to `flask`."""
    for command in (agent, integration, back_up, restore_backup, database):
        app.cli.add_command(command)


class _Unknown(click.ClickException):
    """A name that nothing has: one line and the exit status of wrong usage."""

    exit_code = 2


def _one_clear_line(command: Callable[P, T]) -> Callable[P, T]:
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


def _ready() -> None:
    """Commands work before the first `make run` too: the database is made where it is missing, and where is told."""
    settings = _settings()
    reachable.require_database(settings)
    file = reachable.sqlite_file(settings)
    is_new = file is not None and not file.exists()
    _act_as_operator()
    migrate_database(_app())
    if is_new:
        click.echo(f"A new desk was made in {settings.data_dir}.", err=True)


def _act_as_operator() -> None:
    """What changes is noted as done on the command line."""
    audit.by(audit.COMMAND_LINE)
    logs.expect_nobody()


# By their values: click goes by the names of an enumeration's members.
LEVELS = [str(access) for access in Access]


@agent.command("create")
@click.option("--email", required=True, help="The address, which is also the login.")
@click.option("--name", required=True, help="The name that customers see.")
@click.option("--password", required=True, help="At least 8 characters.")
@click.option("--admin", is_flag=True, help="May change the settings.")
@click.option("--access", type=click.Choice(LEVELS), help="Default: full, or groups if a group is named.")
@click.option("--group", "group_names", multiple=True, help="For access by groups; made if missing. May be repeated.")
@click.option("--without-channel", "families", multiple=True, help="Such as live_chat. May be repeated.")
@_one_clear_line
def create_agent(
    email: str,
    name: str,
    password: str,
    admin: bool,
    access: str | None,
    group_names: tuple[str, ...],
    families: tuple[str, ...],
) -> None:
    """Add an agent who can sign in at once."""
    refused = agents.refusals(email=email, name=name, password=password)
    if refused:
        raise click.ClickException(" ".join(f"{error.field}: {error}" for error in refused))
    _ready()
    level = _level(Access(access or (Access.GROUPS if group_names else Access.FULL)), group_names, families)
    made = agents.create(email=email, name=name, password=password, is_admin=admin, level=level)
    click.echo(f"{made.name} can sign in as {made.email}.")


@agent.command("status")
@click.argument("email")
@click.argument("status", required=False)
@_one_clear_line
def agent_status(email: str, status: str | None) -> None:
    """Show the status of an agent, or set it as they would by hand.

    STATUS is online, offline, without-chats or the name of a status of your own. Without it the present one is shown.
    """
    _ready()
    found = _agent(email)
    if status is not None:
        wanted = custom_statuses.called(status)
        if wanted is None:
            known = ", ".join(custom_statuses.word(choice) for choice in statuses.choices())
            raise _Unknown(f"There is no status {status}. There are: {known}.")
        statuses.choose(found.id, wanted.id)
    click.echo(custom_statuses.word(statuses.of(found)))


@agent.command("password")
@click.argument("email")
@click.option("--ask", is_flag=True, help="Ask for the password here and now.")
@_one_clear_line
def agent_password(email: str, ask: bool) -> None:
    """Print a link by which an agent chooses a new password, once and within three days."""
    _ready()
    found = _agent(email)
    if not ask:
        click.echo(f"{_settings().public_url}/password/{passwords.make_link(found)}")
        return
    passwords.put(found.id, click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    click.echo(f"{found.name} has a new password and is signed out everywhere.")


@agent.command("two-factor")
@click.argument("email")
@click.option("--off", is_flag=True, help="Ask for no second factor any more: phone and recovery codes are gone.")
@_one_clear_line
def agent_two_factor(email: str, off: bool) -> None:
    """Show whether an agent signs in with a second factor, or turn it off."""
    _ready()
    found = _agent(email)
    if off:
        two_factor.reset(found.id)
    click.echo("on" if two_factor.is_on(found.id) else "off")


def _agent(email: str) -> Agent:
    found = agents.by_email(email)
    if found is None:
        raise _Unknown(f"There is no agent {email}, or they may not sign in.")
    return found


def _level(access: Access, group_names: Sequence[str], families: Sequence[str]) -> Level:
    if group_names and access != Access.GROUPS:
        raise click.UsageError("--group goes with --access groups.")
    if families and access == Access.LIMITED:
        raise click.UsageError("--without-channel does not go with --access limited.")
    unknown = set(families) - set(access_levels.families())
    if unknown:
        known = ", ".join(access_levels.families())
        raise click.UsageError(f"There is no channel {', '.join(sorted(unknown))}. There are: {known}.")
    return Level(access, {groups.named(name).id: list(families) for name in group_names}, list(families))


@integration.group("connect")
def connect() -> None:
    """Connect a channel."""


@connect.command("chatra")
@click.option("--public-key", required=True, help="From Chatra: Settings, Preferences, API keys.")
@click.option("--secret-key", required=True, help="From the same place; stored encrypted.")
@click.option("--group", "group_name", help="Where its cases go; created if missing. Default: the first group.")
@_one_clear_line
def chatra(public_key: str, secret_key: str, group_name: str | None) -> None:
    """Connect a Chatra account and print the address for its webhooks."""
    _ready()
    group = groups.first().name if group_name is None else group_name
    channel = connect_chatra(name="Chatra", public_key=public_key, secret_key=secret_key, group=group)
    if channel.state_reason:
        click.echo(f"The keys are not checked yet: {channel.state_reason}", err=True)
    click.echo(hook_url(channel, _settings().public_url))


@integration.command("list")
def list_integrations() -> None:
    """Show the connected channels: number, kind, name, group, state, webhook address."""
    _ready()
    for channel in channels.everything():
        address = hook_url(channel, _settings().public_url)
        click.echo("\t".join((str(channel.id), channel.kind, channel.name, channel.group.name, channel.state, address)))


@click.command("backup")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace PATH if it exists.")
@with_appcontext
def back_up(path: Path | None, force: bool) -> None:
    """Write the desk to one file, also while it runs: database, attachments and secret key.

    PATH is a new file; without it, one in the folder "backups" of the data folder is made.
    """
    from processes.keeping import backup

    settings = _settings()
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

    settings = _settings()
    with lock.hold(folders.run(settings) / "lock"):
        if folders.interrupted(settings):
            click.echo("A restore was interrupted: this finishes it, and nothing else.")
            aside = restore.finish(settings)
        elif path is None:
            raise click.UsageError("Missing argument 'PATH'.")
        else:
            aside = restore.restore(settings, path, partial(_agree, yes))
        click.echo(f"Restored. What was there before is in {aside}.")
        migrate_database(_app())
        _act_as_operator()
        after_restore.begin_anew()
        click.echo("Everybody has to sign in again; links that were open are not valid any more.")


@click.command("db", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@with_appcontext
def database(words: tuple[str, ...]) -> None:
    """Work on migrations (Flask-Migrate); for developers, makes no copies."""
    migrations.attach_commands(_app())
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


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def _settings() -> Settings:
    settings: Settings = current_app.config["DESKBELL"]
    return settings
