"""Connected channels: made, found by the token in their webhook's address, marked when they break."""

from __future__ import annotations

import json
import secrets

from sqlalchemy import bindparam, select
from sqlalchemy.orm import undefer

from channels.base import Capabilities, ChannelError, Connection
from extensions import db
from models import Agent, Channel, Group, Widget
from services import clock, tokens
from services.errors import N_, InvalidInput
from services.sanitise import one_line
from services.uow import lock_channel, note_agent, unit_of_work

from . import channel_settings
from .channel_settings import ChannelSettings

CONNECTED, BROKEN, OFF = "connected", "broken", "off"
GONE = "The integration was disconnected."

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
    """The channel as plain data for its adapter. Raises `ChannelError` for one that was disconnected."""
    if channel.disconnected_at is not None:
        raise ChannelError(GONE, permanent=True)
    return Connection(channel.id, channel.kind, channel.name, dict(channel.settings), channel.credentials)


def everything() -> list[Channel]:
    """All channels that are connected, in the order in which they were."""
    query = select(Channel).where(Channel.disconnected_at.is_(None)).order_by(Channel.id)
    return list(db.session().scalars(query))


def disconnected() -> list[Channel]:
    """The channels that are left for the sake of their cases, newest first."""
    query = select(Channel).where(Channel.disconnected_at.is_not(None)).order_by(Channel.disconnected_at.desc())
    return list(db.session().scalars(query))


def in_trouble() -> list[Channel]:
    """The channels whose vendor refuses our keys: an administrator has to act."""
    query = select(Channel).where(Channel.state == BROKEN, Channel.disconnected_at.is_(None)).order_by(Channel.id)
    return list(db.session().scalars(query))


def tells_presence() -> bool:
    """Whether there is any kind of channel whose vendor is told which agents are available."""
    return bool(_telling_kinds())


def telling_presence() -> list[int]:
    """The channels whose vendor is told that; our own widget asks the desk itself."""
    told = (Channel.kind.in_(_telling_kinds()), Channel.disconnected_at.is_(None))
    return list(db.session().scalars(select(Channel.id).where(*told).order_by(Channel.id)))


def is_told_presence(channel: Channel) -> bool:
    """Whether this channel is one of them."""
    return channel.kind in _telling_kinds() and channel.disconnected_at is None


def by_hook_token(kind: str, token: str) -> Channel | None:
    """The channel whose webhook address holds this token."""
    return db.session().scalar(_BY_HOOK, {"hook_hash": tokens.digest(token), "kind": kind})


def by_credential(kind: str, name: str, value: str) -> Channel | None:
    """The connection of this kind that has this value among its credentials."""
    alike = (channel for channel in everything() if channel.kind == kind)
    return next((channel for channel in alike if channel.credentials.get(name) == value), None)


def free_name(wanted: str) -> str:
    """This name, or with the first number that tells it apart from the connections there are, as "Chatra 2"."""
    taken = {channel.name.casefold() for channel in everything()}
    names = (wanted if number == 1 else f"{wanted} {number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name.casefold() not in taken)


def connect(
    *,
    kind: str,
    family: str,
    name: str,
    group: Group,
    credentials: dict[str, str],
    state_reason: str = "",
    choices: ChannelSettings | None = None,
) -> Channel:
    """Add a vendor's channel with a webhook address of its own.

    Raises:
        InvalidInput: the name is empty, the group is not in use, or choices that cannot be taken.
    """
    clean = _checked_name(name)
    with unit_of_work() as session:
        session.refresh(group)
        if not group.active:
            raise InvalidInput("group", N_("Choose a group."))
        channel = Channel(
            kind=kind,
            family=family,
            name=clean,
            state_reason=state_reason[:500],
            group_id=group.id,
            sealed_credentials=json.dumps(credentials),
            created_at=clock.now(),
        )
        give_address(channel)
        session.add(channel)
        session.flush()
        if choices is not None:
            channel_settings.change(channel.id, choices)
        return channel


def give_address(channel: Channel) -> None:
    """A new secret address for its webhooks: the old one is nobody's from then on. Part of a unit of work."""
    token = tokens.new()
    channel.sealed_hook_token, channel.hook_hash, channel.heard_at = token, tokens.digest(token), None


def change(channel_id: int, *, name: str, group_id: int, choices: ChannelSettings) -> None:
    """Keep a channel's name, its default group and what else is chosen for it.

    Raises:
        InvalidInput: the name is empty, the group is not in use, or choices that cannot be taken.
    """
    wanted = _checked_name(name)
    with unit_of_work() as session:
        group, channel = session.get(Group, group_id), lock_channel(channel_id)
        if group is None or not group.active:
            raise InvalidInput("group", N_("Choose a group."))
        channel.name, channel.group_id = wanted, group.id
        channel_settings.change(channel_id, choices)


def mark_broken(channel_id: int, reason: str) -> None:
    """Note that the vendor refuses us; an administrator has to act. One that is switched off stays so."""
    with unit_of_work():
        channel = lock_channel(channel_id)
        if channel.state != OFF:
            _note_administrators(channel.state != BROKEN)
            channel.state, channel.state_reason = BROKEN, reason


def mark_working(channel_id: int) -> None:
    """Note that the vendor has just taken a call of ours; writes only where something else was noted."""
    channel = db.session().get_one(Channel, channel_id)
    if channel.state == OFF or (channel.state == CONNECTED and not channel.state_reason):
        return
    with unit_of_work():
        channel = lock_channel(channel_id)
        if channel.state != OFF:
            _note_administrators(channel.state == BROKEN)
            channel.state, channel.state_reason = CONNECTED, ""


def replace_credentials(channel_id: int, credentials: dict[str, str], *, state_reason: str = "") -> None:
    """Keep new keys for a channel; its address for webhooks and its chats stay."""
    with unit_of_work():
        channel = lock_channel(channel_id)
        if channel.disconnected_at is not None:
            return
        channel.sealed_credentials = json.dumps(credentials)
        channel.state_reason = state_reason[:500]
        if channel.state != OFF:
            _note_administrators(channel.state == BROKEN)
            channel.state = CONNECTED


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


def _note_administrators(is_news: bool) -> None:
    """Have the open pages of administrators told how many channels are in trouble. Part of a unit of work."""
    if is_news:
        for agent_id in db.session().scalars(select(Agent.id).where(Agent.is_admin, Agent.active)):
            note_agent(agent_id)


def _checked_name(name: str) -> str:
    clean = one_line(name, longest=120)
    if not clean:
        raise InvalidInput("name", N_("Enter a name."))
    return clean


def _telling_kinds() -> list[str]:
    return [kind for kind, can in _capabilities.items() if can.presence and not can.own_socket]
