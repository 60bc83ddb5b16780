"""Integrations from the shell: the channels that customers write through."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from blueprints.connecting import connect_chatra, hook_url
from cli.checking import check
from cli.frame import Unknown, desk_settings, one_clear_line, ready
from models import Channel, Group
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
@click.option("--group", "group_name", help="Where its cases go. Default: the first group.")
@click.option("--make-group", is_flag=True, help="Make that group if it is missing.")
@click.option("--name", help="Tells several accounts apart. Default: Chatra, then Chatra 2 and so on.")
@one_clear_line
def chatra(public_key: str, secret_key: str, group_name: str | None, make_group: bool, name: str | None) -> None:
    """Connect a Chatra account and print the address for its webhooks."""
    if name is not None and not name.strip():
        raise click.ClickException("name: Enter a name.")
    ready()
    group = group_name if group_name and make_group else _group(group_name)
    name = channels.free_name("Chatra") if name is None else name
    channel = connect_chatra(name=name, public_key=public_key, secret_key=secret_key, group=group)
    if channel.state_reason:
        connected = f"{channel.name} is connected, number {channel.id}, but its keys are not checked yet"
        click.echo(f"{connected}: {channel.state_reason}", err=True)
    click.echo(hook_url(channel, desk_settings().public_url))


def _group(name: str | None) -> Group:
    if name is None:
        return groups.first()
    there = groups.active()
    found = next((group for group in there if group.name == name.strip()), None)
    if found is None:
        names = ", ".join(group.name for group in there)
        raise Unknown(f"There is no group {name}. There are: {names}. With --make-group it is made.")
    return found


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
