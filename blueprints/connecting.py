"""Connecting a vendor: its keys are tried before they are kept. Shared by pages, hooks and commands."""

from __future__ import annotations

from flask import current_app

from channels.base import Adapter, ChannelError, Connection
from channels.registry import Registry
from models import Channel
from services.exchange import channels
from services.exchange.channel_settings import ChannelSettings
from services.team import groups


def connect_chatra(
    *, name: str, public_key: str, secret_key: str, group: str, choices: ChannelSettings | None = None
) -> Channel:
    """Add a Chatra account. If Chatra cannot be reached now, the channel notes that its keys are unchecked.

    However the keys were come by: whoever once speaks Chatra's own pop-up (chatra.md §4) calls this with what it
    brings.

    Args:
        name: tells several accounts apart.
        public_key: from Chatra's settings.
        secret_key: from the same place.
        group: name of the default group, made if it is missing and the keys are not refused.
        choices: what else is chosen for the channel.

    Raises:
        channels.base.ChannelError: Chatra refuses the keys.
        services.errors.InvalidInput: a group or choices that cannot be taken.
    """
    credentials = _chatra_credentials(public_key, secret_key)
    adapter = _registry().adapter(Connection(0, "chatra", name, {}, credentials))
    unchecked = _unchecked(adapter)
    return channels.connect(
        kind=adapter.kind,
        family=adapter.family,
        name=name,
        group=groups.named(group),
        credentials=credentials,
        state_reason=unchecked,
        choices=choices,
    )


def replace_chatra_keys(channel: Channel, *, public_key: str, secret_key: str) -> None:
    """Give a connected Chatra account new keys, with the same check.

    Raises:
        channels.base.ChannelError: Chatra refuses the keys.
    """
    credentials = _chatra_credentials(public_key, secret_key)
    adapter = _registry().adapter(Connection(channel.id, channel.kind, channel.name, {}, credentials))
    channels.replace_credentials(channel.id, credentials, state_reason=_unchecked(adapter))


def _chatra_credentials(public_key: str, secret_key: str) -> dict[str, str]:
    return {"public_key": public_key.strip(), "secret_key": secret_key.strip()}


def adapter_of(channel: Channel) -> Adapter:
    """The adapter of a connected channel."""
    return _registry().adapter(channels.connection(channel))


def _registry() -> Registry:
    registry: Registry = current_app.extensions["channels"]
    return registry


def _unchecked(adapter: Adapter) -> str:
    """Try the keys; why they could not be tried, or nothing when they work."""
    try:
        adapter.connect()
    except ChannelError as error:
        if error.broken:
            raise
        return error.reason
    return ""


def hook_url(channel: Channel, public_url: str) -> str:
    """The address that the vendor's webhooks go to, empty for channels that have none."""
    if not channel.sealed_hook_token:
        return ""
    return f"{public_url}/hooks/{channel.kind}/{channel.sealed_hook_token}"
