"""Connecting a vendor: its keys are tried before they are kept. Shared by pages, hooks and commands."""

from __future__ import annotations

from collections.abc import Mapping

from flask import current_app

from channels.base import Adapter, ChannelError, Connection
from channels.registry import Registry
from models import Channel, Group
from services.errors import N_, InvalidInput
from services.exchange import channels
from services.exchange.channel_settings import ChannelSettings
from services.team import groups


def connect_chatra(
    *, name: str, public_key: str, secret_key: str, group: Group | str, choices: ChannelSettings | None = None
) -> Channel:
    """Add a Chatra account. If Chatra cannot be reached now, the channel notes that its keys are unchecked.

    However the keys were come by: whoever once speaks Chatra's own pop-up (chatra.md §4) calls this with what it
    brings.

    Args:
        name: tells several accounts apart.
        public_key: from Chatra's settings.
        secret_key: from the same place.
        group: the default group; or its name, and then it is made if it is missing and the keys are not refused.
        choices: what else is chosen for the channel.

    Raises:
        channels.base.ChannelError: Chatra refuses the keys.
        services.errors.InvalidInput: a name, a group or choices that cannot be taken, or the account is connected.
    """
    credentials = _chatra_credentials(public_key, secret_key)
    adapter = _registry().adapter(Connection(0, "chatra", name, {}, credentials))
    unchecked = _unchecked(adapter)
    _refuse_twin(credentials)
    return channels.connect(
        kind=adapter.kind,
        family=adapter.family,
        name=name,
        group=groups.named(group) if isinstance(group, str) else group,
        credentials=credentials,
        state_reason=unchecked,
        choices=choices,
    )


def replace_chatra_keys(channel: Channel, *, public_key: str, secret_key: str) -> None:
    """Give a connected Chatra account new keys, with the same check.

    Raises:
        channels.base.ChannelError: Chatra refuses the keys.
        services.errors.InvalidInput: they are those of an account that is connected besides this one.
    """
    credentials = _chatra_credentials(public_key, secret_key)
    adapter = _registry().adapter(Connection(channel.id, channel.kind, channel.name, {}, credentials))
    unchecked = _unchecked(adapter)
    if credentials["public_key"] != channel.credentials.get("public_key"):
        _refuse_twin(credentials)
    channels.replace_credentials(channel.id, credentials, state_reason=unchecked)


def _refuse_twin(credentials: Mapping[str, str]) -> None:
    """Chatra sends its webhooks to one address alone: a second connection of an account would never hear anything."""
    twin = channels.by_credential("chatra", "public_key", credentials["public_key"])
    if twin is not None:
        raise InvalidInput("public_key", N_("This account is connected already, as %(name)s."), name=twin.name)


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
