"""Integrations from the shell: the channels that customers write through."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from blueprints.connecting import connect_chatra, hook_url
from cli.checking import check
from cli.frame import desk_settings, one_clear_line, ready
from models import Channel
from services.exchange import channels, log
from services.team import groups

integration = AppGroup("integration", help="Integrations: the channels that customers write through.")
integration.add_command(check)


@integration.group("connect")
def connect() -> None:
    """Connect a channel."""


@connect.command("chatra")
@click.option("--public-key", required=True, help="From Chatra: Settings, Preferences, API keys.")
@click.option("--secret-key", required=True, help="From the same place; stored encrypted.")
@click.option("--group", "group_name", help="Where its cases go; created if missing. Default: the first group.")
@click.option("--name", default="Chatra", show_default=True, help="Tells several accounts apart.")
@one_clear_line
def chatra(public_key: str, secret_key: str, group_name: str | None, name: str) -> None:
    """Connect a Chatra account and print the address for its webhooks."""
    if not name.strip():
        raise click.ClickException("name: Enter a name.")
    ready()
    group = groups.first().name if group_name is None else group_name
    channel = connect_chatra(name=name, public_key=public_key, secret_key=secret_key, group=group)
    if channel.state_reason:
        click.echo(f"The keys are not checked yet: {channel.state_reason}", err=True)
    click.echo(hook_url(channel, desk_settings().public_url))


@integration.command("list")
def list_integrations() -> None:
    """Show the connected channels, with tabs between.

    Number, kind, name, group, state, when it was last heard of (UTC), how many deliveries are set aside, webhook
    address. The state is connected, unchecked, paused, broken (the vendor refuses the keys) or off.
    """
    ready()
    aside = log.set_aside()
    for channel in channels.everything():
        heard = f"{channel.heard_at:%Y-%m-%dT%H:%M:%SZ}" if channel.heard_at else "never"
        address = hook_url(channel, desk_settings().public_url)
        words = (channel.id, channel.kind, channel.name, channel.group.name, _state(channel), heard)
        click.echo("\t".join(map(str, (*words, aside.get(channel.id, 0), address))))


def _state(channel: Channel) -> str:
    """The state as the settings show it: a reason while it works says that it was not checked or has a pause."""
    if channel.state != channels.CONNECTED or not channel.state_reason:
        return channel.state
    return "paused" if channel.paused_until else "unchecked"
