"""The channel that an address names."""

from __future__ import annotations

from flask import abort

from extensions import db
from models import Channel
from services.exchange import channels


def channel_of(channel_id: int) -> Channel:
    """The channel, also one that was disconnected; 404 where there is none."""
    channel = db.session.get(Channel, channel_id)
    if channel is None:
        abort(404)
    return channel


def connection_of(channel_id: int) -> Channel:
    """A connection to a vendor that can be changed; 404 for our own widget and for what was disconnected."""
    channel = channel_of(channel_id)
    if channel.disconnected_at is not None or channels.capabilities(channel).own_socket:
        abort(404)
    return channel


def chatra_of(channel_id: int) -> Channel:
    """A connected Chatra account; 404 for anything else."""
    channel = connection_of(channel_id)
    if channel.kind != "chatra":
        abort(404)
    return channel
