"""Commands for the people who run a desk: agents and integrations from the shell."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_migrate import upgrade

from blueprints.connecting import connect_chatra, hook_url
from channels.base import ChannelError
from config import Settings
from services import agents, channels, desk, groups
from services.errors import InvalidInput

P = ParamSpec("P")
T = TypeVar("T")

MIGRATIONS = str(Path(__file__).parent / "migrations")

agent = AppGroup("agent", help="Agents: the people who answer.")
integration = AppGroup("integration", help="Integrations: the channels that customers write through.")


def register(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(agent)
    app.cli.add_command(integration)


def migrate_database(app: Flask) -> None:
    """Bring the database up to date and furnish a fresh desk."""
    with app.app_context():
        upgrade(directory=MIGRATIONS)
        desk.furnish()


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
    """Commands work before the first `make run` too: the database is made where it is missing."""
    upgrade(directory=MIGRATIONS)
    desk.furnish()


@agent.command("create")
@click.option("--email", required=True, help="The address, which is also the login.")
@click.option("--name", required=True, help="The name that customers see.")
@click.option("--password", required=True, help="At least 8 characters.")
@click.option("--admin", is_flag=True, help="May change the settings.")
@_one_clear_line
def create_agent(email: str, name: str, password: str, admin: bool) -> None:
    """Add an agent who can sign in at once."""
    _ready()
    made = agents.create(email=email, name=name, password=password, is_admin=admin)
    click.echo(f"{made.name} can sign in as {made.email}.")


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


def _settings() -> Settings:
    settings: Settings = current_app.config["DESKBELL"]
    return settings
