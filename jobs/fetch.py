"""Fetch: calls that a channel wants made; the answer comes back through the inbox."""

from __future__ import annotations

import json
import logging

from channels.base import ChannelError, Delivery, Fetch
from extensions import db
from models import Channel
from services import channels, inbox

from .adapters import adapter_of

log = logging.getLogger(__name__)


def fetch(channel_id: int, conversation: str, what: str, wanted_id: str) -> None:
    """Make one call and store its answer. A failure costs fresh data, never a message, so it is only noted."""
    adapter = adapter_of(channel_id)
    try:
        body = adapter.fetch(Fetch(conversation, what, wanted_id))
    except ChannelError as error:
        log.warning("channel %s did not answer a fetch: %s", channel_id, error.reason)
        if error.broken:
            channels.mark_broken(channel_id, error.reason)
        return
    channels.mark_working(channel_id)
    delivery = Delivery(raw=json.dumps(body).encode(), body=body, nonce=inbox.new_nonce(), fetched=True)
    inbox.accept(db.session().get_one(Channel, channel_id), adapter, delivery)
