"""Connected channels: made, found by the token in their webhook's address, marked when they break."""

from __future__ import annotations

import json
import secrets

from sqlalchemy import bindparam, select
from sqlalchemy.orm import undefer

from channels.base import Capabilities, Connection
from extensions import db
from models import Channel, Group, Widget
from services import clock, tokens
from services.uow import unit_of_work

_capabilities: dict[str, Capabilities] = {}
# With the credentials at once: a webhook's adapter wants them.
_BY_HOOK = (
    select(Channel)
    .where(Channel.hook_hash == bindparam("hook_hash"), Channel.kind == bindparam("kind"))
    .options(undefer(Channel.sealed_credentials))
)


def know(kind: str, capabilities: Capabilities) -> None:
    """Tell the domain what a kind of channel can carry; called once per kind at start."""
    _capabilities[kind] = capabilities


def capabilities(channel: Channel) -> Capabilities:
    """What this channel can carry."""
    return _capabilities[channel.kind]


def has_own_socket(kind: str) -> bool:
    """Whether customers of this kind of channel listen to us."""
    return _capabilities[kind].own_socket


def connection(channel: Channel) -> Connection:
    """The channel as plain data for its adapter."""
    return Connection(channel.id, channel.kind, channel.name, dict(channel.settings), channel.credentials)


def everything() -> list[Channel]:
    """All channels in the order they were connected."""
    return list(db.session().scalars(select(Channel).order_by(Channel.id)))


def tells_presence() -> bool:
    """Whether there is any kind of channel whose vendor is told which agents are available."""
    return bool(_telling_kinds())


def telling_presence() -> list[int]:
    """The channels whose vendor is told that; our own widget asks the desk itself."""
    kinds = _telling_kinds()
    return list(db.session().scalars(select(Channel.id).where(Channel.kind.in_(kinds)).order_by(Channel.id)))


def is_told_presence(channel: Channel) -> bool:
    """Whether this channel is one of them."""
    return channel.kind in _telling_kinds()


def by_hook_token(kind: str, token: str) -> Channel | None:
    """The channel whose webhook address holds this token."""
    return db.session().scalar(_BY_HOOK, {"hook_hash": tokens.digest(token), "kind": kind})


def connect(
    *, kind: str, family: str, name: str, group: Group, credentials: dict[str, str], state_reason: str = ""
) -> Channel:
    """Add a vendor's channel with a webhook address of its own."""
    token = tokens.new()
    with unit_of_work() as session:
        channel = Channel(
            kind=kind,
            family=family,
            name=name,
            state_reason=state_reason[:500],
            group_id=group.id,
            sealed_credentials=json.dumps(credentials),
            sealed_hook_token=token,
            hook_hash=tokens.digest(token),
            created_at=clock.now(),
        )
        session.add(channel)
        session.flush()
        return channel


def mark_broken(channel_id: int, reason: str) -> None:
    """Note that the vendor refuses us; an administrator has to act."""
    with unit_of_work() as session:
        channel = session.get_one(Channel, channel_id)
        channel.state, channel.state_reason = "broken", reason


def mark_working(channel_id: int) -> None:
    """Note that the vendor has just taken a call of ours; writes only where something else was noted."""
    channel = db.session().get_one(Channel, channel_id)
    if channel.state == "connected" and not channel.state_reason:
        return
    with unit_of_work() as session:
        channel = session.get_one(Channel, channel_id)
        channel.state, channel.state_reason = "connected", ""


def replace_credentials(channel_id: int, credentials: dict[str, str], *, state_reason: str = "") -> None:
    """Keep new keys for a channel; its address for webhooks and its chats stay."""
    with unit_of_work() as session:
        channel = session.get_one(Channel, channel_id)
        channel.sealed_credentials = json.dumps(credentials)
        channel.state, channel.state_reason = "connected", state_reason[:500]


def make_widget(*, name: str, channel: Channel) -> Widget:
    """Add a widget for our own live chat."""
    with unit_of_work() as session:
        widget = Widget(key=secrets.token_urlsafe(12), name=name, channel_id=channel.id)
        session.add(widget)
        session.flush()
        return widget


def widget_by_key(key: str) -> Widget | None:
    """The widget that a snippet names."""
    return db.session().scalar(select(Widget).where(Widget.key == key))


def _telling_kinds() -> list[str]:
    return [kind for kind, can in _capabilities.items() if can.presence and not can.own_socket]
