"""The adapter of a channel, ready to call its vendor."""

from __future__ import annotations

from flask import current_app

from channels.base import Adapter
from channels.registry import Registry
from extensions import db
from models import Channel
from services.exchange import channels


def adapter_of(channel_id: int) -> Adapter:
    """The adapter of a connected channel."""
    registry: Registry = current_app.extensions["channels"]
    return registry.adapter(channels.connection(db.session().get_one(Channel, channel_id)))
